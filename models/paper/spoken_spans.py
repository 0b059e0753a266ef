"""Who speaks when in a track, by one of two detectors: Silero, for parity with others, and our own.

Every figure of timing depends on the detector, so it is named beside every figure.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from engine.sound.level import LEVEL_SAMPLES
from engine.sound.turn_taking import Span, voice_activity
from engine.sound.voice_activity import VoiceTrack
from models.evaluate.silero import installed_silero, silero


class Detector(StrEnum):
    """A voice activity detector."""

    SILERO = "silero"
    OWN = "own"


def default_detector() -> Detector:
    """Silero where it is installed."""
    return Detector.SILERO if installed_silero() else Detector.OWN


def spans_by(detector: Detector) -> Callable[[np.ndarray], list[Span]]:
    """The detector as a function of a track, float32 (n,) at 16 kHz.

    Raises DuologueError where it is not installed.
    """
    return silero().spans if detector is Detector.SILERO else own_spans


def own_spans(track: np.ndarray) -> list[Span]:
    """Speech as the labels of a recording have it."""
    heard = VoiceTrack()
    heard.push(track[: len(track) // LEVEL_SAMPLES * LEVEL_SAMPLES])
    return voice_activity(heard.levels_db, heard.voiced)
