"""Turn-taking in two tracks: voice activity, turns, floor transfers, overlaps and interruptions.

Voice activity comes from energy, with hysteresis, in frames of 10 ms; on the user's track a voice
must be near them too (`engine.sound.voice_activity`). The rules are dGSLM's (arXiv 2203.16502,
section 4.4): a silence of up to 200 ms lies inside speech. Pure functions; times are samples at
16 kHz since the conversation began. Knows no files and no models.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.sound.level import LEVEL_SAMPLES
from engine.timebase import SAMPLE_RATE_HZ

IPU_SILENCE_MS = 200
"""A silence up to this length lies inside an inter-pausal unit, IPU (dGSLM)."""
EARLY_MS = 500
"""An answer may begin this long before the user's turn ends and still count as its answer."""

# Speech is what rises this far above the track's noise ...
_ABOVE_NOISE_DB = 12.0
# ... and, on a clean track, lies no further below its loudest speech, ...
_BELOW_SPEECH_DB = 25.0
# ... with a threshold inside these bounds.
_MIN_THRESHOLD_DB, _USUAL_THRESHOLD_DB, _MAX_THRESHOLD_DB = -65.0, -50.0, -30.0
_HYSTERESIS_DB = 6.0
_SHORTEST_MS = 50  # shorter sounds are clicks


@dataclass(frozen=True)
class Span:
    """A stretch of one track, [start, end)."""

    start_sample: int
    end_sample: int

    @property
    def duration_ms(self) -> float:
        return _ms(self.end_sample - self.start_sample)


@dataclass(frozen=True)
class FloorTransfer:
    """The floor passes to the agent: the end of the user's turn and the agent's next onset."""

    user_end_sample: int
    agent_start_sample: int

    @property
    def offset_ms(self) -> float:
        """Floor-transfer offset: from the user's end to the agent's onset; negative if early."""
        return _ms(self.agent_start_sample - self.user_end_sample)


@dataclass(frozen=True)
class Interruption:
    """Barge-in: the user begins to speak while the agent is speaking."""

    user_start_sample: int
    agent_end_sample: int

    @property
    def yield_ms(self) -> float:
        """How long the agent continued to speak."""
        return _ms(self.agent_end_sample - self.user_start_sample)


@dataclass(frozen=True)
class TurnTaking:
    """The turn-taking between user and agent in one conversation, in order of time."""

    user_spans: list[Span]
    agent_spans: list[Span]
    user_turns: list[Span]
    agent_turns: list[Span]
    floor_transfers: list[FloorTransfer]
    overlaps: list[Span]
    interruptions: list[Interruption]


def threshold_db(levels: np.ndarray) -> float:
    """The level in dB above which this track is speech; ``levels`` are dB, one per 10 ms."""
    noise, loud = np.percentile(levels, [10, 99])
    clean = min(_USUAL_THRESHOLD_DB, loud - _BELOW_SPEECH_DB)
    return float(np.clip(max(noise + _ABOVE_NOISE_DB, clean), _MIN_THRESHOLD_DB, _MAX_THRESHOLD_DB))


def voice_activity(levels: np.ndarray, voiced: np.ndarray | None = None) -> list[Span]:
    """The spans of speech (IPUs) of one track, from its levels in dB, one per 10 ms.

    ``voiced``, bool (n,): where a voice is heard or near; without it, every loud sound is speech.
    """
    if not len(levels):
        return []
    onset_db = threshold_db(levels)
    # Speech begins at the threshold and ends only some dB below it.
    audible = levels > onset_db - _HYSTERESIS_DB
    if voiced is not None:
        audible &= voiced
    audible = np.concatenate([[False], audible, [False]])
    edges = np.flatnonzero(audible[1:] != audible[:-1])
    starts, ends = edges[::2], edges[1::2]
    loudest = [levels[start:end].max() for start, end in zip(starts, ends, strict=True)]
    spans = [
        Span(int(start) * LEVEL_SAMPLES, int(end) * LEVEL_SAMPLES)
        for start, end, level in zip(starts, ends, loudest, strict=True)
        if level > onset_db
    ]
    return [span for span in merged(spans) if span.duration_ms >= _SHORTEST_MS]


