"""A live conversation on a simulated card: time, commands, faults. Nothing waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.card.sound_card import BLOCK_SAMPLES, CardInfo, DuplexBlock, PlaybackCallback
from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex, Step
from engine.talk import live_conversation as live_module
from engine.talk.live_conversation import LONG_DEAD_SECONDS, LiveConversation, Switches
from engine.talk.live_events import ChunkDone, DeviceChanged, Ended, Event, Levels
from engine.talk.live_scheduler import MAX_CONCEALED_CHUNKS
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.simulated_card import SimulatedCard
from tests.engine.tiny_bundle import write_tiny_bundle

CHUNK_MS = 160
CHUNK = CHUNK_MS * SAMPLE_RATE_HZ // 1000


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def duplex(bundle: Bundle) -> Iterator[Callable[..., Duplex]]:
    opened: list[Duplex] = []

    def open_(latency_ms: int = CHUNK_MS) -> Duplex:
        opened.append(Duplex(bundle, CHUNK_MS, latency_ms))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


class Notes:
    """A recorder that keeps everything in memory."""

    def __init__(self) -> None:
        self.user: list[np.ndarray] = []
        self.agent: list[np.ndarray] = []
        self.steps: list[Step] = []
        self.extras: list[Any] = []
        self.devices: list[str] = []
        self.commands: list[tuple[str, int]] = []
        self.rest: list[tuple[np.ndarray, Step | None]] = []
        """What came after the last whole interval."""

    def write(
        self, user_audio: np.ndarray, agent_audio: np.ndarray, step: Step | None, extra: Any
    ) -> None:
        if step is None or self.rest or len(user_audio) < len(step.agent_audio):
            self.rest.append((user_audio, step))
            return
        self.user.append(user_audio)
        self.agent.append(agent_audio)
        self.steps.append(step)
        self.extras.append(extra)

    def device_event(self, text: str) -> None:
        self.devices.append(text)

    def command(self, command: str, start_sample: int) -> None:
        self.commands.append((command, start_sample))


class Session:
    """A conversation that ends by itself after some virtual seconds."""

    def __init__(
        self,
        duplex: Duplex,
        seconds: float,
        at: dict[float, Callable[[Session], None]] | None = None,
        **card: Any,
    ) -> None:
        """``at``: what happens at which virtual second."""
        self.plan = sorted((at or {}).items())
        self.events: list[Event] = []
        self._seconds = seconds
        self.card = SimulatedCard(on_block=self._on_block, **card)
        self.notes = Notes()
        self.duplex = duplex
        self.live = LiveConversation(duplex, self.card, None, self.notes)
        self.live.run()
        self._drain()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def played(self) -> np.ndarray:
        return np.concatenate(self.card.played)

    def _on_block(self, card: SimulatedCard) -> None:
        while self.plan and card.seconds >= self.plan[0][0]:
            self.plan.pop(0)[1](self)
        if card.seconds >= self._seconds:
            self.live.stop()
        self._drain()

    def _drain(self) -> None:
        while event := self.live.next_event():
            self.events.append(event)


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.uniform(-0.3, 0.3, round(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("latency_ms", [0, 40, 100, 160, 240, 480])
def test_live_talk_is_the_talk_of_the_files(
    bundle: Bundle, duplex: Callable[..., Duplex], latency_ms: int
) -> None:
    sound = voice(4.0) * np.float32(0.003)  # too quiet for the agent to yield to
    session = Session(duplex(latency_ms), 4.0, microphone=sound)
    notes = session.notes
    alone = duplex(latency_ms)
    assert len(notes.steps) >= 23
    expected = [alone.step(chunk) for chunk in notes.user]
    for step, live in zip(expected, notes.steps, strict=True):
        assert (step.own_units, step.user_units) == (live.own_units, live.user_units)
    heard = np.concatenate(notes.user)
    np.testing.assert_array_equal(heard, sound[: len(heard)])
    assert session.live.counts.late_chunks == 0
    # The sound of step N lies in interval N + 1, or later by what lacks half a chunk of latency.
    shift = max(CHUNK // 2 - latency_ms * SAMPLE_RATE_HZ // 1000, 0)
    said = np.concatenate([step.agent_audio for step in expected])
    played = np.concatenate(notes.agent)[CHUNK + shift :]
    fade = 80
    np.testing.assert_array_equal(played[fade:], said[fade : len(played)])


def test_never_more_than_a_chunk_waits_behind_the_playing_one(
    duplex: Callable[..., Duplex],
) -> None:
    most = 0

    def look(session: Session) -> None:
        nonlocal most
        most = max(most, session.live._playout.ahead_samples)

    at = {index / 100: look for index in range(100, 400)}
    Session(duplex(), 4.0, at, microphone=voice(4.0))
    assert 0 < most <= 2 * CHUNK


def test_a_late_chunk_loses_its_beginning_and_the_clock_holds(
    duplex: Callable[..., Duplex],
) -> None:
    session = stalled(duplex(), 0.2, 10)
    late = [event for event in session.of(ChunkDone) if event.late_ms > 0]
    assert late[0].step.index == 10
    assert 30 <= late[0].late_ms <= 50
    assert session.live.counts.late_chunks == len(late) <= 2
    assert session.of(ChunkDone)[-1].lag_ms < 20
    assert len(session.notes.steps) >= 29


@pytest.mark.parametrize("stall_seconds", [0.5, 1.0, 5.0])
def test_a_stalled_engine_catches_up_in_silence(
    duplex: Callable[..., Duplex], stall_seconds: float
) -> None:
    session = stalled(duplex(), stall_seconds, 10)
    counts = session.live.counts
    assert counts.late_chunks >= 3
    assert counts.unspoken_chunks >= 1
    assert session.of(ChunkDone)[-1].lag_ms < 20
    assert session.of(ChunkDone)[-1].late_ms == 0
    if stall_seconds > 2:
        assert counts.lost_samples > 0
        assert 0 < counts.lost_chunks <= MAX_CONCEALED_CHUNKS
    else:
        assert counts.lost_samples == counts.lost_chunks == 0
    # What was recorded replays to the same tokens.
    for step, live in again(duplex(), session.notes):
        assert step.own_units == live.own_units
        assert step.user_units == live.user_units
    missed = [step.missed for step in session.notes.steps if step.missed]
    # Late by more than a chunk: all that was missed is taken together.
    assert len(missed) >= counts.unspoken_chunks - counts.lost_chunks > 0


def again(talk: Duplex, notes: Notes) -> Iterator[tuple[Step, Step]]:
    """The steps of a conversation computed once more, each beside the recorded one."""
    sound, group = np.concatenate(notes.user), []
    for live in notes.steps:
        group.append(live)
        if live.missed > 1:
            continue
        due, sound = np.split(sound, [talk.due_samples_of(len(group))])
        if live.missed:
            steps = talk.miss(due, len(group))
        else:
            steps = [talk.step_due(due, live.lost, live.speak)]
        yield from zip(steps, group, strict=True)
        group = []


def stalled(talk: Duplex, seconds: float, index: int) -> Session:
    """A session whose engine stands still in one step."""
    step_due = talk.step_due
    cards: list[SimulatedCard] = []

    def slow(*arguments: Any, **settings: Any) -> Step:
        step = step_due(*arguments, **settings)
        if step.index == index:
            cards[0].run_for(seconds)
        return step

    talk.step_due = slow  # type: ignore[method-assign]
    return Session(
        talk,
        5.0 + seconds,
        {0.0: lambda session: cards.append(session.card)},
        microphone=voice(5.0 + seconds),
    )


# --- commands -------------------------------------------------------------------------------------


def test_the_agent_yields_within_40_ms(duplex: Callable[..., Duplex]) -> None:
    """A user who speaks and an agent that has decided on silence: no queued word is said."""
    talk = duplex()
    step_due = talk.step_due
    decided: list[int] = []

    def decides(due: np.ndarray, lost: bool = False, speak: bool = True) -> Step:
        silent = talk.due_samples and session_index(talk) >= 12
        step = step_due(due, lost, speak and not silent)
        if silent and not decided:
            decided.append(len(cards[0].played))
        return step

    def session_index(talk: Duplex) -> int:
        return talk._index

    talk.step_due = decides  # type: ignore[method-assign]
    cards: list[SimulatedCard] = []
    session = Session(
        talk, 4.0, {0.0: lambda session: cards.append(session.card)}, microphone=voice(4.0)
    )
    played = session.played
    decision = decided[0] * 160
    assert np.abs(played[decision - 320 : decision]).max() > 0.01
    assert not played[decision + 40 * 16 : decision + CHUNK].any()


def test_pause_keeps_the_talks_time(duplex: Callable[..., Duplex]) -> None:
    session = Session(
        duplex(),
        6.0,
        {2.0: lambda session: session.live.pause(), 4.0: lambda s: s.live.pause(False)},
        microphone=voice(6.0),
    )
    assert 23 <= len(session.notes.steps) <= 26
    assert not session.played[round(2.05 * SAMPLE_RATE_HZ) : round(4.0 * SAMPLE_RATE_HZ)].any()
    assert (
        np.abs(session.played[round(4.4 * SAMPLE_RATE_HZ) : round(5.9 * SAMPLE_RATE_HZ)]).max()
        > 0.01
    )
    assert session.live.counts.late_chunks == 0


def test_a_chunk_in_the_making_is_not_heard_in_a_pause(duplex: Callable[..., Duplex]) -> None:
    talk = duplex()
    step_due = talk.step_due
    paused_at: list[int] = []
    sessions: list[Session] = []

    def paused(*arguments: Any, **settings: Any) -> Step:
        step = step_due(*arguments, **settings)
        if step.index == 10:
            sessions[0].live.pause()
            paused_at.append(len(sessions[0].card.played))
        return step

    talk.step_due = paused  # type: ignore[method-assign]
    session = Session(talk, 4.0, {0.0: sessions.append}, microphone=voice(4.0))
    assert not session.played[paused_at[0] * 160 + 40 * 16 :].any()
    assert len(session.notes.steps) == 10


def test_a_muted_microphone_is_silence(duplex: Callable[..., Duplex]) -> None:
    session = Session(
        duplex(), 4.0, {2.0: lambda session: session.live.mute_microphone()}, microphone=voice(4.0)
    )
    heard = np.concatenate(session.notes.user)
    assert heard[: round(1.9 * SAMPLE_RATE_HZ)].any()
    assert not heard[round(2.1 * SAMPLE_RATE_HZ) :].any()


def test_a_muted_agent_goes_on(duplex: Callable[..., Duplex]) -> None:
    session = Session(
        duplex(), 4.0, {2.0: lambda session: session.live.mute_agent()}, microphone=voice(4.0)
    )
    assert not session.played[round(2.1 * SAMPLE_RATE_HZ) :].any()
    assert len(session.notes.steps) >= 24


def test_hold_to_talk(duplex: Callable[..., Duplex]) -> None:
    session = Session(
        duplex(),
        4.0,
        {
            0.0: lambda session: session.live.hold_to_talk(),
            1.0: lambda session: session.live.hold_talk_key(True),
            2.0: lambda session: session.live.hold_talk_key(False),
        },
        microphone=voice(4.0),
    )
    heard = np.concatenate(session.notes.user)
    assert not heard[: round(0.9 * SAMPLE_RATE_HZ)].any()
    assert heard[round(1.1 * SAMPLE_RATE_HZ) : round(1.9 * SAMPLE_RATE_HZ)].any()
    assert not heard[round(2.1 * SAMPLE_RATE_HZ) :].any()


@pytest.mark.parametrize(
    ("closed", "noted"),
    [
        (Switches(muted=True), "mute"),
        (Switches(hold_to_talk=True), "mute"),
        (Switches(paused=True), "pause"),
    ],
)
def test_what_was_closed_before_the_talk_is_closed_in_its_first_sample(
    duplex: Callable[..., Duplex], closed: Switches, noted: str
) -> None:
    def stop(card: SimulatedCard) -> None:
        if card.seconds > 2:
            talk.stop()

    notes = Notes()
    talk = LiveConversation(duplex(), SimulatedCard(voice(3.0), on_block=stop), None, notes, closed)
    talk.run()
    heard = np.concatenate([np.zeros(0), *notes.user, *(user for user, _ in notes.rest)])
    assert not heard.any()
    assert (len(heard) > SAMPLE_RATE_HZ) == (noted == "mute")  # a pause takes no time
    assert notes.commands == [(noted, 0)]


@pytest.mark.parametrize("closed", ["mute", "hold", "pause"])
def test_what_was_said_while_it_was_closed_is_not_heard_later(
    duplex: Callable[..., Duplex], closed: str
) -> None:
    """The engine is late by a second when the user opens the microphone again."""
    talk = duplex()
    step_due = talk.step_due
    stage: list[Session] = []
    closed_samples: list[int] = []

    def switch(live: LiveConversation, close: bool) -> None:
        if closed == "mute":
            live.mute_microphone(close)
        elif closed == "pause":
            live.pause(close)
        else:
            live.hold_to_talk()
            live.hold_talk_key(not close)
        closed_samples.append(len(stage[0].card.played) * BLOCK_SAMPLES)

    def slow(*arguments: Any, **settings: Any) -> Step:
        step = step_due(*arguments, **settings)
        if step.index == 5:
            switch(stage[0].live, True)
            stage[0].card.run_for(1.0)
            switch(stage[0].live, False)
        return step

    talk.step_due = slow  # type: ignore[method-assign]
    # No two samples alike, so that each can be found again.
    sound = np.linspace(0.01, 0.3, 4 * SAMPLE_RATE_HZ, dtype=np.float32)
    session = Session(talk, 4.0, {0.0: stage.append}, microphone=sound)
    begin, end = closed_samples
    assert end - begin == SAMPLE_RATE_HZ
    heard = np.concatenate(session.notes.user)
    assert not np.isin(heard[heard != 0], sound[begin:end]).any()
    assert np.isin(sound[end : end + SAMPLE_RATE_HZ // 2], heard).all()
    assert np.isin(sound[begin - SAMPLE_RATE_HZ // 2 : begin], heard).all()


def test_events_nobody_takes_are_counted_and_the_last_one_arrives(
    duplex: Callable[..., Duplex],
) -> None:
    def stop_late(card: SimulatedCard) -> None:
        if card.seconds >= 40:
            live.stop()

    live = LiveConversation(duplex(), SimulatedCard(voice(40.0), on_block=stop_late), None)
    live.run()
    assert live.counts.events_dropped > 100
    last: Event | None = None
    while event := live.next_event():
        last = event
    assert last == Ended(None)


def test_levels_say_who_speaks(duplex: Callable[..., Duplex]) -> None:
    sound = voice(4.0)
    sound[2 * SAMPLE_RATE_HZ :] = 0
    session = Session(duplex(), 4.0, microphone=sound)
    levels = session.of(Levels)
    assert len(levels) >= 78
    assert all(entry.user_speaks for entry in levels[5:38])
    assert not any(entry.user_speaks for entry in levels[48:])
    assert -20 < levels[20].user_db < -10
    assert all(len(entry.user_peaks) == 5 for entry in levels)
    assert 0.25 < max(levels[20].user_peaks) <= 0.3


# --- devices --------------------------------------------------------------------------------------


def unplug(session: Session) -> None:
    session.card.present = False


def plug(session: Session) -> None:
    session.card.present = True


def test_a_device_that_returns_sounds_within_a_second(duplex: Callable[..., Duplex]) -> None:
    session = Session(duplex(), 9.0, {3.0: unplug, 6.0: plug}, microphone=voice(9.0))
    said = session.of(DeviceChanged)
    assert [event.sounds for event in said] == [False, False, True]
    assert session.card.openings == 2
    assert session.notes.devices == [event.text for event in said]
    # Time stood still without a card, and the context is what it would be without the fault.
    assert 34 <= len(session.notes.steps) <= 37
    assert len(session.card.played) * 0.01 > 9.0 - 3.0 - 0.5
    alone = duplex()
    for user, live in zip(session.notes.user, session.notes.steps, strict=True):
        assert alone.step(user).own_units == live.own_units
    assert session.live.counts.late_chunks == 0


@pytest.mark.parametrize(("seconds", "openings"), [(1.5, 1), (2.5, 2)])
def test_a_card_that_the_server_still_has_is_waited_for(
    duplex: Callable[..., Duplex], seconds: float, openings: int
) -> None:
    def starve(session: Session) -> None:
        session.card.listed, session.card.running = True, False

    def go_on(session: Session) -> None:
        session.card.running = True

    session = Session(duplex(), 8.0, {3.0: starve, 3.0 + seconds: go_on}, microphone=voice(8.0))
    assert session.card.openings == openings
    assert len(session.of(DeviceChanged)) == 2 * (openings - 1)
    assert session.live.counts.late_chunks == 0


def test_what_a_freeze_while_it_computes_lost_is_counted(
    duplex: Callable[..., Duplex], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulated card stands still while a step is computed, as if all were frozen."""
    talk = duplex()
    honest = talk.step_due

    def frozen_once(*arguments: Any, **named: Any) -> Step:
        step = honest(*arguments, **named)
        if step.index == 8:
            time.sleep(0.6)
        return step

    monkeypatch.setattr(talk, "step_due", frozen_once)
    session = Session(talk, 4.0, microphone=voice(4.0))
    assert 0.5 * SAMPLE_RATE_HZ < session.live.counts.lost_samples < 2 * SAMPLE_RATE_HZ
    assert not session.of(DeviceChanged)


