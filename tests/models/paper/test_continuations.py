"""Continuations: the format on tiny bundles, true dialogues, the starter's sides, the command."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import Bundle, load_bundle
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.paper.continuations import Prompts, read_dialogues, true_dialogues
from models.paper.continuers import BundleContinuer
from models.paper.rating_study import recordings
from models.paper.spoken_dialogues import (
    AGENT,
    USER,
    first_dialogues,
    script_turns,
    speak_turns,
    text_dialogues,
)
from models.paper.unit_sides import UnitSides
from tests.app.cli.command_line import run
from tests.bad_input import check_sentence
from tests.engine.tiny_bundle import OWN_UNIT_COUNT, UNIT_COUNT, write_tiny_bundle

pytest.importorskip("hibari")
VOICE = "flite:rms"


def prompt_units(frames: int, own_count: int = UNIT_COUNT) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(0, own_count, frames), rng.integers(0, UNIT_COUNT, frames)])


def stereo(path: Path) -> np.ndarray:
    return np.stack([read_mono(path, channel=side, remark=lambda _: None) for side in (1, 2)])


# --- units ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk_ms", [160, 200, 240])
@pytest.mark.parametrize(
    "kind", [{}, {"boundary_emit": False}, {"own_units": True}, {"heard": True}]
)
def test_both_sides_go_on_for_as_long_as_asked(
    tmp_path: Path, chunk_ms: int, kind: dict[str, Any]
) -> None:
    bundle = write_tiny_bundle(tmp_path, **kind)
    own_count = OWN_UNIT_COUNT if kind.get("own_units") else UNIT_COUNT
    # No whole number of chunks, and more than the context holds.
    prompt = prompt_units(131, own_count)
    continuer = BundleContinuer(bundle, chunk_ms)
    one, again = (continuer.continue_units(prompt, 50, seed=3) for _ in range(2))
    assert one.shape == (2, 50)
    assert one[AGENT].max() < own_count and one[USER].max() < UNIT_COUNT and one.min() >= 0
    assert (one == again).all()
    assert (one[:, :20] == continuer.continue_units(prompt, 20, seed=3)).all()
    assert (one != continuer.continue_units(prompt, 50, seed=4)).any()
    # A random model says many units: neither side is written by a rule.
    assert len(set(one[AGENT].tolist())) > 5 and len(set(one[USER].tolist())) > 5
    continuer.close()


def test_the_prompt_is_what_the_model_goes_on_from(tmp_path: Path) -> None:
    continuer = BundleContinuer(write_tiny_bundle(tmp_path), 160, temperature=0.0)
    prompt = prompt_units(40)
    one = continuer.continue_units(prompt, 24, seed=0)
    for side in (AGENT, USER):
        other = prompt.copy()
        other[side, -4:] = (other[side, -4:] + 1) % UNIT_COUNT
        assert (continuer.continue_units(other, 24, seed=0) != one).any()
    with pytest.raises(ValueError, match="no chunk"):
        continuer.continue_units(prompt[:, :3], 24, seed=0)
    continuer.close()


# --- true dialogues -------------------------------------------------------------------------------


def test_a_longer_dialogue_begins_as_the_shorter_one() -> None:
    short, long = (
        speak_turns(script_turns(random.Random(5)), seconds, VOICE, random.Random(6))
        for seconds in (6.0, 9.0)
    )
    assert short and long
    assert short.sound.shape == (2, 6 * SAMPLE_RATE_HZ)
    assert long.turns[: len(short.turns)] == short.turns
    assert (long.own_units[: len(short.own_units)] == short.own_units).all()
    # All but the noise.
    rest = long.sound[:, : short.sound.shape[1]] - short.sound
    assert np.abs(rest).max() < 0.01 < np.abs(short.sound).max()


def test_the_agents_units_lie_where_its_sound_is() -> None:
    told = [(USER, "what is the capital of italy"), (AGENT, "the capital of italy is rome")]
    spoken = speak_turns([*told, *told, *told], 6.0, VOICE, random.Random(1))
    assert spoken
    frames = spoken.sound[AGENT].reshape(-1, FRAME_SAMPLES)
    loud = np.sqrt((frames**2).mean(1)) > 0.01
    said = spoken.own_units > 0
    assert said.any() and (loud == said).mean() > 0.9


def test_dialogues_of_a_file_are_plain_long_and_enough(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    long = ["Have you seen the film, then?", "Yes, I liked it very much."] * 4
    rows = [long, ["I have 2 of them."] * 20, ["Short."] * 2, long]
    path.write_text(
        "".join(json.dumps({"id": str(n), "turns": row}) + "\n" for n, row in enumerate(rows))
    )
    found = [one.id for one in text_dialogues(path, 5.0, random.Random(0))]
    assert sorted(found) == ["0", "3"]
    (spoken,) = first_dialogues(path, 1, 5.0, (VOICE,), 0)
    assert spoken.turns[:2] == ((0, long[0]), (1, long[1]))
    with pytest.raises(DuologueError, match="has only 2 dialogues"):
        list(first_dialogues(path, 3, 5.0, (VOICE,), 0))


# --- sides ----------------------------------------------------------------------------------------


def test_each_sides_sound_is_moved_to_its_time(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    encoder = bundle.manifest.encoder.model_copy(update={"delay_ms": 80})
    manifest = bundle.manifest.model_copy(update={"encoder": encoder})
    sides, late = UnitSides(bundle), UnitSides(replace(bundle, manifest=manifest))
    units = prompt_units(30)
    sound, earlier = sides.sound(units), late.sound(units)
    assert (sides.delay_frames, late.delay_frames) == (0, 2)
    assert sound.shape == (2, 30 * FRAME_SAMPLES)
    assert (earlier == sound[:, 2 * FRAME_SAMPLES :]).all()


def test_only_a_bundle_of_the_same_units_speaks_the_users(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "one")
    other = write_tiny_bundle(tmp_path / "other", seed=1)
    own = write_tiny_bundle(tmp_path / "own", own_units=True)
    for voice in (other, own):
        with pytest.raises(DuologueError, match="same tokenizer") as raised:
            UnitSides(bundle, voice)
        check_sentence(str(raised.value) + "\n")
    # The agent's own table is not that of any synthesiser.
    with pytest.raises(DuologueError, match="has 30 units"):
        UnitSides(own)


def test_the_starters_user_is_spoken_by_the_agents_units() -> None:
    starter = load_bundle()
    sides = UnitSides(starter)
    (true,) = first_dialogues(None, 1, 4.8, (VOICE,), 0)
    units = sides.units(true)
    assert (units[AGENT] == true.own_units).all()
    padded = np.pad(units, ((0, 0), (0, sides.delay_frames)), mode="edge")
    sound = sides.sound(padded)
    assert sound.shape == true.sound.shape
    for side in (AGENT, USER):
        # Loud where the true sound is: voices differ, times do not.
        levels = [
            np.sqrt((one[side].reshape(-1, 2 * FRAME_SAMPLES) ** 2).mean(1)) > 0.01
            for one in (true.sound, sound)
        ]
        assert (levels[0] == levels[1]).mean() > 0.8


# --- the folder -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Bundle]:
    root = tmp_path_factory.mktemp("made")
    bundle = write_tiny_bundle(root / "bundle")
    call = ["evaluate", "continuations", str(root / "talks"), "--bundle", str(bundle.folder)]
    options = ["--dialogues", "2", "--prompt-seconds", "3", "--seconds", "2"]
    assert run(*call, *options, "--chunks-ms", "160,240") == 0
    return root / "talks", bundle


def test_all_systems_have_the_same_prompts_and_lengths(made: tuple[Path, Bundle]) -> None:
    folder, _ = made
    found = recordings(folder)
    assert sorted(found) == ["tiny-160", "tiny-240", "tiny-resynthesised", "truth"]
    border = 3 * SAMPLE_RATE_HZ
    for name in ("000", "001"):
        sounds = {system: stereo(paths[name]) for system, paths in found.items()}
        for system, sound in sounds.items():
            assert sound.shape == (2, 5 * SAMPLE_RATE_HZ)
            assert (sound[:, :border] == sounds["truth"][:, :border]).all()
            assert system == "truth" or (sound[:, border:] != sounds["truth"][:, border:]).any()


def test_an_interrupted_call_goes_on_and_gives_the_same(
    made: tuple[Path, Bundle], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, bundle = made
    lost, kept = folder / "tiny-160" / "001.wav", folder / "tiny-160" / "000.wav"
    before, stamp = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    call = ["evaluate", "continuations", str(folder), "--bundle", str(bundle.folder)]
    options = ["--dialogues", "2", "--prompt-seconds", "3", "--seconds", "2"]
    assert run(*call, *options, "--chunks-ms", "160") == 0
    assert lost.read_bytes() == before
    assert kept.stat().st_mtime_ns == stamp
    assert "spoken by the bundle's vocoder" in capsys.readouterr().out


def test_other_options_are_refused(
    made: tuple[Path, Bundle], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, bundle = made
    call = ["evaluate", "continuations", str(folder), "--bundle", str(bundle.folder)]
    for more in (["--dialogues", "3"], ["--chunks-ms", "170"], ["--chunks-ms", "long"]):
        assert run(*call, *more) == 2
        check_sentence(capsys.readouterr().err)
    # Another bundle, or the same one at another temperature, must not hide behind the same name.
    options = ["--dialogues", "2", "--prompt-seconds", "3", "--seconds", "2", "--chunks-ms", "160"]
    other = write_tiny_bundle(tmp_path / "other", seed=1).folder
    for more in (["--temperature", "0.5"], ["--bundle", str(other)]):
        assert run(*call, *options, *more) == 2
        assert "give --name." in capsys.readouterr().err
    with pytest.raises(DuologueError, match="lacks style packs"):
        true_dialogues(tmp_path, Prompts(packs=tmp_path))
    with pytest.raises(DuologueError, match="evaluate continuations"):
        read_dialogues(tmp_path)
    (tmp_path / "dialogues.json").write_text("{}")
    with pytest.raises(DuologueError, match="is damaged"):
        true_dialogues(tmp_path, Prompts())
