"""Examines microphone and speaker as `engine.measure.doctor` does, and gives a hanging card up.

PortAudio waits without limit for a sound server that hangs, so a thread of its own has the card.
Knows no Qt and no terminal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from app import hung_cards
from app.sound_check import CARD_LOCK
from engine.card.devices import Wanted, no_answer
from engine.card.portaudio_card import PortAudioCard
from engine.echo.canceller import EchoCanceller
from engine.measure.doctor import MOST_SOUND_SECONDS, SoundFindings, examine_sound

_CARD_SECONDS = 5.0
# For opening and closing the card, and for the canceller.
_REST_SECONDS = 9.0
_INTERRUPTED_STATUS = 130


class SoundExamination:
    """One examination; it starts when it is created."""

    def __init__(
        self,
        microphone: Wanted,
        speaker: Wanted,
        card_latency_ms: int,
        progress: Callable[[str], None],
    ) -> None:
        """``progress`` is told, by another thread, what is being measured."""
        self._card = PortAudioCard(microphone, speaker, card_latency_ms)
        self._progress = progress
        self._found: Future[SoundFindings] = Future()
        threading.Thread(target=self._run, name="examination", daemon=True).start()

    def findings(self) -> SoundFindings:
        """Wait for the end; DuologueError if it fails or the card hangs.

        Whatever ends the wait early, such as Ctrl-C, gives the card up.
        """
        try:
            return self._found.result(MOST_SOUND_SECONDS + _CARD_SECONDS + _REST_SECONDS)
        except TimeoutError as error:
            hung_cards.give_up(self)
            raise no_answer() from error
        except KeyboardInterrupt:
            hung_cards.give_up(self, _INTERRUPTED_STATUS)
            raise

    def _run(self) -> None:
        try:
            if not CARD_LOCK.acquire(timeout=_CARD_SECONDS):
                raise no_answer()
            try:
                found = self._examine()
            finally:
                CARD_LOCK.release()
        except BaseException as error:  # `findings` raises it
            self._found.set_exception(error)
        else:
            self._found.set_result(found)
        finally:
            hung_cards.is_back(self)

    def _examine(self) -> SoundFindings:
        try:
            return examine_sound(self._card, EchoCanceller(), self._progress)
        finally:
            self._card.end()
