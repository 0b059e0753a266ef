"""Turn-taking between two agents: do they share the time as two people do?

Each agent hears the other over a faint room noise. The starter only answers, so a simulated user
asks: one agent alone hears a question, the agents in turn, at the beginning and whenever both have
been silent for 3 s. Only the time between these questions is counted.

The definitions are those of the figures for people: silences under 200 ms lie inside a span of
speech; a silence between two spans is a pause where the same agent goes on, and a gap where the
other does; silence at the edges of the counted time is neither, and is reported separately.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from engine.sound.turn_taking import Span, overlaps
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate.confidence_intervals import ratio
from models.evaluate.context import Run, context_of
from models.evaluate.score import Goal, Report, Score
from models.evaluate.simulated_user import speech_spans, voice_activity
from models.speech.rooms import USER_DB, at_level, white_noise
from models.speech.voices import HELD_OUT, speak

TALK_MINUTES = 3.0
"""Length of one conversation. An hour has twenty; the interval comes from their spread."""
BOTH_SILENT_S = 3.0
"""The longest wait of the user in the dialogues of the training."""
GOAL_LIKE_PEOPLE = Goal(0.75, 1.25)
_ROOM_DB = -65
_SHORTEST_S = 1.0
"""Less time than this between two questions does not count."""


@dataclass(frozen=True)
class TurnTaking:
    """How two speakers share the time: seconds of each kind, and how often."""

    total_s: float = 0.0
    speech_s: float = 0.0
    """The sum of both speakers'."""
    pause_s: float = 0.0
    gap_s: float = 0.0
    overlap_s: float = 0.0
    pauses: int = 0
    gaps: int = 0
    overlaps: int = 0

    @property
    def edge_silence_s(self) -> float:
        """Silence before the first speech and after the last."""
        return self.total_s - (self.speech_s - self.overlap_s) - self.pause_s - self.gap_s

    def __add__(self, other: TurnTaking) -> TurnTaking:
        return TurnTaking(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


KINDS = ("speech", "pause", "gap", "overlap")
PEOPLE_S_PER_MINUTE = {"speech": 44.87, "pause": 12.79, "gap": 3.17, "overlap": 1.57}
"""Two people: our own computation from 1,372 minutes of the ICSI meetings in which only two people
talk (CC BY 4.0; A. Janin et al. 2003), backchannels included."""


@dataclass(frozen=True)
class Talk:
    """The result of one conversation."""

    turn_taking: TurnTaking
    questions: int


def plan(run: Run) -> list[tuple[int, float]]:
    """(number, minutes) of the conversations."""
    whole, rest = divmod(run.minutes, TALK_MINUTES)
    return list(enumerate([TALK_MINUTES] * int(whole) + [rest] * (rest > 0)))


def talk(what: tuple[int, float], run: Run) -> Talk:
    """Run one conversation between two agents."""
    tracks, questions = hold(what, run)
    first, second = map(speech_spans, tracks)
    return Talk(turn_taking_between(first, second, questions, len(tracks[0])), len(questions))


def hold(what: tuple[int, float], run: Run) -> tuple[list[np.ndarray], list[Span]]:
    """Both agents' tracks, float32 (n,) each, of one conversation, and when they were asked."""
    number, minutes = what
    context = context_of(run)
    agents = context.pair()
    for index, agent in enumerate(agents):
        # With the same seed both would say the same thing at once.
        agent.seed = 1000 * run.seed + 2 * number + index
        agent.reset()
    chunk = agents[0].format.chunk_samples
    rng = random.Random(f"two agents {run.seed} {number}")
    noise = np.random.default_rng([run.seed, number])
    tracks = [[np.zeros(chunk, np.float32)] for _ in agents]
    questions: list[Span] = []
    question = np.zeros(0, np.float32)
    patience = round(BOTH_SILENT_S * SAMPLE_RATE_HZ)
    silent_chunks = -(-patience // chunk) + 1  # the last one is not heard yet
    for index in range(round(minutes * 60 * SAMPLE_RATE_HZ) // chunk):
        now = index * chunk
        quiet_since = questions[-1].end_sample if questions else now - patience
        if now - quiet_since >= patience and not _sound(tracks, silent_chunks):
            question = _question(rng, chunk)
            questions.append(Span(now, now + len(question)))
        heard = [tracks[1][-1], tracks[0][-1]]
        if len(question):
            asked = len(questions) % 2
            heard[asked] = heard[asked] + question[:chunk]
            question = question[chunk:]
        for agent, track, sound in zip(agents, tracks, heard, strict=True):
            track.append(agent.step(sound + white_noise(chunk, noise, _ROOM_DB)).agent_audio)
    return [np.concatenate(track) for track in tracks], questions


def _sound(tracks: Sequence[Sequence[np.ndarray]], chunks: int) -> bool:
    return any(voice_activity(np.concatenate(track[-chunks:])).any() for track in tracks)


def _question(rng: random.Random, chunk: int) -> np.ndarray:
    """Draw a sentence that begins a scene, padded to whole chunks."""
    scenes = script.scenes()
    scene = rng.choice(scenes[rng.choice(sorted(scenes))])
    words = speak(rng.choice(scene.turns[0].users), rng.choice(HELD_OUT), rng).audio
    return np.pad(at_level(words, USER_DB), (0, -len(words) % chunk))


# --- figures --------------------------------------------------------------------------------------


def turn_taking_between(
    first: Sequence[Span], second: Sequence[Span], cuts: Sequence[Span], end: int
) -> TurnTaking:
    """Turn-taking before ``end``, summed over the times between the cuts."""
    counted = TurnTaking()
    for piece in pieces_between(cuts, end):
        samples = piece.end_sample - piece.start_sample
        counted += turn_taking(clipped(first, piece), clipped(second, piece), samples)
    return counted


def pieces_between(cuts: Sequence[Span], end: int) -> list[Span]:
    """The time before, between and after the cuts, without pieces of less than a second."""
    edges = [0, *(edge for cut in cuts for edge in (cut.start_sample, cut.end_sample)), end]
    pieces = (Span(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True))
    least = _SHORTEST_S * SAMPLE_RATE_HZ
    return [piece for piece in pieces if piece.end_sample - piece.start_sample >= least]


def clipped(spans: Sequence[Span], piece: Span) -> list[Span]:
    """The parts of the spans that lie in ``piece``."""
    cut = (
        Span(max(s.start_sample, piece.start_sample), min(s.end_sample, piece.end_sample))
        for s in spans
    )
    return [span for span in cut if span.start_sample < span.end_sample]


def turn_taking(first: Sequence[Span], second: Sequence[Span], samples: int) -> TurnTaking:
    """Turn-taking of two speakers' spans of speech in ``samples`` of time."""
    pauses, gaps = silences(first, second)
    both = overlaps(first, second)
    return TurnTaking(
        total_s=samples / SAMPLE_RATE_HZ,
        speech_s=_seconds([*first, *second]),
        pause_s=_seconds(pauses),
        gap_s=_seconds(gaps),
        overlap_s=_seconds(both),
        pauses=len(pauses),
        gaps=len(gaps),
        overlaps=len(both),
    )


def silences(first: Sequence[Span], second: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """(pauses, gaps): the silences between spans, by who speaks before and after."""
    spoken = sorted(
        [(span, 0) for span in first] + [(span, 1) for span in second],
        key=lambda one: one[0].start_sample,
    )
    pauses: list[Span] = []
    gaps: list[Span] = []
    latest, latest_side = 0, -1
    for span, side in spoken:
        if latest_side >= 0 and span.start_sample > latest:
            kind = pauses if side == latest_side else gaps
            kind.append(Span(latest, span.start_sample))
        if span.end_sample > latest:
            latest, latest_side = span.end_sample, side
    return pauses, gaps


def _seconds(spans: Sequence[Span]) -> float:
    return sum(span.duration_ms for span in spans) / 1000


def report(talks: Sequence[Talk], _run: Run) -> Report:
    """Score the seconds per minute of each kind, beside people's."""
    scores = []
    for kind in KINDS:
        people = PEOPLE_S_PER_MINUTE[kind]
        rows = [(getattr(t.turn_taking, f"{kind}_s"), t.turn_taking.total_s / 60) for t in talks]
        found = ratio(rows)
        like = ratio([(seconds, minutes * people) for seconds, minutes in rows])
        scores += [
            Score(f"two agents: {kind}", found, "s a minute"),
            Score(f"beside people's {people:.1f} s", like, "ratio", GOAL_LIKE_PEOPLE),
        ]
    edges = ratio([(t.turn_taking.edge_silence_s, t.turn_taking.total_s / 60) for t in talks])
    scores.append(Score("two agents: silence before a question", edges, "s a minute"))
    minutes = sum(t.turn_taking.total_s for t in talks) / 60
    details = {
        "counted_minutes": minutes,
        "questions": sum(t.questions for t in talks),
        "per_minute": {
            kind: sum(getattr(t.turn_taking, kind) for t in talks) / max(minutes, 1e-9)
            for kind in ("pauses", "gaps", "overlaps")
        },
    }
    return Report(scores, details)
