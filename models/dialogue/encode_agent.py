"""Encodes the agent's sentences: by a synthesiser's phones as units of the agent's own, or as the
tokenizer hears them.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.timebase import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from engine.voice.agent_units import (
    SILENCE_UNIT,
    spoken_span,
    word_times,
)
from models.dialogue.unit_store import DELAY_FRAMES, MARGIN_FRAMES, UnitUtterance
from models.speech.agent_speech import AgentSpeech
from models.speech.word_alignment import word_spans
from models.tokenizer.encode import AGENT_FLOOR_DB, encode_units
from models.tokenizer.network import TokenizerNet

PEAK = 0.6
"""Greatest absolute value of a sentence when the tokenizer hears it."""


def agent_utterance(
    net: TokenizerNet, voice: str, text: str, speech: AgentSpeech, rng: np.random.Generator
) -> UnitUtterance:
    """A sentence in the agent's own units, with the tokenizer's units of the same sound."""
    around = (MARGIN_FRAMES, MARGIN_FRAMES + DELAY_FRAMES)
    units = np.pad(speech.units(), around, constant_values=SILENCE_UNIT)
    audio = np.zeros(len(units) * FRAME_SAMPLES, np.float32)
    start = MARGIN_FRAMES * FRAME_SAMPLES
    audio[start : start + len(speech.audio_N)] = speech.audio_N[: len(audio) - start]
    audio *= PEAK / max(float(np.abs(audio).max()), 1e-3)
    audio += quiet(len(audio), rng)
    spoken = np.flatnonzero(units != SILENCE_UNIT)
    return UnitUtterance(
        voice,
        units,
        int(spoken[0]),
        int(spoken[-1]) + 1,
        tuple(_word_frames(text, speech)),
        encode_units(net, audio),
    )


def quiet(samples: int, rng: np.random.Generator) -> np.ndarray:
    """float32 (samples,): the noise under the agent's voice."""
    return rng.normal(size=samples).astype(np.float32) * np.float32(10 ** (AGENT_FLOOR_DB / 20))


def _word_frames(text: str, speech: AgentSpeech) -> list[tuple[str, int, int]]:
    """(word, onset, offset) in frames of the utterance."""
    times = word_times(text, speech.phones, speech.lengths_ms)
    if times is None:
        start, end = spoken_span(speech.phones, speech.lengths_ms)
        times = _shared_out(text, start, end)
    return [
        (
            word,
            MARGIN_FRAMES + int(start // FRAME_MS),
            MARGIN_FRAMES + int(-(-end // FRAME_MS)),
        )
        for word, start, end in times
    ]


def _shared_out(text: str, start_ms: float, end_ms: float) -> list[tuple[str, float, float]]:
    """(word, beginning, end) in ms, by the words' usual numbers of phones."""
    first, last = (round(ms * SAMPLE_RATE_HZ / 1000) for ms in (start_ms, end_ms))
    steps = 10 * len(text)
    edges = np.linspace(first, last, steps + 1).astype(int).tolist()
    segments = [(a, b, 0) for a, b in pairwise(edges)]
    return [
        (word, a * 1000 / SAMPLE_RATE_HZ, b * 1000 / SAMPLE_RATE_HZ)
        for word, a, b in word_spans(text, segments)
    ]
