"""Orders of strangers: what is played, and what is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate import context as studio
from models.evaluate import orders as evaluate_orders
from models.evaluate.context import Run, context_of
from models.evaluate.orders import AS_RECORDED, IN_ROOM, NATURAL_PLACES, PLACES, PlannedOrder, Reply
from models.script.coffee import Order, held_out
from models.speech.voices import Speech
from tests.engine.tiny_bundle import write_tiny_bundle

LATTE = Order("latte", "large", "", "", "milk")
MOCHA = Order("mocha")


def test_report_counts_orders_and_slots() -> None:
    said = Order("latte", "small", "", "", "milk")
    replies = [
        Reply(AS_RECORDED, LATTE, LATTE.reply(), LATTE),
        Reply(AS_RECORDED, LATTE, said.reply(), said),
        Reply(IN_ROOM, LATTE, "", None, answered=False),
    ]
    report = evaluate_orders.report(replies, Run())
    found = {score.what: score.measured.value for score in report.scores if score.measured}
    assert found == {
        "strangers' orders: all right, as recorded": 1 / 2,
        "strangers' orders: slots right, as recorded": pytest.approx(5 / 6),
        "strangers' orders: without an answer, as recorded": 0,
        "strangers' orders: all right, in a simulated room": 0,
        "strangers' orders: slots right, in a simulated room": 0,
        "strangers' orders: without an answer, in a simulated room": 1,
    }
    assert report.details["right_by_slot"]["as recorded"]["size"] == 0.5
    assert len(report.details["failures"]) == 2


def test_an_added_slot_is_wrong() -> None:
    assert not Reply(AS_RECORDED, Order("latte"), LATTE.reply(), LATTE).right


def test_words_beside_the_order_are_wrong() -> None:
    assert Reply(AS_RECORDED, LATTE, LATTE.reply(), LATTE).right
    assert not Reply(AS_RECORDED, LATTE, f"{LATTE.reply()} and", LATTE).right


@pytest.mark.parametrize(
    ("captions", "said"),
    [
        (LATTE.reply(), LATTE),
        (f"well {LATTE.reply()}", MOCHA),
        ("", MOCHA),
        (script.FALLBACK_REPLY, None),
    ],
)
def test_the_order_is_read_in_captions_or_else_in_units(
    captions: str, said: Order | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_bundle(tmp_path, reader=True)
    label = "coffeeDrink=latte; size=large; milkAmount=milk"
    recordings = [(label, np.full(SAMPLE_RATE_HZ, 0.1, np.float32))]
    monkeypatch.setattr(studio, "held_out_orders", lambda _speech: recordings)
    shown = {"user": "one espresso", "agent": captions}
    monkeypatch.setattr(evaluate_orders.SimulatedUser, "captions_since", lambda *_: shown)
    monkeypatch.setattr(evaluate_orders, "order_in_units", lambda *_: MOCHA)
    reply = evaluate_orders.order(PlannedOrder(0, AS_RECORDED), Run(bundle=tmp_path, data=tmp_path))
    context_of.cache_clear()
    assert reply.order == said
    assert reply.right == (said == LATTE)


def test_every_recording_is_played_in_every_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_bundle(tmp_path, text=True)
    sound = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE_HZ).astype(np.float32)

    def recordings(_speech: Path) -> Iterator[tuple[str, np.ndarray]]:
        yield "coffeeDrink=latte; size=large", sound
        yield "coffeeDrink=mocha", sound

    monkeypatch.setattr(studio, "held_out_orders", recordings)
    run = Run(bundle=tmp_path, data=tmp_path)
    plan = evaluate_orders.plan(run)
    assert {asked.place for asked in plan} == set(PLACES)
    assert len(plan) == 2 * len(PLACES)
    natural = evaluate_orders.plan(replace(run, packs=tmp_path, exchanges=4))
    assert {asked.place for asked in natural} == {*PLACES, *NATURAL_PLACES}
    reply = evaluate_orders.order(PlannedOrder(0, IN_ROOM), run)
    context_of.cache_clear()
    assert reply.label == Order("latte", "large")
    assert reply.said  # a random model's words
    assert reply.order is None


def test_natural_voices_say_orders_that_are_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def say(text: str, *_: object) -> Speech:
        said.append(text)
        return Speech(np.ones(100, np.float32), ((0, 100, 0),))

    monkeypatch.setattr(evaluate_orders, "say", say)
    orders = [evaluate_orders._natural_order(number, Run())[0] for number in range(5)]
    assert all(held_out(order) for order in orders)
    assert len(set(orders)) == 5
    assert all(order.drink in text for order, text in zip(orders, said, strict=True))
