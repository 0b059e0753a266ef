"""Makes the folder that ``evaluate meaning``, ``evaluate timing`` and ``rate make`` read.

SYSTEM/NAME.wav, stereo, the agent on the left: one and the same prompt in true sound, and how each
system goes on. The first call speaks the true dialogues (system ``truth``); every call adds the
continuations of a bundle, and the truth as its units and its vocoder give it. What is there already
stays, so a call that was interrupted goes on. Knows no figure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.progress import track

from engine.atomic_write import write_atomically
from engine.errors import DuologueError, unwritable
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import load_bundle
from engine.timebase import FRAME_SAMPLES, UNIT_RATE_HZ
from models.evaluate.user_voices import check_packs, voices_of
from models.paper.agent_tracks import write_track
from models.paper.continuers import BundleContinuer, Continuer
from models.paper.spoken_dialogues import TrueDialogue, first_dialogues
from models.paper.unit_sides import UnitSides

TRUTH = "truth"
DIALOGUES_NAME, MAKER_NAME = "dialogues.json", "made-by.json"
Maker = Mapping[str, str | int | float | None]
"""What the continuations of a system come from, such as the hashes of its models."""
_LEAD_FRAMES = 100
"""Of the prompt, which a vocoder speaks before the continuation, so that it does not begin anew."""
_FADE_SAMPLES = 80
"""5 ms: the true sound ends and the vocoder's begins."""


class Recipe(BaseModel):
    """What the true dialogues depend on."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    texts: str
    """Name of the texts, or "script"."""
    dialogues: int
    prompt_seconds: float
    seconds: float
    """Of the continuation."""
    natural: bool
    """Whether the user's voices are natural ones."""
    seed: int


class Spoken(BaseModel):
    """One true dialogue, without its sound."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    own_units: tuple[int, ...]
    turns: tuple[tuple[int, str], ...]


class Dialogues(BaseModel):
    """The file of the true dialogues."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    recipe: Recipe
    spoken: dict[str, Spoken]
    """By their names."""


@dataclass(frozen=True)
class Prompts:
    """Which true dialogues there are."""

    texts: Path | None = None
    """Text dialogues; None: the script's."""
    dialogues: int = 40
    prompt_seconds: float = 10.0
    seconds: float = 30.0
    packs: Path | None = None
    kept: Path | None = None
    """As in ``models.evaluate.user_voices``."""
    seed: int = 0

    @property
    def recipe(self) -> Recipe:
        """As the file has it."""
        return Recipe(
            texts=self.texts.name if self.texts else "script",
            dialogues=self.dialogues,
            prompt_seconds=self.prompt_seconds,
            seconds=self.seconds,
            natural=self.packs is not None,
            seed=self.seed,
        )


def make_continuations(
    folder: Path,
    prompts: Prompts,
    bundle: Path | None = None,
    chunks_ms: Sequence[int] = (),
    name: str | None = None,
    user_voice: Path | None = None,
    temperature: float | None = None,
) -> list[str]:
    """Add a bundle's continuations and its re-synthesis to a folder; returns remarks on them.

    ``chunks_ms`` empty: all of the bundle's. ``user_voice`` as in ``UnitSides``. Raises
    DuologueError where the folder's dialogues are others, or a model or synthesiser is missing.
    """
    opened = load_bundle(bundle)
    voice = load_bundle(user_voice) if user_voice else None
    lengths = chunks_ms or sorted(opened.manifest.chunks_ms)
    for chunk_ms in lengths:
        opened.token_format(chunk_ms)  # before the dialogues are spoken
    sides = UnitSides(opened, voice)
    spoken = true_dialogues(folder, prompts)
    name = name or opened.manifest.name
    files = opened.manifest.files
    maker: Maker = {
        "tokenizer": files.tokenizer.sha256,
        "vocoder": files.vocoder.sha256,
        "user_vocoder": voice.manifest.files.vocoder.sha256 if voice else None,
    }
    resynthesise(folder, f"{name}-resynthesised", spoken, sides, maker)
    maker = {**maker, "model": files.language_model.sha256, "temperature": temperature}
    for chunk_ms in lengths:
        continuer = BundleContinuer(opened, chunk_ms, temperature)
        try:
            mine = {**maker, "chunk_ms": chunk_ms}
            add_system(folder, f"{name}-{chunk_ms}", spoken, continuer, sides, mine)
        finally:
            continuer.close()
    return [f"The user's units were spoken by {sides.user_speaker}."]


