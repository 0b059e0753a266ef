"""The canceller takes the echo away, leaves the user, and survives what a device may deliver."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from engine.echo.canceller import BLOCK_SAMPLES, EchoCanceller
from engine.echo.residual_suppressor import ResidualSuppressor
from engine.errors import DuologueError
from engine.resource_files import resources
from engine.sound.audio_file import read_mono
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ

DELAY_SAMPLES = 160


def run(canceller: EchoCanceller, near: np.ndarray, far: np.ndarray) -> np.ndarray:
    parts = []
    for start in range(0, len(near), FRAME_SAMPLES):
        end = start + FRAME_SAMPLES
        parts.append(canceller.process(near[start:end], far[start:end]))
    return np.concatenate(parts)


def noise(seconds: float, seed: int) -> np.ndarray:
    sound = np.random.default_rng(seed).normal(0, 0.1, round(seconds * SAMPLE_RATE_HZ))
    return sound.astype(np.float32)


def speech(seconds: float) -> np.ndarray:
    """A voice without pauses; the network takes steady noise for background."""
    sound = read_mono(resources() / "samples" / "user.flac")
    blocks = sound[: len(sound) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
    voiced = blocks[np.square(blocks).mean(axis=1) > 1e-5].reshape(-1)
    return np.ascontiguousarray(voiced[: round(seconds * SAMPLE_RATE_HZ)])


def echo_of(far: np.ndarray) -> np.ndarray:
    """A small room 40 ms away."""
    room = np.random.default_rng(9).normal(size=1000) * np.exp(-np.arange(1000) / 150) * 0.1
    heard = np.convolve(np.concatenate([np.zeros(640), far]), room)[: len(far)]
    return heard.astype(np.float32)


def level_db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.square(sound, dtype=np.float64).mean() + 1e-12))


def test_echo_is_gone_after_a_second() -> None:
    far = noise(4, 1)
    near = echo_of(far)
    cleaned = run(EchoCanceller(), near, far)
    assert level_db(near[SAMPLE_RATE_HZ:]) - level_db(cleaned[SAMPLE_RATE_HZ:]) > 25


def test_user_alone_passes_unchanged_but_for_ten_ms() -> None:
    near = noise(3, 2)
    cleaned = run(EchoCanceller(), near, np.zeros_like(near))
    wanted, got = near[SAMPLE_RATE_HZ:-DELAY_SAMPLES], cleaned[SAMPLE_RATE_HZ + DELAY_SAMPLES :]
    assert abs(level_db(got) - level_db(wanted)) < 0.5
    assert np.corrcoef(wanted, got)[0, 1] > 0.9


def test_user_is_heard_while_the_agent_speaks() -> None:
    """The microphone is not muted: speech over the echo comes through, and only the speech."""
    user, far = speech(7), np.ascontiguousarray(speech(7)[::-1])
    user[: 3 * SAMPLE_RATE_HZ] = 0
    canceller = EchoCanceller()
    cleaned = run(canceller, echo_of(far) * 2 + user, far)
    alone, both = (
        slice(SAMPLE_RATE_HZ * first, SAMPLE_RATE_HZ * last) for first, last in ((1, 3), (4, 6))
    )
    assert abs(level_db(cleaned[both]) - level_db(user[both])) < 9
    assert level_db(cleaned[alone]) < level_db(cleaned[both]) - 20


def test_with_headphones_the_user_is_heard() -> None:
    user, far = speech(7), np.ascontiguousarray(speech(7)[::-1])
    cleaned = run(EchoCanceller(), user, far)
    assert abs(level_db(cleaned[SAMPLE_RATE_HZ:]) - level_db(user[SAMPLE_RATE_HZ:])) < 8


def test_blocks_of_ten_ms_give_the_same_sound() -> None:
    far = np.concatenate([speech(3), np.zeros(2 * SAMPLE_RATE_HZ, np.float32), speech(1)])
    near = echo_of(far) * 2 + noise(6, 4) * np.float32(0.1)
    by_frame, one_by_one = run(EchoCanceller(), near, far), EchoCanceller()
    for start in range(0, len(near), BLOCK_SAMPLES):
        end = start + BLOCK_SAMPLES
        block = one_by_one.process(near[start:end], far[start:end])
        np.testing.assert_allclose(block, by_frame[start:end], atol=2e-3)


def test_reset_forgets_the_room() -> None:
    far = noise(2, 5)
    near = echo_of(far) + speech(2)
    canceller = EchoCanceller()
    first = run(canceller, near, far)
    learned = run(canceller, near, far)
    canceller.reset()
    again = run(canceller, near, far)
    assert np.abs(learned - first).max() > 1e-3
    assert np.abs(again - first).max() < 1e-6


@pytest.mark.parametrize("content", [None, b"no network"])
def test_missing_or_damaged_network_has_its_message(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "suppressor.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DuologueError, match="suppressor.onnx is missing, or is not"):
        ResidualSuppressor(path)


def test_a_value_that_is_no_number_does_no_harm() -> None:
    canceller = EchoCanceller()
    near = noise(0.01, 6)
    near[3], near[4] = np.nan, np.inf
    assert np.isfinite(canceller.process(near, near)).all()
    later = run(canceller, noise(1, 7), np.zeros(SAMPLE_RATE_HZ, np.float32))
    assert np.isfinite(later).all()
    assert level_db(later[SAMPLE_RATE_HZ // 2 :]) > -25


def test_extras_are_passed_on() -> None:
    quiet = noise(4, 8) * 0.02
    silence = np.zeros_like(quiet)
    plain = run(EchoCanceller(), quiet, silence)
    suppressed = run(EchoCanceller(noise_suppression=True), quiet, silence)
    assert level_db(suppressed[2 * SAMPLE_RATE_HZ :]) < level_db(plain[2 * SAMPLE_RATE_HZ :]) - 5
    times = np.arange(4 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    voiced = np.sign(np.sin(2 * np.pi * 120 * times)) * (np.sin(2 * np.pi * 3 * times) > 0)
    far_away = (voiced * 0.01).astype(np.float32)
    raised = run(EchoCanceller(gain_control=True), far_away, silence)
    assert not np.array_equal(raised, run(EchoCanceller(), far_away, silence))


@pytest.mark.parametrize(
    "block", [np.zeros(160), np.zeros(300, np.float32), np.zeros((160, 1), np.float32)]
)
def test_other_blocks_are_refused(block: np.ndarray) -> None:
    with pytest.raises(ValueError, match="float32"):
        EchoCanceller().process(block, np.zeros(160, np.float32))


def test_missing_package_has_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pywebrtc_audio", None)
    with pytest.raises(DuologueError, match="echo canceller cannot be loaded"):
        EchoCanceller()
