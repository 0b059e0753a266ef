"""The script has one answer for each sentence, in plain words."""

from __future__ import annotations

from models import script


def test_one_answer_for_each_sentence() -> None:
    users = [exchange.user for exchange in script.EXCHANGES]
    assert len(users) == len(set(users))


def test_situations_do_not_share_sentences() -> None:
    """What starts a story, stops it or begins a long talk has no other answer."""
    users = {exchange.user for exchange in script.EXCHANGES}
    special = [
        *script.STORY_PROMPTS, *script.STOPS, *script.LONG_TALK_PROMPTS, *script.LONG_TALK,
        *script.BACKCHANNELS,
    ]  # fmt: skip
    assert len(special) == len(set(special))
    assert users.isdisjoint(special)


def test_enough_to_talk_about() -> None:
    assert len({exchange.intent for exchange in script.EXCHANGES}) >= 45
    assert len(script.user_sentences()) >= 350
    assert len(script.LONG_TALK) >= 8


def test_plain_words() -> None:
    for text in script.user_sentences() + script.agent_sentences():
        assert text == text.lower()
        assert text.replace(" ", "").isalpha()
        assert text.split() == text.split(" ")
