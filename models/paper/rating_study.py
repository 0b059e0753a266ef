"""Makes a study in which people rate dialogues (the paper's Table 3): one web page and its key.

The page is a folder that opens from the disk, without a network. Its clips have names of chance, so
nobody who has the page can tell which system made a clip; the key can. Knows no answers.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.atomic_write import write_atomically
from engine.errors import DuologueError, unwritable
from engine.sound.audio_file import to_pcm
from engine.timebase import SAMPLE_RATE_HZ
from models.speech.rooms import USER_DB, speech_level_db

FORMAT = 1
"""Of the key and of the results; a program that knows another one refuses them."""
PAGE_NAME, KEY_NAME, RESULTS_NAME = "page", "key.json", "results"
_SOUND_FILES = {".wav", ".flac", ".ogg", ".mp3"}
_PAGE = Path(__file__).parent / "rating_page"
_CLIPS_PER_CHECK, _LEAST_CHECKS = 10, 2
_TONES = (1, 2, 4, 5)
"""How many tones a check has, and so its right answer. Not 3, which those would give who always
answer in the middle."""
_LEAST_S = 0.2
_TONE_HZ, _TONE_S, _TONE_EVERY_S, _BEFORE_S = 660.0, 0.15, 0.45, 0.5


class Clip(BaseModel):
    """One dialogue as one system made it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    system: str
    dialogue: str
    seconds: float = Field(gt=0)


class Key(BaseModel):
    """What only the maker of the study knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: int
    study: str
    seed: int
    prompt_seconds: float
    clips: dict[str, Clip]
    """By the clip's name in the page."""
    checks: dict[str, int]
    """The right answer of each attention check, on both scales."""
    sheets: list[list[str]]
    """Names of the clips and checks of each rater, in the order in which they are heard."""


@dataclass(frozen=True)
class Made:
    """A study that was made."""

    folder: Path
    key: Key

    @property
    def ratings_per_clip(self) -> int:
        """How many raters hear the least heard clip."""
        heard = [name for sheet in self.key.sheets for name in sheet]
        return min(heard.count(name) for name in self.key.clips)


def make_study(
    dialogues: Path, folder: Path, raters: int = 15, prompt_seconds: float = 10.0, seed: int = 0
) -> Made:
    """Make a study of ``dialogues``/SYSTEM/NAME.wav in a new folder.

    Every system has the same dialogues, two channels each, which begin with ``prompt_seconds`` that
    are given. Raises DuologueError where that is not so, or where ``folder`` is there already.
    """
    found = recordings(dialogues)
    systems = sorted(found)
    names = sorted(found[systems[0]])
    chance = random.Random(f"ratings {seed}")
    free = iter(chance.sample(range(16**5), len(systems) * len(names) + len(_TONES)))
    clip_of = {(system, name): f"{next(free):05x}" for system in systems for name in names}
    checks = {f"{next(free):05x}": tones for tones in _TONES}
    plan = sheets(names, systems, raters, seed)
    key_sheets = [
        with_checks([clip_of[which] for which in sheet], sorted(checks), chance) for sheet in plan
    ]
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise DuologueError(
            f"{folder} is there already; give the study another folder with --out."
        ) from error
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        clips = _write_page(folder / PAGE_NAME, found, clip_of, checks, prompt_seconds)
        key = Key(
            format=FORMAT,
            study=f"{chance.randrange(16**8):08x}",
            seed=seed,
            prompt_seconds=prompt_seconds,
            clips=clips,
            checks=checks,
            sheets=key_sheets,
        )
        _write_script(folder / PAGE_NAME, key)
        (folder / RESULTS_NAME).mkdir()
        write_atomically(folder / KEY_NAME, key.model_dump_json(indent=1) + "\n")
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise unwritable(folder, error) from error
        raise
    return Made(folder, key)


def read_key(folder: Path) -> Key:
    """The key of a study; raises DuologueError where there is none."""
    path = folder / KEY_NAME
    try:
        key = Key.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); give the folder that `duologue rate make` "
            "made."
        ) from error
    except ValidationError as error:
        raise DuologueError(f"{path} is damaged; make the study again.") from error
    if key.format != FORMAT:
        raise DuologueError(f"{path} is from another version of Duologue; use that one.")
    return key


# --- who hears what -------------------------------------------------------------------------------


def sheets(
    dialogues: Sequence[str], systems: Sequence[str], raters: int, seed: int
) -> list[list[tuple[str, str]]]:
    """(system, dialogue) of each rater, in the order in which they are heard.

    A rater hears every dialogue once, by one system, and all systems equally often, as far as
    their number divides that of the dialogues. As many raters as there are systems hear every clip
    once (a Latin square). In each stretch of as many clips as systems, every system comes once, in
    random order, so that none is heard earlier than the others.
    """
    order = list(dialogues)
    random.Random(f"square {seed}").shuffle(order)
    planned = []
    for rater in range(raters):
        chance = random.Random(f"sheet {seed} {rater}")
        mine: dict[str, list[str]] = {system: [] for system in systems}
        for index, dialogue in enumerate(order):
            mine[systems[(index + rater) % len(systems)]].append(dialogue)
        for heard in mine.values():
            chance.shuffle(heard)
        sheet = []
        while any(mine.values()):
            stretch = [system for system in systems if mine[system]]
            chance.shuffle(stretch)
            sheet += [(system, mine[system].pop()) for system in stretch]
        planned.append(sheet)
    return planned


