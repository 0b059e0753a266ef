"""A recording holds what was heard and said, loses at most a second, and replays token by token."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.record import recorder as recorder_module
from engine.record.events import EVENTS_NAME, ChunkRecord, TalkRecord, read_events, read_talk
from engine.record.recorder import Recorder
from engine.record.recordings import LABELS_NAME, SOUND_NAME
from engine.record.replay import replay
from engine.record.retention import prune
from engine.sound.audio_file import AudioReader, from_pcm
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.duplex import Duplex, Step
from engine.syncllm.forced_chunk import ForcedChunk, Opening
from engine.talk.conversation import talk
from engine.talk.live_conversation import LiveConversation
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.full_disk import file_limit
from tests.engine.recorded_talks import change_line, write_talk
from tests.engine.simulated_card import SimulatedCard
from tests.engine.tiny_bundle import write_tiny_bundle

CHUNK = 2560
ROOT = Path(__file__).resolve().parents[3]


def user_sound(chunks: int) -> np.ndarray:
    """A burst in every other second; odd values that 16 bits do not hold."""
    random = np.random.default_rng(0)
    sound = random.normal(0, 1e-4, chunks * CHUNK)
    for start in range(SAMPLE_RATE_HZ, len(sound) - SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ):
        sound[start : start + SAMPLE_RATE_HZ] += random.normal(0, 0.1, SAMPLE_RATE_HZ)
    return sound.astype(np.float32)


def record(
    duplex: Duplex, folder: Path, chunks: int = 25, **options: Any
) -> tuple[Recorder, list[Step]]:
    """Hold a talk as a live one does it, chunk by chunk."""
    recorder = Recorder(folder, duplex, **options)
    sound = user_sound(chunks)
    agent = np.zeros(CHUNK, np.float32)
    steps = []
    for chunk in sound.reshape(-1, CHUNK):
        step = duplex.step(chunk)
        recorder.write(chunk, agent, step, {"late_ms": 0})
        agent = step.agent_audio
        steps.append(step)
    return recorder, steps


def lines(recorder: Recorder) -> list[dict[str, Any]]:
    text = (recorder.folder / EVENTS_NAME).read_text(encoding="utf8")
    return [json.loads(line) for line in text.splitlines()]


def test_both_tracks_events_and_labels(duplex: Duplex, tmp_path: Path) -> None:
    recorder, steps = record(duplex, tmp_path, microphone="a", speaker="b")
    recorder.device_event("The microphone was pulled out.")
    conversation = recorder.close()
    sound, rate_hz = soundfile.read(recorder.folder / SOUND_NAME, dtype="float32")
    assert (rate_hz, sound.shape) == (SAMPLE_RATE_HZ, (25 * CHUNK, 2))
    assert np.abs(sound[:, 0] - user_sound(25)).max() <= 0.5 / 32768
    for step in steps[:-1]:
        played = sound[(step.index + 1) * CHUNK : (step.index + 2) * CHUNK, 1]
        assert np.abs(played - step.agent_audio).max() <= 1 / 32768
    head, *chunks, device, summary = lines(recorder)
    assert (head["microphone"], head["seed"], head["sound"]) == ("a", 3, SOUND_NAME)
    assert [entry["own_units"] for entry in chunks] == [step.own_units for step in steps]
    assert all(entry["late_ms"] == 0 for entry in chunks)
    assert (device["kind"], device["start_sample"]) == ("device", 25 * CHUNK)
    assert conversation
    assert summary["chunks"] == conversation.tally.chunks == 25
    labels = (recorder.folder / LABELS_NAME).read_text().splitlines()
    users = [line.split("\t") for line in labels if line.endswith("\tuser")]
    assert len(users) == len(conversation.turn_taking.user_turns) > 0
    assert abs(float(users[0][0]) - 1.0) < 0.05


def test_a_replay_gives_the_same_tokens(bundle: Bundle, duplex: Duplex, tmp_path: Path) -> None:
    recorder, _ = record(duplex, tmp_path)
    recorder.close()
    result = replay(recorder.folder, bundle)
    assert result.identical
    assert (result.chunks, result.different, result.remarks) == (25, 0, [])


@pytest.mark.parametrize(("chunk_ms", "latency_ms"), [(160, 40), (200, 320), (240, 0)])
def test_a_live_replay_repeats_what_went_wrong(
    bundle: Bundle, tmp_path: Path, chunk_ms: int, latency_ms: int
) -> None:
    """Steps before their interval is complete, lost sound, unspoken and missed chunks, a pause."""
    duplex = Duplex(bundle, chunk_ms, latency_ms, seed=5)
    size = duplex.format.chunk_samples
    recorder = Recorder(tmp_path, duplex)
    sound = user_sound(30)
    used = 0
    for index in range(20):
        if index == 8:
            pause = np.full(700, 0.3, np.float32)
            recorder.write(pause, pause, None)
        if index in (8, 9, 15):  # taken together with 7 and 14
            continue
        missed = {7: 3, 14: 2}.get(index, 0)
        due = sound[used : used + duplex.due_samples_of(missed or 1)]
        used += len(due)
        if missed:
            steps = duplex.miss(due, missed)
        else:
            steps = [duplex.step_due(due, lost=index in (5, 12, 13), speak=index % 7 != 3)]
        for step in steps:
            own = sound[step.index * size : (step.index + 1) * size]
            recorder.write(own, np.zeros_like(own), step, {"lost": True, "lag_ms": 1.0})
    duplex.close()
    recorder.close()
    result = replay(recorder.folder, bundle)
    assert result.identical
    assert (result.chunks, result.unheard_samples) == (20, 700)


class Prompts:
    """Forces what the language model would hardly say, now and then on a condition."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self.reset()

    def reset(self) -> None:
        self._random = np.random.default_rng(3)
        self._last = 0

    def prompt(self, user_audio: np.ndarray) -> ForcedChunk | None:
        units = tuple(self._random.integers(0, 200, self._frames).tolist())
        kind = self._random.integers(5)
        if kind == 0:
            return None
        if kind == 1:  # silence in its place where that is the least bit likely
            return ForcedChunk(units, (" no",), yields_above=0.005)
        if kind == 2:  # whatever the model is about to say, or never
            opening = Opening((self._random.integers(0, 200),), self._last)
            return ForcedChunk(units, (" instead",), instead_of=opening)
        return ForcedChunk(units, (" word",))

    def spoke(self, step: Step) -> None:
        self._last = step.own_frames[-1]

    def miss(self, user_audio: np.ndarray, chunks: int) -> None:
        pass


