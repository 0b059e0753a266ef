"""Does the agent understand orders of coffee that no training heard?

Strangers' recordings come first: as recorded, in a simulated room, and in noise. The speakers are
not known by name, so most of them have other recordings in the training. Then natural voices say
orders that are held out in every voice. Each order is a conversation of its own. The agent repeats
an order in one wording, and every slot can be read from it: from the words of its text slot, else
from its captions. Where the caption is no sentence of the agent's, the units are compared with
those of sentences.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from engine.sound.level import levels_db
from engine.sound.turn_taking import voice_activity
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.answers import CONDITIONS, acoustic_conditions
from models.evaluate.confidence_intervals import ratio, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.order_slots import order_in_units, order_in_words, slots_right
from models.evaluate.score import Goal, Heard, Report, Score
from models.evaluate.sentence_matcher import plain_sentences
from models.evaluate.simulated_user import EARLIEST_ANSWER_S, AcousticConditions, SimulatedUser
from models.evaluate.user_voices import NATURAL, say
from models.script import coffee
from models.script.coffee import Order, order_of_label

NOISES_DB = (24, 18, 12, 6)
"""Signal-to-noise ratios."""
AS_RECORDED, IN_ROOM = "as recorded", "in a simulated room"
PLACES = (AS_RECORDED, IN_ROOM, *(f"noise at {db} dB" for db in NOISES_DB))
NATURAL_PLACES = tuple(f"natural voices, {where}" for where in CONDITIONS.values())
GOAL_WHOLE, GOAL_SLOTS, GOAL_SILENT = Goal(least=0.88), Goal(least=0.95), Goal(most=0.02)
"""As recorded."""


@dataclass(frozen=True)
class PlannedOrder:
    """The plan of one order."""

    index: int
    """Number of the recording, or of the order that a natural voice says."""
    place: str
    """One of ``PLACES`` or of ``NATURAL_PLACES``."""


@dataclass(frozen=True)
class Reply:
    """The agent's reply to one order."""

    place: str
    label: Order
    said: str
    """The agent's words, or the order read from its units; empty where none was read."""
    order: Order | None
    answered: bool = True
    """Whether the agent said anything."""

    @property
    def right(self) -> bool:
        """Whether the agent repeated the order exactly and said nothing else."""
        return self.said == self.label.reply()


def plan(run: Run) -> list[PlannedOrder]:
    """All recordings, at most ``run.exchanges``, in each place; then as many situations in natural
    voices."""
    count = len(context_of(run).orders)
    chosen = sorted(random.Random(run.seed).sample(range(count), min(count, run.exchanges)))
    natural = NATURAL_PLACES if run.packs else ()
    return [
        *(PlannedOrder(index, place) for place in PLACES for index in chosen),
        *(PlannedOrder(index, place) for place in natural for index in range(run.situations)),
    ]


def order(asked: PlannedOrder, run: Run) -> Reply:
    """Play an order to the agent and read its reply."""
    context = context_of(run)
    if asked.place in PLACES:
        label_text, sound = context.orders[asked.index]
        label = order_of_label(label_text)
    else:
        label, sound = _natural_order(asked.index, run)
    simulated_user = SimulatedUser(context.duplex(), _conditions(asked))
    simulated_user.wait(1)
    start = simulated_user.now
    simulated_user.play(sound)
    simulated_user.wait_for_answer()
    spans = voice_activity(levels_db(sound))
    speech_end = spans[-1].end_sample if spans else len(sound)
    since = start + max(speech_end - round(EARLIEST_ANSWER_S * SAMPLE_RATE_HZ), 0)
    frames = simulated_user.frames_since(since)
    answered = bool(context.matcher.speech_units(frames))
    words = simulated_user.words_since(since)
    if words is not None:
        return Reply(asked.place, label, words, order_in_words(words), answered)
    read = simulated_user.captions_since({"user": since, "agent": since}).get("agent", "")
    found = coffee.parse_order(read)
    if found is None and read not in plain_sentences():
        found = order_in_units(frames, label, context.matcher)
    return Reply(asked.place, label, found.reply() if found else "", found, answered)


def _conditions(asked: PlannedOrder) -> AcousticConditions:
    if asked.place == IN_ROOM:
        return acoustic_conditions("room", asked.index)
    for condition, place in zip(CONDITIONS, NATURAL_PLACES, strict=True):
        if asked.place == place:
            return acoustic_conditions(condition, asked.index)
    noises = {f"noise at {db} dB": -float(db) for db in NOISES_DB}
    return AcousticConditions(noise_db=noises.get(asked.place), seed=asked.index)


def _natural_order(number: int, run: Run) -> tuple[Order, np.ndarray]:
    """An order that is held out of all training, in a held-out natural voice."""
    rng = random.Random(f"{run.seed}:{number}")
    drawn = next(one for one in _drawn_orders(rng) if coffee.held_out(one))
    text = coffee.word_order(drawn, rng)
    return drawn, say(text, rng.choice(NATURAL), rng, run.packs, run.kept).trimmed()


def _drawn_orders(rng: random.Random) -> Iterator[Order]:
    while True:
        yield coffee.draw_order(rng)


def report(replies: Sequence[Reply], _run: Run) -> Report:
    """Score whole orders, single slots and missing answers, by place."""
    scores = []
    by_slot: dict[str, dict[str, float]] = {}
    for where in (*PLACES, *NATURAL_PLACES):
        some = [reply for reply in replies if reply.place == where]
        if not some:
            continue
        heard: Heard = "people" if where in PLACES else "natural"
        whose = "strangers' orders" if heard == "people" else "orders"
        right = [slots_right(reply.label, reply.order) for reply in some]
        figures = (
            ("all right", share_of([reply.right for reply in some]), GOAL_WHOLE),
            (
                "slots right",
                ratio([(sum(slots.values()), len(slots)) for slots in right]),
                GOAL_SLOTS,
            ),
            ("without an answer", share_of([not reply.answered for reply in some]), GOAL_SILENT),
        )
        scores += [
            Score(
                f"{whose}: {what}, {where}", found, heard=heard,
                goal=goal if where == AS_RECORDED else None,
            )
            for what, found, goal in figures
        ]  # fmt: skip
        by_slot[where] = {
            slot: sum(slots[slot] for slots in right if slot in slots)
            / max(sum(slot in slots for slots in right), 1)
            for slot in asdict(Order(""))
        }
    failures = [
        {"place": reply.place, "expected": reply.label.reply(), "said": reply.said}
        for reply in replies
        if not reply.right
    ]
    return Report(scores, {"right_by_slot": by_slot, "failures": failures})
