"""A live conversation through the sound card: threads, changing devices, commands and events.

Three threads take part. PortAudio's takes sound from the playout and fills the card's queue; after
2 s the newest sound is lost and counted. The engine's runs the echo canceller, the models and
everything else here. The caller's sets flags as commands and reads events from a queue of 512; when
that is full, the newest event is dropped and counted. Knows no window and no terminal.
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
from engine.hearing.words import HeardWords
from engine.sound.fade import FADE_MS
from engine.syncllm.duplex import Duplex
from engine.talk.live_events import Counts, DeviceChanged, Ended, Event, WordsHeard
from engine.talk.live_scheduler import Canceller, LiveScheduler, Recorder
from engine.thread_priority import raise_for_audio
from engine.timebase import SAMPLE_RATE_HZ

_LOG = logging.getLogger(__name__)

LOST_SECONDS = 0.25
"""A card that gives no sound for this long counts as gone, ..."""
MAX_PATIENCE_SECONDS = 2.0
"""... or for up to this long if it was just opened (Bluetooth microphones take half a second), or
if it was given up too early before, which happens when other programs use up the CPU."""
_PROVEN_BLOCKS = 1000
PACE_SECONDS, MIN_PACE = 3.0, 0.5
"""A card that gave less than this share of the sound in this time is reopened."""
FROZEN_SECONDS = 0.3
"""If a wait for a block takes this long, and the card stood still too, the program was frozen."""
RETRY_SECONDS = 0.2
"""Pause between attempts to open a device; sound is back within a second of its return."""
DEAD_SECONDS, LONG_DEAD_SECONDS = 1.0, 30.0
"""A microphone that gives only zeros for this long is switched off or forbidden. The longer time
holds if it gave sound before: a noise gate gives zeros for as long as the user is silent."""
_READ_SECONDS = 0.05
_EVENTS = 512
_JOIN_SECONDS = 4.0
"""Stopping takes half a second plus the rest of a step; a card that takes longer hangs."""


@dataclass
class Switches:
    """The user's switches: mute, pause and hold-to-talk.

    They outlive a conversation, so that the next one begins with the same settings. Set from any
    thread; the engine's thread reads them before each block.
    """

    muted: bool = False
    paused: bool = False
    hold_to_talk: bool = False
    """If on, the agent hears the user only while ``talk_key_held``."""
    talk_key_held: bool = False

    @property
    def deaf(self) -> bool:
        """Whether the agent must hear silence in place of the user."""
        return self.muted or (self.hold_to_talk and not self.talk_key_held)


class _Pace:
    """Detects a card that runs at half its rate or slower.

    It counts what the card takes from the playout, which does not depend on a late engine.
    """

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._began, self._position = time.monotonic(), playout.position

    def frozen_samples(self, waited_seconds: float, position: int) -> int:
        """Sound of the time in which the whole program stood still; the card is not blamed for it.

        The thread waited or computed since a ``position`` of the playout. A wait has a limit, so if
        it was far longer, and the card's thread did not run either, the system had frozen the
        program.
        """
        taken = self._playout.position - position
        if waited_seconds < FROZEN_SECONDS or taken / SAMPLE_RATE_HZ > MIN_PACE * waited_seconds:
            return 0
        # No fault of the card.
        self._began, self._position = time.monotonic(), self._playout.position
        return round(waited_seconds * SAMPLE_RATE_HZ) - taken

    def too_slow(self) -> bool:
        """Whether the card was too slow in the last seconds; called often."""
        now, position = time.monotonic(), self._playout.position
        passed, taken = now - self._began, position - self._position
        if passed <= PACE_SECONDS:
            return False
        self._began, self._position = now, position
        # A card that takes nothing at all is noticed sooner, because no block comes.
        return 0 < taken / SAMPLE_RATE_HZ < MIN_PACE * passed


class LiveConversation:
    """One live conversation; started once and stopped once."""

    def __init__(
        self,
        duplex: Duplex,
        card: SoundCard,
        canceller: Canceller | None,
        recorder: Recorder | None = None,
        switches: Switches | None = None,
    ) -> None:
        """Prepare a conversation; ``canceller`` None means no echo cancellation (headphones).

        From ``start`` until ``stop`` has returned True the caller must not use ``duplex``,
        ``card``, ``canceller`` and ``recorder``; after that the caller closes them. ``switches``
        may be set at any time; all are off by default.
        """
        self._card = card
        self.switches = switches or Switches()
        self._recorder = recorder
        self._playout = Playout()
        self._talk = LiveScheduler(duplex, self._playout, canceller, recorder, self._emit)
        self._events: queue.Queue[Event] = queue.Queue(_EVENTS)
        self._events_dropped = self._device_changes = 0
        self._info: CardInfo | None = None
        self._opening_failed = ""
        self._patience_seconds = LOST_SECONDS
        self._microphone_dead = False
        self._noted_paused = False
        self._commands: deque[tuple[int, bool, bool]] = deque()
        """Playout position of each command, and whether the agent was then deaf or paused. Only
        commands for blocks that are still to come."""
        self._then_deaf = self._then_paused = False
        self._next_canceller: tuple[Canceller | None] | None = None
        self._stopping, self._begun = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._begun_with: CardInfo | Exception | None = None
        self._computes = False
        """Whether the engine's thread is computing, not waiting for the card."""

    # --- commands, from any thread ----------------------------------------------------------------

    def start(self, stopped: threading.Event | None = None) -> CardInfo:
        """Open the card and talk in a new thread, the only one that uses the card.

        Raises DuologueError if the card cannot be opened, or if it still hangs some seconds after
        ``stopped`` is set.
        """
        self._thread = threading.Thread(target=self._run_as_audio, name="engine", daemon=True)
        self._thread.start()
        while not self._begun.wait(_READ_SECONDS):
            if stopped and stopped.is_set() and not self._begun.wait(_JOIN_SECONDS):
                raise no_answer()
        if not isinstance(self._begun_with, CardInfo):
            assert self._begun_with
            raise self._begun_with
        return self._begun_with

    def request_stop(self) -> None:
        """Fade the sound out at once and end the conversation soon; ``stop`` waits for the end."""
        self._stopping.set()
        self._playout.stop()

    def stop(self) -> bool:
        """End the conversation; the sound fades out at once.

        Returns False if it hangs, as it does when the system's sound hangs. Then everything given
        to the constructor stays in use until ``wait`` returns.
        """
        self.request_stop()
        waited_seconds = 0.0
        while self._thread and self._thread.is_alive():
            if waited_seconds > _JOIN_SECONDS:
                return False
            self._thread.join(_READ_SECONDS)
            # Computing is no hang: a large model may be slow.
            waited_seconds += 0.0 if self._computes else _READ_SECONDS
        return True

    def wait(self) -> None:
        """Wait until the engine's thread has ended, without a limit."""
        if self._thread:
            self._thread.join()

    def pause(self, paused: bool = True) -> None:
        """Pause or resume: while paused, neither hear nor speak, and keep the context."""
        self.switches.paused = paused
        self._note_switches()
        if paused:
            self._playout.stop()

    def mute_microphone(self, muted: bool = True) -> None:
        """Let the agent hear silence, or the user again."""
        self.switches.muted = muted
        self._note_switches()

    def mute_agent(self, muted: bool = True) -> None:
        """Silence the speaker, or not; the agent does not know of it."""
        self._playout.mute(muted)

    def amplify(self, gain: float) -> None:
        """Play the agent louder or softer by a factor; 1 at the beginning."""
        self._playout.amplify(gain)

    def tell_words(self, words: HeardWords) -> None:
        """Send words of the user's among the events."""
        self._emit(WordsHeard(words))

    def hold_to_talk(self, on: bool = True) -> None:
        """Let the agent hear the user only while the talk key is held, or always."""
        self.switches.hold_to_talk = on
        self._note_switches()

    def hold_talk_key(self, talk_key_held: bool) -> None:
        """Note that the talk key was pressed or released."""
        self.switches.talk_key_held = talk_key_held
        self._note_switches()

    def _note_switches(self) -> None:
        switches = self.switches
        self._commands.append((self._playout.position, switches.deaf, switches.paused))

    def use_canceller(self, canceller: Canceller | None) -> None:
        """Use another echo canceller, or none, from the next block on."""
        self._next_canceller = (canceller,)

    def next_event(self, timeout_seconds: float | None = 0.0) -> Event | None:
        """Take the oldest event; None if none comes in time. A timeout of None waits for ever."""
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
        """The open devices; None while no card is open."""
        return self._info

    # --- the engine's thread ----------------------------------------------------------------------

    def _run_as_audio(self) -> None:
        raise_for_audio()
        self.run()

    def run(self) -> None:
        """Talk until ``stop`` is called; ``start`` runs this in the engine's thread."""
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
                # Ask before reading: a stream that has stopped gives no more sound.
                if reason := self._card.reopen_reason():
                    self._lose(reason)
                    continue
                asked, position = time.monotonic(), self._playout.position
                block = self._card.read(_READ_SECONDS)
                self._talk.lose(pace.frozen_samples(time.monotonic() - asked, position))
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
                    # Again: the pause may have come while a chunk was being computed.
                    self._playout.stop()
                    self._talk.idle(block)
                    continue
                self._watch_microphone()
                self._computes = True
                asked, position = time.monotonic(), self._playout.position
                self._talk.hear(block)
                # A freeze while it computes is no fault of the card either, and loses as much.
                self._talk.lose(pace.frozen_samples(time.monotonic() - asked, position))
                self._computes = False
        except Exception as caught:  # the last event must be sent in any case
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
            # Closing drops the card's buffer, so let it play the fade first.
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
        """Whether the agent must not hear a block, and whether it is paused.

        This includes the switches at the time when the card took the block, which may be long ago
        if the engine is late: what the user said while muted is not heard after unmuting.
        """
        position = self._talk.position + block.lost_samples
        while self._commands and self._commands[0][0] <= position:
            _, self._then_deaf, self._then_paused = self._commands.popleft()
        switches = self.switches
        return switches.deaf or self._then_deaf, switches.paused or self._then_paused

    def _note(self, paused: bool, muted: bool) -> None:
        """Record the commands since the last block."""
        if paused != self._noted_paused:
            self._noted_paused = paused
            self._talk.record_command("pause" if paused else "resume")
        if muted != self._talk.microphone_muted:
            self._talk.microphone_muted = muted
            self._talk.record_command("mute" if muted else "unmute")

    def _begin(self) -> None:
        """Open the card for the first time, and pass the result to ``start``."""
        try:
            self._begun_with = self._open()
        except Exception as error:  # ``start`` raises it too
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
        """Close the card; it is reopened at once, and the model keeps its context."""
        self._playout.stop()
        self._info = None
        self._report_device(reason, sounds=False)  # first: closing may hang
        self._card.close()

    def _watch_microphone(self) -> None:
        """Report once that the microphone gives only zeros, and again when it gives sound."""
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
                # The last event must arrive, even if nobody read the others.
                self._events.get_nowait()
                self._events.put_nowait(event)
            self._events_dropped += 1