@pytest.mark.parametrize(("chunk_ms", "latency_ms"), [(160, 160), (200, 360), (240, 80)])
@pytest.mark.parametrize("words", ["text", "heard", "reader", ""])
def test_a_replay_repeats_what_was_forced(
    tmp_path: Path, chunk_ms: int, latency_ms: int, words: str
) -> None:
    kinds = {words: True} if words else {}
    bundle = write_tiny_bundle(tmp_path / "bundle", **kinds)
    duplex = Duplex(bundle, chunk_ms, latency_ms, seed=5)
    duplex.attach(Prompts(duplex.format.chunk_frames))
    duplex.reset()
    size = duplex.format.chunk_samples
    recorder = Recorder(tmp_path, duplex)
    sound = user_sound(70)
    used = 0
    for index in range(40):
        missed = {20: 2}.get(index, 0)
        if index == 21:
            continue
        due = sound[used : used + duplex.due_samples_of(missed or 1)]
        used += len(due)
        if missed:
            steps = duplex.miss(due, missed)
        else:
            steps = [duplex.step_due(due, lost=index == 12, speak=index % 9 != 3)]
        for step in steps:
            own = sound[step.index * size : (step.index + 1) * size]
            recorder.write(own, np.zeros_like(own), step, {})
    duplex.close()
    recorder.close()
    _, records = read_talk(recorder.folder)
    chunks = [record for record in records if isinstance(record, ChunkRecord)]
    assert 15 < sum(record.forced_frames is not None for record in chunks) < 38
    assert any(record.own_text == [" word"] for record in chunks)
    result = replay(recorder.folder, bundle)
    assert result.identical
    assert result.chunks == 40


@pytest.mark.bad_input("recordings")
@pytest.mark.parametrize("frames", [[], [1, 2, 3], [1, 2, 3, 4000], [-1, 0, 0, 0]])
def test_a_recording_that_forces_what_cannot_be(
    bundle: Bundle, duplex: Duplex, tmp_path: Path, frames: list[int]
) -> None:
    recorder, _ = record(duplex, tmp_path)
    recorder.close()
    change_line(recorder.folder, 5, forced_frames=frames)
    with pytest.raises(DuologueError, match="damaged in chunk 4"):
        replay(recorder.folder, bundle)


def test_a_talk_with_a_file_can_be_replayed(bundle: Bundle, duplex: Duplex, tmp_path: Path) -> None:
    user = tmp_path / "user.wav"
    soundfile.write(user, user_sound(20), 16_000, subtype="FLOAT")
    with AudioReader(user) as recording:
        talk(duplex, recording, tmp_path / "talk")
    assert replay(tmp_path / "talk", bundle).identical


