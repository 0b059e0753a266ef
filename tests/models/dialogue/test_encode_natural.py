"""Natural voices become the user's sentences, in several acoustic conditions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import script
from models.dialogue import encode_speech
from models.dialogue.encode_recordings import Augmenter
from models.dialogue.unit_store import (
    MARGIN_FRAMES,
    UnitStore,
    UnitUtterance,
    split_held_out,
)
from models.speech.natural_corpus import PlannedUtterance, write_shard
from models.speech.natural_voices import SynthesisedSpeech, Voice
from models.speech.voices import speak_flite
from models.tokenizer.restore import tokenizer_from_onnx

ASKED, FREE = "what is your name", "we'll meet again"


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, UnitUtterance]]:
    folder = tmp_path_factory.mktemp("natural")

    def say(row: PlannedUtterance) -> SynthesisedSpeech:
        # flite at 16 kHz stands for 24 kHz: only the times matter here.
        sound = np.pad(speak_flite(row.text, "slt").audio, (3000, 3000))
        phones = "ab ab ab ab" if row.text == ASKED else "ab ab ab"
        lengths = np.full(len(phones) + 2, len(sound) // 600 // (len(phones) + 2), np.int16)
        return SynthesisedSpeech(sound, phones, lengths)

    rows = [PlannedUtterance(text, Voice((("af_a", 1.0),)), 1.0) for text in (ASKED, FREE)]
    write_shard(folder, 0, rows, say)
    net = tokenizer_from_onnx(Path("resources/starter/tokenizer.onnx"))
    noises = np.random.default_rng(0).normal(size=16_000 * 10).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encode_speech, "_augmenter", lambda _: Augmenter(net, noises, []))
        files = encode_speech._Files(folder, folder, folder)
        jobs = encode_speech._natural_jobs(folder, {ASKED}, 1)
        return [(job.text, encode_speech._natural_speech(job, files)) for job in jobs]


def test_each_utterance_comes_as_recorded_and_augmented(
    encoded: list[tuple[str, UnitUtterance]],
) -> None:
    texts = [text for text, _ in encoded]
    assert texts.count(ASKED) == encode_speech.NATURAL_FORMS
    assert 0 < texts.count(FREE) < encode_speech.NATURAL_FORMS
    forms = {tuple(speech.units) for _, speech in encoded}
    assert len(forms) == len(encoded)
    for text, speech in encoded:
        assert [word for word, _, _ in speech.words] == text.split()
        assert speech.words[0][1] == speech.onset
        assert speech.words[-1][2] == speech.offset <= len(speech.units)


def test_free_sentences_are_outside_the_script(encoded: list[tuple[str, UnitUtterance]]) -> None:
    assert ASKED in script.user_sentences()
    store = UnitStore()
    other = UnitUtterance("flite:slt", np.zeros(40, np.int16), 10, 30)
    encode_speech.add_users(store, iter([(ASKED, other)]), iter(encoded), 0)
    # The last utterance is held out; it is not a natural one, whose forms resemble one another.
    assert store.user[ASKED][-1] is other
    assert len(store.user[ASKED]) == encode_speech.NATURAL_FORMS + 1
    assert store.out_of_domain
    assert not any(speech.words for speech in store.out_of_domain)
    assert "name" in store.real_words
    assert "we'll" not in store.real_words


def test_the_agents_voice_says_a_users_sentence_with_other_throats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = tokenizer_from_onnx(Path("resources/starter/tokenizer.onnx"))
    noises = np.random.default_rng(0).normal(size=16_000 * 10).astype(np.float32)
    monkeypatch.setattr(encode_speech, "_augmenter", lambda _: Augmenter(net, noises, []))
    files = encode_speech._Files(Path(), Path(), Path())
    said = [encode_speech._hibari_speech((ASKED, seed), files) for seed in range(4)]
    assert len({tuple(speech.units) for speech in said}) == 4
    for speech in said:
        assert [word for word, _, _ in speech.words] == ASKED.split()
        assert MARGIN_FRAMES <= speech.onset < speech.offset <= len(speech.units)
        # "What is your name" takes about a second.
        assert 15 < speech.offset - speech.onset < 45


def test_added_voices_come_first_and_the_held_out_ones_stay(
    encoded: list[tuple[str, UnitUtterance]],
) -> None:
    old = UnitUtterance("flite:slt", np.zeros(4, np.int16), 0, 4)
    store = UnitStore(user={ASKED: [old, old]}, real_words={"name": [old]}, out_of_domain=[old])
    more = UnitStore()
    encode_speech.add_users(more, iter(()), iter(encoded), 1)
    encode_speech.put_before(store, more)
    assert len(store.user[ASKED]) == encode_speech.NATURAL_FORMS + 2
    assert store.user[ASKED][-2:] == [old, old]
    assert store.real_words["name"][-1] is old and len(store.real_words["name"]) > 1
    assert store.out_of_domain[-1] is old and len(store.out_of_domain) > 1
    _, held_out = split_held_out(store)
    assert held_out.user[ASKED] == [old]
