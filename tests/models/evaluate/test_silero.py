"""Silero's spans from made probabilities, and the real network on real speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.sound.audio_file import read_mono
from engine.sound.turn_taking import Span
from models.evaluate.silero import WINDOW_SAMPLES, Silero, installed_silero, silero, spans_of

_ROOT = Path(__file__).resolve().parents[3]
_PAD = 480


def test_a_short_silence_does_not_end_a_span_and_a_short_sound_is_none() -> None:
    # 32 ms each: 20 of speech, 3 of silence, 20 of speech, 30 of silence, 5 of speech, silence.
    probabilities = np.repeat([0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1], [10, 20, 3, 20, 30, 5, 12])
    found = spans_of(probabilities, 100 * WINDOW_SAMPLES)
    assert found == [Span(10 * WINDOW_SAMPLES - _PAD, 53 * WINDOW_SAMPLES + _PAD)]


def test_between_the_two_thresholds_speech_goes_on_but_does_not_begin() -> None:
    probabilities = np.repeat([0.4, 0.6, 0.4, 0.1], [20, 10, 20, 20])
    (span,) = spans_of(probabilities, 70 * WINDOW_SAMPLES)
    assert span == Span(20 * WINDOW_SAMPLES - _PAD, 50 * WINDOW_SAMPLES + _PAD)


def test_spans_are_padded_up_to_the_middle_of_a_silence_and_to_the_edges() -> None:
    probabilities = np.repeat([0.9, 0.1, 0.9], [10, 5, 10])
    samples = 25 * WINDOW_SAMPLES
    first, second = spans_of(probabilities, samples)
    assert (first.start_sample, second.end_sample) == (0, samples)
    assert first.end_sample == 10 * WINDOW_SAMPLES + _PAD
    assert second.start_sample == 15 * WINDOW_SAMPLES - _PAD
    assert spans_of(np.zeros(10), 10 * WINDOW_SAMPLES) == []


@pytest.mark.skipif(installed_silero() is None, reason="silero-vad is not installed")
def test_the_network_hears_the_sample_and_no_noise() -> None:
    speech = read_mono(_ROOT / "resources" / "samples" / "user.flac", 20.0)
    seconds = sum(span.duration_ms for span in silero().spans(speech)) / 1000
    assert 3 < seconds < 15
    noise = np.random.default_rng(0).normal(0, 1e-3, 160_000).astype(np.float32)
    assert silero().spans(noise) == []


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vad.onnx").write_bytes(b"nothing")
    with pytest.raises(DuologueError, match="not a working ONNX model"):
        Silero(tmp_path / "vad.onnx")
