"""A live conversation through the sound card: threads, devices that come and go, commands, events.

Threads: PortAudio's own (takes from the playout, fills the card's queue: 2 s, then the newest sound
is lost and counted), the engine's (echo canceller, models, everything else here), and the caller's
(commands by flags; events out of a queue of 512, the newest dropped and counted when full). Knows
no window and no terminal.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass, replace

from engine.card.devices import dead_microphone, no_answer
from engine.card.playout import Playout
from engine.card.sound_card import BLOCK_SECONDS, CardInfo, DuplexBlock, SoundCard
from engine.errors import DuologueError
from engine.sound.fade import FADE_MS
from engine.syncllm.duplex import Duplex
from engine.talk.live_events import Counts, DeviceChanged, Ended, Event
from engine.talk.live_pipeline import Canceller, LivePipeline, Recorder
from engine.timebase import SAMPLE_RATE_HZ

_LOG = logging.getLogger(__name__)

LOST_SECONDS = 0.25
"""A card that gives nothing for so long is gone ..."""
MAX_PATIENCE_SECONDS = 2.0
"""... unless it was just opened (Bluetooth microphones take half a second), or has been given up
too early before, as happens where other programs starve this one."""
_PROVEN_BLOCKS = 1000
PACE_SECONDS, MIN_PACE = 3.0, 0.5
"""A card that gave less than half of this time's sound is opened anew."""
RETRY_SECONDS = 0.2
"""Between attempts to open a device, so that sound is back within a second of one being there."""
DEAD_SECONDS, LONG_DEAD_SECONDS = 1.0, 30.0
"""A microphone that gives only zeros for so long is switched off or forbidden; the second, where it
gave sound before: a noise gate gives zeros for as long as the user is silent."""
_READ_SECONDS = 0.05
_EVENTS = 512
_JOIN_SECONDS = 4.0
"""An end takes half a second beside the rest of a step; a card that takes longer hangs."""


@dataclass
class Switches:
    """What the user has closed. They outlive a talk, so that the next begins as closed as it was.

    Set from any thread; the engine's looks at them before each block.
    """

    muted: bool = False
    paused: bool = False
    hold_to_talk: bool = False
    """The agent hears the user only while ``talk_key_held``."""
    talk_key_held: bool = False

    @property
    def deaf(self) -> bool:
        """Whether the agent is to hear silence."""
        return self.muted or (self.hold_to_talk and not self.talk_key_held)


class _Pace:
    """Whether a card that does run does so at half its pace or slower.

    By what it takes of the playout, which is no less where the engine is late.
    """

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._began, self._position = time.monotonic(), playout.position

    def too_slow(self) -> bool:
        """Whether it did in the last seconds; asked often."""
        now, position = time.monotonic(), self._playout.position
        passed, taken = now - self._began, position - self._position
        if passed <= PACE_SECONDS:
            return False
        self._began, self._position = now, position
        # A card that gives nothing at all is told by its silence, sooner.
        return 0 < taken / SAMPLE_RATE_HZ < MIN_PACE * passed


