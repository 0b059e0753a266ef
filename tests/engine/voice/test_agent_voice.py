"""Text to the agent's units, as the training's material has them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.minds.openings import FILLERS, lines_of
from engine.timebase import FRAME_SAMPLES
from engine.voice.agent_units import AGENT_UNITS, SILENCE_UNIT
from engine.voice.agent_voice import (
    MOST_LETTERS,
    AgentVoice,
    agent_units,
    has_these_units,
    pieces,
)
from engine.voice.hibari_network import PHONE_LENGTHS, graph_with_output, hibari_model
from models import script
from models.speech.agent_speech import Hibari


@pytest.fixture(scope="module")
def voice() -> AgentVoice:
    return AgentVoice()


def test_the_units_are_those_of_the_training(voice: AgentVoice) -> None:
    text = "paris is the capital of france."
    trained = Hibari().say(text).units()
    spoken = np.flatnonzero(trained != SILENCE_UNIT)
    (sentence,) = voice.say(text)
    assert list(sentence.frames) == trained[spoken[0] : spoken[-1] + 1].tolist()
    assert agent_units(text) == list(sentence.frames)


def test_an_inner_value_becomes_an_output() -> None:
    """The twenty bytes say the same to the package ``onnx``, which parses the file anew."""
    import onnx

    plain = hibari_model().read_bytes()
    model = onnx.load_from_string(graph_with_output(plain, PHONE_LENGTHS))
    before = onnx.load_from_string(plain)
    assert [end.name for end in model.graph.output] == [
        *(end.name for end in before.graph.output),
        PHONE_LENGTHS,
    ]
    assert model.graph.node == before.graph.node
    with pytest.raises(ValueError, match="several bytes"):
        graph_with_output(plain, "x" * 200)


def test_each_sentence_has_its_words_and_their_times(voice: AgentVoice) -> None:
    first, second = voice.say("The capital of France is Paris. It has 2,100,000 people.")
    assert first.text == "The capital of France is Paris."
    for sentence in (first, second):
        assert [word.text for word in sentence.words] == sentence.text.split()
        assert all(0 <= word.start <= word.end <= len(sentence.frames) for word in sentence.words)
        assert sentence.frames[0] != SILENCE_UNIT != sentence.frames[-1]
    assert first.words[-1].end == len(first.frames)
    assert first.said_by(0) == ""
    assert first.said_by(first.words[1].end) == "The capital"
    assert first.said_by(len(first.frames)) == first.text


@pytest.mark.parametrize("text", ["", " \n", "😀😀", "...", "\x00", "日本語", "-", "$"])
def test_nothing_to_say(voice: AgentVoice, text: str) -> None:
    assert voice.say(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "http://www.example.com/a?b=c",
        "it costs $5.99, or 3/4 of 12:99",
        "[read](/this/) *now*",
        "the number is " + "9" * 300,
        "a" * 1000,
        "word " * 300,
    ],
)
def test_odd_and_long_text_is_said_in_bounded_pieces(voice: AgentVoice, text: str) -> None:
    spoken = voice.say(text)
    assert spoken
    for sentence in spoken:
        assert len(sentence.text) <= MOST_LETTERS
        assert all(0 <= unit < len(AGENT_UNITS) for unit in sentence.frames)
        assert len(sentence.frames) < 40 * 25


def test_a_long_sentence_is_cut_at_its_commas() -> None:
    part = "and then something else happened to all of them"
    sentence = ", ".join([part] * 8)
    found = pieces(sentence)
    assert " ".join(found) == sentence
    assert all(len(piece) <= MOST_LETTERS for piece in found)
    assert all(piece.endswith(",") for piece in found[:-1])
    assert pieces("x" * 450) == ["x" * 200, "x" * 200, "x" * 50]
    assert pieces("  ") == []


def test_a_bundle_without_such_units_gets_what_its_tokenizer_hears() -> None:
    heard = []

    def encode(sound: np.ndarray) -> np.ndarray:
        """One unit for each loud frame."""
        heard.append(sound)
        loud = np.abs(sound).reshape(-1, FRAME_SAMPLES).max(axis=1) > 0.02
        return np.where(loud, 7, 3)

    (sentence,) = AgentVoice(encode, silence_unit=3).say("let me think")
    (sound,) = heard
    assert len(sound) % FRAME_SAMPLES == 0
    assert np.abs(sound).max() == pytest.approx(0.6, abs=0.01)
    assert sentence.frames[0] == sentence.frames[-1] == 7
    (own,) = AgentVoice().say("let me think")
    assert abs(len(sentence.frames) - len(own.frames)) <= 4
    assert has_these_units(len(AGENT_UNITS))
    assert not has_these_units(None)


def test_the_lines_around_an_answer(voice: AgentVoice) -> None:
    lines = lines_of(voice)
    assert lines.unknown.text == script.FALLBACK_REPLY
    assert [filler.text for filler in lines.fillers] == list(FILLERS)
    # The sentence opens with its opening, and no other of the starter's does but its like.
    alike = {text for text in script.agent_sentences() if text.startswith("s")}
    for text in alike:
        (sentence,) = voice.say(text)
        verdict = lines.opening.verdict(SILENCE_UNIT, sentence.frames[:12])
        assert verdict is text.startswith("sorry"), text
