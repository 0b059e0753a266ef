"""What the starter talks about: scenes of turns, each of which has one right answer in its place.

A conversation is a row of scenes; ``draw_scene`` draws the next one, given what the user has told
(``Memory``). Coffee orders that ``coffee.held_out`` names are in no scene. Lower case, words only.
Knows no sound.
"""

from __future__ import annotations

import random
from functools import cache

from models.script import coffee, everyday, facts, remembered, sums
from models.script.scene import Memory, Scene, Turn, single, then
from models.script.starter_0_2 import EXCHANGES, Exchange, first_agent_sentences
from models.script.turn_taking import (
    BACKCHANNELS,
    FALLBACK_REPLY,
    LONG_TALK,
    LONG_TALK_END,
    LONG_TALK_INVITATION,
    LONG_TALK_PROMPTS,
    OUT_OF_DOMAIN,
    REPEATS,
    STOPPED,
    STOPS,
    STORIES,
    STORY_PROMPTS,
    leading_backchannel,
)

__all__ = [
    "BACKCHANNELS", "EXCHANGES", "FALLBACK_REPLY", "LONG_TALK", "LONG_TALK_END",
    "LONG_TALK_INVITATION", "LONG_TALK_PROMPTS", "OUT_OF_DOMAIN", "REPEATS", "STOPPED", "STOPS",
    "STORIES", "STORY_PROMPTS", "Exchange", "Memory", "Scene", "Turn", "agent_sentences",
    "coffee", "draw_scene", "first_agent_sentences", "leading_backchannel", "scenes",
    "user_sentences", "voice_count",
]  # fmt: skip

_MEMORY_SHARE = 0.15
_TELLING_SHARE = 0.5
_TOLD_SHARE = 0.8
"""Of what is asked for, once anything was told."""
_ORDER_SHARE = 0.2
"""Orders are many: one scene in five is about coffee."""
_REPEAT_SHARE = 0.06
_WEIGHT_POWER = 0.25
_RARE_INTENTS = {"sum", "difference", "product"}
_FEWER = {"sum": 3, "order": 8}
"""Of how many voices one is enough where sentences are many: they share their words."""
_OFTEN = frozenset(
    (*STORY_PROMPTS, *STOPS, *LONG_TALK_PROMPTS, *LONG_TALK, *BACKCHANNELS, *REPEATS)
)
_MORE = 10
"""Times the voices for what is said in many situations."""


@cache
def scenes() -> dict[str, tuple[Scene, ...]]:
    """All scenes by intent: for drawing, and for an evaluation that asks for every intent."""
    unknown = single("unknown", FALLBACK_REPLY, *OUT_OF_DOMAIN)
    plain = (*everyday.scenes(), *facts.scenes(), *sums.scenes(), unknown)
    repeated = [
        then(scene, "repeat", scene.turns[-1].agent, *REPEATS) for scene in everyday.scenes()
    ]
    by_intent: dict[str, list[Scene]] = {}
    for scene in (*plain, *repeated, *remembered.scenes(), *coffee.scenes()):
        by_intent.setdefault(scene.intent, []).append(scene)
    return {intent: tuple(some) for intent, some in by_intent.items()}


@cache
def _weighed() -> tuple[list[str], list[float], list[str], list[float]]:
    """Intents that need no memory, and those about coffee, with their weights.

    Many scenes of an intent share their words, so its weight grows far slower than their number:
    two thirds of the intents are one scene, and nearly half of what is drawn.
    """
    about_coffee = {scene.intent for scene in coffee.scenes()}
    about_memory = {scene.intent for scene in remembered.scenes()}
    others = [name for name in scenes() if name not in about_coffee | about_memory]
    weights = [
        [len(scenes()[name]) ** _WEIGHT_POWER for name in names]
        for names in (others, sorted(about_coffee))
    ]
    return others, weights[0], sorted(about_coffee), weights[1]


def draw_scene(rng: random.Random, memory: Memory) -> Scene:
    """The next scene of a conversation in which ``memory`` was told."""
    if rng.random() < _MEMORY_SHARE:
        if rng.random() < _TELLING_SHARE:
            return rng.choice(remembered.statements())
        told = [fact for fact in remembered.FACTS if memory.get(fact.name)]
        asked = told if told and rng.random() < _TOLD_SHARE else remembered.FACTS
        return remembered.recall(rng.choice(asked), memory)
    others, weights, orders, order_weights = _weighed()
    if rng.random() < _ORDER_SHARE:
        scene = rng.choice(scenes()[rng.choices(orders, order_weights)[0]])
    else:
        scene = rng.choice(scenes()[rng.choices(others, weights)[0]])
    if rng.random() < _REPEAT_SHARE:
        return then(scene, "repeat", scene.turns[-1].agent, *REPEATS)
    return scene


def _turns() -> list[Turn]:
    return [turn for some in scenes().values() for scene in some for turn in scene.turns]


@cache
def _rare() -> dict[str, int]:
    orders = {text for _, users in coffee.sample() for text in users}
    sums_ = {text for turn in _turns() if turn.intent in _RARE_INTENTS for text in turn.users}
    return dict.fromkeys(sums_, _FEWER["sum"]) | dict.fromkeys(orders, _FEWER["order"])


def voice_count(text: str, voices: int) -> int:
    """How many voices say a sentence of the user, of ``voices`` for the common ones."""
    if text in _OFTEN:
        return _MORE * voices
    return max(2, voices // _rare().get(text, 1))


def user_sentences() -> list[str]:
    """All that the user says, sorted."""
    asked = {text for turn in _turns() for text in turn.users}
    return sorted(asked | _OFTEN)


def agent_sentences() -> list[str]:
    """All that the agent says, sorted."""
    answers = {turn.agent for turn in _turns()}
    others = {STOPPED, LONG_TALK_INVITATION, LONG_TALK_END, *STORIES, *BACKCHANNELS}
    return sorted(answers | others)
