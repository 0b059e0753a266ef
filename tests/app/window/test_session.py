"""The session over a simulated card that runs eight times as fast as the clock."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import soundfile
from pytestqt.qtbot import QtBot

from app import hung_cards, live_session
from app.live_session import LiveSession
from app.recording_library import entries
from app.settings import Settings
from app.talk_state import State
from app.window.pages.metrics_panel import MetricsPanel
from app.window.session import Session
from engine.assistant.request import Effect
from engine.card.sound_card import CardInfo, DuplexBlock, PlaybackCallback
from engine.minds.told import Activity
from engine.talk import live_conversation
from engine.talk.live_events import NOT_NUMBERS, ChunkDone, Levels
from tests.app.window.fast_card import FastCard
from tests.engine.tiny_bundle import write_tiny_bundle

_WAIT_MS = 20_000


@pytest.fixture(scope="module")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle")).folder


class Stage:
    """A session and all that it said."""

    def __init__(self, settings: Settings, qtbot: QtBot) -> None:
        self.cards: list[FastCard] = []
        self.talks: list[LiveSession] = []
        self.card_kind: type[FastCard] = FastCard
        self.talk_kind: type[LiveSession] = LiveSession
        self.session = Session(settings, self._make)
        self.states: list[State] = []
        self.events: list[Any] = []
        self.failures: list[str] = []
        self.notices: list[str] = []
        self.recordings: list[Any] = []
        self.session.state_changed.connect(self.states.append)
        self.session.event_received.connect(self.events.append)
        self.session.failed.connect(self.failures.append)
        self.session.notice.connect(self.notices.append)
        self.session.ended.connect(self.recordings.append)
        self.qtbot = qtbot

    def _make(
        self, settings: Settings, folder: Path | None, report: Any, **more: Any
    ) -> LiveSession:
        def card(*devices: Any) -> Any:
            self.cards.append(self.card_kind(*devices))
            return self.cards[-1]

        self.talks.append(self.talk_kind(settings, folder, report, make_card=card, **more))
        return self.talks[-1]

    def wait(self, check: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(check, timeout=_WAIT_MS)

    def chunks(self) -> int:
        return sum(isinstance(event, ChunkDone) for event in self.events)


@pytest.fixture
def stage(bundle_folder: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[Stage]:
    settings = Settings(
        bundle=bundle_folder, recording_folder=tmp_path / "talks", echo_cancelling=False
    )
    made = Stage(settings, qtbot)
    yield made
    assert made.session.close()


class ToldSession(LiveSession):
    """A conversation in which the assistant tells things and wants the conversation's end."""

    did: ClassVar[list[Activity]] = []
    wants: ClassVar[list[Effect]] = []

    def activities(self) -> list[Activity]:
        told, self.did[:] = list(self.did), []
        return told

    def effects(self) -> list[Effect]:
        wanted, self.wants[:] = list(self.wants), []
        return wanted


