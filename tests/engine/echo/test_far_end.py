"""The far end is read at the pace of the microphone's clock, now and in hindsight."""

from __future__ import annotations

import numpy as np
import pytest

from engine.echo.far_end import BLOCK_SAMPLES, MAX_DRIFT, DelayLine, FarEnd

SECONDS = 3


def tone() -> np.ndarray:
    """Three seconds in whole blocks."""
    return np.sin(np.arange(SECONDS * 16_000) * 0.3).astype(np.float32)


def push(far: FarEnd, sound: np.ndarray) -> np.ndarray:
    return np.concatenate([far.push(block) for block in sound.reshape(-1, BLOCK_SAMPLES)])


def test_a_history_holds_the_newest_in_one_piece() -> None:
    history = DelayLine(500)
    assert not history.newest(500).any()
    sound = np.arange(1, 2001, dtype=np.float32)
    for block in sound.reshape(-1, 100):
        history.push(block)
        newest = history.newest(500)
        assert newest[-1] == block[-1]
    np.testing.assert_array_equal(newest, sound[-500:])


def test_without_drift_it_is_late_by_a_block() -> None:
    sound = tone()
    aligned = push(FarEnd(len(sound)), sound)
    np.testing.assert_allclose(aligned[BLOCK_SAMPLES:], sound[:-BLOCK_SAMPLES], atol=1e-6)


@pytest.mark.parametrize("drift", [100e-6, -100e-6])
def test_a_drifting_clock_is_followed(drift: float) -> None:
    sound, far = tone(), FarEnd(SECONDS * 16_000)
    far.correct(drift)
    aligned = push(far, sound)
    late = BLOCK_SAMPLES + drift * np.arange(len(sound))
    wanted = np.sin((np.arange(len(sound)) - late) * 0.3)
    np.testing.assert_allclose(aligned[400:], wanted[400:], atol=2e-3)


def test_hindsight_gives_what_was_given() -> None:
    """Within the error of one delay per block."""
    sound, far = tone(), FarEnd(SECONDS * 16_000)
    far.correct(100e-6)
    given = push(far, sound)
    count = 250 * BLOCK_SAMPLES
    np.testing.assert_allclose(far.aligned(count), given[-count:], atol=4e-3)


def test_hindsight_knows_the_drift_that_was_found_later() -> None:
    sound, late, knowing = tone(), FarEnd(SECONDS * 16_000), FarEnd(SECONDS * 16_000)
    push(late, sound)
    knowing.correct(100e-6)
    push(knowing, sound)
    late.correct(100e-6)
    count = 250 * BLOCK_SAMPLES
    # What differs is the delay itself, which the path takes up.
    apart = 100e-6 * len(sound)
    spectra = [np.fft.rfft(far.aligned(count) * np.hanning(count)) for far in (late, knowing)]
    peak = int(np.argmax(np.abs(spectra[0])))
    turned = float(np.angle(spectra[0][peak] / spectra[1][peak]))
    assert turned == pytest.approx(0.3 * apart, abs=0.02)


def test_drift_has_bounds_and_a_block_of_it_goes_over() -> None:
    far = FarEnd(1600)
    far.correct(1.0)
    assert far.drift == MAX_DRIFT
    moved = [0]
    for _ in range(3000):
        far.push(np.zeros(BLOCK_SAMPLES, np.float32))
        moved.append(far.overflow())
    assert set(moved) == {0, BLOCK_SAMPLES}
    assert moved.count(BLOCK_SAMPLES) == 1