def stand_still(session: Session) -> None:
    session.card.running = False


def run_again(session: Session) -> None:
    session.card.running = True


def test_a_microphone_that_is_slow_to_start_is_waited_for(duplex: Callable[..., Duplex]) -> None:
    session = Session(duplex(), 4.0, {0.0: stand_still, 1.0: run_again}, microphone=voice(4.0))
    assert session.card.openings == 1
    assert session.of(DeviceChanged) == []


def test_a_card_that_often_halts_is_not_opened_without_end(duplex: Callable[..., Duplex]) -> None:
    """Such as one of a machine that is too busy: giving up makes it no better."""
    plan: dict[float, Callable[[Session], None]] = {}
    for second in range(1, 40):
        plan[float(second)] = stand_still
        plan[second + 0.6] = run_again
    session = Session(duplex(), 40.0, plan, microphone=voice(40.0))
    assert session.card.openings <= 4
    assert len(session.notes.steps) > 60


def test_the_canceller_hears_both_sides_and_forgets_the_room_of_another_card(
    duplex: Callable[..., Duplex],
) -> None:
    class Halver:
        delay_samples = 250
        resets = 0
        far: ClassVar[list[np.ndarray]] = []

        def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
            self.far.append(far)
            return near * np.float32(0.5)

        def reset(self) -> None:
            self.resets += 1

    def on_block(card: SimulatedCard) -> None:
        if round(card.seconds, 2) == 2.0:
            card.reason = "The speaker is now Headset."
        if card.seconds >= 4:
            live.stop()

    halver, notes = Halver(), Notes()
    card = SimulatedCard(voice(4.0), on_block=on_block)
    live = LiveConversation(duplex(), card, halver, notes)
    live.run()
    assert halver.resets == 2
    played = np.concatenate(card.played)
    reference = np.concatenate(Halver.far)
    np.testing.assert_array_equal(reference[:SAMPLE_RATE_HZ], played[:SAMPLE_RATE_HZ])
    heard = np.concatenate(notes.user)[:SAMPLE_RATE_HZ]
    np.testing.assert_array_equal(heard, card.microphone[:SAMPLE_RATE_HZ] * np.float32(0.5))
    # On the recording the agent lies beside what the user said at the same time.
    beside = np.concatenate(notes.agent)[:SAMPLE_RATE_HZ]
    assert not beside[:250].any()
    np.testing.assert_array_equal(beside[250:], played[: SAMPLE_RATE_HZ - 250])


