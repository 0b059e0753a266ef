"""Measures of a voice on sounds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.speech_quality import (
    HOP,
    WINDOW,
    active_frames,
    click_score,
    dtw_path,
    harmonicity,
    mel_cepstra,
    mel_cepstral_distortion_db,
    spectral_flatness_db,
)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * SAMPLE_RATE_HZ))


def vowel(formants_hz: tuple[int, ...], seconds: float = 1.0, pitch_hz: int = 125) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pitches = pitch_hz * np.arange(1, SAMPLE_RATE_HZ // 2 // pitch_hz)
    near = [np.exp(-np.square((pitches - formant) / 150.0)) for formant in formants_hz]
    weights = np.sum(near, axis=0) + 1e-3
    return np.asarray(0.1 * (weights[:, None] * np.sin(2 * np.pi * pitches[:, None] * time)).sum(0))


def test_the_same_words_are_no_distance() -> None:
    sound = np.concatenate([vowel((700, 1200)), vowel((300, 2300), 0.5)])
    assert mel_cepstral_distortion_db(sound, sound) == pytest.approx(0, abs=1e-9)
    assert mel_cepstral_distortion_db(sound, 0.3 * sound) == pytest.approx(0, abs=1e-6)


def test_time_is_warped_and_timbre_is_not() -> None:
    slow = np.concatenate([vowel((700, 1200), 1.2), vowel((300, 2300), 0.4)])
    quick = np.concatenate([vowel((700, 1200), 0.6), vowel((300, 2300), 0.8)])
    other = np.concatenate([vowel((500, 1500), 1.2), vowel((500, 1500), 0.4)])
    assert mel_cepstral_distortion_db(slow, quick) < 0.5
    assert mel_cepstral_distortion_db(slow, other) > 3


def test_distortion_is_the_difference_of_spectra_in_db() -> None:
    # A filter whose gain in dB is a cosine over the mel scale: its effective value is known.
    sound = noise(20)
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ)
    mel = np.log1p(hz / 700) / np.log1p(SAMPLE_RATE_HZ / 2 / 700)
    gain_db = 6 * np.cos(2 * np.pi * mel)
    other = np.fft.irfft(np.fft.rfft(sound) * 10 ** (gain_db / 20), len(sound))
    difference = (mel_cepstra(sound) - mel_cepstra(other)).mean(0)
    found = 10 / np.log(10) * np.sqrt(2 * np.square(difference).sum())
    assert found == pytest.approx(6 / np.sqrt(2), rel=0.08)


def test_the_cheapest_path_goes_round_what_is_dear() -> None:
    costs = np.array([[0, 0, 9, 9], [9, 9, 0, 9], [9, 9, 9, 0]], float)
    assert dtw_path(costs) == [(0, 0), (0, 1), (1, 2), (2, 3)]


def test_silence_is_not_active() -> None:
    sound = np.concatenate([vowel((700, 1200)), 1e-4 * noise(1)])
    found = active_frames(sound)
    assert found[:90].all()
    assert not found[105:].any()


def test_a_click_is_rough() -> None:
    clean = vowel((700, 1200))
    clicked = clean.copy()
    clicked[8080] += 0.3
    usual = click_score(clean)
    found = click_score(clicked)
    assert int(np.argmax(found)) == 8080 // HOP
    assert found.max() > 1.5 * usual.max()


def test_voices_are_periodic_and_noise_is_flat() -> None:
    voice, hiss = vowel((700, 1200)), noise(1)
    assert np.median(harmonicity(voice)) > 0.95
    assert np.median(harmonicity(hiss)) < 0.5
    assert (
        spectral_flatness_db(hiss).mean() > -4
    )  # -2.5 dB of an ideal noise, a little less in windows
    assert spectral_flatness_db(voice).mean() < -15
    assert len(harmonicity(voice)) == (len(voice) - WINDOW) // HOP + 1
