"""An estimate that is not the echo is found out, whatever else is heard."""

from __future__ import annotations

import numpy as np
import pytest

from engine.echo.echo_path_change import EchoPathChangeDetector
from engine.echo.far_end import BLOCK_SAMPLES
from tests.engine.echo.test_linear_canceller import speech_like


def push(check: EchoPathChangeDetector, residual: np.ndarray, echo: np.ndarray) -> None:
    pairs = (residual, residual), (echo, echo), (residual, echo)
    check.push(*(float(np.mean(one * other)) for one, other in pairs))


def wrong(residual: np.ndarray, echo: np.ndarray) -> list[bool]:
    """After each block."""
    check, flags = EchoPathChangeDetector(), []
    blocks = zip(residual.reshape(-1, BLOCK_SAMPLES), echo.reshape(-1, BLOCK_SAMPLES), strict=True)
    for block in blocks:
        push(check, *block)
        flags.append(check.path_changed)
    return flags


@pytest.mark.parametrize("user_gain", [0.0, 0.1, 1.0, 5.0])
def test_a_user_over_a_right_estimate_is_no_sign(user_gain: float) -> None:
    echo, user = speech_like(10, 1), speech_like(10, 2)
    assert np.mean(wrong(np.float32(user_gain) * user, echo)) < 0.05


@pytest.mark.parametrize("user_gain", [0.0, 0.5])
def test_an_echo_that_has_moved_is_found_at_once(user_gain: float) -> None:
    echo, user = speech_like(4, 1), speech_like(4, 2)
    half, moved = len(echo) // 2, np.roll(echo, 640)
    heard = np.concatenate([echo[:half], moved[half:]]) + np.float32(user_gain) * user
    flags = wrong(heard - echo, echo)
    blocks = half // BLOCK_SAMPLES
    assert not any(flags[:blocks])
    assert any(flags[blocks : blocks + 15])
    assert np.mean(flags[blocks + 15 :]) > 0.7


def test_what_is_hardly_learned_or_hardly_there_is_no_sign() -> None:
    echo = speech_like(4, 1)
    assert not any(wrong(-0.3 * echo, echo))
    assert not any(wrong(-1e-3 * echo, 1e-3 * echo))


def test_it_counts_how_long_and_forgets() -> None:
    echo = speech_like(1, 1) + np.float32(0.1)
    check = EchoPathChangeDetector()
    for block in echo.reshape(-1, BLOCK_SAMPLES):
        push(check, -block, block)
    counted = check.blocks_since_change
    assert counted > 50
    check.realigned()
    assert check.blocks_since_change == 1
    for block in echo.reshape(-1, BLOCK_SAMPLES):
        push(check, 0 * block, block)
    assert not check.path_changed
    check.realigned()
    assert not check.path_changed