def with_checks(clips: Sequence[str], checks: Sequence[str], chance: random.Random) -> list[str]:
    """A sheet with attention checks at random places, one in ten clips and at least two.

    None comes first, and no two come side by side where there are enough clips.
    """
    count = max(_LEAST_CHECKS, len(clips) // _CLIPS_PER_CHECK)
    places = chance.sample(range(1, len(clips) + 1), min(count, len(clips)))
    drawn = [check for _ in range(-(-count // len(checks))) for check in _shuffled(checks, chance)]
    sheet = list(clips)
    for place, check in zip(sorted(places, reverse=True), drawn, strict=False):
        sheet.insert(place, check)
    return sheet


def _shuffled(names: Sequence[str], chance: random.Random) -> list[str]:
    return chance.sample(list(names), len(names))


# --- files ----------------------------------------------------------------------------------------


def recordings(folder: Path) -> dict[str, dict[str, Path]]:
    """The recordings of each system by the dialogue's name."""
    try:
        systems = sorted(path for path in folder.iterdir() if path.is_dir())
        found = {
            system.name: {
                path.stem: path
                for path in sorted(system.iterdir())
                if path.suffix.lower() in _SOUND_FILES
            }
            for system in systems
        }
    except OSError as error:
        raise DuologueError(
            f"{folder} cannot be read ({error.strerror}); give a folder with one folder of "
            "dialogues for each system."
        ) from error
    if not found:
        raise DuologueError(
            f"{folder} holds no folders; put the dialogues of each system into a folder of its own."
        )
    every = set().union(*found.values())
    for system, recordings in found.items():
        if missing := sorted(every - set(recordings)):
            raise DuologueError(
                f"{folder / system} has no dialogue {missing[0]}, which other systems have; every "
                "system needs the same dialogues."
            )
    if not every:
        raise DuologueError(f"The folders in {folder} hold no sound files; put dialogues there.")
    return found


def _write_page(
    page: Path,
    recordings: dict[str, dict[str, Path]],
    clip_of: dict[tuple[str, str], str],
    checks: dict[str, int],
    prompt_seconds: float,
) -> dict[str, Clip]:
    """Write all files of the page but its list of clips."""
    (page / "clips").mkdir(parents=True)
    for path in sorted(_PAGE.iterdir()):
        shutil.copyfile(path, page / path.name)
    clips = {}
    for (system, name), clip in clip_of.items():
        sound, rate_hz = _dialogue(recordings[system][name])
        seconds = len(sound) / rate_hz
        if seconds <= prompt_seconds:
            raise DuologueError(
                f"{recordings[system][name]} is not longer than the prompt of {prompt_seconds:g} "
                "s; give the prompt's length with --prompt-seconds."
            )
        _write_clip(page / "clips" / f"{clip}.flac", sound, rate_hz)
        clips[clip] = Clip(system=system, dialogue=name, seconds=seconds)
    for clip, tones in checks.items():
        _write_clip(page / "clips" / f"{clip}.flac", tones_sound(tones), SAMPLE_RATE_HZ)
    return clips


def _write_script(page: Path, key: Key) -> None:
    """What the page knows. A page from the disk may not read files, but may run scripts."""
    told = {
        "format": key.format,
        "study": key.study,
        "prompt_seconds": key.prompt_seconds,
        "sheets": key.sheets,
        "checks": sorted(key.checks),
    }
    (page / "study.js").write_text(f"const STUDY = {json.dumps(told)};\n", encoding="utf8")


def _dialogue(path: Path) -> tuple[np.ndarray, int]:
    """A stereo recording, float32 (n, 2), at the level of all the others, and its rate in Hz."""
    try:
        sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise DuologueError(
            f"{path} cannot be read; give a stereo wav, flac, ogg or mp3."
        ) from error
    if sound.shape[1] != 2:
        raise DuologueError(
            f"{path} has {sound.shape[1]} channel{'s' * (sound.shape[1] > 1)}; give stereo "
            "dialogues, one speaker on each side."
        )
    if len(sound) < _LEAST_S * rate_hz or not np.isfinite(sound).all() or not sound.any():
        raise DuologueError(f"{path} is too short or silent; give a dialogue.")
    # One gain for both sides: how loud the two are beside one another belongs to the dialogue.
    gain_db = USER_DB - speech_level_db(np.sqrt((sound**2).mean(axis=1)))
    return sound * np.float32(10 ** (gain_db / 20)), rate_hz


def tones_sound(tones: int) -> np.ndarray:
    """An attention check: so many tones on both sides, float32 (n, 2) at 16 kHz."""
    seconds = _BEFORE_S * 2 + tones * _TONE_EVERY_S
    sound = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    count = round(_TONE_S * SAMPLE_RATE_HZ)
    # Without clicks at its ends.
    swell = np.hanning(count)
    tone = 0.2 * swell * np.sin(2 * np.pi * _TONE_HZ * np.arange(count) / SAMPLE_RATE_HZ)
    for index in range(tones):
        start = round((_BEFORE_S + index * _TONE_EVERY_S) * SAMPLE_RATE_HZ)
        sound[start : start + count] = tone
    return np.stack([sound, sound], axis=1)


def _write_clip(path: Path, sound: np.ndarray, rate_hz: int) -> None:
    soundfile.write(path, to_pcm(sound), rate_hz, subtype="PCM_16", format="FLAC")