def test_another_default_device_is_followed_at_once(duplex: Callable[..., Duplex]) -> None:
    def switch(session: Session) -> None:
        session.card.reason = "The microphone is now Headset."

    session = Session(duplex(), 4.0, {2.0: switch}, microphone=voice(4.0))
    assert session.card.openings == 2
    assert session.of(DeviceChanged)[0].text == "The microphone is now Headset."
    assert len(session.card.played) >= 395


def test_no_device_at_the_start_is_an_error(duplex: Callable[..., Duplex]) -> None:
    card = SimulatedCard()
    card.present = False
    with pytest.raises(DuologueError, match="no microphone"):
        LiveConversation(duplex(), card, None).start()


def test_a_microphone_that_is_dead_at_first_is_told_once(duplex: Callable[..., Duplex]) -> None:
    sound = voice(6.0)
    sound[: 3 * SAMPLE_RATE_HZ] = 0
    session = Session(duplex(), 6.0, microphone=sound)
    said = [event.text for event in session.of(DeviceChanged)]
    assert len(said) == 2
    assert "silence" in said[0]
    assert "gives sound" in said[1]
    assert [event.hears for event in session.of(DeviceChanged)] == [False, True]


def test_a_noise_gate_is_no_dead_microphone(duplex: Callable[..., Duplex]) -> None:
    sound = voice(40.0)
    for second in range(1, 36, 5):
        sound[second * SAMPLE_RATE_HZ : (second + 4) * SAMPLE_RATE_HZ] = 0
    session = Session(duplex(), 40.0, microphone=sound)
    assert session.of(DeviceChanged) == []


