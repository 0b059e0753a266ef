"""What the agent has said lately, whoever thought of it: for "repeat that", and for the history.

Only what was really said counts. Knows no sound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from engine.minds.openings import FILLERS
from engine.timebase import SAMPLE_RATE_HZ

_PAUSE_SAMPLES = SAMPLE_RATE_HZ
"""After a longer pause comes another utterance."""
_MOST_UTTERANCES, _MOST_LETTERS = 8, 600


class _Utterance:
    def __init__(self, start_sample: int) -> None:
        self.start_sample = self.end_sample = start_sample
        self.text = ""


class SaidLately:
    """The agent's last utterances."""

    def __init__(self) -> None:
        self._utterances: deque[_Utterance] = deque(maxlen=_MOST_UTTERANCES)

    def add(self, pieces: Sequence[str], sample: int) -> None:
        """Words that the agent says at ``sample``; a leading space begins a word."""
        if not pieces:
            return
        newest = self._utterances[-1] if self._utterances else None
        if newest is None or sample - newest.end_sample > _PAUSE_SAMPLES:
            newest = _Utterance(sample)
            self._utterances.append(newest)
        newest.end_sample = sample
        newest.text = (newest.text + "".join(pieces))[-_MOST_LETTERS:]

    def before(self, sample: int) -> str:
        """The newest utterance that began before ``sample`` and is no filler; empty without one."""
        for one in reversed(self._utterances):
            if one.start_sample < sample and _plain(one.text) not in FILLERS:
                return one.text.strip()
        return ""

    def since(self, sample: int) -> str:
        """All that was said from ``sample`` on."""
        return " ".join(one.text.strip() for one in self._utterances if one.start_sample >= sample)

    def clear(self) -> None:
        """A conversation begins."""
        self._utterances.clear()


def _plain(text: str) -> str:
    return text.strip().lower().rstrip(".,?!")
