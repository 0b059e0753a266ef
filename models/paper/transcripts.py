"""The turn-based transcript of two people's talk, heard by Whisper, with two guards.

Whisper writes words into silence, so it hears only what a voice activity detector calls speech, and
a word that lies outside of that is dropped. It cannot write backchannels ("mm hmm" came out right
in none of three voices), so stretches that the rule of timing calls backchannels are left out where
the other speaker talks on; a short answer between two turns of the other is kept. A turn that lies
wholly inside the other speaker's is dropped, as in dGSLM (arXiv 2203.16502). All are counted.

One speaker's stretches are heard together, with short silences between: Whisper computes as long
for two seconds as for thirty, and it hears short sentences better among others (of 45 words in
seven sentences three were wrong one by one, and none together).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.sound.turn_taking import Span, merged, turns
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.judges import WhisperName, recogniser
from models.evaluate.two_agents import clipped
from models.paper.timed_words import Word
from models.paper.timing_events import backchannels

TimedWords = list[tuple[str, float, float]]
_TOGETHER_S = 28.0
"""Whisper hears at most 30 s at once."""
_BETWEEN_S = 0.8
_PAUSE_MS = 1000
"""The longest pause of a speaker who talks on."""
_SLACK_S = 0.1
"""So far outside of speech a word may lie."""


@dataclass(frozen=True)
class SpokenTurn:
    """What one speaker says before the other one does."""

    side: int
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Transcript:
    """A talk in words, and what was left out of it."""

    turns: tuple[SpokenTurn, ...] = ()
    backchannels: int = 0
    """Stretches left out because they are backchannels by their timing."""
    inside: int = 0
    """Turns left out because they lie inside the other speaker's."""
    unvoiced_words: int = 0
    """Words dropped because nobody spoke where they were heard."""
    wordless: int = 0
    """Stretches of speech in which no word was heard."""

    def until(self, seconds: float) -> list[list[str]]:
        """The words that end by a time, a line for each turn; turns without any are left out.

        Turns of one speaker that follow one another are one line.
        """
        lines: list[list[str]] = []
        last: int | None = None
        for turn in self.turns:
            said = [word.text for word in turn.words if word.end_s <= seconds]
            if said and turn.side == last:
                lines[-1] += said
            elif said:
                lines.append(said)
                last = turn.side
        return lines


@dataclass(frozen=True)
class PlannedTurn:
    """A turn that is to be heard."""

    side: int
    spans: tuple[Span, ...]
    """Its stretches of speech."""

    @property
    def span(self) -> Span:
        """From its beginning to its end."""
        return Span(self.spans[0].start_sample, self.spans[-1].end_sample)


def plan_turns(sides: Sequence[Sequence[Span]], piece: Span) -> tuple[list[PlannedTurn], int, int]:
    """The turns of a piece of a talk in order of their beginnings, without what is left out.

    ``sides`` are each speaker's spans of speech. Also returns how many backchannels, and how many
    turns inside the other's, were left out.
    """
    spoken = [merged(side) for side in sides]
    signs = [
        {span for span in backchannels(side) if _talks_on(span, others)}
        for side, others in _with_others(spoken)
    ]
    kept = [
        clipped([span for span in side if span not in mine], piece)
        for side, mine in zip(spoken, signs, strict=True)
    ]
    planned = [
        PlannedTurn(side, tuple(clipped(mine, turn)))
        for side, (mine, theirs) in enumerate(_with_others(kept))
        for turn in turns(mine, theirs)
    ]
    outer = [turn for turn in planned if not any(_holds(other, turn) for other in planned)]
    outer.sort(key=lambda turn: (turn.span.start_sample, turn.span.end_sample))
    left_out = sum(len(clipped(list(mine), piece)) for mine in signs)
    return outer, left_out, len(planned) - len(outer)


def _with_others(sides: Sequence[list[Span]]) -> list[tuple[list[Span], list[Span]]]:
    """Each side with the other one, which is empty where one speaker is alone."""
    others = sides[::-1] if len(sides) == 2 else [[]]
    return list(zip(sides, others, strict=True))


def _talks_on(span: Span, others: Sequence[Span]) -> bool:
    """Whether the other speaker talks over a stretch, or goes on after a short pause in it."""
    before = [other for other in others if other.start_sample <= span.start_sample]
    after = [other for other in others if other.start_sample > span.start_sample]
    if not before or before[-1].end_sample >= span.start_sample:
        return bool(before)
    if not after:
        return False
    return Span(before[-1].end_sample, after[0].start_sample).duration_ms <= _PAUSE_MS