class LiveConversation:
    """One conversation: made, started, stopped once."""

    def __init__(
        self,
        duplex: Duplex,
        card: SoundCard,
        canceller: Canceller | None,
        recorder: Recorder | None = None,
        switches: Switches | None = None,
    ) -> None:
        """From ``start`` on ``duplex``, ``card``, ``canceller`` and ``recorder`` are not to be
        touched from outside until ``stop`` has returned True; then they are the caller's to close.
        ``switches`` may be set from outside at any time; all open by default.
        """
        self._card = card
        self.switches = switches or Switches()
        self._recorder = recorder
        self._playout = Playout()
        self._talk = LivePipeline(duplex, self._playout, canceller, recorder, self._emit)
        self._events: queue.Queue[Event] = queue.Queue(_EVENTS)
        self._events_dropped = self._device_changes = 0
        self._info: CardInfo | None = None
        self._opening_failed = ""
        self._patience_seconds = LOST_SECONDS
        self._microphone_dead = False
        self._noted_paused = False
        self._commands: deque[tuple[int, bool, bool]] = deque()
        """Where in the playout the user gave each command, and whether it then was to be deaf or
        to pause; only of blocks that are still to come."""
        self._then_deaf = self._then_paused = False
        self._next_canceller: tuple[Canceller | None] | None = None
        self._stopping, self._begun = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._begun_with: CardInfo | Exception | None = None
        self._computes = False
        """Whether the engine's thread is in the models, and not with the card."""

    # --- commands, from any thread ----------------------------------------------------------------

    def start(self, stopped: threading.Event | None = None) -> CardInfo:
        """Open the card and talk in a thread of its own, which alone ever touches the card.

        Raises DuologueError where no sound can be had at all, or where the card still hangs some
        seconds after ``stopped`` is set.
        """
        self._thread = threading.Thread(target=self.run, name="engine", daemon=True)
        self._thread.start()
        while not self._begun.wait(_READ_SECONDS):
            if stopped and stopped.is_set() and not self._begun.wait(_JOIN_SECONDS):
                raise no_answer()
        if not isinstance(self._begun_with, CardInfo):
            assert self._begun_with
            raise self._begun_with
        return self._begun_with

    def request_stop(self) -> None:
        """Let the sound fade at once and the conversation end soon; ``stop`` waits for that."""
        self._stopping.set()
        self._playout.stop()

    def stop(self) -> bool:
        """End the conversation; the sound fades at once.

        False where it hangs, as it does with the system's sound: all that it was made of stays in
        use then, until ``wait`` returns.
        """
        self.request_stop()
        waited_seconds = 0.0
        while self._thread and self._thread.is_alive():
            if waited_seconds > _JOIN_SECONDS:
                return False
            self._thread.join(_READ_SECONDS)
            # A large model on a slow machine does not hang.
            waited_seconds += 0.0 if self._computes else _READ_SECONDS
        return True

    def wait(self) -> None:
        """Wait for the end, however long it takes."""
        if self._thread:
            self._thread.join()

    def pause(self, paused: bool = True) -> None:
        """Stand still: neither hear nor speak, and remember everything."""
        self.switches.paused = paused
        self._note_switches()
        if paused:
            self._playout.stop()

    def mute_microphone(self, muted: bool = True) -> None:
        """Let the agent hear silence."""
        self.switches.muted = muted
        self._note_switches()

    def mute_agent(self, muted: bool = True) -> None:
        """Let the speaker be silent; the agent believes that it speaks."""
        self._playout.mute(muted)

    def hold_to_talk(self, on: bool = True) -> None:
        """Let the agent hear the user only while ``hold_talk_key`` is on."""
        self.switches.hold_to_talk = on
        self._note_switches()

    def hold_talk_key(self, talk_key_held: bool) -> None:
        """The talk key goes down or up."""
        self.switches.talk_key_held = talk_key_held
        self._note_switches()

    def _note_switches(self) -> None:
        switches = self.switches
        self._commands.append((self._playout.position, switches.deaf, switches.paused))

    def use_canceller(self, canceller: Canceller | None) -> None:
        """Hear through another echo canceller, or none, from the next block on."""
        self._next_canceller = (canceller,)

    def next_event(self, timeout_seconds: float | None = 0.0) -> Event | None:
        """The oldest event that was not yet taken; None where there is none in time."""
        try:
            if timeout_seconds == 0.0:
                return self._events.get_nowait()
            return self._events.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    @property
    def counts(self) -> Counts:
        """All counters."""
        return replace(
            self._talk.counts,
            xruns=self._card.xruns,
            device_changes=self._device_changes,
            events_dropped=self._events_dropped,
        )

    @property
    def card_info(self) -> CardInfo | None:
        """What is open; None while there is no sound."""
        return self._info

    # --- the engine's thread ----------------------------------------------------------------------

    def run(self) -> None:
        """Talk until ``stop``, in the caller's thread; ``start`` calls it in one of its own."""
        error: str | None = None
        try:
            self._begin()
            blocks = steady_blocks = 0
            quiet_seconds = 0.0
            pace = _Pace(self._playout)
            while not self._stopping.is_set():
                if not self._info:
                    self._reopen()
                    pace = _Pace(self._playout)
                    blocks = steady_blocks = 0
                    quiet_seconds = 0.0
                    continue
                # Before the sound: a stream that has ended gives none.
                if reason := self._card.reopen_reason():
                    self._lose(reason)
                    continue
                block = self._card.read(_READ_SECONDS)
                if pace.too_slow():
                    self._lose(
                        "The sound card delivers too little sound; Duologue is opening it again."
                    )
                    continue
                if block is None:
                    quiet_seconds += _READ_SECONDS
                    if quiet_seconds >= (
                        self._patience_seconds if blocks else MAX_PATIENCE_SECONDS
                    ):
                        self._patience_seconds = min(
                            2 * self._patience_seconds, MAX_PATIENCE_SECONDS
                        )
                        self._lose(
                            "The sound card is gone; the conversation waits until there is one."
                        )
                    continue
                blocks += 1
                steady_blocks = steady_blocks + 1 if quiet_seconds < LOST_SECONDS else 0
                quiet_seconds = 0.0
                if steady_blocks == _PROVEN_BLOCKS:
                    self._patience_seconds = LOST_SECONDS
                if self._next_canceller:
                    (self._talk.canceller,) = self._next_canceller
                    self._next_canceller = None
                muted, paused = self._closed_for(block)
                self._note(paused, muted)
                if paused:
                    # Once more: the pause may have come while a chunk was in the making.
                    self._playout.stop()
                    self._talk.idle(block)
                    continue
                self._watch_microphone()
                self._computes = True
                self._talk.hear(block)
                self._computes = False
        except Exception as caught:  # whoever waits for the last event must get it
            error = self._failure(caught)
        self._computes = False
        try:
            self._end()
        except Exception as caught:  # as above
            error = error or self._failure(caught)
        self._emit(Ended(error))

    def _end(self) -> None:
        self._playout.stop()
        self._talk.finish()
        if self._info:
            # Closing cuts off what the card has buffered: let the fade be played first.
            self._card.wait(self._info.latency_ms / 1000 + FADE_MS / 1000 + 2 * BLOCK_SECONDS)
        self._card.close()
        self._info = None

    @staticmethod
    def _failure(caught: Exception) -> str:
        if isinstance(caught, DuologueError):
            return str(caught)
        _LOG.error("the engine's thread failed", exc_info=caught)
        return (
            f"The engine has failed ({type(caught).__name__}: {caught}); start again, "
            "and please report it. The recording so far is kept."
        )

    def _closed_for(self, block: DuplexBlock) -> tuple[bool, bool]:
        """Whether the agent is to be deaf to a block, and to pause.

        Also where that was so only when the block was taken, which may be long ago if the engine
        is late: what is said to a closed microphone is not heard after it is opened.
        """
        position = self._talk.position + block.lost_samples
        while self._commands and self._commands[0][0] <= position:
            _, self._then_deaf, self._then_paused = self._commands.popleft()
        switches = self.switches
        return switches.deaf or self._then_deaf, switches.paused or self._then_paused

    def _note(self, paused: bool, muted: bool) -> None:
        """Record the commands that have come since the last block."""
        if paused != self._noted_paused:
            self._noted_paused = paused
            self._talk.record_command("pause" if paused else "resume")
        if muted != self._talk.microphone_muted:
            self._talk.microphone_muted = muted
            self._talk.record_command("mute" if muted else "unmute")

    def _begin(self) -> None:
        """Open the card for the first time, and tell ``start``."""
        try:
            self._begun_with = self._open()
        except Exception as error:  # raised where the caller waits, too
            self._begun_with = error
            raise
        finally:
            self._begun.set()

    def _open(self) -> CardInfo:
        self._talk.opened()
        self._microphone_dead = False
        self._info = self._card.open(self._playout.take)
        return self._info

    def _reopen(self) -> None:
        try:
            info = self._open()
        except DuologueError as error:
            if str(error) != self._opening_failed:
                self._opening_failed = str(error)
                self._report_device(str(error), sounds=False)
            self._card.wait(RETRY_SECONDS)
            return
        self._opening_failed = ""
        absent = (
            f" ({', '.join(info.missing_devices)} is not connected)" if info.missing_devices else ""
        )
        self._report_device(
            f"Sound is back: {info.microphone} and {info.speaker}{absent}.", sounds=True
        )

    def _lose(self, reason: str) -> None:
        """Give the card up; it is opened anew at once, and the model keeps its context."""
        self._playout.stop()
        self._info = None
        self._report_device(reason, sounds=False)  # first: closing may hang
        self._card.close()

    def _watch_microphone(self) -> None:
        """Tell once that only digital zeros come, and again when it has ended."""
        limit_seconds = LONG_DEAD_SECONDS if self._talk.has_sounded else DEAD_SECONDS
        dead = self._talk.dead_seconds >= limit_seconds
        if dead != self._microphone_dead and self._info:
            self._microphone_dead = dead
            name = self._info.microphone
            said = dead_microphone(name) if dead else f"The microphone {name} now gives sound."
            self._report_device(said, sounds=True)

    def _report_device(self, text: str, sounds: bool) -> None:
        self._device_changes += 1
        if self._recorder:
            self._recorder.device_event(text)
        self._emit(DeviceChanged(text, sounds, hears=not self._microphone_dead))

    def _emit(self, event: Event) -> None:
        try:
            self._events.put_nowait(event)
        except queue.Full:
            if isinstance(event, Ended):
                # The last word must arrive, whoever stopped listening.
                self._events.get_nowait()
                self._events.put_nowait(event)
            self._events_dropped += 1
