"""The assistant as the window sees it: what it can do, and what rings outside conversations.

It is made, changed and closed in workers' threads, since that reads files and may wait for threads
of its own. Knows no widgets.
"""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.abilities import Abilities, abilities
from app.assistant import small_text_model
from app.assistant_host import AssistantHost
from app.settings import Settings
from app.window import worker
from engine.assistant.mind import BackgroundMind
from engine.assistant.own_action import OwnAction
from engine.errors import DuologueError


class Assistant(QObject):
    """One for the life of the window."""

    rang = Signal(str)
    """What fell due outside a conversation, or what is wrong with the assistant's files."""
    able_changed = Signal()
    """``able`` or the user's own actions may be others now."""
    problem = Signal(str)
    """Why the new settings cannot be used; a sentence."""

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.able = Abilities()
        """Known soon after the start; until then nothing is offered."""
        self._settings = settings
        self._host: AssistantHost | None = None
        self._small: Path | None = None
        """The small text model that the host was made with."""
        self._talks = False
        self._lock = threading.Lock()
        """For the host, whose methods are for one thread at a time."""
        self._closed = False
        self.refresh()

    # --- the window's thread ----------------------------------------------------------------------

    def change(self, settings: Settings) -> None:
        """Use new settings; a conversation keeps the mind that it began with."""
        before, self._settings = self._settings, settings
        if settings != before:
            self.refresh()

    def refresh(self) -> None:
        """Look again at what is installed."""
        worker.run(self._apply, self._show, self._tell, self)

    @property
    def own_actions(self) -> tuple[OwnAction, ...]:
        """The user's own actions that are loaded."""
        mind = self._mind
        return mind.own_actions.actions if mind and mind.own_actions else ()

    @property
    def own_problems(self) -> tuple[str, ...]:
        """A sentence for each file of own actions that cannot be used."""
        mind = self._mind
        return mind.own_actions.problems if mind and mind.own_actions else ()

    @property
    def newest_reminder(self) -> int:
        """The number of the reminder that was set last; 0: none is set."""
        mind = self._mind
        return max((one.number for one in mind.state.reminders), default=0) if mind else 0

    @property
    def _mind(self) -> BackgroundMind | None:
        host = self._host
        return host.mind if host else None

    def _show(self, able: Abilities) -> None:
        self.able = able
        self.able_changed.emit()

    def _tell(self, error: DuologueError) -> None:
        self.problem.emit(str(error))

    # --- any thread -------------------------------------------------------------------------------

    def talk_begins(self) -> BackgroundMind | None:
        """A conversation begins; its mind, or None if it is to go without."""
        with self._lock:
            self._make()
            if self._host is None or abilities(self._settings).missing:
                return None
            self._host.change(self._settings)  # the worker may not have come to it yet
            self._talks = True
            self._host.talk_begins()
            return self._host.mind

    def talk_ends(self) -> None:
        """The conversation is over: from now on the host rings again."""
        with self._lock:
            self._talks = False
            if self._host:
                self._host.talk_ends()
            self._make()

    def close(self) -> None:
        """End the mind, once no conversation uses it any more."""
        with self._lock:
            self._closed = True
            host, self._host = self._host, None
        if host:
            host.close()

    def _apply(self) -> Abilities:
        able = abilities(self._settings)
        with self._lock:
            self._make()
            if self._host:
                self._host.change(self._settings)
        return able

    def _make(self) -> None:
        """Make the host, or make it anew where another text model was installed meanwhile."""
        small = small_text_model()
        if self._closed or self._talks or (self._host and small == self._small):
            return
        if self._host:
            self._host.close()
        self._small = small
        self._host = AssistantHost(self._settings, self.rang.emit)
