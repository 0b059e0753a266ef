"""The rules of Full-Duplex-Bench: takeover, latency, backchannels, stop and response intervals.

Pure functions, written from the benchmark's descriptions and its published scripts (versions 1 and
1.5, github.com/DanielLin94144/Full-Duplex-Bench, commit d7336bd); none of its code is used. Times
are seconds since a sample's input began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import jensenshannon

from engine.sound.turn_taking import Span, merged, overlaps
from engine.timebase import SAMPLE_RATE_HZ
from models.paper.timed_words import Word

_LEAST_TURN_S, _MOST_SHORT_WORDS = 1.0, 3
"""Output shorter than this and with at most so many words takes no turn."""
_LONGEST_BACKCHANNEL_S, _SURE_BACKCHANNEL_S, _BACKCHANNEL_WORDS = 3.0, 1.0, 2
_BIN_S, _EMPTY_BIN = 0.2, 1e-10
_USER_PAUSE_MS, _AGENT_PAUSE_MS = 600, 500


def takes_turn(words: Sequence[Word]) -> bool:
    """Whether an output is a turn: it lasts a second, or has more than three words."""
    if not words:
        return False
    lasts_s = words[-1].end_s - words[0].start_s
    return lasts_s >= _LEAST_TURN_S or len(words) > _MOST_SHORT_WORDS


def latency_s(words: Sequence[Word], user_end_s: float) -> float | None:
    """From the user's end to the output's first word, not below 0; None where no turn was taken."""
    return max(words[0].start_s - user_end_s, 0.0) if takes_turn(words) else None


# --- backchannels ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Backchannels:
    """What the backchannel task says of one sample."""

    takes_turn: bool
    spans_s: list[tuple[float, float]]
    """The stretches of up to 3 s before the first longer one."""


def backchannels(spans: Sequence[Span], words: Sequence[Word]) -> Backchannels:
    """Judge an output's stretches of speech in order of time.

    One of more than 3 s is a turn and ends the search. A shorter one is a backchannel if it lasts
    less than a second and has at most two words, and a turn otherwise; the last one decides, but
    all of them are counted.
    """
    turn = False
    found: list[tuple[float, float]] = []
    for span in spans:
        # Silero's package gives seconds with one decimal, and the benchmark compares those.
        start_s = round(span.start_sample / SAMPLE_RATE_HZ, 1)
        end_s = round(span.end_sample / SAMPLE_RATE_HZ, 1)
        if end_s - start_s > _LONGEST_BACKCHANNEL_S:
            return Backchannels(True, found)
        said = sum(_touches(word, start_s, end_s) for word in words)
        turn = end_s - start_s >= _SURE_BACKCHANNEL_S or said > _BACKCHANNEL_WORDS
        found.append((start_s, end_s))
    return Backchannels(turn, found)


def _touches(word: Word, start_s: float, end_s: float) -> bool:
    inside = word.start_s >= start_s and word.end_s <= end_s
    return inside or (word.start_s <= end_s and word.end_s > start_s)


def divergence(
    spans_s: Sequence[tuple[float, float]], length_s: float, people: Sequence[float]
) -> float:
    """Jensen-Shannon distance from when people give backchannels; 1 where there are none.

    ``people``: their distribution over the sample's length, in bins of any width. The distance is
    the root of the divergence in nats, so backchannels give at most 0.83.
    """
    if not spans_s:
        return 1.0
    counts = np.full(int(length_s / _BIN_S) + 1, _EMPTY_BIN)
    for start_s, end_s in spans_s:
        counts[int(start_s / _BIN_S) : int(end_s / _BIN_S) + 1] += 1
    places = np.linspace(0, 1, len(counts))
    theirs = np.interp(places, np.linspace(0, 1, len(people)), people)
    return float(jensenshannon(counts, theirs))


# --- version 1.5 ----------------------------------------------------------------------------------


def stop_intervals(user: Sequence[Span], agent: Sequence[Span]) -> list[Span]:
    """The stretches in which both speak: how long the agent goes on beside the user.

    The user's pauses of up to 0.6 s and the agent's of up to 0.5 s lie inside speech.
    """
    return overlaps(merged(user, _USER_PAUSE_MS), merged(agent, _AGENT_PAUSE_MS))


def response_intervals(user: Sequence[Span], agent: Sequence[Span]) -> list[Span]:
    """From each end of the user's speech to the agent's next onset.

    Where several ends have the same next onset, the last of them counts.
    """
    onsets = [span.start_sample for span in merged(agent, _AGENT_PAUSE_MS)]
    latest: dict[int, int] = {}
    for span in merged(user, _USER_PAUSE_MS):
        onset = next((sample for sample in onsets if sample > span.end_sample), None)
        if onset is not None:
            latest[onset] = span.end_sample
    return [Span(end, onset) for onset, end in sorted(latest.items())]
