"""The script: everything that the starter talks about, and the one right answer to each turn.

A conversation is a sequence of scenes (``scene``); ``draw_scene`` draws the next one, given what
the user has told so far (``Memory``). Each other module but ``words`` holds the scenes of one
topic. Orders that are held out (``coffee.held_out``) are in no scene. Lower case, words only. Knows
no sound.
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
    "user_sentences", "usual_sentences", "voice_count",
]  # fmt: skip

_MEMORY_SHARE = 0.15
_TELLING_SHARE = 0.5
_TOLD_SHARE = 0.8
"""Of the recalls, once the user has told anything: those that ask for something told."""
_ORDER_SHARE = 0.2
"""One scene in five is about coffee, because there are many orders."""
_REPEAT_SHARE = 0.06
_WEIGHT_POWER = 0.25
_RARE_INTENTS = {"sum", "difference", "product"}
_FEWER = {"sum": 3, "order": 8}
"""Divides the number of voices: these sentences are many and share their words."""
_OFTEN = frozenset(
    (*STORY_PROMPTS, *STOPS, *LONG_TALK_PROMPTS, *LONG_TALK, *BACKCHANNELS, *REPEATS)
)
_MORE = 10
"""Multiplies the number of voices: these sentences are said in many situations."""


@cache
def scenes() -> dict[str, tuple[Scene, ...]]:
    """All scenes by intent."""
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
    """Intents that need no memory with their weights, then those about coffee with theirs.

    An intent's weight grows far more slowly than its number of scenes, because these share their
    words. Two thirds of the intents have one scene; together they are nearly half of the draws.
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
    """Draw the next scene of a conversation in which the user has told ``memory``."""
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
    """How many voices speak a sentence of the user; ``voices`` speak the usual ones."""
    if text in _OFTEN:
        return _MORE * voices
    return max(2, voices // _rare().get(text, 1))


def usual_sentences() -> list[str]:
    """The user's sentences but for orders of coffee, of which people's recordings are enough;
    sorted."""
    orders = {text for _, users in coffee.sample() for text in users} - _OFTEN
    return [text for text in user_sentences() if text not in orders]


def user_sentences() -> list[str]:
    """All sentences of the user, sorted."""
    asked = {text for turn in _turns() for text in turn.users}
    return sorted(asked | _OFTEN)


def agent_sentences() -> list[str]:
    """All sentences of the agent, sorted."""
    answers = {turn.agent for turn in _turns()}
    others = {STOPPED, LONG_TALK_INVITATION, LONG_TALK_END, *STORIES, *BACKCHANNELS}
    return sorted(answers | others)
