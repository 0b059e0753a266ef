"""Plays a recorded conversation for the page that shows it. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.player import Player
from app.window import worker
from engine.card.devices import Wanted

_LOOK_MS = 40
_CLOSE_SECONDS = 2.0


class Playback(QObject):
    """At most one recording plays."""

    moved = Signal(object)
    """The sample that is heard; may be too large for Qt's int."""
    playing_changed = Signal(bool)
    notice = Signal(str)
    """Why it cannot be played; a sentence."""

    def __init__(self, speaker: Callable[[], Wanted], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._speaker = speaker
        self.player: Player | None = None
        """What plays now."""
        self._next: tuple[Path, int] | None = None
        """What is to play as soon as the card is free."""
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def play(self, sound: Path, sample: int) -> None:
        """Play from a sample on, in place of what plays."""
        self._next = sound, sample
        before, self.player = self.player, None
        if before is None:
            self._begin()
            return
        before.stop()
        # The sound card is free only when the thread of the previous playback has ended.
        worker.run(
            lambda: before.wait(_CLOSE_SECONDS),
            lambda _over: self._begin(),
            lambda error: self.notice.emit(str(error)),
            self,
        )

    def stop(self) -> None:
        """Play nothing."""
        self._timer.stop()
        self._next = None
        if self.player:
            self.player.stop()
            self.player = None
        self.playing_changed.emit(False)

    def _begin(self) -> None:
        if self._next is None:
            return  # stopped, or begun already
        (sound, sample), self._next = self._next, None
        self.player = Player(sound, self._speaker(), sample)
        self.playing_changed.emit(True)
        self._timer.start()

    def _look(self) -> None:
        player = self.player
        if player is None:
            return
        if player.playing:
            self.moved.emit(player.position)
            return
        self.stop()
        if player.error:
            self.notice.emit(player.error)
