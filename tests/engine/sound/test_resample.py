"""Conversion at the card: exact block sizes, delay, purity; and two clocks that drift apart."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sound.resample import DELAY_MS, DriftBuffer, Resampler
from engine.timebase import SAMPLE_RATE_HZ

rates = pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])


def tone(rate_hz: int, frequency_hz: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.sin(2 * np.pi * frequency_hz * time).astype(np.float32)


def in_blocks(resampler: Resampler, audio: np.ndarray, rate_hz: int) -> list[np.ndarray]:
    return [resampler.process(block) for block in audio.reshape(-1, rate_hz // 100)]


@rates
@pytest.mark.parametrize("upwards", [False, True])
def test_each_block_gives_a_block(rate_hz: int, upwards: bool) -> None:
    source, goal = (SAMPLE_RATE_HZ, rate_hz) if upwards else (rate_hz, SAMPLE_RATE_HZ)
    blocks = in_blocks(Resampler(source, goal), tone(source, 440, 30.0), source)
    assert {len(block) for block in blocks} == {goal // 100}


@rates
@pytest.mark.parametrize("upwards", [False, True])
def test_sound_is_the_same_after_its_delay(rate_hz: int, upwards: bool) -> None:
    source, goal = (SAMPLE_RATE_HZ, rate_hz) if upwards else (rate_hz, SAMPLE_RATE_HZ)
    got = np.concatenate(in_blocks(Resampler(source, goal), tone(source, 1000), source))
    time = np.arange(len(got)) / goal - DELAY_MS / 1000
    expected = np.sin(2 * np.pi * 1000 * time)
    # Half a step of the coarser grid, by which the phase may be off, is 0.2 of the amplitude.
    assert np.abs(got - expected)[goal // 10 : -goal // 10].max() < 0.21
    # A pure tone: nothing but 1 kHz remains.
    spectrum = np.abs(np.fft.rfft(got[goal // 10 :][: goal // 2] * np.hanning(goal // 2))) ** 2
    tone_bin = 500
    other = np.delete(spectrum, np.arange(tone_bin - 4, tone_bin + 5)).sum()
    assert 10 * np.log10(other / spectrum.sum()) < -70


@rates
@pytest.mark.parametrize("upwards", [False, True])
def test_a_conversion_delays_by_less_than_a_ms_and_a_half(rate_hz: int, upwards: bool) -> None:
    source, goal = (SAMPLE_RATE_HZ, rate_hz) if upwards else (rate_hz, SAMPLE_RATE_HZ)
    click = np.zeros(source // 10, np.float32)
    click[source // 20] = 1.0
    got = np.concatenate(in_blocks(Resampler(source, goal), click, source))
    delay_ms = (int(np.abs(got).argmax()) / goal - 0.05) * 1000
    assert abs(delay_ms - DELAY_MS) < 0.1
    assert 2 * DELAY_MS <= 3


@rates
def test_what_16_khz_cannot_hold_is_removed(rate_hz: int) -> None:
    got = np.concatenate(
        in_blocks(Resampler(rate_hz, SAMPLE_RATE_HZ), tone(rate_hz, 10_000), rate_hz)
    )
    assert 20 * np.log10(np.abs(got[1600:]).max()) < -50


def test_speech_passes_evenly() -> None:
    for frequency_hz in (100, 1000, 3000, 6000):
        sound = tone(48_000, frequency_hz)
        got = np.concatenate(in_blocks(Resampler(48_000, SAMPLE_RATE_HZ), sound, 48_000))
        gain_db = 20 * np.log10(np.sqrt(2 * np.mean(got[1600:] ** 2)))
        assert abs(gain_db) < 0.5


@pytest.mark.parametrize("ppm", [-200.0, -50.0, 0.0, 50.0, 200.0])
def test_drift_is_corrected(ppm: float) -> None:
    buffer = DriftBuffer(SAMPLE_RATE_HZ)
    random = np.random.default_rng(1)
    sound = tone(SAMPLE_RATE_HZ, 300, 600.0)
    pulled, owed = [], 0.0
    corrections = []
    for start in range(0, len(sound), 160):
        buffer.push(sound[start : start + 160])
        # The other clock's blocks come in clumps, as cards' do.
        owed += 1 + ppm / 1e6
        if owed < random.integers(1, 4):
            continue
        while owed >= 1:
            owed -= 1
            pulled.append(buffer.pull(160))
        corrections.append(buffer.ppm)
    assert buffer.xruns == 0
    late = np.array(corrections[len(corrections) // 2 :])
    assert abs(late.mean() + ppm) < 20
    got = np.concatenate(pulled)[SAMPLE_RATE_HZ:]
    # No sample jumps: the tone's slope bounds what neighbours differ by.
    assert np.abs(np.diff(got)).max() < 1.2 * 2 * np.pi * 300 / SAMPLE_RATE_HZ


def test_a_buffer_that_runs_empty_begins_anew() -> None:
    buffer = DriftBuffer(SAMPLE_RATE_HZ)
    for _ in range(8):
        buffer.push(np.ones(160, np.float32))
    assert buffer.pull(160).any()
    while not buffer.xruns:
        buffer.pull(160)
    assert not buffer.pull(160).any()
    for _ in range(100):
        buffer.push(np.ones(160, np.float32))
    assert buffer.xruns > 1
