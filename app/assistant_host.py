"""Owns the assistant for the life of the program, and rings outside conversations.

In a conversation the agent says what falls due (`app.assisted_talk`). Outside one, a thread of this
object asks the mind, rings through the chosen speaker and tells the caller. Where there is no sound
device, no voice, or the sound card is in use, less is heard, but the caller is told in any case.
Knows no Qt.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import numpy as np

from app.assistant import MIND_SETTINGS, open_assistant
from app.player import Player, mixed
from app.ring_sound import bell, said
from app.settings import Settings
from engine.assistant.mind import BackgroundMind, Reply
from engine.errors import DuologueError

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 0.25
_END_SECONDS = 5.0
_LONGEST_SECONDS = 30.0
"""Of a sentence and of the wait for its speaker."""


class AssistantHost:
    """The assistant, in conversations and between them. Its methods are for one thread."""

    def __init__(self, settings: Settings, rang: Callable[[str], None]) -> None:
        """Make the mind of the settings; DuologueError for a server that is not on this computer.

        ``rang`` is called from another thread with the sentence of each timer, alarm or reminder
        that falls due outside a conversation, and with what is wrong with the assistant's files.
        """
        self._settings, self._rang = settings, rang
        self._mind = open_assistant(settings)
        self._made_with = settings
        self._talks = False
        self._over = threading.Event()
        self._taking = threading.Lock()
        """Held while replies are taken, so that a conversation that begins gets the next ones."""
        self._playing: Player | None = None
        self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
        self._thread.start()

    @property
    def mind(self) -> BackgroundMind | None:
        """The mind, for a conversation; None if the user wants no assistant."""
        return self._mind

    def change(self, settings: Settings) -> None:
        """Use new settings; the mind is made anew where a setting of it has changed.

        A conversation keeps its mind until it ends. Raises DuologueError as the constructor does;
        the mind then stays as it was.
        """
        self._settings = settings
        if not self._talks:
            self._make_anew()

    def _make_anew(self) -> None:
        before, now = self._made_with, self._settings
        if all(getattr(before, name) == getattr(now, name) for name in MIND_SETTINGS):
            return
        with self._taking:
            # Two minds at once would both ring, so the old one ends first.
            old, self._mind = self._mind, None
            if old:
                old.close()
            try:
                self._mind = open_assistant(now)
                self._made_with = now
            except DuologueError:
                self._mind = open_assistant(before)
                raise

    def talk_begins(self) -> None:
        """From now on the conversation's part of the assistant takes the mind's replies."""
        with self._taking:
            self._talks = True
            if self._playing:
                self._playing.stop()  # the conversation needs the sound card

    def talk_ends(self) -> None:
        """The conversation is over; raises as ``change`` does."""
        with self._taking:
            self._talks = False
            if self._mind:
                self._mind.cancel()  # nobody waits for the rest of an answer
        self._make_anew()

    def close(self) -> None:
        """End the thread and the mind, once no conversation uses it any more."""
        self._over.set()
        with self._taking:
            if self._playing:
                self._playing.stop()
        self._thread.join(_END_SECONDS)
        if self._mind:
            self._mind.close()
            self._mind = None

    # --- its own thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            try:
                self._look()
            except Exception:
                # A bell that fails once must not be silent for ever.
                _LOG.exception("a timer could not ring")

    def _look(self) -> None:
        with self._taking:
            replies: Sequence[Reply] = (
                () if self._talks or self._mind is None else self._mind.poll()
            )
        for reply in replies:
            if reply.kind == "problem" and (reply.detail or reply.text):
                self._rang(reply.detail or reply.text)
        ringing = [reply.text for reply in replies if reply.kind == "ring"]
        for text in ringing:
            self._rang(text)
        if ringing:
            self._ring(" ".join(ringing))

    def _ring(self, text: str) -> None:
        """A bell, and then the text, as far as there are a voice and a speaker."""
        if not self._play(bell()):
            return
        try:
            sound = said(text, self._settings.bundle)
        except DuologueError as error:
            _LOG.info("the agent cannot say what rings: %s", error)
            return
        self._play(sound)

    def _play(self, sound: np.ndarray) -> bool:
        """Whether the sound was played to its end."""
        if mixed(sound):
            return True
        with self._taking:
            if self._talks or self._over.is_set():
                return False
            self._playing = player = Player(sound, self._settings.speaker)
        player.wait(_LONGEST_SECONDS + len(sound) / 16000)
        with self._taking:
            self._playing = None
        if player.playing:
            player.stop()
            return False
        if player.error:
            _LOG.info("nothing rings: %s", player.error)
        return not player.error and not self._talks
