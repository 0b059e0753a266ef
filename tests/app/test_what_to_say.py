"""Each example is really understood by what it is an example of."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from app import what_to_say
from app.abilities import Abilities
from app.what_to_say import OPEN_QUESTIONS, SCRIPT, examples, requests
from engine.assistant.actions import ACTIONS, parse
from engine.assistant.own_action import described
from models import script

NOW = datetime(2026, 3, 2, 10, 0)


def script_words() -> set[str]:
    scenes = [scene for some in script.scenes().values() for scene in some]
    return {text for scene in scenes for text in scene.turns[0].users} | set(script.STORY_PROMPTS)


def spoken(example: str) -> str:
    return re.sub(r"[^a-z ]", "", example.lower())


@pytest.mark.parametrize("example", SCRIPT)
def test_the_script_knows_its_examples(example: str) -> None:
    assert spoken(example) in script_words()


@pytest.mark.parametrize("key", what_to_say._SHOWN_ACTIONS)
def test_an_action_is_told_from_its_example(key: str) -> None:
    request = parse(ACTIONS[key].examples[0], NOW)
    assert request is not None and request.action == key and not request.weak


@pytest.mark.parametrize("example", OPEN_QUESTIONS)
def test_nothing_but_a_text_model_answers_an_open_question(example: str) -> None:
    assert parse(example, NOW) is None
    assert spoken(example) not in script_words()


def test_examples_come_from_what_is_there() -> None:
    own = described("disk.py", ["how full is {place} now", "how full is my disk"], "")
    fixed = described("moon.py", ["how is the moon"], "")
    assert examples(Abilities()) == SCRIPT
    assert examples(Abilities(script=False)) == ()
    acting = examples(Abilities(assistant=True), (own, fixed))
    assert "Set a timer for five minutes." in acting and "how is the moon" in acting
    assert not set(OPEN_QUESTIONS) & set(acting)
    assert not any("{" in example for example in acting)
    thinking = examples(Abilities(assistant=True, text_model="x.gguf"))
    assert set(OPEN_QUESTIONS) < set(thinking) and len(set(thinking)) == len(thinking)
    # The kinds alternate, so that the first three show each.
    assert [one in SCRIPT for one in thinking[:3]] == [True, False, False]


def test_the_help_has_every_action() -> None:
    assert len(requests()) == len(ACTIONS)
    assert all(words for _, words in requests())
