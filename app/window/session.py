"""The conversation as the window sees it: commands in, Qt signals out.

Models, devices and files belong to a separate thread ("talk"). The window's thread only sets flags
and takes events from a queue, twenty times a second. Knows no widgets.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from app.folders import recordings_folder
from app.live_session import LiveSession, StoppedError
from app.settings import Settings
from app.talk_state import State, TalkMetrics, TalkState
from app.timeline import Timeline
from app.window.assistant import Assistant
from engine.assistant.mind import BackgroundMind
from engine.errors import DuologueError
from engine.talk.live_conversation import Switches
from engine.talk.live_events import NOT_NUMBERS, ChunkDone, Counts, DeviceChanged, Ended, Event

_LOG = logging.getLogger(__name__)
_POLL_MS = 50
"""The engine sends levels as often."""
_MAX_EVENTS_A_POLL, _ALL_EVENTS = 50, 10_000
_JOIN_SECONDS = 6.0


class MakeTalk(Protocol):
    """Makes a conversation, in the talk's thread; `LiveSession` itself is one."""

    def __call__(
        self,
        settings: Settings,
        recordings: Path | None,
        report: Callable[[str], None],
        *,
        assistant: BackgroundMind | None,
    ) -> LiveSession: ...


class Session(QObject):
    """Holds one conversation after another."""

    state_changed = Signal(State)
    phase_changed = Signal(str)
    """The phase of loading: "bundle", "models" or "sound"."""
    began = Signal(Timeline)
    """A conversation has begun; its timeline grows."""
    event_received = Signal(object)
    """An event of the engine, after the timeline has processed it."""
    assistant_did = Signal(object)
    """What the assistant hears, thinks or does: an `app.assisted_talk.Activity`."""
    notice = Signal(str)
    """A sentence for the user."""
    failed = Signal(str)
    """The conversation could not begin, or failed; a sentence."""
    ended = Signal(object)
    """The conversation has ended and its files are closed; the recording's folder or None."""

    def __init__(
        self, settings: Settings, make_talk: MakeTalk = LiveSession, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.assistant: Assistant | None = None
        """Takes part in the conversations that begin from now on."""
        self._settings = settings
        self._make_talk = make_talk
        self._talk: LiveSession | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._messages: queue.Queue[tuple[str, object]] = queue.Queue()
        self._tracker: TalkState | None = None
        self._counts = Counts()
        self._broken = False
        self.timeline: Timeline | None = None
        self._switches = Switches(hold_to_talk=settings.hold_to_talk)
        """Mute and pause, kept when the conversation restarts."""
        self._restart = self._pause_ends = False
        self._error: str | None = None
        self._state = State.IDLE
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)

    # --- commands ---------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The state of the conversation."""
        return self._state

    @property
    def running(self) -> bool:
        """Whether a conversation is running, starting or ending."""
        return self._thread is not None

    @property
    def hold_to_talk(self) -> bool:
        """Whether the agent hears the user only while the talk key is held."""
        return self._switches.hold_to_talk

    @property
    def muted(self) -> bool:
        """Whether the user has muted the microphone; also between conversations."""
        return self._switches.muted

    @property
    def paused(self) -> bool:
        """Whether the user has paused the conversation."""
        return self._switches.paused

    @property
    def talk_key_held(self) -> bool:
        """Whether the talk key is held."""
        return self._switches.talk_key_held

    @property
    def longer_chunk_ms(self) -> int | None:
        """The next longer chunk length that the running conversation could have."""
        return self._talk.longer_chunk_ms if self._talk else None

    def start(self) -> None:
        """Start a conversation, unless one is running."""
        if self._thread:
            return
        self._stop.clear()
        self._error = None
        self._restart = self._pause_ends = False
        self._switches.talk_key_held = False  # the talk key is not held before a conversation
        folder = self._settings.recording_folder or recordings_folder()
        recordings = folder if self._settings.record else None
        self._set_state(State.LOADING)
        self._thread = threading.Thread(
            target=self._run_talk,
            args=(self._settings, recordings, self.assistant),
            name="talk",
            daemon=True,
        )
        self._thread.start()
        self._timer.start()

    def stop(self) -> None:
        """End the conversation. The sound fades at once; ``ended`` follows when files are closed.

        This also ends a pause; a muted microphone stays muted.
        """
        self._restart = False
        self._pause_ends = True
        self._end()

    def _end(self) -> None:
        if not self._thread:
            return
        if self._talk:
            self._talk.conversation.request_stop()  # silent at once
        self._stop.set()
        self._set_state(State.STOPPING)

    def close(self) -> bool:
        """End the conversation and wait, before the program ends; False if it hangs."""
        self.stop()
        if self._thread:
            self._thread.join(_JOIN_SECONDS)
            if self._thread.is_alive():
                return False
        self._poll()
        return True

    def mute(self, muted: bool) -> None:
        """Let the agent hear silence."""
        self._switches.muted = muted
        if self._talk:
            self._talk.conversation.mute_microphone(muted)
        self._show_state()

    def pause(self, paused: bool) -> None:
        """Pause the conversation, or continue it."""
        self._switches.paused = paused
        if self._talk:
            self._talk.conversation.pause(paused)
        self._show_state()

    def hold_talk_key(self, talk_key_held: bool) -> None:
        """Press or release the talk key."""
        self._switches.talk_key_held = talk_key_held
        if self._talk:
            self._talk.conversation.hold_talk_key(talk_key_held)
        self._show_state()

    def change(self, settings: Settings) -> None:
        """Apply new settings: at once if possible, otherwise by restarting the conversation."""
        self._settings = settings
        if settings.hold_to_talk != self.hold_to_talk:
            self._switches.talk_key_held = False
            self._switches.hold_to_talk = settings.hold_to_talk
            if self._talk:
                self._talk.conversation.hold_to_talk(settings.hold_to_talk)
        if self._talk is None or self._stop.is_set():
            return
        if not self._talk.change(settings):
            self._restart = True
            self._end()
            return
        self._show_state()

    def metrics(self) -> TalkMetrics | None:
        """The metrics of the current or last conversation; None before the first."""
        if self._talk and self._tracker:
            self._counts = self._talk.conversation.counts
        return self._tracker.metrics(self._counts) if self._tracker else None

    # --- the talk's thread ------------------------------------------------------------------------

    def _run_talk(
        self, settings: Settings, recordings: Path | None, assistant: Assistant | None
    ) -> None:
        """Load, wait for the end, close. Reports through the queue and uses no widgets."""
        recording: Path | None = None
        try:
            talk = self._make_talk(
                settings,
                recordings,
                lambda text: self._messages.put(("notice", text)),
                assistant=assistant.talk_begins() if assistant else None,
            )
            begun = False
            try:
                talk.begin(
                    lambda name: self._messages.put(("phase", name)), self._switches, self._stop
                )
                begun = True
                self._messages.put(("began", talk))
                self._stop.wait()
            finally:
                try:
                    talk.end()
                finally:
                    recording = talk.recording if begun else None
                    # The last events are still in the conversation's queue.
                    self._messages.put(("over", talk))
        except StoppedError:
            pass
        except DuologueError as error:
            self._messages.put(("failed", str(error)))
        except Exception as error:  # shown to the user instead of lost in a thread
            _LOG.exception("the talk's thread failed")
            self._messages.put(
                ("failed", f"The conversation has failed ({error!r}); please report it.")
            )
        finally:
            self._end_assistant(assistant)
            self._messages.put(("ended", recording))

    def _end_assistant(self, assistant: Assistant | None) -> None:
        try:
            if assistant:
                assistant.talk_ends()
        except DuologueError as error:
            self._messages.put(("notice", str(error)))

    # --- the window's thread ----------------------------------------------------------------------

    def _poll(self) -> None:
        self._take_events()
        self._take_activities()
        while True:
            try:
                what, value = self._messages.get_nowait()
            except queue.Empty:
                break
            self._hear(what, value)
        self._show_state()

    def _hear(self, what: str, value: object) -> None:
        if what == "phase":
            self.phase_changed.emit(value)
        elif what == "notice":
            self.notice.emit(value)
        elif what == "failed":
            self._error = self._error or str(value)
        elif what == "began" and isinstance(value, LiveSession):
            self._began(value)
        elif what == "over":
            self._take_events(most=_ALL_EVENTS)
            self.metrics()  # the last counts
            self._talk = None
        elif what == "ended":
            self._ended(value)

    def _began(self, talk: LiveSession) -> None:
        self._talk = talk
        self._broken = False
        self._tracker = TalkState(talk.chunk_ms)
        self.timeline = Timeline(talk.chunk_ms, talk.latency_ms, captioned=talk.captioned)
        if self._stop.is_set():
            talk.conversation.request_stop()
        self.began.emit(self.timeline)
        # The settings may have changed during loading.
        if self._settings != talk.settings:
            self.change(self._settings)

    def _take_events(self, most: int = _MAX_EVENTS_A_POLL) -> None:
        if not self._talk or not self._tracker or self.timeline is None:
            return
        conversation = self._talk.conversation
        for _ in range(most):
            event: Event | None = conversation.next_event()
            if event is None:
                return
            self.timeline.add(event)
            self._tracker.add(event)
            if isinstance(event, ChunkDone) and event.step.not_numbers and not self._broken:
                self._broken = True
                self.notice.emit(NOT_NUMBERS)
            if isinstance(event, DeviceChanged):
                self.notice.emit(event.text)
            elif isinstance(event, Ended) and event.error:
                self._error = event.error
                self._stop.set()
            self.event_received.emit(event)

    def _take_activities(self) -> None:
        if not self._talk or self._stop.is_set():
            return
        for activity in self._talk.activities():
            self.assistant_did.emit(activity)
        if any(effect.kind == "end talk" for effect in self._talk.effects()):
            self.stop()

    def _ended(self, recording: object) -> None:
        thread, self._thread = self._thread, None
        if thread:
            thread.join()
        self._talk = None
        if self._pause_ends:
            self._switches.paused = False
        self._timer.stop()
        self._set_state(State.IDLE)
        self.ended.emit(recording)
        if self._error:
            self.failed.emit(self._error)
        elif self._restart:
            self.start()

    def _show_state(self) -> None:
        if self._talk and self._tracker and not self._stop.is_set():
            self._set_state(self._tracker.state(self._switches.deaf, self.paused))

    def _set_state(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