def chunk_records(folder: Path) -> list[ChunkRecord]:
    return [record for record in read_talk(folder)[1] if isinstance(record, ChunkRecord)]


def test_a_live_talk_replays_with_all_that_went_wrong(bundle: Bundle, tmp_path: Path) -> None:
    """An engine that stands still for five seconds, a lost card: late, lost, unspoken chunks."""
    duplex = Duplex(bundle, 160, 100, seed=2)
    step_due = duplex.step_due

    def on_block(card: SimulatedCard) -> None:
        if card.seconds > 15:
            live.stop()

    def slow(*arguments: Any, **settings: Any) -> Step:
        step = step_due(*arguments, **settings)
        if step.index == 10:
            card.run_for(5.0)
        return step

    duplex.step_due = slow  # type: ignore[method-assign]
    card = SimulatedCard(user_sound(100), on_block=on_block)
    recorder = Recorder(tmp_path, duplex)
    live = LiveConversation(duplex, card, None, recorder)
    live.run()
    duplex.close()
    conversation = recorder.close()
    assert conversation
    assert live.counts.lost_chunks > 0
    assert live.counts.unspoken_chunks > 0
    assert any(record.missed for record in chunk_records(recorder.folder))
    result = replay(recorder.folder, bundle)
    assert result.identical
    assert result.chunks == conversation.tally.chunks > 50


def test_other_sound_is_noticed(bundle: Bundle, duplex: Duplex, tmp_path: Path) -> None:
    recorder, _ = record(duplex, tmp_path)
    recorder.close()
    path = recorder.folder / SOUND_NAME
    sound, _ = soundfile.read(path, dtype="int16")
    sound[12 * CHUNK :] = sound[12 * CHUNK :][::-1]
    soundfile.write(path, sound, SAMPLE_RATE_HZ)
    result = replay(recorder.folder, bundle)
    assert not result.identical
    assert result.first_different is not None
    assert result.first_different >= 12


def test_other_bundles_and_folders_are_refused(
    bundle: Bundle, duplex: Duplex, tmp_path: Path
) -> None:
    recorder, _ = record(duplex, tmp_path, chunks=3)
    recorder.close()
    other = write_tiny_bundle(tmp_path / "other", seed=1)
    with pytest.raises(DuologueError, match="--bundle"):
        replay(recorder.folder, other)
    with pytest.raises(DuologueError, match="cannot be read"):
        replay(tmp_path, bundle)
    events = recorder.folder / EVENTS_NAME
    whole = events.read_bytes()
    events.write_bytes(b'{"kind":"talk","version":1}\n')
    with pytest.raises(DuologueError, match="another version"):
        replay(recorder.folder, bundle)
    events.write_bytes(whole.replace(SOUND_NAME.encode(), b"../x.flac"))
    with pytest.raises(DuologueError, match="damaged in line 1"):
        replay(recorder.folder, bundle)
    events.write_bytes(whole)
    (recorder.folder / SOUND_NAME).unlink()
    with pytest.raises(DuologueError, match="sound of the conversation"):
        replay(recorder.folder, bundle)


def test_a_recording_from_mid_talk_is_refused(
    bundle: Bundle, duplex: Duplex, tmp_path: Path
) -> None:
    duplex.step(np.zeros(CHUNK, np.float32))
    recorder, _ = record(duplex, tmp_path, chunks=3)
    recorder.close()
    with pytest.raises(DuologueError, match="beginning"):
        replay(recorder.folder, bundle)


def test_tracks_of_two_lengths_are_a_mistake(duplex: Duplex, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, duplex)
    with pytest.raises(ValueError, match="tracks"):
        recorder.write(np.zeros(3, np.float32), np.zeros(4, np.float32), None)
    recorder.close()


# --- the disk -------------------------------------------------------------------------------------

