"""The script has one answer for each sentence; dialogues place it at the right time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from models import script
from models.dialogues import Composer, Dialogue, Said
from models.encode_speech import MARGIN_FRAMES, NEIGHBOURS, SpeechStore, UnitSpeech

AGENT_SILENCE, USER_SILENCE = 0, 1


def toy_store() -> SpeechStore:
    """Every sentence is one unit of its own, 4 frames a word, between silence."""

    def speech(unit: int, words: int, silence: int) -> UnitSpeech:
        quiet = np.full(MARGIN_FRAMES, silence)
        units = np.concatenate([quiet, np.full(4 * words, unit), quiet]).astype(np.int16)
        return UnitSpeech("toy", units, MARGIN_FRAMES, MARGIN_FRAMES + 4 * words)

    users = {
        text: [speech(2 + index % 90, len(text.split()), USER_SILENCE)]
        for index, text in enumerate(script.user_sentences())
    }
    agents = {
        text: speech(100 + index % 90, len(text.split()), AGENT_SILENCE)
        for index, text in enumerate(script.agent_sentences())
    }
    same = np.repeat(np.arange(200, dtype=np.int16)[:, None], NEIGHBOURS, axis=1)
    return SpeechStore(
        users,
        agents,
        [np.full(150, USER_SILENCE, np.int16)],
        [np.full(150, AGENT_SILENCE, np.int16)],
        [speech(99, 20, USER_SILENCE)],
        same,
    )


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    composer = Composer(toy_store(), 3)
    return [composer.compose(1500) for _ in range(40)]


def test_script() -> None:
    users = [exchange.user for exchange in script.EXCHANGES]
    assert len(users) == len(set(users))
    assert len({exchange.intent for exchange in script.EXCHANGES}) >= 40
    for text in script.user_sentences() + script.agent_sentences():
        assert text == text.lower()
        assert text.replace(" ", "").isalpha()


def test_same_seed_same_dialogue() -> None:
    first, second = (Composer(toy_store(), 5).compose(600) for _ in range(2))
    np.testing.assert_array_equal(first.user, second.user)
    np.testing.assert_array_equal(first.own, second.own)


def answered(dialogue: Dialogue) -> list[tuple[Said, Said]]:
    """(question, its right answer) pairs that follow one another."""
    right = {exchange.user: exchange.agent for exchange in script.EXCHANGES}
    pairs = []
    for question in dialogue.events:
        later = [e for e in dialogue.events if e.side == 0 and e.onset >= question.offset]
        if question.side == 1 and question.text in right and later:
            first = min(later, key=lambda said: said.onset)
            if first.text == right[question.text]:
                pairs.append((question, first))
    return pairs


def test_every_question_is_answered_soon(dialogues: list[Dialogue]) -> None:
    pairs = [pair for dialogue in dialogues for pair in answered(dialogue)]
    gaps = [answer.onset - question.offset for question, answer in pairs]
    assert len(pairs) > 150
    assert min(gaps) >= 1
    assert max(gaps) <= 9
    assert 2 <= np.mean(gaps) <= 6


def test_units_lie_where_the_events_say(dialogues: list[Dialogue]) -> None:
    agents = {text: s.units[s.onset] for text, s in toy_store().agent.items()}
    for dialogue in dialogues[:10]:
        for said in dialogue.events:
            if said.side == 0 and said.offset < len(dialogue.own):
                inside = dialogue.own[said.onset : said.offset]
                assert (inside == agents[said.text]).all()


def test_a_story_that_is_interrupted_ends(dialogues: list[Dialogue]) -> None:
    waits = []
    for dialogue in dialogues:
        for said in dialogue.events:
            if said.side == 0 and said.text in script.STORIES:
                cuts = [e.onset for e in dialogue.events if e.side == 1 and e.onset > said.onset]
                waits.append(said.offset - min(cuts))
    assert len(waits) > 10
    assert min(waits) >= 9
    assert max(waits) <= 13


def test_all_situations_occur(dialogues: list[Dialogue]) -> None:
    said = Counter(e.text for dialogue in dialogues for e in dialogue.events if e.side == 0)
    for text in (script.STOPPED, script.LONG_TALK_END, *script.BACKCHANNELS):
        assert said[text] > 0
