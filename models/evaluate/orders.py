"""Does the agent understand strangers? Recorded coffee orders, held out of all training.

The speakers are not known by name, so most of them have other recordings in the training. Each
recording is a conversation of its own, in quiet and in noise. The agent repeats an order in one
wording, and every slot can be read from it: from the words of its text slot, else from its
captions. Where the caption is no sentence of the agent's, the units are compared with those of
sentences.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from engine.sound.level import levels_db
from engine.sound.turn_taking import voice_activity
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.confidence_intervals import ratio, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.order_slots import order_in_units, order_in_words, slots_right
from models.evaluate.score import Goal, Report, Score
from models.evaluate.sentence_matcher import plain_sentences
from models.evaluate.simulated_user import EARLIEST_ANSWER_S, AcousticConditions, SimulatedUser
from models.script import coffee
from models.script.coffee import Order, order_of_label

NOISES_DB = (None, 24, 18, 12, 6)
"""Signal-to-noise ratios; None: no noise is added."""
GOAL_WHOLE, GOAL_SLOTS = Goal(least=0.75), Goal(least=0.92)
"""Without added noise."""


@dataclass(frozen=True)
class PlannedOrder:
    """The plan of one order."""

    index: int
    """Number of the recording."""
    speech_over_noise_db: int | None


@dataclass(frozen=True)
class Reply:
    """The agent's reply to one order."""

    speech_over_noise_db: int | None
    label: Order
    said: str
    """The agent's words, or the order read from its units; empty where none was read."""
    order: Order | None

    @property
    def right(self) -> bool:
        """Whether the agent repeated the order exactly and said nothing else."""
        return self.said == self.label.reply()


def plan(run: Run) -> list[PlannedOrder]:
    """All recordings, at most ``run.exchanges``, at each noise level."""
    count = len(context_of(run).orders)
    chosen = random.Random(run.seed).sample(range(count), min(count, run.exchanges))
    return [PlannedOrder(index, noise) for noise in NOISES_DB for index in sorted(chosen)]


def order(asked: PlannedOrder, run: Run) -> Reply:
    """Play a recording to the agent and read its reply."""
    context = context_of(run)
    label_text, sound = context.orders[asked.index]
    label = order_of_label(label_text)
    above = asked.speech_over_noise_db
    noise_db = None if above is None else -float(above)
    simulated_user = SimulatedUser(
        context.duplex(), AcousticConditions(noise_db=noise_db, seed=asked.index)
    )
    simulated_user.wait(1)
    start = simulated_user.now
    simulated_user.play(sound)
    simulated_user.wait_for_answer()
    spans = voice_activity(levels_db(sound))
    speech_end = spans[-1].end_sample if spans else len(sound)
    since = start + max(speech_end - round(EARLIEST_ANSWER_S * SAMPLE_RATE_HZ), 0)
    words = simulated_user.words_since(since)
    if words is not None:
        return Reply(above, label, words, order_in_words(words))
    read = simulated_user.captions_since({"user": since, "agent": since}).get("agent", "")
    found = coffee.parse_order(read)
    if found is None and read not in plain_sentences():
        found = order_in_units(simulated_user.frames_since(since), label, context.matcher)
    return Reply(above, label, found.reply() if found else "", found)


def report(replies: Sequence[Reply], _run: Run) -> Report:
    """Score whole orders and single slots, by noise level."""
    scores = []
    by_slot: dict[str, dict[str, float]] = {}
    for noise in NOISES_DB:
        some = [reply for reply in replies if reply.speech_over_noise_db == noise]
        where = "as recorded" if noise is None else f"noise at {noise} dB"
        right = [slots_right(reply.label, reply.order) for reply in some]
        each = ratio([(sum(slots.values()), len(slots)) for slots in right])
        whole = share_of([reply.right for reply in some])
        goals = (GOAL_WHOLE, GOAL_SLOTS) if noise is None else (None, None)
        scores += [
            Score(f"strangers' orders all right, {where}", whole, goal=goals[0]),
            Score(f"their slots right, {where}", each, goal=goals[1]),
        ]
        by_slot[where] = {
            slot: sum(slots[slot] for slots in right if slot in slots)
            / max(sum(slot in slots for slots in right), 1)
            for slot in asdict(Order(""))
        }
    failures = [
        {
            "noise_db": reply.speech_over_noise_db,
            "expected": reply.label.reply(),
            "said": reply.said,
        }
        for reply in replies
        if not reply.right
    ]
    return Report(scores, {"right_by_slot": by_slot, "failures": failures})
