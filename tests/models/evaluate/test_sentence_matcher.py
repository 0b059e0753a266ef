"""Sentences are told apart by their units, wherever in a frame they begin."""

from __future__ import annotations

import numpy as np

from engine.syncllm.bundle import load_bundle
from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models import script
from models.evaluate.agent_side import agent_source
from models.evaluate.sentence_matcher import SentenceMatcher, plain_sentences
from models.script import coffee


def test_orders_are_not_among_the_plain_sentences() -> None:
    plain = plain_sentences()
    assert set(plain) <= set(script.agent_sentences())
    assert 300 < len(plain) < 600
    assert coffee.Order("latte", "large").reply() not in plain
    assert script.LONG_TALK_END in plain


def test_a_sentence_is_known_by_its_beginning() -> None:
    bundle = load_bundle()
    source = agent_source(bundle)
    matcher = SentenceMatcher(source)
    tokenizer = Tokenizer(bundle.tokenizer)
    for story in script.STORIES:
        frames = tokenizer.units(source.speak(story).audio_N)
        for share in (0.3, 1.0):
            said, distance = matcher.nearest_prefix(
                frames[: round(share * len(frames))], script.STORIES
            )
            assert said == story
            assert distance < 0.1
        _, distance = matcher.nearest_prefix(np.concatenate([frames, frames]), script.STORIES)
        assert distance > 0.4
    other = tokenizer.units(source.speak(script.FALLBACK_REPLY).audio_N)
    assert matcher.nearest_prefix(other, script.STORIES)[1] > 0.5
    assert matcher.begins_with(other, script.FALLBACK_REPLY)
    assert matcher.begins_with(np.concatenate([other, frames]), script.FALLBACK_REPLY)
    assert not matcher.begins_with(frames, script.FALLBACK_REPLY)
    assert matcher.nearest_prefix(
        tokenizer.units(np.zeros(SAMPLE_RATE_HZ, np.float32)), script.STORIES
    ) == (None, 1)


def test_a_sentence_is_known_wherever_in_a_frame_it_begins() -> None:
    bundle = load_bundle()
    source = agent_source(bundle)
    matcher = SentenceMatcher(source)
    tokenizer = Tokenizer(bundle.tokenizer)
    rng = np.random.default_rng(5)
    candidates = script.first_agent_sentences()[::12]
    for sentence in candidates:
        sound = source.speak(sentence).audio_N
        audio = np.zeros(len(sound) + 3 * SAMPLE_RATE_HZ, np.float32)
        start = SAMPLE_RATE_HZ + int(rng.integers(FRAME_SAMPLES))
        audio[start : start + len(sound)] = sound
        audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (-70 / 20)
        whole = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
        said, distance = matcher.nearest(tokenizer.units(whole), candidates)
        assert said == sentence
        assert distance < 0.45
        others = [text for text in candidates if text != sentence]
        assert matcher.nearest(tokenizer.units(whole), others)[1] > distance
    silence = tokenizer.units(np.zeros(SAMPLE_RATE_HZ * 16 // 25, np.float32))
    assert matcher.nearest(silence, candidates)[0] is None
