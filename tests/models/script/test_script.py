"""The script: plain words, enough to talk about, and one right answer to each turn in its place."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from models import script
from models.script import coffee, facts, remembered, sums
from models.script.scene import Memory, Turn

SCENES = [scene for some in script.scenes().values() for scene in some]


def firsts() -> dict[str, str]:
    """The answer to each sentence that needs no context."""
    return {text: scene.turns[0].agent for scene in SCENES for text in scene.turns[0].users}


def test_one_right_answer_in_each_context() -> None:
    answers: dict[tuple[tuple[Turn, ...], str], set[str]] = {}
    for scene in SCENES:
        for index, turn in enumerate(scene.turns):
            for text in turn.users:
                answers.setdefault((scene.turns[:index], text), set()).add(turn.agent)
    recalled = {text for fact in remembered.FACTS for text in fact.asks}
    assert {key for key, some in answers.items() if len(some) > 1} == set()
    # What was told changes the answer, so it is no context of its own.
    assert recalled <= set(firsts())


def test_the_first_scripts_sentences_keep_their_answers() -> None:
    known = firsts()
    users = [exchange.user for exchange in script.EXCHANGES]
    assert len(users) == len(set(users)) == 338
    assert all(known[exchange.user] == exchange.agent for exchange in script.EXCHANGES)
    assert set(script.first_agent_sentences()) < set(script.agent_sentences())


def test_situations_do_not_share_sentences() -> None:
    """What starts a story, stops it or begins a long talk has no other answer."""
    special = [
        *script.STORY_PROMPTS, *script.STOPS, *script.LONG_TALK_PROMPTS, *script.LONG_TALK,
        *script.BACKCHANNELS, *script.REPEATS,
    ]  # fmt: skip
    assert len(special) == len(set(special))
    assert set(firsts()).isdisjoint(special)


def test_enough_to_talk_about() -> None:
    """Asked on, corrected and unknown counts once for all topics; without those, 190 intents."""
    kinds = ("and ", "unknown ")
    intents = {name for name in script.scenes() if not name.startswith(kinds)}
    intents -= {name for name in intents if name.endswith("correction")}
    intents |= {"story", "stop", "long talk"}
    assert len(intents) >= 190
    several = [scene for scene in SCENES if len(scene.turns) > 1]
    assert len(several) > 3000


def test_paraphrases() -> None:
    ways = {
        name: min(len(s.turns[-1].users) for s in some) for name, some in script.scenes().items()
    }
    assert min(ways.values()) >= 2
    assert sum(count >= 3 for count in ways.values()) > 0.7 * len(ways)


def test_plain_words() -> None:
    for text in script.user_sentences() + script.agent_sentences():
        assert text == text.lower()
        assert text.replace(" ", "").isalpha()
        assert text.split() == text.split(" ")


def test_the_store_stays_of_a_size() -> None:
    users, agents = script.user_sentences(), script.agent_sentences()
    assert len(users) < 10_000
    assert len(agents) < 4_500
    assert script.voice_count("hello", 24) == 24
    usual = set(script.usual_sentences())
    assert {"hi there", "thank you", "okay stop", "two plus nine"} <= usual
    assert coffee.sample()[50][1][0] not in usual
    assert 2 <= script.voice_count(coffee.sample()[50][1][0], 24) < 6


# --- what depends on what went before -------------------------------------------------------------


def answers(*users: str) -> str:
    """The last answer of the one scene in which the user says these."""
    (found,) = {
        scene.turns[-1].agent
        for scene in SCENES
        if len(scene.turns) == len(users)
        and all(text in turn.users for text, turn in zip(users, scene.turns, strict=True))
    }
    return found


def test_follow_ups() -> None:
    assert (
        answers("what day comes after monday", "and the day after that")
        == "after it comes wednesday"
    )
    assert answers("where do people speak italian", "and its capital") == "the capital is rome"
    assert answers("what is three plus four", "times two") == "that makes fourteen"
    assert answers("what does a cow say", "and a dog") == "a dog says woof"
    assert answers("what do you call the baby of a cow", "and a dog") == "it is called a puppy"


def test_repair() -> None:
    assert answers("what is three plus seven", "no i said four") == "that makes seven"
    assert answers("what is three times seven", "no i said four") == "that makes twelve"
    assert answers("remember the number three", "no i said four") == "i will remember four"
    assert answers("who are you", "sorry say that again") == "my name is sam"


def test_what_was_told_is_known_later() -> None:
    assert answers("my name is anna", "what is my name") == "your name is anna"
    assert answers("what is my name") == "you have not told me your name"


def test_a_conversation_remembers_what_was_told_last() -> None:
    rng, memory = random.Random(4), Memory()
    told: dict[str, str] = {}
    known = unknown = 0
    for _ in range(3000):
        scene = script.draw_scene(rng, memory)
        turn = scene.turns[-1]
        fact = turn.intent.removeprefix("my ")
        if turn.intent.startswith("my "):
            assert turn.agent.endswith(f" {told[fact]}")
            known += 1
        elif turn.intent.startswith("unknown "):
            assert turn.intent.removeprefix("unknown ") not in told
            unknown += 1
        memory = memory.after(scene)
        told |= dict(scene.facts)
        if rng.random() < 0.05:
            told, memory = {}, Memory()
    assert known > 30
    assert unknown > 10


def test_every_intent_is_drawn() -> None:
    rng, memory = random.Random(1), Memory()
    drawn: dict[str, int] = {}
    for _ in range(20_000):
        scene = script.draw_scene(rng, memory)
        for turn in scene.turns:
            drawn[turn.intent] = drawn.get(turn.intent, 0) + 1
        memory = memory.after(scene) if rng.random() < 0.8 else Memory()
    assert set(drawn) == set(script.scenes())


def test_number_words() -> None:
    words = [sums.number_words(number) for number in range(100)]
    assert len(set(words)) == 100
    assert words[0] == "zero" and words[19] == "nineteen" and words[42] == "forty two"


def test_days_and_months_go_round() -> None:
    for table in facts.TABLES:
        if table.chain and len(table.values) in (7, 12) and "letter" not in table.intent:
            assert set(table.values) == set(table.values.values())


# --- coffee ---------------------------------------------------------------------------------------

amounts = st.sampled_from([*coffee.AMOUNTS])
orders = st.builds(
    coffee.Order,
    st.sampled_from(coffee.DRINKS),
    st.sampled_from(("", *coffee.SIZES)),
    st.sampled_from(("", *coffee.ROASTS)),
    st.sampled_from(("", *coffee.SHOTS)),
    st.just("") | st.builds(str.__add__, amounts, st.sampled_from(coffee.MILKS)),
    st.just("") | st.builds(str.__add__, amounts, st.sampled_from(coffee.SUGARS)),
)


@given(orders)
def test_every_slot_can_be_read_from_the_reply(order: coffee.Order) -> None:
    assert coffee.parse_order(order.reply()) == order


@given(orders, st.integers())
def test_the_user_names_every_slot(order: coffee.Order, seed: int) -> None:
    words = coffee.word_order(order, random.Random(seed))
    for value in (order.size, order.roast, order.shots, order.drink):
        assert value in words
    for side in (order.milk, order.sugar):
        assert not side or any(
            coffee.canonical(way + side.removeprefix(amount)) == side
            for amount, ways in coffee.AMOUNTS.items()
            for way in ways
            if way + side.removeprefix(amount) in words
        )


def test_what_is_no_order() -> None:
    for text in ("one latte with", "a latte", "one latte with sugar and milk", "hello there"):
        assert coffee.parse_order(text) is None


def test_labels_of_recordings() -> None:
    label = "coffeeDrink=latte; milkAmount=a little bit of soy milk; size=eight ounce"
    order = coffee.order_of_label(label)
    assert order == coffee.Order("latte", "eight ounce", milk="a little soy milk")
    assert order.reply() == "one eight ounce latte with a little soy milk"


def test_held_out_orders_are_in_no_scene() -> None:
    known = {order for order, _ in coffee.sample()}
    drawn = (coffee.draw_order(random.Random(seed)) for seed in itertools.count())
    unknown = list(itertools.islice(filter(coffee.held_out, drawn), 200))
    assert len(known) == coffee.ORDERS
    assert known.isdisjoint(unknown)
    assert {order.reply() for order in unknown}.isdisjoint(script.agent_sentences())
    assert all(order.slots >= 3 for order in unknown)


def test_corrected_orders_change_one_slot() -> None:
    scenes = script.scenes()["order correction"]
    assert len(scenes) > 50
    for scene in scenes:
        first, second = (coffee.parse_order(turn.agent) for turn in scene.turns)
        assert first and second and first != second
        value = scene.turns[1].users[0].removeprefix("no i said ")
        slot = next(
            name for name in ("drink", "size", "roast", "shots") if value == getattr(second, name)
        )
        assert replace(first, **{slot: value}) == second


def test_a_sign_of_listening_may_go_on_as_an_interruption() -> None:
    told = {text: script.leading_backchannel(text.split()) for text in script.STOPS}
    assert told["okay stop"] == 1
    assert set(told.values()) == {0, 1} and told["stop it please"] == 0
    assert script.leading_backchannel(["i", "see", "stop"]) == 2
    assert not any(script.leading_backchannel(text.split()) for text in script.BACKCHANNELS)
