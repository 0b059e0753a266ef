"""Samples of Full-Duplex-Bench's layouts: the engine answers them, and known outputs get known
figures."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.timebase import SAMPLE_RATE_HZ
from models.paper.agent_tracks import agent_track
from models.paper.fdb_samples import find_samples, read_people
from models.paper.timed_words import read_words
from tests.app.cli.command_line import one_sentence, run
from tests.bad_input import check_sentence
from tests.engine.tiny_bundle import write_tiny_bundle


@lru_cache
def buzz(samples: int) -> np.ndarray:
    """Like a vowel that swells and fades."""
    times = np.arange(samples) / SAMPLE_RATE_HZ
    overtones = (
        np.sin(2 * np.pi * 120 * n * times) / (1 + ((n * 120 - 600) / 400) ** 2)
        for n in range(1, 30)
    )
    return np.asarray(sum(overtones) * (1 + 0.5 * np.sin(2 * np.pi * 4 * times)))


def voice(length_s: float, *seconds: tuple[float, float]) -> np.ndarray:
    """A buzz in the given seconds, over faint noise: a voice to our own detector."""
    samples = round(length_s * SAMPLE_RATE_HZ)
    times = np.arange(samples) / SAMPLE_RATE_HZ
    spoken = np.zeros(samples, bool)
    for start, end in seconds:
        spoken |= (times >= start) & (times < end)
    noise = np.random.default_rng(0).normal(0, 3e-4, samples)
    return np.asarray(0.05 * buzz(samples) * spoken + noise, np.float32)


def write_wav(path: Path, sound: np.ndarray, rate_hz: int = SAMPLE_RATE_HZ) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate_hz)


def write_json(path: Path, entry: Any) -> None:
    path.write_text(json.dumps(entry))


def words(*timed: tuple[float, float | None]) -> dict[str, Any]:
    return {"text": "", "chunks": [{"text": " w", "timestamp": list(pair)} for pair in timed]}


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """One sample or two of every task, with outputs and their words."""
    root = tmp_path / "bench"

    def sample(
        name: str, annotation: str, entry: Any, said: Any, *agent: tuple[float, float]
    ) -> None:
        folder = root / name
        write_wav(folder / "input.wav", voice(6, (0.5, 2)))
        write_wav(folder / "output.wav", voice(6, *agent))
        if annotation:
            write_json(folder / annotation, entry)
        if said is not None:
            write_json(folder / "output.json", said)

    pause = [{"text": "[PAUSE]", "timestamp": [1.0, 1.6]}]
    sample("v1_0/candor_pause_handling/1", "pause.json", pause, words())
    sample("v1_0/candor_pause_handling/2", "pause.json", pause, words((1.0, 2.5)))
    turn = [{"text": "[TURN-TAKING]", "timestamp": [2.0, 2.4]}]
    sample("v1_0/candor_turn_taking/1", "turn_taking.json", turn, words((2.25, 3), (3, 4)))
    sample("v1_0/candor_turn_taking/2", "turn_taking.json", turn, words((1.5, 2), (2, 4)))
    sample("v1_0/candor_turn_taking/10", "turn_taking.json", turn, words((2.5, 2.9)))
    said = [{"context": "", "interrupt": "", "timestamp": [2.0, 3.0]}]
    sample(
        "v1_0/synthetic_user_interruption/1", "interrupt.json", said,
        words((1, 2), (2, 3.1), (3.6, 4), (4, 5)),
    )  # fmt: skip
    sample("v1_0/icc_backchannel/1", "", None, words((3.0, 3.5)), (3.0, 3.5))
    overlap = {"context_text": "", "current_turn_text": "", "timestamps": [0.5, 2.0]}
    sample("v1_5/user_interruption/1", "metadata.json", overlap, None, (0.2, 1.0), (3.0, 4.0))
    write_wav(root / "v1_5/user_interruption/1/clean_input.wav", voice(6))
    write_wav(root / "v1_5/user_interruption/1/clean_output.wav", voice(6))
    write_json(root / "v1_0/icc_gt_distribution.json", {"1": [0.1] * 31})
    return root


def test_known_outputs_get_known_figures(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in bench.rglob("*.wav")}
    figures = tmp_path / "figures.json"
    assert run("evaluate", "fdb", str(bench), "--vad", "own", "--json", str(figures)) == 0
    assert "already" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in bench.rglob("*.wav")} == before
    found = {one["sample"]: one for one in json.loads(figures.read_text())["samples"]}
    taken = {name: one["takes_turn"] for name, one in found.items()}
    assert taken == {
        "candor_pause_handling/1": False,
        "candor_pause_handling/2": True,
        "candor_turn_taking/1": True,
        "candor_turn_taking/2": True,
        "candor_turn_taking/10": False,
        "synthetic_user_interruption/1": True,
        "icc_backchannel/1": False,
        "user_interruption/1": None,
    }
    latencies = [found[f"candor_turn_taking/{number}"]["latency_s"] for number in (1, 2, 10)]
    assert latencies == [0.25, 0.0, None]
    # The old turn ends 0.1 s after the interruption, which counts as the first word.
    assert found["synthetic_user_interruption/1"]["latency_s"] == 0
    backchannel = found["icc_backchannel/1"]
    assert backchannel["backchannels_a_second"] == pytest.approx(1 / 6)
    assert 0.5 < backchannel["divergence"] < 0.84
    overlap = found["user_interruption/1"]
    assert overlap["stop_s"] == pytest.approx([0.5], abs=0.15)
    assert overlap["response_s"] == pytest.approx([1.0], abs=0.15)


def test_the_engine_answers_on_the_inputs_time_axis(tmp_path: Path) -> None:
    bundle = str(write_tiny_bundle(tmp_path / "bundle").folder)
    folder = tmp_path / "user_interruption" / "7"
    # Another rate, and no whole number of chunks.
    sound = np.random.default_rng(0).normal(0, 0.1, 48_000 * 2 + 777)
    write_wav(folder / "input.wav", sound, 48_000)
    write_wav(folder / "clean_input.wav", sound[:48_000], 48_000)
    write_json(folder / "metadata.json", {"timestamps": [0.5, 1.0]})
    call = ["evaluate", "fdb", str(tmp_path), "--bundle", bundle, "--vad", "own"]
    assert run(*call) == 0
    for name, seconds in (("output.wav", len(sound) / 48_000), ("clean_output.wav", 1.0)):
        entry = soundfile.info(folder / name)
        assert (entry.samplerate, entry.channels, entry.subtype) == (SAMPLE_RATE_HZ, 1, "PCM_16")
        assert entry.frames == pytest.approx(seconds * SAMPLE_RATE_HZ, abs=1)
    first = (folder / "output.wav").read_bytes()
    (folder / "output.wav").write_bytes(b"")
    write_json(folder / "output.json", words())
    assert run(*call, "--again") == 0
    assert (folder / "output.wav").read_bytes() == first
    assert not (folder / "output.json").exists()  # it would have been of the older track


def test_a_track_is_what_the_engine_sounds_a_chunk_later(tmp_path: Path) -> None:
    bundle = load_bundle(write_tiny_bundle(tmp_path / "bundle").folder)
    duplex = Duplex(bundle, seed=3)
    chunk = duplex.format.chunk_samples
    user = np.random.default_rng(0).normal(0, 0.1, 5 * chunk + 100).astype(np.float32)
    made = agent_track(duplex, user)
    assert len(made) == len(user)
    duplex.reset()
    first = [duplex.step(user[start : start + chunk]).agent_audio for start in (0, chunk)]
    assert not made[:chunk].any()
    assert np.array_equal(made[chunk : 3 * chunk], np.concatenate(first))
    assert np.array_equal(agent_track(duplex, user), made)


def test_samples_are_found_by_their_annotation_and_in_order(bench: Path) -> None:
    samples = find_samples(bench)
    assert [sample.task for sample in samples] == [
        "pause", "pause", "turn", "turn", "turn", "backchannel", "interruption", "overlap",
    ]  # fmt: skip
    assert [one.folder.name for one in samples if one.task == "turn"] == ["1", "2", "10"]
    assert [one.user_end_s for one in samples if one.task == "turn"] == [2.0] * 3
    assert [one.user_end_s for one in samples if one.task == "interruption"] == [3.0]
    assert find_samples(bench / "v1_0/icc_backchannel/1")[0].subset == "icc_backchannel"


def test_words_without_times_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    path = tmp_path / "output.json"
    chunks = [{"text": "a", "timestamp": [1.0, None]}, {"text": "b", "timestamp": [None, 2.0]}]
    write_json(path, {"text": "a b", "chunks": chunks})
    (word,) = read_words(path)
    assert (word.text, word.start_s, word.end_s) == ("a", 1.0, 1.0)


@pytest.mark.parametrize("entry", [[], {}, {"chunks": 3}, {"chunks": [{"text": "a"}]}, "no json"])
def test_words_of_another_form_are_refused(tmp_path: Path, entry: Any) -> None:
    path = tmp_path / "output.json"
    path.write_text(entry if isinstance(entry, str) else json.dumps(entry))
    with pytest.raises(DuologueError) as raised:
        read_words(path)
    check_sentence(str(raised.value))


@pytest.mark.parametrize(
    "entry",
    [[], {}, [{"timestamp": [1]}], [{"timestamp": [2, 1]}], [{"timestamp": ["a", "b"]}],
     [{"timestamp": [float("nan"), 1]}], [{"timestamp": [-1, 1]}]],
)  # fmt: skip
def test_annotations_of_another_form_are_refused(
    bench: Path, entry: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bench / "v1_0/candor_turn_taking/2/turn_taking.json"
    write_json(path, entry)
    assert run("evaluate", "fdb", str(bench), "--vad", "own") == 2
    said = one_sentence(capsys)
    check_sentence(said)
    assert str(path) in said


def test_folders_without_samples_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        assert run("evaluate", "fdb", str(folder)) == 2
        check_sentence(one_sentence(capsys))


@pytest.mark.parametrize("entry", [[], {}, {"1": []}, {"1": [0, 0]}, {"1": "a"}, {"1": [-1, 2]}])
def test_distributions_of_another_form_are_refused(tmp_path: Path, entry: Any) -> None:
    path = tmp_path / "icc_gt_distribution.json"
    write_json(path, entry)
    with pytest.raises(DuologueError, match="layout"):
        read_people(path)
