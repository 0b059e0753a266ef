"""Sentences are told apart by their units, wherever in a frame they begin."""

from __future__ import annotations

import numpy as np

from engine.syncllm.bundle import load_bundle
from engine.syncllm.tokens import decode, encode
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
    for story in script.STORIES:
        frames = source.speak(story).units_T
        for share in (0.3, 1.0):
            said, distance = matcher.nearest_prefix(
                frames[: round(share * len(frames))], script.STORIES
            )
            assert said == story
            assert distance < 0.1
        _, distance = matcher.nearest_prefix(np.concatenate([frames, frames]), script.STORIES)
        assert distance > 0.4
    other = source.speak(script.FALLBACK_REPLY).units_T
    assert matcher.nearest_prefix(other, script.STORIES)[1] > 0.5
    assert matcher.begins_with(other, script.FALLBACK_REPLY)
    assert matcher.begins_with(np.concatenate([other, frames]), script.FALLBACK_REPLY)
    assert not matcher.begins_with(frames, script.FALLBACK_REPLY)
    silence = np.full(25, bundle.manifest.own_silence_unit)
    assert matcher.nearest_prefix(silence, script.STORIES) == (None, 1)


def test_a_sentence_is_known_wherever_in_a_frame_it_begins() -> None:
    bundle = load_bundle()
    source = agent_source(bundle)
    matcher = SentenceMatcher(source)
    fmt = bundle.token_format(160)
    quiet, own_quiet = bundle.manifest.silence_unit, bundle.manifest.own_silence_unit
    rng = np.random.default_rng(5)
    candidates = script.first_agent_sentences()[::12]
    for sentence in candidates:
        # As the token format gives it back, from anywhere in a chunk.
        units = np.pad(
            source.speak(sentence).units_T,
            (int(rng.integers(20, 24)), 60),
            constant_values=own_quiet,
        )
        told, _ = decode(encode(units, [quiet] * len(units), fmt), fmt, quiet, own_quiet)
        said, distance = matcher.nearest(np.array(told), candidates)
        assert said == sentence
        assert distance < 0.45
        others = [text for text in candidates if text != sentence]
        assert matcher.nearest(np.array(told), others)[1] > distance
    silence = np.full(16, own_quiet)
    assert matcher.nearest(silence, candidates)[0] is None
