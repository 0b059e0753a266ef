"""The solver finds the path, the drift, and what the user's speech must not spoil."""

from __future__ import annotations

import numpy as np
import pytest

from engine.echo.far_end import BLOCK_SAMPLES, FarEnd
from engine.echo.path_solver import HISTORY_BLOCKS, PathSolver

TAPS = 2400
_RANDOM = np.random.default_rng(1)
PATH = np.zeros(TAPS, np.float32)
PATH[300:1500] = _RANDOM.normal(size=1200) * np.exp(-np.arange(1200) / 250) * 0.1


def coloured(samples: int, seed: int) -> np.ndarray:
    """Noise that is strongest at low frequencies."""
    white = np.random.default_rng(seed).normal(0, 0.05, samples)
    return np.convolve(white, 0.9 ** np.arange(60))[:samples].astype(np.float32)


def learn(near: np.ndarray, far: np.ndarray, end: FarEnd) -> PathSolver:
    """All that was heard, then enough work for ten solutions."""
    solver = PathSolver(TAPS)
    for one, other in zip(
        near.reshape(-1, BLOCK_SAMPLES), far.reshape(-1, BLOCK_SAMPLES), strict=True
    ):
        end.push(other)
        solver.push(one)
    solutions = 0
    while solutions < 10:
        solutions += solver.advance(end)
    return solver


def far_end() -> FarEnd:
    return FarEnd(HISTORY_BLOCKS * BLOCK_SAMPLES + TAPS)


def distance_db(path: np.ndarray, delay: int) -> float:
    wanted = np.concatenate([PATH[delay:], np.zeros(delay, np.float32)])
    apart = np.square(path - wanted).sum() / np.square(wanted).sum()
    return float(10 * np.log10(apart))


def test_the_path_is_found_through_the_users_speech() -> None:
    samples = 600 * BLOCK_SAMPLES
    far, end = coloured(samples, 2), far_end()
    near = np.convolve(far, PATH)[:samples].astype(np.float32)
    near += np.random.default_rng(3).normal(0, 1e-4, samples).astype(np.float32)
    near[samples // 2 :] += 3 * coloured(samples // 2, 4)
    solver = learn(near, far, end)
    # The far end is one block late, so the path is one block shorter.
    assert distance_db(solver.path, BLOCK_SAMPLES) < -30
    assert solver.knows_drift
    assert abs(end.drift) < 1e-6


def test_the_drift_is_measured() -> None:
    samples, drift = 600 * BLOCK_SAMPLES, 15e-6
    far, end = coloured(samples, 2), far_end()
    places = np.arange(samples) * (1 - drift)
    wet = np.convolve(far, PATH)[:samples]
    near = np.interp(places, np.arange(samples), wet).astype(np.float32)
    learn(near, far, end)
    assert end.drift == pytest.approx(drift, abs=1e-6)


def test_too_little_is_not_solved() -> None:
    solver, end = PathSolver(TAPS), far_end()
    for _ in range(20):
        end.push(np.ones(BLOCK_SAMPLES, np.float32))
        solver.push(np.ones(BLOCK_SAMPLES, np.float32))
        assert not solver.advance(end)
    assert not solver.path.any()
