"""Runs a sound check for the window and emits its levels and problems. Window's thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.sound_check import SoundCheck
from app.window.sentences import translate_sentence
from engine.card.devices import Wanted

MakeCheck = Callable[[Wanted, Wanted], SoundCheck]
_POLL_MS = 40


class SoundCheckWatcher(QObject):
    """At most one check at a time."""

    level_changed = Signal(float)
    """The highest recent level in dB."""
    problem_found = Signal(str)
    """A problem, in the user's language."""
    ended = Signal()
    """The check has ended, for any reason."""

    def __init__(self, make_check: MakeCheck, parent: QObject) -> None:
        super().__init__(parent)
        self._make_check = make_check
        self._check: SoundCheck | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def running(self) -> bool:
        """Whether a check holds the devices."""
        return self._check is not None

    def begin(self, microphone: Wanted, speaker: Wanted) -> None:
        """Check these devices instead of those being checked."""
        if self._check:
            self._check.stop()
        self._check = self._make_check(microphone, speaker)
        self._timer.start()

    def chime(self) -> None:
        """Play two soft tones, if a check is running."""
        if self._check:
            self._check.chime()

    def end(self) -> None:
        """End the check and release the devices."""
        self._timer.stop()
        if self._check:
            self._check.stop()
            self._check = None
        self.ended.emit()

    def _poll(self) -> None:
        # A receiver may end the check or begin another.
        while self._check and (news := self._check.next()) is not None:
            if isinstance(news, str):
                self.problem_found.emit(translate_sentence(news))
            else:
                self.level_changed.emit(news)
        if self._check and not self._check.running:
            self.end()
