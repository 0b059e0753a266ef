"""What has been said in the talk, as a text model is told it: bounded, and true to what was heard.

Only what the loudspeaker has spoken counts as said. A talk that has grown long loses its older half
at once: if it lost an exchange with each new one, a text model would have to read all of it again
for every question. Pure but for its list; one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.assistant import in_words
from engine.assistant.text_mind import Message

DEFAULT_PROMPT = (
    "You are a friendly voice assistant. Your answers are spoken aloud: answer in one or two "
    "short, plain sentences, without lists, symbols or addresses. You cannot look anything up. "
    "If you do not know something, say that you do not know. Today is {date}."
)
"""The system prompt. ``{date}`` becomes the day; an action tells the time."""
MOST_EXCHANGES = 12
MOST_LETTERS = 5000
"""With the system's words and an answer, within a context of 2,048 tokens."""
_TOLD_WORDS = 6


@dataclass
class Exchange:
    """A turn of the user's and what was said to it."""

    turn: int
    user: str
    said: str = ""
    cut_off: bool = False


class TalkHistory:
    """The last exchanges."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []

    def begin(self, turn: int, user: str) -> None:
        """A turn of the user's that is being answered."""
        if len(self._exchanges) >= MOST_EXCHANGES:
            del self._exchanges[: MOST_EXCHANGES // 2]
        if sum(map(_letters, self._exchanges)) > MOST_LETTERS:
            while sum(map(_letters, self._exchanges)) > MOST_LETTERS // 2:
                del self._exchanges[0]
        self._exchanges.append(Exchange(turn, user))

    def add(self, turn: int, said: str) -> None:
        """A sentence given out for a turn; it counts as said until `spoken` knows better."""
        if found := self._of(turn):
            found.said = f"{found.said} {said}".strip()

    def spoken(self, turn: int, text: str, whole: bool) -> None:
        """What the loudspeaker has really spoken of it; not ``whole``: the user cut it off."""
        if found := self._of(turn):
            found.said, found.cut_off = text.strip(), not whole

    def asked(self, turn: int) -> str:
        """The user's words of a turn; empty where it is forgotten."""
        found = self._of(turn)
        return found.user if found else ""

    def last_said(self) -> str:
        """The last answer, for "repeat that"; empty if there is none."""
        return next((one.said for one in reversed(self._exchanges) if one.said), "")

    def clear(self) -> None:
        """A new talk begins."""
        self._exchanges.clear()

    def messages(self, prompt: str, now: datetime, question: str = "") -> list[Message]:
        """The talk for a text model, with ``question`` as its last turn if there is one."""
        day = in_words.calendar_day(now.date())
        told = [message for one in self._exchanges for message in _pair(one)]
        system = (
            [{"role": "system", "content": prompt.replace("{date}", day)}] if prompt.strip() else []
        )
        return [*system, *told, *([{"role": "user", "content": question}] if question else [])]

    def _of(self, turn: int) -> Exchange | None:
        return next((one for one in self._exchanges if one.turn == turn), None)


def _letters(one: Exchange) -> int:
    return sum(len(message["content"]) for message in _pair(one))


def _pair(one: Exchange) -> list[Message]:
    """User and assistant in turn, as templates demand it; nothing for a turn that got no answer."""
    said = one.said
    if one.cut_off:
        last = " ".join(said.split()[-_TOLD_WORDS:])
        said = (
            f"{said} [cut off by the user after: {last}]"
            if said
            else "[cut off by the user at once]"
        )
    if not said:
        return []
    return [{"role": "user", "content": one.user}, {"role": "assistant", "content": said}]
