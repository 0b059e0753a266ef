"""Two agents talk to one another: do they share the time as two people do?

Each hears the other's sound over a faint room noise. What the starter has to say are answers, so
somebody must ask: a recorded question, heard by one agent alone, in turns, opens the talk and comes
again whenever both have been silent for long. Only the time between such questions is counted.

The rules are those of the figures for people: silences under 200 ms lie inside a stretch of speech;
a silence between two stretches is a pause where the same agent goes on and a gap where the other
does; silence at the edges of the counted time is neither, and reported beside them.
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
"""Of one talk: an hour is twenty of them, which also tell how sure the figures are."""
BOTH_SILENT_S = 3.0
"""So long the user waits at most in the training's talks."""
GOAL_LIKE_PEOPLE = Goal(0.75, 1.25)
_ROOM_DB = -65
_SHORTEST_S = 1.0
"""Less time than this between two questions tells nothing."""


@dataclass(frozen=True)
class TurnTaking:
    """How two speakers share a time: seconds, and how often."""

    total_s: float = 0.0
    speech_s: float = 0.0
    """Of both added up."""
    pause_s: float = 0.0
    gap_s: float = 0.0
    overlap_s: float = 0.0
    pauses: int = 0
    gaps: int = 0
    overlaps: int = 0

    @property
    def edge_silence_s(self) -> float:
        """Silence before the first who speaks and after the last."""
        return self.total_s - (self.speech_s - self.overlap_s) - self.pause_s - self.gap_s

    def __add__(self, other: TurnTaking) -> TurnTaking:
        return TurnTaking(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


KINDS = ("speech", "pause", "gap", "overlap")
PEOPLE_S_PER_MINUTE = {"speech": 44.87, "pause": 12.79, "gap": 3.17, "overlap": 1.57}
"""Two people: our own computation from 1,372 minutes of the ICSI meetings in which only two talk
(CC BY 4.0; A. Janin et al. 2003), backchannels included."""


@dataclass(frozen=True)
class Talk:
    """What became of one talk."""

    turn_taking: TurnTaking
    questions: int


def plan(run: Run) -> list[tuple[int, float]]:
    """(number, minutes) of the talks."""
    whole, rest = divmod(run.minutes, TALK_MINUTES)
    return list(enumerate([TALK_MINUTES] * int(whole) + [rest] * (rest > 0)))


def talk(what: tuple[int, float], run: Run) -> Talk:
    """Let the two talk."""
    number, minutes = what
    context = context_of(run)
    agents = context.pair()
    for index, agent in enumerate(agents):
        # Two of one mind would say the same at once.
        agent.seed = 1000 * run.seed + 2 * number + index
        agent.reset()
    chunk = agents[0].format.chunk_samples
    rng = random.Random(f"two agents {run.seed} {number}")
    noise = np.random.default_rng([run.seed, number])
    tracks = [[np.zeros(chunk, np.float32)] for _ in agents]
    questions: list[Span] = []
    question = np.zeros(0, np.float32)
    patience = round(BOTH_SILENT_S * SAMPLE_RATE_HZ)
    silent_chunks = -(-patience // chunk) + 1  # the last one is still to sound
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
    first, second = (speech_spans(np.concatenate(track)) for track in tracks)
    end = len(tracks[0]) * chunk
    return Talk(turn_taking_between(first, second, questions, end), len(questions))


def _sound(tracks: Sequence[Sequence[np.ndarray]], chunks: int) -> bool:
    return any(voice_activity(np.concatenate(track[-chunks:])).any() for track in tracks)


def _question(rng: random.Random, chunk: int) -> np.ndarray:
    """A sentence with which a scene begins, in whole chunks."""
    scenes = script.scenes()
    scene = rng.choice(scenes[rng.choice(sorted(scenes))])
    words = speak(rng.choice(scene.turns[0].users), rng.choice(HELD_OUT), rng).audio
    return np.pad(at_level(words, USER_DB), (0, -len(words) % chunk))


# --- figures --------------------------------------------------------------------------------------


def turn_taking_between(
    first: Sequence[Span], second: Sequence[Span], cuts: Sequence[Span], end: int
) -> TurnTaking:
    """The rhythm of the time before ``end`` that no cut covers, piece by piece."""
    edges = [0, *(edge for cut in cuts for edge in (cut.start_sample, cut.end_sample)), end]
    counted = TurnTaking()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start >= _SHORTEST_S * SAMPLE_RATE_HZ:
            piece = Span(start, stop)
            counted += turn_taking(clipped(first, piece), clipped(second, piece), stop - start)
    return counted


def clipped(spans: Sequence[Span], piece: Span) -> list[Span]:
    """What of the spans lies in a piece of time."""
    cut = (
        Span(max(s.start_sample, piece.start_sample), min(s.end_sample, piece.end_sample))
        for s in spans
    )
    return [span for span in cut if span.start_sample < span.end_sample]


def turn_taking(first: Sequence[Span], second: Sequence[Span], samples: int) -> TurnTaking:
    """The rhythm of two speakers' stretches of speech in ``samples`` of time."""
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
    """(pauses, gaps): where nobody speaks, by who speaks before and after."""
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
    """Seconds in a minute, each beside those of people."""
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
