"""A talk with a recording: one time axis, a record per chunk, the same seed the same tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.record.events import EVENTS_NAME
from engine.record.picture import draw
from engine.record.talk_result import Conversation
from engine.record.transcript import TRANSCRIPT_NAME
from engine.sound.audio_file import AudioReader, read_mono
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex, Step
from engine.talk.conversation import PICTURE_NAME, WAV_NAME, RealTimePacer, talk
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.full_disk import file_limit
from tests.engine.recorded_talks import content, write_talk

SECONDS = 3.0
CHUNK = 2560


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bursts, at 0.5 and 2 s."""
    random = np.random.default_rng(0)
    sound = random.normal(0, 1e-4, round(SECONDS * SAMPLE_RATE_HZ))
    for start in (8_000, 32_000):
        sound[start : start + 8_000] += random.normal(0, 0.1, 8_000)
    path = tmp_path_factory.mktemp("user") / "user.wav"
    soundfile.write(path, sound, SAMPLE_RATE_HZ)
    return path


def hold(duplex: Duplex, user: Path, folder: Path, **options: Any) -> Conversation:
    duplex.reset()
    with AudioReader(user) as recording:
        return talk(duplex, recording, folder, **options)


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / EVENTS_NAME).read_text().splitlines()]


def test_both_tracks_lie_on_one_time_axis(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    steps: list[Step] = []
    conversation = hold(duplex, user, tmp_path, on_chunk=steps.append)
    sound, rate_hz = soundfile.read(tmp_path / WAV_NAME, dtype="float32")
    assert rate_hz == SAMPLE_RATE_HZ
    assert sound.shape == (len(steps) * CHUNK, 2)
    original = read_mono(user)
    assert np.abs(sound[: len(original), 0] - original).max() < 1e-4
    assert not sound[len(original) :, 0].any()
    assert not sound[:CHUNK, 1].any()  # the agent's chunk 0 is silence
    for step in steps[:-1]:
        played = sound[(step.index + 1) * CHUNK : (step.index + 2) * CHUNK, 1]
        assert np.abs(played - step.agent_audio).max() < 1e-4
    assert conversation.complete
    assert conversation.duration_seconds == len(steps) * CHUNK / SAMPLE_RATE_HZ
    starts = [entry.start_sample for entry in conversation.turn_taking.user_spans]
    assert np.abs(np.array(starts) - [8_000, 32_000]).max() <= 160


def test_every_chunk_has_a_record(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    conversation = hold(duplex, user, tmp_path)
    head, *chunks, summary = records(tmp_path)
    assert [entry["kind"] for entry in chunks] == ["chunk"] * conversation.tally.chunks
    assert [entry["index"] for entry in chunks] == list(range(len(chunks)))
    assert [entry["start_sample"] for entry in chunks[:3]] == [0, CHUNK, 2 * CHUNK]
    assert (head["kind"], head["seed"], head["chunk_ms"]) == ("talk", 3, 160)
    assert set(chunks[5]["timings_ms"]) == {
        "encoder", "refeed", "estimate", "own", "vocoder", "total"
    }  # fmt: skip
    assert sum(entry["estimate_hits"] for entry in chunks) == summary["estimate_hits"]
    assert summary["agent_turns"] == len(conversation.turn_taking.agent_turns)


def test_the_same_seed_gives_the_same_tokens(
    bundle: Bundle, duplex: Duplex, user: Path, tmp_path: Path
) -> None:
    def tokens(folder: Path) -> list[Any]:
        return [
            (entry["user_units"], entry["user_estimates"], entry["own_units"])
            for entry in records(folder)
            if entry["kind"] == "chunk"
        ]

    hold(duplex, user, tmp_path / "first")
    hold(duplex, user, tmp_path / "second")
    other = Duplex(bundle, seed=4)
    hold(other, user, tmp_path / "third")
    other.close()
    assert tokens(tmp_path / "first") == tokens(tmp_path / "second")
    assert tokens(tmp_path / "first") != tokens(tmp_path / "third")
    first, second = ((tmp_path / name / WAV_NAME).read_bytes() for name in ("first", "second"))
    assert first == second


@pytest.mark.parametrize(("chunk_ms", "latency_ms"), [(200, 0), (240, 480), (160, 40)])
def test_other_chunks_and_latencies(
    bundle: Bundle, user: Path, tmp_path: Path, chunk_ms: int, latency_ms: int
) -> None:
    duplex = Duplex(bundle, chunk_ms, latency_ms)
    conversation = hold(duplex, user, tmp_path)
    duplex.close()
    assert conversation.duration_seconds >= SECONDS + 2.5
    assert conversation.tally.hit_share is None or latency_ms > 0


def test_a_stopped_talk_leaves_whole_files(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    steps: list[Step] = []
    conversation = hold(
        duplex, user, tmp_path, on_chunk=steps.append, stopped=lambda: len(steps) == 7
    )
    assert not conversation.complete
    assert conversation.tally.chunks == 7
    assert soundfile.info(tmp_path / WAV_NAME).frames == 7 * CHUNK
    assert records(tmp_path)[-1]["complete"] is False


def test_a_talk_stopped_at_once_is_empty(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    conversation = hold(duplex, user, tmp_path, stopped=lambda: True)
    draw(conversation, tmp_path / PICTURE_NAME)
    assert soundfile.info(tmp_path / WAV_NAME).frames == 0
    assert records(tmp_path)[-1]["chunks"] == 0


def test_an_error_in_the_middle_leaves_whole_files(
    duplex: Duplex, user: Path, tmp_path: Path
) -> None:
    def fail(step: Step) -> None:
        if step.index == 3:
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError):
        hold(duplex, user, tmp_path, on_chunk=fail)
    assert soundfile.info(tmp_path / WAV_NAME).frames == 4 * CHUNK
    assert len(records(tmp_path)) == 5


def test_the_recording_is_never_overwritten(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    hold(duplex, user, tmp_path)
    before = (tmp_path / WAV_NAME).read_bytes()
    with pytest.raises(DuologueError, match="overwrite"):
        hold(duplex, tmp_path / WAV_NAME, tmp_path)
    assert (tmp_path / WAV_NAME).read_bytes() == before


@pytest.mark.parametrize("name", [WAV_NAME, EVENTS_NAME, PICTURE_NAME, TRANSCRIPT_NAME])
def test_no_file_of_another_talk_is_overwritten(
    duplex: Duplex, user: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "note.txt").write_text("no matter")
    (tmp_path / name).write_text("keep this")
    with pytest.raises(DuologueError, match=f"overwrite .*{name}"):
        hold(duplex, user, tmp_path)
    assert content(tmp_path) == {name: b"keep this", "note.txt": b"no matter"}


def test_a_live_recording_is_not_overwritten(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    folder = write_talk(tmp_path)
    before = content(folder)
    with pytest.raises(DuologueError, match="overwrite"):
        hold(duplex, user, folder)
    assert content(folder) == before


class VirtualClock:
    """Time that passes only by sleeping, or by work."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


def test_pace_keeps_to_the_clock_and_counts_late_chunks(
    duplex: Duplex, user: Path, tmp_path: Path
) -> None:
    clock = VirtualClock()
    began: list[float] = []

    def work(step: Step) -> None:
        began.append(clock.seconds - 100)
        clock.seconds += 0.4 if step.index == 2 else 0.05

    pace = RealTimePacer(160, clock.now, clock.sleep)
    conversation = hold(duplex, user, tmp_path, pace=pace, on_chunk=work)
    assert np.allclose(began[:3], [0.16, 0.32, 0.48])
    # Chunk 2 takes till 0.88: chunk 3 is late by its whole length, chunk 4 catches up a little.
    assert np.allclose(began[3:6], [0.88, 0.93, 0.98])
    assert np.allclose(began[7:9], [1.28, 1.44])
    missed = [entry["index"] for entry in records(tmp_path)[1:-1] if entry["ready_ms"] > 160]
    assert missed == [3]
    assert conversation.tally.met == conversation.tally.chunks - 1


def test_the_picture_is_drawn(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    conversation = hold(duplex, user, tmp_path)
    path = tmp_path / PICTURE_NAME
    draw(conversation, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DuologueError, match="cannot be written"):
        draw(conversation, tmp_path / "missing" / PICTURE_NAME)


def test_a_picture_is_drawn_whole_or_not_at_all(duplex: Duplex, user: Path, tmp_path: Path) -> None:
    conversation = hold(duplex, user, tmp_path / "talk")
    (tmp_path / "old.png").write_bytes(b"old")
    with file_limit(1000), pytest.raises(DuologueError, match="cannot be written"):
        draw(conversation, tmp_path / "old.png")
    assert (tmp_path / "old.png").read_bytes() == b"old"