def test_a_microphone_that_dies_in_the_talk_is_told(duplex: Callable[..., Duplex]) -> None:
    sound = voice(LONG_DEAD_SECONDS + 4)
    sound[SAMPLE_RATE_HZ : round((LONG_DEAD_SECONDS + 2) * SAMPLE_RATE_HZ)] = 0
    session = Session(duplex(), LONG_DEAD_SECONDS + 4, microphone=sound)
    assert [event.hears for event in session.of(DeviceChanged)] == [False, True]


def test_each_dead_microphone_is_told(duplex: Callable[..., Duplex]) -> None:
    def switch(session: Session) -> None:
        session.card.reason = "The microphone is now Headset."

    session = Session(duplex(), 5.0, {2.5: switch}, microphone=np.zeros(1, np.float32))
    said = [event.text for event in session.of(DeviceChanged)]
    assert ["silence" in text for text in said] == [True, False, False, True]


def test_a_stalled_engine_is_not_the_cards_fault(
    duplex: Callable[..., Duplex], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[SimulatedCard] = []
    honest = SimulatedCard.open

    def noted(card: SimulatedCard, play: PlaybackCallback) -> CardInfo:
        opened.append(card)
        return honest(card, play)

    monkeypatch.setattr(SimulatedCard, "open", noted)
    clock = SimpleNamespace(monotonic=lambda: opened[0].seconds)
    monkeypatch.setattr(live_module, "time", clock)
    session = stalled(duplex(), 5.0, 10)
    assert session.card.openings == 1
    assert session.of(DeviceChanged) == []


def test_a_stream_that_has_ended_is_opened_again_at_once(duplex: Callable[..., Duplex]) -> None:
    def end(session: Session) -> None:
        session.card.running = False
        session.card.reason = "The sound card has stopped; Duologue is opening it again."

    def run(session: Session) -> None:
        session.card.running = True

    session = Session(duplex(), 4.0, {2.0: end, 2.06: run}, microphone=voice(4.0))
    said = [event.text for event in session.of(DeviceChanged)]
    assert said[0] == "The sound card has stopped; Duologue is opening it again."
    assert session.card.openings == 2
    assert session.live.counts.lost_samples == 0


def test_sound_that_a_lost_card_had_taken_is_counted(duplex: Callable[..., Duplex]) -> None:
    def switch_late(session: Session) -> None:
        session.card.run_for(0.3)  # the engine was busy meanwhile
        session.card.reason = "The speaker is now Headset."

    session = Session(duplex(), 4.0, {2.0: switch_late}, microphone=voice(4.0))
    assert session.card.openings == 2
    assert 0.25 * SAMPLE_RATE_HZ <= session.live.counts.lost_samples <= 0.35 * SAMPLE_RATE_HZ


def test_an_engine_that_fails_ends_the_talk_with_a_sentence(
    duplex: Callable[..., Duplex],
) -> None:
    talk = duplex()

    def fails(*_arguments: Any, **_settings: Any) -> Step:
        raise DuologueError("The language model failed; restart.")

    talk.step_due = fails  # type: ignore[method-assign]
    session = Session(talk, 4.0)
    assert session.events[-1] == Ended("The language model failed; restart.")


def test_a_slow_model_is_no_card_that_hangs(
    duplex: Callable[..., Duplex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "_JOIN_SECONDS", 0.1)
    talk, begun, go_on = duplex(), threading.Event(), threading.Event()
    step_due = talk.step_due

    def slow(*arguments: Any, **settings: Any) -> Step:
        begun.set()
        go_on.wait()
        return step_due(*arguments, **settings)

    talk.step_due = slow  # type: ignore[method-assign]
    live = LiveConversation(talk, SimulatedCard(voice(60.0)), None)
    live.start()
    assert begun.wait(10)
    threading.Timer(0.5, go_on.set).start()
    assert live.stop()
    assert go_on.is_set()


@pytest.mark.parametrize("volume", [float("nan"), float("inf")])
def test_a_voice_that_is_no_number_is_silence_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, volume: float
) -> None:
    talk = Duplex(write_tiny_bundle(tmp_path, volume=volume), CHUNK_MS)
    caplog.set_level(logging.INFO, "engine.talk.live_scheduler")
    session = Session(talk, 3.0, microphone=voice(3.0))
    chunks = session.of(ChunkDone)
    assert session.events[-1] == Ended(None)
    assert all(event.step.not_numbers == CHUNK for event in chunks)
    assert session.live.counts.broken_chunks == len(chunks) > 10
    assert not session.played.any() and not np.concatenate(session.notes.agent).any()
    assert all(extra["not_numbers"] == CHUNK for extra in session.notes.extras)
    (logged,) = (
        one.getMessage() for one in caplog.records if one.name == "engine.talk.live_scheduler"
    )
    assert "not numbers" in logged  # once, not for every chunk
    talk.close()


def test_a_canceller_that_breaks_is_begun_anew(duplex: Callable[..., Duplex]) -> None:
    class Breaks:
        delay_samples = 0
        blocks = resets = 0

        def process(self, near: np.ndarray, _far: np.ndarray) -> np.ndarray:
            self.blocks += 1
            return near * np.float32(np.nan) if self.resets < 2 and self.blocks > 50 else near

        def reset(self) -> None:
            self.resets += 1

    canceller = Breaks()
    at = {0.0: lambda session: session.live.use_canceller(canceller)}
    session = Session(duplex(), 3.0, at, microphone=voice(3.0))
    assert session.events[-1] == Ended(None)
    assert canceller.resets == session.live.counts.broken_chunks == 2
    assert np.isfinite(np.concatenate(session.notes.user)).all()


# --- many faults ----------------------------------------------------------------------------------


def test_two_hundred_faults(duplex: Callable[..., Duplex]) -> None:
    """Lost devices, stalls, other rates, full queues: no crash, no hang, the context whole."""
    random = np.random.default_rng(3)
    faults = 200
    times = 1.0 + np.cumsum(random.uniform(0.1, 4.0, faults))
    seconds = float(times[-1]) + 5.0
    seen: set[str] = set()
    stall_seconds: list[float] = []

    def fault(session: Session) -> None:
        kind = str(random.choice(["lost", "stall", "rate", "full"]))
        seen.add(kind)
        card = session.card
        if kind == "lost":
            card.present = False
            returns = card.seconds + random.uniform(0.02, 2.0)
            session.plan.append((returns, plug))
            session.plan.sort(key=lambda entry: entry[0])
        elif kind == "rate":
            card.rate_hz = int(random.choice([44_100, 48_000, 96_000]))
            card.reason = f"The microphone runs at {card.rate_hz} Hz now."
        else:
            stall_seconds.append(random.uniform(0.05, 0.8) if kind == "stall" else 3.0)

    talk = duplex()
    step_due = talk.step_due
    cards: list[SimulatedCard] = []

    def slow(*arguments: Any, **settings: Any) -> Step:
        step = step_due(*arguments, **settings)
        if stall_seconds:
            cards[0].run_for(stall_seconds.pop())
        return step

    talk.step_due = slow  # type: ignore[method-assign]
    plan: dict[float, Callable[[Session], None]] = {float(second): fault for second in times}
    plan[0.0] = lambda session: cards.append(session.card)
    session = Session(talk, seconds, plan, microphone=voice(seconds))
    assert seen == {"lost", "stall", "rate", "full"}
    assert session.events[-1] == Ended(None)
    counts = session.live.counts
    assert counts.lost_chunks > 0
    assert counts.unspoken_chunks > 0
    assert session.card.openings > 50
    # It has recovered: the last chunks were on time, and the talk is the recorded one.
    assert all(event.late_ms == 0 for event in session.of(ChunkDone)[-5:])
    notes = session.notes
    for step, live in again(duplex(), notes):
        assert step.own_units == live.own_units
        assert step.user_estimates == live.user_estimates
    # In the end what the agent says is what is heard.
    last = notes.steps[-4].agent_audio
    np.testing.assert_array_equal(notes.agent[-3], last)


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_two_cards_of_different_speed(duplex: Callable[..., Duplex], ppm: float) -> None:
    session = Session(duplex(), 120.0, microphone=voice(120.0), drift_ppm=ppm)
    assert session.live.counts.xruns == 0
    assert session.live.counts.late_chunks == 0


# --- commands and the end -------------------------------------------------------------------------


def test_commands_are_recorded_where_they_were_given(duplex: Callable[..., Duplex]) -> None:
    at = {
        1.0: lambda session: session.live.pause(),
        1.5: lambda session: session.live.pause(False),
        2.0: lambda session: session.live.mute_microphone(),
        2.5: lambda session: session.live.hold_to_talk(),
        3.0: lambda session: session.live.mute_microphone(False),
        3.2: lambda session: session.live.hold_talk_key(True),
    }
    notes = Session(duplex(), 4.0, at, microphone=voice(4.0)).notes
    assert [command for command, _ in notes.commands] == ["pause", "resume", "mute", "unmute"]
    starts = [start / SAMPLE_RATE_HZ for _, start in notes.commands]
    # The half second of the pause is no part of the talk's time.
    assert starts == pytest.approx([1.0, 1.0, 1.5, 2.7], abs=0.03)


def test_the_interval_that_had_begun_is_recorded(duplex: Callable[..., Duplex]) -> None:
    for latency_ms in (0, 160, 480):
        sound = voice(3.0)
        notes = Session(duplex(latency_ms), 2.5, microphone=sound).notes
        heard = np.concatenate([*notes.user, *(user for user, _ in notes.rest)])
        assert len(heard) / SAMPLE_RATE_HZ == pytest.approx(2.5, abs=0.02)
        np.testing.assert_array_equal(heard, sound[: len(heard)])
        steps = [step.index for _, step in notes.rest if step]
        assert steps == list(range(len(notes.steps), len(notes.steps) + len(steps)))


def test_a_card_that_trickles_is_opened_again(
    duplex: Callable[..., Duplex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "PACE_SECONDS", 0.2)
    slow = True

    class Trickling(SimulatedCard):
        def read(self, timeout_seconds: float) -> DuplexBlock | None:
            if slow:
                time.sleep(0.03)
            return super().read(timeout_seconds)

        def open(self, play: PlaybackCallback) -> CardInfo:
            nonlocal slow
            slow = self.openings == 0
            return super().open(play)

    card = Trickling(on_block=lambda card: talk.stop() if card.seconds > 2 else None)
    talk = LiveConversation(duplex(), card, None)
    talk.run()
    said = []
    while event := talk.next_event():
        said += [event.text] if isinstance(event, DeviceChanged) else []
    assert "too little sound" in said[0] and "Sound is back" in said[1]
    assert card.openings == 2


@pytest.mark.parametrize("latency_ms", [100, 160])
def test_the_canceller_gets_frames_and_no_step_waits_for_one(
    duplex: Callable[..., Duplex], latency_ms: int
) -> None:
    class Counts:
        delay_samples = 0
        blocks: ClassVar[list[int]] = []

        def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
            assert near.shape == far.shape
            self.blocks.append(len(near) // 160)
            return near

        def reset(self) -> None:
            self.blocks.clear()

    counts, sound = Counts(), voice(3.0)
    talk = duplex(latency_ms)
    step_due = talk.step_due
    heard: list[int] = []

    def stepped(due: np.ndarray, lost: bool = False, speak: bool = True) -> Step:
        heard.append(sum(counts.blocks) * 160)
        return step_due(due, lost, speak)

    talk.step_due = stepped  # type: ignore[method-assign]
    notes = Notes()

    def on_block(card: SimulatedCard) -> None:
        if card.seconds >= 3:
            live.stop()

    live = LiveConversation(talk, SimulatedCard(sound, on_block=on_block), counts, notes)
    live.run()
    assert max(counts.blocks) == 4
    assert np.mean(counts.blocks) > 3
    # Each step runs as soon as the card has given its sound, and has all of it.
    lead = latency_ms * 16
    assert heard == [max((index + 1) * CHUNK - lead, 160) for index in range(len(heard))]
    user = np.concatenate(notes.user)
    np.testing.assert_array_equal(user, sound[: len(user)])


def test_a_mute_holds_from_its_block_on(duplex: Callable[..., Duplex]) -> None:
    """In the middle of a frame, too."""
    sound = voice(2.0) + np.float32(1)
    at: dict[float, Callable[[Session], None]] = {
        1.01: lambda session: session.live.mute_microphone(),
        1.23: lambda session: session.live.mute_microphone(False),
    }
    user = np.concatenate(Session(duplex(), 2.0, at, microphone=sound).notes.user)
    silent = np.flatnonzero(user == 0)
    assert silent[0] / SAMPLE_RATE_HZ == pytest.approx(1.01, abs=0.021)
    assert len(silent) / SAMPLE_RATE_HZ == pytest.approx(0.22, abs=0.021)
    assert silent[-1] - silent[0] + 1 == len(silent)


def test_another_canceller_is_used_from_the_next_block_on(duplex: Callable[..., Duplex]) -> None:
    class Halves:
        delay_samples = 0

        def process(self, near: np.ndarray, _far: np.ndarray) -> np.ndarray:
            return near / 2

        def reset(self) -> None:
            pass

    sound = voice(3.0)
    at = {1.0: lambda session: session.live.use_canceller(Halves())}
    notes = Session(duplex(), 3.0, at, microphone=sound).notes
    heard = np.concatenate(notes.user)
    changed = np.flatnonzero(heard != sound[: len(heard)])
    assert changed[0] / SAMPLE_RATE_HZ == pytest.approx(1.0, abs=0.03)
    np.testing.assert_array_equal(heard[changed[0] :], sound[changed[0] : len(heard)] / 2)


def test_a_failing_engine_says_so_in_its_last_event(duplex: Callable[..., Duplex]) -> None:
    def fail(_card: SimulatedCard) -> None:
        if _card.seconds > 1:
            raise ZeroDivisionError("broken")

    talk = LiveConversation(duplex(), SimulatedCard(on_block=fail), None)
    talk.run()
    events = []
    while event := talk.next_event():
        events.append(event)
    assert isinstance(events[-1], Ended)
    assert "ZeroDivisionError" in str(events[-1].error)
