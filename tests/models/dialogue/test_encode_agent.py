"""The agent's sentences are in its own units, and beside them in the tokenizer's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.timebase import FRAME_MS, FRAME_SAMPLES
from engine.voice.agent_units import AGENT_UNITS, SOUND_LEADS_MS
from engine.voice.hibari_network import PITCH_STEP_MS
from models.dialogue.encode_agent import agent_utterance
from models.dialogue.unit_store import DELAY_FRAMES, MARGIN_FRAMES
from models.speech.agent_speech import AgentSpeech
from models.speech.voices import speak_flite
from models.tokenizer.network import TokenizerNet
from models.tokenizer.restore import tokenizer_from_onnx


@pytest.fixture(scope="module")
def net() -> TokenizerNet:
    return tokenizer_from_onnx(Path("resources/starter/tokenizer.onnx"))


def spoken(phones: str, sound_ms: float) -> AgentSpeech:
    """flite's "hello there" with even lengths for ``phones``, between silences of 200 ms."""
    sound = speak_flite("hello there", "slt").trimmed()[: int(16 * sound_ms)]
    quiet = np.zeros(16 * 200, np.float32)
    each = sound_ms / len(phones)
    lengths = [200 + SOUND_LEADS_MS, *[each] * len(phones), 200 - SOUND_LEADS_MS]
    pitch = np.full(round((sound_ms + 400) / PITCH_STEP_MS), 150.0)
    spectra = [np.zeros((2, len(pitch)), np.float32) for _ in range(3)]
    return AgentSpeech(np.concatenate([quiet, sound, quiet]), phones, lengths, pitch, *spectra)


def test_both_tables_tell_of_the_same_sound(net: TokenizerNet) -> None:
    speech = spoken("həlˈO ðɛɹ.", 600)
    rng = np.random.default_rng(0)
    said = agent_utterance(net, "toy", "hello there", speech, rng)
    assert said.heard is not None
    assert len(said.heard) == len(said.units)
    onset = MARGIN_FRAMES + 200 // FRAME_MS
    assert said.onset == onset
    assert AGENT_UNITS[said.units[said.onset]] == "h"
    assert not said.units[: said.onset].any()
    assert not said.units[said.offset :].any()
    names = [AGENT_UNITS[unit] for unit in said.units[said.onset : said.offset]]
    assert "O10" in names  # stressed, and lower than heart's usual
    assert [word for word, _, _ in said.words] == ["hello", "there"]
    assert said.words[0][1] == onset
    # The tokenizer hears speech where the units say so, two frames later.
    quiet = set(said.heard[:onset].tolist())
    loud = np.flatnonzero([unit not in quiet for unit in said.heard])
    assert 0 <= loud[0] - (onset + DELAY_FRAMES) <= 3  # "h" is faint
    assert len(said.units) * FRAME_SAMPLES >= len(speech.audio_N)


def test_words_share_the_time_where_the_synthesiser_joined_them(net: TokenizerNet) -> None:
    speech = spoken("həlOðɛɹ.", 600)
    said = agent_utterance(net, "toy", "hello there", speech, np.random.default_rng(0))
    (first, start, middle), (second, later, end) = said.words
    assert (first, second) == ("hello", "there")
    assert said.onset == start < middle
    assert abs(later - middle) <= 1
    assert later < end <= said.offset + 1
