"""Dialogues place every sentence at the right time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from models import script
from models.dialogues import Composer, Dialogue, Said, hold_out
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


def test_long_answers_end_when_interrupted(dialogues: list[Dialogue]) -> None:
    lengths = {text: s.offset - s.onset for text, s in toy_store().agent.items()}
    joke = next(e.agent for e in script.EXCHANGES if e.intent == "joke")
    waits, told, cut = [], Counter[str](), Counter[str]()
    for dialogue in dialogues:
        for said in dialogue.events:
            if said.side == 0 and said.text in (joke, *script.STORIES):
                length = said.offset - said.onset
                told[said.text] += length == lengths[said.text]
                if length < lengths[said.text]:
                    cut[said.text] += 1
                    users = [e.onset for e in dialogue.events if e.side == 1]
                    waits.append(said.offset - min(u for u in users if u > said.onset))
    assert min(cut[joke], *(cut[story] for story in script.STORIES)) > 3
    assert min(told[joke], *(told[story] for story in script.STORIES)) > 3
    assert min(waits) >= 9
    assert max(waits) <= 13


def test_held_out_utterances_are_in_no_training() -> None:
    store = toy_store()
    text, (speech,) = next(iter(store.user.items()))
    store.user[text] = [speech, UnitSpeech("another", speech.units, speech.onset, speech.offset)]
    training, held_out = hold_out(store)
    assert [s.voice for s in training.user[text]] == ["toy"]
    assert [s.voice for s in held_out.user[text]] == ["another"]
    assert all(training.user.values())


def test_all_situations_occur(dialogues: list[Dialogue]) -> None:
    said = Counter(e.text for dialogue in dialogues for e in dialogue.events if e.side == 0)
    for text in (script.STOPPED, script.LONG_TALK_END, *script.BACKCHANNELS):
        assert said[text] > 0