def test_the_assistant_tells_and_ends_the_conversation(
    bundle_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    stage = Stage(
        Settings(bundle=bundle_folder, recording_folder=tmp_path, echo_cancelling=False), qtbot
    )
    stage.talk_kind = ToldSession
    told: list[Activity] = []
    stage.session.assistant_did.connect(told.append)
    stage.session.start()
    stage.wait(lambda: stage.chunks() > 2)
    ToldSession.did += [Activity("hears", "louder"), Activity("action", "Louder now.")]
    ToldSession.wants.append(Effect("volume", 1))
    stage.wait(lambda: [one.kind for one in told] == ["hears", "action"])
    assert stage.session.running and stage.session.state != State.STOPPING
    ToldSession.wants.append(Effect("end talk"))
    stage.wait(lambda: not stage.session.running)
    assert stage.failures == [] and stage.recordings[-1] is not None


def test_a_talk_from_start_to_end(stage: Stage, tmp_path: Path) -> None:
    assert stage.session.metrics() is None
    stage.session.start()
    assert stage.states == [State.LOADING]
    stage.wait(lambda: stage.chunks() > 20)
    assert State.USER_SPEAKS in stage.states or State.BOTH_SPEAK in stage.states
    timeline = stage.session.timeline
    assert timeline is not None
    assert timeline.length_samples >= 20 * 2560
    metrics = stage.session.metrics()
    assert metrics is not None
    assert metrics.counts.chunks >= 20
    stage.session.stop()
    assert stage.states[-1] == State.STOPPING
    stage.wait(lambda: bool(stage.recordings))
    assert stage.states[-1] == State.IDLE
    assert stage.failures == []
    (folder,) = stage.recordings
    assert folder.parent == tmp_path / "talks"
    assert (folder / "conversation.flac").stat().st_size > 1000


def test_mute_pause_and_hold(stage: Stage) -> None:
    stage.session.start()
    stage.wait(lambda: stage.chunks() > 2)
    stage.session.mute(True)
    assert stage.states[-1] == State.MUTED
    stage.session.pause(True)
    assert stage.states[-1] == State.PAUSED
    stage.session.pause(False)
    stage.session.mute(False)
    stage.wait(lambda: stage.states[-1] not in (State.MUTED, State.PAUSED))
    changed = stage.talks[0].settings.model_copy(update={"hold_to_talk": True})
    stage.session.change(changed)
    assert stage.states[-1] == State.MUTED
    stage.session.hold_talk_key(True)
    assert stage.states[-1] != State.MUTED
    seen = len(stage.events)
    stage.wait(
        lambda: any(isinstance(e, Levels) and e.user_speaks for e in stage.events[seen + 10 :])
    )
    assert len(stage.talks) == 1


def test_another_chunk_length_begins_a_new_talk(stage: Stage) -> None:
    stage.session.start()
    stage.wait(lambda: stage.chunks() > 2)
    stage.session.change(stage.talks[0].settings.model_copy(update={"chunk_ms": 240}))
    stage.wait(lambda: len(stage.talks) == 2 and stage.session.state not in _BETWEEN)
    assert stage.talks[1].chunk_ms == 240
    before = stage.chunks()
    stage.wait(lambda: stage.chunks() > before + 2)
    assert len(stage.recordings) == 1
    assert stage.failures == []


_BETWEEN = (State.LOADING, State.STOPPING, State.IDLE)


def test_another_microphone_keeps_the_talk(stage: Stage) -> None:
    stage.session.start()
    stage.wait(lambda: stage.chunks() > 2)
    stage.session.change(stage.talks[0].settings.model_copy(update={"microphone": "Desk"}))
    stage.wait(lambda: any("now Desk" in text for text in stage.notices))
    (card,) = stage.cards
    assert card.chosen[-1] == ("Desk", None, 50)
    before = stage.chunks()
    stage.wait(lambda: stage.chunks() > before + 2)
    assert len(stage.talks) == 1
    assert card.openings == 2


def test_without_a_microphone_the_reason_is_told(stage: Stage) -> None:
    class Absent(FastCard):
        absent = True

    stage.card_kind = Absent
    stage.session.start()
    stage.wait(lambda: bool(stage.failures))
    assert stage.failures == ["There is no microphone; plug one in."]
    assert stage.session.state == State.IDLE
    assert not stage.session.running
    stage.card_kind = FastCard
    stage.session.start()
    stage.wait(lambda: stage.chunks() > 2)


def test_an_engine_that_fails_is_told_and_the_recording_kept(stage: Stage) -> None:
    class Broken(FastCard):
        def read(self, timeout_seconds: float) -> DuplexBlock | None:
            if self.seconds > 2:
                raise ZeroDivisionError("broken")
            return super().read(timeout_seconds)

    stage.card_kind = Broken
    stage.session.start()
    stage.wait(lambda: bool(stage.failures))
    assert "ZeroDivisionError" in stage.failures[0]
    (folder,) = stage.recordings
    assert (folder / "conversation.flac").stat().st_size > 1000


def test_closing_in_the_midst_of_loading(stage: Stage) -> None:
    stage.session.start()
    assert stage.session.close()
    assert not stage.session.running
    assert stage.failures == []


# --- who muted stays muted ------------------------------------------------------------------------


def user_track(recording: Path) -> Any:
    sound, _ = soundfile.read(recording / "conversation.flac", dtype="int16")
    return sound[:, 0]


def test_who_muted_stays_muted_whatever_begins_the_talk_anew(
    stage: Stage, bundle_folder: Path, tmp_path: Path
) -> None:
    session = stage.session
    session.start()
    stage.wait(lambda: stage.chunks() > 2)
    session.mute(True)
    other_bundle = shutil.copytree(bundle_folder, tmp_path / "other bundle")
    settings = stage.talks[0].settings
    for change in (
        {"chunk_ms": 240},
        {"latency_ms": 80},
        {"temperature": 0.5},
        {"bundle": other_bundle},
        {"recording_folder": tmp_path / "elsewhere"},
        {"record": False},
        {"record": True, "microphone": "Desk"},
    ):
        talks, recordings, chunks = len(stage.talks), len(stage.recordings), stage.chunks()
        settings = settings.model_copy(update=change)
        session.change(settings)
        stage.wait(lambda t=talks, r=recordings, c=chunks: (
            len(stage.talks) > t and len(stage.recordings) > r and stage.chunks() > c + 3
        ))  # fmt: skip
        assert session.muted and session.state == State.MUTED
    session.stop()
    stage.wait(lambda: not session.running)
    session.start()
    chunks = stage.chunks()
    stage.wait(lambda: stage.chunks() > chunks + 3)
    session.stop()
    stage.wait(lambda: not session.running)
    first, *later = [recording for recording in stage.recordings if recording]
    assert user_track(first).any()
    assert len(later) == 7
    for recording in later:
        assert len(user_track(recording)) > 3 * 2560
        assert not user_track(recording).any()
    session.mute(False)
    session.start()
    seen = len(stage.recordings)
    chunks = stage.chunks()
    stage.wait(lambda: stage.chunks() > chunks + 3)
    session.stop()
    stage.wait(lambda: len(stage.recordings) > seen)
    assert user_track(stage.recordings[-1]).any()


def test_who_muted_stays_muted_after_an_error(stage: Stage) -> None:
    class Broken(FastCard):
        def read(self, timeout_seconds: float) -> DuplexBlock | None:
            if self.seconds > 2:
                raise ZeroDivisionError("broken")
            return super().read(timeout_seconds)

    stage.card_kind = Broken
    stage.session.mute(True)
    stage.session.start()
    stage.wait(lambda: bool(stage.failures))
    stage.card_kind = FastCard
    stage.session.start()
    before = stage.chunks()
    stage.wait(lambda: stage.chunks() > before + 3)
    stage.session.stop()
    stage.wait(lambda: not stage.session.running)
    for recording in stage.recordings:
        assert len(user_track(recording)) and not user_track(recording).any()


def test_a_pause_outlives_a_new_setting_and_ends_with_stop(stage: Stage) -> None:
    session = stage.session
    session.start()
    stage.wait(lambda: stage.chunks() > 2)
    session.pause(True)
    session.change(stage.talks[0].settings.model_copy(update={"chunk_ms": 240}))
    stage.wait(lambda: len(stage.talks) == 2 and session.state == State.PAUSED)
    seen = len(stage.events)
    stage.wait(lambda: len(stage.events) > seen + 20)
    assert not any(isinstance(event, ChunkDone) for event in stage.events[seen:])
    session.stop()
    stage.wait(lambda: not session.running)
    assert not session.paused
    first, empty = stage.recordings
    assert empty is None  # a recording without sound is not kept
    assert list(first.parent.iterdir()) == [first]


def test_the_talk_key_is_up_in_a_new_talk(stage: Stage) -> None:
    session = stage.session
    settings = stage.talks[0].settings if stage.talks else session._settings
    session.change(settings.model_copy(update={"hold_to_talk": True}))
    session.start()
    stage.wait(lambda: stage.chunks() > 2)
    session.hold_talk_key(True)
    session.change(session._settings.model_copy(update={"chunk_ms": 240}))
    stage.wait(lambda: len(stage.talks) == 2 and session.state == State.MUTED)
    before = stage.chunks()
    stage.wait(lambda: stage.chunks() > before + 3)
    session.stop()
    stage.wait(lambda: not session.running)
    assert not user_track(stage.recordings[-1]).any()


def test_models_that_give_no_numbers_are_told_once(stage: Stage, tmp_path: Path) -> None:
    broken = write_tiny_bundle(tmp_path / "broken", volume=float("nan")).folder
    stage.session.change(stage.session._settings.model_copy(update={"bundle": broken}))
    stage.session.start()
    stage.wait(lambda: stage.chunks() > 5)
    stage.session.stop()
    stage.wait(lambda: not stage.session.running)
    assert stage.notices == [NOT_NUMBERS]
    metrics = stage.session.metrics()
    assert metrics and metrics.counts.broken_chunks == metrics.counts.chunks
    panel = MetricsPanel()
    panel.show_metrics(metrics)
    assert panel.drops._more.text().endswith(" broken")
    (entry,) = entries(stage.recordings[0].parent)
    assert entry.summary and "not numbers" in str(entry.summary)


# --- everything can be ended ----------------------------------------------------------------------


class Hanging(FastCard):
    """A card that does not return from its end, or its beginning, until it is let go."""

    where = "close"
    let_go = threading.Event()

    def open(self, play: PlaybackCallback) -> CardInfo:
        if self.where == "open":
            self.let_go.wait()
        return super().open(play)

    def close(self) -> None:
        if self.where == "close":
            self.let_go.wait()
        super().close()


@pytest.mark.parametrize("where", ["open", "close"])
def test_a_card_that_hangs_is_given_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(live_conversation, "_JOIN_SECONDS", 0.3)
    monkeypatch.setattr(live_session, "_CARD_SECONDS", 0.1)
    monkeypatch.setattr(Hanging, "where", where)
    monkeypatch.setattr(Hanging, "let_go", threading.Event())
    stage.card_kind = Hanging
    session = stage.session
    session.start()
    stage.wait(lambda: bool(stage.cards) if where == "open" else stage.chunks() > 5)
    session.stop()
    assert session.state == State.STOPPING
    stage.wait(lambda: not session.running)
    assert "does not answer" in stage.failures[0]
    assert hung_cards.any_hangs()
    if where == "close":  # what was said is there, whole
        (entry,) = entries(stage.recordings[-1].parent)
        assert entry.summary and not entry.damage
    session.start()
    stage.wait(lambda: len(stage.failures) == 2)
    assert stage.failures[1] == stage.failures[0]
    # The system's sound comes back.
    Hanging.let_go.set()
    stage.wait(lambda: not hung_cards.any_hangs())
    stage.card_kind = FastCard
    before = stage.chunks()
    session.start()
    stage.wait(lambda: stage.chunks() > before + 2)


def test_stopped_while_it_loads_it_opens_no_card(stage: Stage) -> None:
    stage.session.start()
    stage.session.stop()
    stage.wait(lambda: not stage.session.running)
    assert stage.cards == []
    assert stage.failures == []
    assert stage.recordings == [None]