_KILLED = """
import sys
from pathlib import Path
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from tests.engine.record.test_recorder import record
duplex = Duplex(load_bundle(Path(sys.argv[1])), seed=3)
recorder, _ = record(duplex, Path(sys.argv[2]), chunks=62)
events = recorder.folder / "events.jsonl"
while events.read_bytes().count(b"\\n") < 63:
    pass
print("written", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 there")
def test_a_killed_process_loses_less_than_a_second(bundle: Bundle, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(bundle.folder), str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    (folder,) = tmp_path.iterdir()
    sound, _ = soundfile.read(folder / SOUND_NAME, dtype="int16")
    assert 62 * CHUNK - len(sound) < SAMPLE_RATE_HZ
    assert np.array_equal(sound[:, 0], np.rint(user_sound(62)[: len(sound)] * 32768))
    result = replay(folder, bundle)
    assert result.identical
    assert result.chunks == 61
    assert "ends early" in result.remarks[0]
    # The next recording finds it and can let it go.
    assert prune(tmp_path, 0, 0) == []
    write_talk(tmp_path, began="2099-01-01T00:00:00Z")
    assert prune(tmp_path, 1, 10**9) == [folder]


def test_a_disk_that_is_full_already_is_told(duplex: Duplex, tmp_path: Path) -> None:
    with file_limit(100), pytest.raises(DuologueError, match="cannot be written"):
        Recorder(tmp_path, duplex)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", [6_000, 40_000])
def test_a_full_disk_ends_the_recording_not_the_talk(
    bundle: Bundle, duplex: Duplex, tmp_path: Path, limit: int
) -> None:
    said: list[str] = []
    with file_limit(limit):
        recorder, steps = record(duplex, tmp_path, chunks=60, report=said.append)
        assert recorder.close() is None
    assert len(steps) == 60
    assert len(said) == 1
    assert "has ended" in said[0]
    kinds = [json.loads(line)["kind"] for line in (recorder.folder / EVENTS_NAME).open()]
    sound, _ = soundfile.read(recorder.folder / SOUND_NAME, dtype="float32")
    assert abs(kinds.count("chunk") * CHUNK - len(sound)) < SAMPLE_RATE_HZ
    result = replay(recorder.folder, bundle)
    assert result.identical


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be deleted there")
def test_a_folder_that_vanishes_ends_the_recording_not_the_talk(
    duplex: Duplex, tmp_path: Path
) -> None:
    told: list[str] = []
    recorder = Recorder(tmp_path / "drive", duplex, report=told.append)
    silence = np.zeros(duplex.format.chunk_samples, np.float32)
    recorder.write(silence, silence, duplex.step(silence))
    shutil.rmtree(tmp_path / "drive")
    recorder.write(silence, silence, duplex.step(silence))
    assert recorder.close() is None
    assert len(told) == 1
    assert "choose another folder" in told[0]


def test_a_hanging_disk_does_not_delay_the_caller(
    duplex: Duplex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    write = recorder_module.FlacWriter.write

    def hang(self: Any, sound: np.ndarray) -> None:
        go_on.wait()
        write(self, sound)

    monkeypatch.setattr(recorder_module.FlacWriter, "write", hang)
    said: list[str] = []
    recorder = Recorder(tmp_path, duplex, report=said.append)
    step = duplex.step(np.zeros(CHUNK, np.float32))
    for _ in range(recorder_module._QUEUED_CHUNKS + 5):
        recorder.write(np.zeros(CHUNK, np.float32), np.zeros(CHUNK, np.float32), step)
    assert len(said) == 1
    assert "too slow" in said[0]
    go_on.set()
    assert recorder.close() is None
    sound, _ = soundfile.read(recorder.folder / SOUND_NAME, dtype="int16")
    chunks = sum(line["kind"] == "chunk" for line in lines(recorder))
    assert len(sound) == chunks * CHUNK >= recorder_module._QUEUED_CHUNKS * CHUNK


# --- the head -------------------------------------------------------------------------------------


def test_the_head_names_all_that_tokens_depend_on(
    bundle: Bundle, duplex: Duplex, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path, duplex)
    recorder.close()
    head = next(read_events(recorder.folder / EVENTS_NAME))
    assert isinstance(head, TalkRecord)
    assert (head.chunk_ms, head.latency_ms, head.seed) == (160, 160, 3)
    assert head.own_sampling.sampling() == duplex.own_sampling
    assert head.back_end.gpu_layers == 0
    assert load_bundle(bundle.folder).manifest == bundle.manifest
    assert from_pcm(np.array([-32768, 16384], np.int16)).tolist() == [-1.0, 0.5]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_volume_that_cannot_tell_what_the_disk_has_is_recorded_on(
    duplex: Duplex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Some network volumes; no such one can be had here, so the system's answer is put in."""

    def fsync(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr(recorder_module, "_SYNC_SECONDS", 0.0)
    told: list[str] = []
    recorder, _ = record(duplex, tmp_path, chunks=5, report=told.append)
    assert recorder.close()
    assert told == []
    assert (recorder.folder / LABELS_NAME).is_file()