def true_dialogues(folder: Path, prompts: Prompts) -> Dialogues:
    """The true dialogues of a folder, which are spoken if they are not there yet.

    Raises DuologueError where there are others.
    """
    path = folder / DIALOGUES_NAME
    if path.exists():
        found = read_dialogues(folder)
        if found.recipe != prompts.recipe:
            raise DuologueError(
                f"{folder} has dialogues of other options ({_said(found.recipe)}); give these, or "
                "another folder."
            )
        return found
    if prompts.packs:
        check_packs(prompts.packs)
    voices = voices_of("natural" if prompts.packs else "formant")
    seconds = prompts.prompt_seconds + prompts.seconds
    made = first_dialogues(
        prompts.texts, prompts.dialogues, seconds, tuple(voices), prompts.seed, prompts.packs,
        prompts.kept,
    )  # fmt: skip
    spoken = {}
    for number, dialogue in enumerate(track(made, TRUTH, total=prompts.dialogues)):
        name = f"{number:03d}"
        write_stereo(folder / TRUTH / f"{name}.wav", dialogue.sound)
        units = tuple(dialogue.own_units.tolist())
        spoken[name] = Spoken(own_units=units, turns=dialogue.turns)
    # Last, so that whoever finds this file finds all of them.
    dialogues = Dialogues(recipe=prompts.recipe, spoken=spoken)
    write_atomically(path, dialogues.model_dump_json(indent=1) + "\n")
    return dialogues


def read_dialogues(folder: Path) -> Dialogues:
    """The true dialogues of a folder; DuologueError where there are none."""
    path = folder / DIALOGUES_NAME
    try:
        return Dialogues.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); give a folder that `duologue evaluate "
            "continuations` made."
        ) from error
    except ValidationError as error:
        raise DuologueError(f"{path} is damaged; make the continuations again.") from error


def _said(recipe: Recipe) -> str:
    return ", ".join(f"{key} {value}" for key, value in recipe.model_dump().items())


# --- systems --------------------------------------------------------------------------------------


def add_system(
    folder: Path,
    system: str,
    dialogues: Dialogues,
    continuer: Continuer,
    sides: UnitSides,
    maker: Maker,
) -> None:
    """Write how a system continues each dialogue.

    ``sides`` turns the prompts into the system's units, and its units into sound. Raises
    DuologueError where the folder has a system of this name from another ``maker``.
    """
    recipe = dialogues.recipe
    prompt_frames, frames = _frames(recipe.prompt_seconds), _frames(recipe.seconds)

    def go_on(number: int, units: np.ndarray) -> np.ndarray:
        prompt = units[:, :prompt_frames]
        # More than is asked for, because the sound lies behind its units.
        more, seed = frames + sides.delay_frames, 1000 * recipe.seed + number
        written = continuer.continue_units(prompt, more, seed)
        return np.concatenate([prompt, written], axis=1)

    _write_system(folder, system, dialogues, sides, go_on, maker)


def resynthesise(
    folder: Path, system: str, dialogues: Dialogues, sides: UnitSides, maker: Maker
) -> None:
    """Write each true dialogue as its units and the vocoder give it."""

    def repeat(_: int, units: np.ndarray) -> np.ndarray:
        # The last units again, because the sound lies behind its units.
        return np.pad(units, ((0, 0), (0, sides.delay_frames)), mode="edge")

    _write_system(folder, system, dialogues, sides, repeat, maker)


def _write_system(
    folder: Path,
    system: str,
    dialogues: Dialogues,
    sides: UnitSides,
    continued: Callable[[int, np.ndarray], np.ndarray],
    maker: Maker,
) -> None:
    """Write all dialogues of a system, of which ``continued`` gives the units (2, frames)."""
    _claim(folder / system, maker)
    recipe = dialogues.recipe
    prompt_frames, frames = _frames(recipe.prompt_seconds), _frames(recipe.seconds)
    lead = min(prompt_frames, _LEAD_FRAMES)
    border = prompt_frames * FRAME_SAMPLES
    for number, (name, spoken) in enumerate(track(sorted(dialogues.spoken.items()), system)):
        path = folder / system / f"{name}.wav"
        if path.exists():
            continue
        dialogue = read_true(folder, name, spoken)
        units = continued(number, sides.units(dialogue))
        sound = sides.sound(units[:, prompt_frames - lead :])[:, lead * FRAME_SAMPLES :]
        sound = sound[:, : frames * FRAME_SAMPLES]
        sound[:, :_FADE_SAMPLES] *= np.linspace(0, 1, _FADE_SAMPLES, dtype=np.float32)
        write_stereo(path, np.concatenate([dialogue.sound[:, :border], sound], axis=1))


def _claim(folder: Path, maker: Maker) -> None:
    """Note who makes a system; what is there must be from the same."""
    path = folder / MAKER_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if json.loads(path.read_bytes()) != maker:
                raise DuologueError(
                    f"{folder} is by another bundle or has other options; give --name."
                )
            return
    except OSError as error:
        raise unwritable(folder, error) from error
    except ValueError as error:
        raise DuologueError(f"{path} is damaged; delete {folder}.") from error
    write_atomically(path, json.dumps(maker, indent=1) + "\n")


def read_true(folder: Path, name: str, spoken: Spoken) -> TrueDialogue:
    """A true dialogue with its sound; DuologueError where that is missing."""
    path = folder / TRUTH / f"{name}.wav"
    sides = [read_mono(path, channel=channel, remark=lambda _: None) for channel in (1, 2)]
    return TrueDialogue(np.stack(sides), np.array(spoken.own_units, np.int64), spoken.turns)


def _frames(seconds: float) -> int:
    return round(seconds * UNIT_RATE_HZ)


def write_stereo(path: Path, sound: np.ndarray) -> None:
    """Write two channels (2, n) as a wav; its folder is made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    write_track(path, sound)