def _holds(outer: PlannedTurn, inner: PlannedTurn) -> bool:
    """Whether a turn lies wholly inside a longer one of the other speaker."""
    if outer.side == inner.side or outer.span == inner.span:
        return False
    one, other = outer.span, inner.span
    return one.start_sample <= other.start_sample and other.end_sample <= one.end_sample


def transcribe(
    tracks: Sequence[np.ndarray],
    sides: Sequence[Sequence[Span]],
    piece: Span,
    model: WhisperName = "base",
) -> Transcript:
    """The transcript of a piece of one or two speakers' tracks, float32 (n,) each at 16 kHz.

    ``sides`` are their spans of speech. Words' times are seconds since the piece's beginning.
    """
    planned, signs, inside = plan_turns(sides, piece)
    found: list[dict[Span, list[Word]]] = []
    dropped = 0
    for side, track in enumerate(tracks):
        spans = [span for turn in planned if turn.side == side for span in turn.spans]
        heard, outside = hear(track, spans, recogniser(model).timed_words)
        found.append(heard)
        dropped += outside
    later_s = -piece.start_sample / SAMPLE_RATE_HZ
    spoken = tuple(
        SpokenTurn(
            turn.side,
            tuple(_moved(word, later_s) for span in turn.spans for word in found[turn.side][span]),
        )
        for turn in planned
    )
    wordless = sum(not words for heard in found for words in heard.values())
    return Transcript(spoken, signs, inside, dropped, wordless)


def hear(
    track: np.ndarray, spans: Sequence[Span], listen: Callable[[np.ndarray], TimedWords]
) -> tuple[dict[Span, list[Word]], int]:
    """The words of each span of a track, and how many words lay in none.

    ``listen`` gives the words of a sound with their times in it.
    """
    found: dict[Span, list[Word]] = {span: [] for span in spans}
    dropped = 0
    for together in packs(spans):
        sound, starts_s = _packed(track, together)
        for text, start_s, end_s in listen(sound):
            shared_s = [
                min(end_s, begin_s + span.duration_ms / 1000) - max(start_s, begin_s)
                for span, begin_s in zip(together, starts_s, strict=True)
            ]
            most = int(np.argmax(shared_s))
            if shared_s[most] < -_SLACK_S:
                dropped += 1
                continue
            span, begin_s = together[most], starts_s[most]
            # The first word after a silence is said to begin with the silence
            # (findings/faster-whisper-first-word-begins-in-silence.sh).
            last_s = begin_s + span.duration_ms / 1000
            word = Word(text, max(start_s, begin_s), max(min(end_s, last_s), begin_s))
            found[span].append(_moved(word, span.start_sample / SAMPLE_RATE_HZ - begin_s))
    return found, dropped


def _packed(track: np.ndarray, spans: Sequence[Span]) -> tuple[np.ndarray, list[float]]:
    """The sound of spans with short silences around them, and where in it each begins, in s."""
    pieces = [np.zeros(round(_BETWEEN_S * SAMPLE_RATE_HZ), np.float32)]
    starts_s = []
    for index, span in enumerate(spans):
        starts_s.append(sum(map(len, pieces)) / SAMPLE_RATE_HZ)
        silence = np.zeros(_after(spans, index), np.float32)
        pieces += [track[span.start_sample : span.end_sample], silence]
    return np.concatenate(pieces), starts_s


def _after(spans: Sequence[Span], index: int) -> int:
    """Samples of silence after a span: what there is up to the next one, if that is less."""
    most = round(_BETWEEN_S * SAMPLE_RATE_HZ)
    if index + 1 == len(spans):
        return most
    return min(most, spans[index + 1].start_sample - spans[index].end_sample)


def _moved(word: Word, later_s: float) -> Word:
    return Word(word.text, word.start_s + later_s, word.end_s + later_s)


def packs(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans in groups that fit into what Whisper hears at once; a longer span stands alone."""
    groups: list[list[Span]] = []
    length_s = 0.0
    for span in spans:
        seconds = span.duration_ms / 1000 + _BETWEEN_S
        if not groups or length_s + seconds > _TOGETHER_S:
            groups.append([])
            length_s = _BETWEEN_S
        groups[-1].append(span)
        length_s += seconds
    return groups
