"""The timeline of a live talk, and of its recording: they must show the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.timeline import COLUMN_SAMPLES, Mark, MarkKind, Outcome, Timeline, turn_marks
from engine.errors import DuologueError
from engine.record.events import EVENTS_NAME, ActionRecord
from engine.record.recorder import Recorder
from engine.sound.turn_taking import Span
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex
from engine.talk.live_conversation import LiveConversation
from engine.talk.live_events import ChunkDone, Levels
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.simulated_card import SimulatedCard
from tests.engine.tiny_bundle import OWN_SILENCE, SILENCE, write_tiny_bundle

CHUNK_MS = 160


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"), volume=0.05)


def hold_talk(
    bundle: Bundle, folder: Path, microphone: np.ndarray, pauses: bool = False
) -> tuple[Timeline, Path]:
    """A live talk on the simulated card, recorded."""
    duplex = Duplex(bundle, CHUNK_MS)
    recorder = Recorder(folder, duplex)
    timeline = Timeline(CHUNK_MS, duplex.latency_ms, SILENCE)
    seconds = len(microphone) / SAMPLE_RATE_HZ

    def on_block(card: SimulatedCard) -> None:
        if pauses:
            live.pause(2.0 <= card.seconds < 3.0)
        if card.seconds >= seconds:
            live.stop()
        take()

    def take() -> None:
        while event := live.next_event():
            timeline.add(event)

    card = SimulatedCard(microphone, on_block=on_block)
    live = LiveConversation(duplex, card, None, recorder)
    live.run()
    take()
    recorder.close()
    duplex.close()
    return timeline, recorder.folder


def clicks(seconds: float) -> np.ndarray:
    """A click of full scale every 0.73 s."""
    sound = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    sound[4000 :: round(0.73 * SAMPLE_RATE_HZ)] = 0.9
    return sound


@pytest.mark.parametrize("pauses", [False, True])
def test_live_and_recording_lie_at_the_same_place(
    bundle: Bundle, tmp_path: Path, pauses: bool
) -> None:
    live, folder = hold_talk(bundle, tmp_path, clicks(8.0), pauses)
    kept = Timeline.of_recording(folder)
    columns = min(len(live.user), len(kept.user))
    assert columns > 600
    np.testing.assert_array_equal(live.user.peaks[:columns] > 128, kept.user.peaks[:columns] > 128)
    # One step of 16 bits apart at most.
    for one, other in ((live.user, kept.user), (live.agent, kept.agent)):
        difference = one.peaks[:columns].astype(int) - other.peaks[:columns]
        assert np.abs(difference).max() <= 2
    assert (live.user.peaks > 128).sum() >= 8
    assert any(mark.kind == MarkKind.PAUSE for mark in live.marks) == pauses


def test_what_the_assistant_did_is_marked(bundle: Bundle, tmp_path: Path) -> None:
    _, folder = hold_talk(bundle, tmp_path, clicks(4.0))
    told = {
        "at": "2026-11-29T12:00:00",
        "action": "timer.set",
        "heard": "set a timer",
        "done": True,
    }
    acts = [
        ActionRecord(
            start_sample=8_000, end_sample=24_000, done_sample=32_000, said="it is set", **told
        ),
        ActionRecord(start_sample=40_000, end_sample=41_000, done_sample=41_000, said="", **told),
    ]
    events = folder / EVENTS_NAME
    lines = [act.model_dump_json() for act in acts]
    events.write_text(events.read_text("utf-8") + "\n".join(lines) + "\n", "utf-8")
    marks = [mark for mark in Timeline.of_recording(folder).marks if mark.kind == MarkKind.ACTION]
    assert marks == [
        Mark(32_000, MarkKind.ACTION, "it is set"),
        Mark(41_000, MarkKind.ACTION, "set a timer"),
    ]


def test_estimates_are_open_first_and_then_hit_or_missed(bundle: Bundle, tmp_path: Path) -> None:
    live, folder = hold_talk(bundle, tmp_path, clicks(6.0))
    kept = Timeline.of_recording(folder)
    outcomes = []
    for index in range(live.estimated_chunks):
        estimate = live.estimate(index)
        assert estimate is not None
        outcomes.append(estimate.outcome)
    assert outcomes[-1] == Outcome.OPEN
    assert set(outcomes[:-1]) <= {Outcome.HIT, Outcome.MISSED}
    assert Outcome.MISSED in outcomes
    for index in range(kept.estimated_chunks - 1):
        one, other = live.estimate(index), kept.estimate(index)
        assert one is not None
        assert other is not None
        assert one.outcome == other.outcome
    assert live.estimate(10_000) is None


def levels(start_sample: int | None, user: bool, agent: bool) -> Levels:
    return Levels(-20, -20, (0.25,) * 5, (0.04,) * 5, user, agent, start_sample)


def talk(*spoken: tuple[bool, bool]) -> Timeline:
    """50 ms for each pair."""
    timeline = Timeline(CHUNK_MS, CHUNK_MS)
    for index, (user, agent) in enumerate(spoken):
        timeline.add(levels(index * 5 * COLUMN_SAMPLES, user, agent))
    return timeline


def test_speech_begins_before_and_ends_before_the_meter_says_so() -> None:
    timeline = talk(*[(False, False)] * 4, *[(True, False)] * 10, *[(False, False)] * 2)
    (span,) = timeline.user.spans
    # The meter spoke from 200 ms to 700 ms.
    assert (span.start_sample, span.end_sample) == (17 * COLUMN_SAMPLES, 50 * COLUMN_SAMPLES)
    assert timeline.user.speaks.sum() == 33
    assert timeline.user.peaks[0] == int(np.sqrt(0.25) * 255)


def test_a_gap_in_the_sound_is_silence() -> None:
    timeline = talk((True, False))
    timeline.add(levels(20 * COLUMN_SAMPLES, False, False))
    assert len(timeline.user) == 25
    assert not timeline.user.peaks[5:20].any()


def test_live_turns_are_marked_when_they_are_known() -> None:
    timeline = talk(*[(True, False)] * 20, *[(True, True)] * 8, *[(True, False)] * 10)
    assert [mark.kind for mark in timeline.marks] == []
    for index in range(38, 44):
        timeline.add(levels(index * 5 * COLUMN_SAMPLES, False, False))
    assert [mark.kind for mark in timeline.marks] == [MarkKind.BACKCHANNEL]


def ms(*times: tuple[int, int]) -> list[Span]:
    return [Span(start * 16, end * 16) for start, end in times]


@pytest.mark.parametrize(
    ("user", "agent", "expected"),
    [
        (ms((0, 3000)), ms((1000, 1400)), [(1000, MarkKind.BACKCHANNEL)]),
        (ms((0, 1500), (2000, 4000)), ms((1400, 1800)), [(1400, MarkKind.BACKCHANNEL)]),
        (ms((0, 1500)), ms((1400, 1800)), [(1400, MarkKind.AGENT_INTERRUPTS)]),
        (ms((0, 3000)), ms((1000, 2500)), [(1000, MarkKind.AGENT_INTERRUPTS)]),
        (
            ms((2000, 5000)),
            ms((0, 2600)),
            [(2000, MarkKind.USER_INTERRUPTS), (2600, MarkKind.YIELD)],
        ),
        (ms((2000, 5000)), ms((0, 4600)), [(2000, MarkKind.USER_INTERRUPTS)]),
        (ms((0, 1000)), ms((1200, 3000)), []),
    ],
)
def test_what_spans_mean(
    user: list[Span], agent: list[Span], expected: list[tuple[int, MarkKind]]
) -> None:
    assert list(turn_marks(user, agent)) == [Mark(at * 16, kind) for at, kind in expected]


def test_eight_hours_take_little_memory_and_the_coarse_peaks_hold_the_loudest() -> None:
    timeline = Timeline(CHUNK_MS, CHUNK_MS)
    columns = 8 * 3600 * 100
    for track in (timeline.user, timeline.agent):
        track.append(np.zeros(columns // 2), False)
        track.append(np.array([0.81]), False)
        track.append(np.zeros(columns // 2), False)
    used = sum(
        part.nbytes
        for track in (timeline.user, timeline.agent)
        for part in (track.peaks, track.speaks)
    )
    assert used < 12_500_000
    edges = np.linspace(0, columns, 801).astype(int)
    loudest = timeline.user.loudest(edges)
    assert loudest.max() == int(0.9 * 255)
    assert np.flatnonzero(loudest).tolist() in ([399], [400], [399, 400])
    near = np.arange(columns // 2 - 5, columns // 2 + 5)
    assert np.flatnonzero(timeline.user.loudest(near)).tolist() == [5]
    assert not timeline.user.loudest(np.array([-20, -10, -5])).any()


def test_a_folder_without_a_recording(tmp_path: Path) -> None:
    with pytest.raises(DuologueError):
        Timeline.of_recording(tmp_path)


def test_estimates_of_silence_are_told_by_the_users_units(tmp_path: Path) -> None:
    """The agent's own silence is a sound of the user's."""
    bundle = write_tiny_bundle(tmp_path / "bundle", own_units=True)
    duplex = Duplex(bundle, CHUNK_MS)
    timeline = Timeline(CHUNK_MS, duplex.latency_ms)
    step = duplex.step(np.zeros(duplex.format.chunk_samples, np.float32))
    duplex.close()
    for index, estimate in enumerate([[SILENCE], [SILENCE], [OWN_SILENCE], []]):
        heard = [[SILENCE] * duplex.format.chunk_frames]
        changed = replace(step, index=index, user_units=heard, user_estimates=[estimate])
        timeline.add(ChunkDone(changed, 0, 0, 0))
    found = [timeline.estimate(index) for index in range(4)]
    assert [one and one.speech for one in found][1:] == [False, True, False]
