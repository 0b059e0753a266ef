"""What a ringing timer sounds like outside a conversation: a bell, then a sentence of the agent's.

The sentence comes from the parts that answers come from (`engine.minds.bundle_voice`), and from the
bundle's vocoder. Plays nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.part_store import part_for
from engine.errors import DuologueError
from engine.minds.bundle_voice import bundle_voice
from engine.syncllm.bundle import load_bundle
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import SAMPLE_RATE_HZ

_STROKES, _STROKE_S, _LAST_S = 3, 0.4, 1.0
_PARTIALS = ((1046.5, 1.0), (2093.0, 0.4), (2824.0, 0.25))
"""Hertz and strength: a small bell's, whose third partial is no multiple of the first."""
_DECAY_S, _PEAK = 0.25, 0.3
_END_FRAMES = 6
"""Silence behind a sentence, in which the voice dies away."""


def bell() -> np.ndarray:
    """Three strokes of a small bell, float32 (n,) at 16 kHz."""
    sound = np.zeros(round(((_STROKES - 1) * _STROKE_S + _LAST_S) * SAMPLE_RATE_HZ))
    times_s = np.arange(round(_LAST_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    rise = np.minimum(times_s / 0.003, 1.0)
    tail = np.clip((_LAST_S - times_s) / 0.05, 0.0, 1.0)
    stroke = sum(
        share * np.sin(2 * np.pi * hertz * times_s) * np.exp(-times_s * (1 + share) / _DECAY_S / 2)
        for hertz, share in _PARTIALS
    )
    for number in range(_STROKES):
        start = round(number * _STROKE_S * SAMPLE_RATE_HZ)
        sound[start : start + len(times_s)] += stroke * rise * tail
    return (sound * _PEAK / np.abs(sound).max()).astype(np.float32)


def said(text: str, bundle: Path | None) -> np.ndarray:
    """A text in the voice of a bundle's agent, float32 (n,) at 16 kHz; None: the starter's.

    Opens the voice, which takes a second or two. Raises DuologueError where the voice or the bundle
    is missing, or the text cannot be read aloud.
    """
    opened = load_bundle(bundle)
    voice, _, _ = bundle_voice(opened, part_for("voice"))
    vocoder = StreamingVocoder.of(opened)
    silence = opened.manifest.own_silence_unit
    units: list[int] = []
    for sentence in voice.say(text):
        units += [*sentence.frames, *[silence] * _END_FRAMES]
    if not units:
        raise DuologueError("There is nothing to say.")
    return np.nan_to_num(vocoder.push(units))