def merged(spans: Sequence[Span], silence_ms: int = IPU_SILENCE_MS) -> list[Span]:
    """Spans, joined over silences of at most ``silence_ms``."""
    joined: list[Span] = []
    for span in spans:
        if joined and _ms(span.start_sample - joined[-1].end_sample) <= silence_ms:
            joined[-1] = Span(joined[-1].start_sample, span.end_sample)
        else:
            joined.append(span)
    return joined


def turns(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """One speaker's turns: spans, joined over pauses in which the other speaker is silent."""
    other_ends = [other.end_sample for other in others]
    joined: list[Span] = []
    for span in spans:
        if joined:
            pause = Span(joined[-1].end_sample, span.start_sample)
            index = bisect_right(other_ends, pause.start_sample)
            if index == len(others) or others[index].start_sample >= pause.end_sample:
                joined[-1] = Span(joined[-1].start_sample, span.end_sample)
                continue
        joined.append(span)
    return joined


def overlaps(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """Stretches in which both speak."""
    found: list[Span] = []
    i = j = 0
    while i < len(first) and j < len(second):
        start = max(first[i].start_sample, second[j].start_sample)
        end = min(first[i].end_sample, second[j].end_sample)
        if start < end:
            found.append(Span(start, end))
        if first[i].end_sample <= second[j].end_sample:
            i += 1
        else:
            j += 1
    return found


def floor_transfers(user_turns: Sequence[Span], agent_turns: Sequence[Span]) -> list[FloorTransfer]:
    """For each turn of the user, the first agent turn that begins after it.

    The agent may begin up to 500 ms before the user's end. A turn that begins earlier is an
    overlap, and one that begins after the user's next turn answers that one.
    """
    onsets = [turn.start_sample for turn in agent_turns]
    found: list[FloorTransfer] = []
    for index, turn in enumerate(user_turns):
        earliest = max(turn.start_sample, turn.end_sample - EARLY_MS * SAMPLE_RATE_HZ // 1000)
        answer = bisect_left(onsets, earliest)
        if answer == len(onsets):
            break
        following = user_turns[index + 1 : index + 2]
        if not following or onsets[answer] < following[0].start_sample:
            found.append(FloorTransfer(turn.end_sample, onsets[answer]))
    return found


def interruptions(user: Sequence[Span], agent: Sequence[Span]) -> list[Interruption]:
    """Every span of the user that begins inside one of the agent's."""
    ends = [span.end_sample for span in agent]
    found: list[Interruption] = []
    for span in user:
        index = bisect_right(ends, span.start_sample)
        if index < len(agent) and agent[index].start_sample < span.start_sample:
            found.append(Interruption(span.start_sample, agent[index].end_sample))
    return found


def turn_taking(
    user_levels: np.ndarray, agent_levels: np.ndarray, user_voiced: np.ndarray | None = None
) -> TurnTaking:
    """All of the above, from the two tracks' levels in dB, one per 10 ms, and the user's voice.

    The agent's track holds nothing but its voice, so its levels are enough.
    """
    user, agent = voice_activity(user_levels, user_voiced), voice_activity(agent_levels)
    user_turns, agent_turns = turns(user, agent), turns(agent, user)
    return TurnTaking(
        user_spans=user,
        agent_spans=agent,
        user_turns=user_turns,
        agent_turns=agent_turns,
        floor_transfers=floor_transfers(user_turns, agent_turns),
        overlaps=overlaps(user, agent),
        interruptions=interruptions(user, agent),
    )


def _ms(samples: int) -> float:
    return samples * 1000 / SAMPLE_RATE_HZ
