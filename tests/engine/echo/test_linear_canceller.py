"""The linear half learns a room and its delay, spares the user, follows clocks and jumps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.echo.far_end import BLOCK_SAMPLES
from engine.echo.linear_canceller import LinearCanceller
from engine.timebase import SAMPLE_RATE_HZ

pytest.importorskip("scipy")

from scipy.signal import lfilter

from models.speech.rooms import EchoPath, Room

_RANDOM = np.random.default_rng(3)
RESPONSE = np.zeros(6000, np.float32)
RESPONSE[:] = _RANDOM.normal(size=6000) * np.exp(-np.arange(6000) / 900) * 0.03
ROOM = Room(
    seed=0,
    rt60_s=0.4,
    size_m=(4, 3, 2.5),
    user_response=np.ones(1, np.float32),
    echo_response=RESPONSE,
    echo_db=0,
    noise_db=-40,
    skew_ppm=0,
    delay_ms=90,
    jump_ms=0,
    jump_sample=4 * SAMPLE_RATE_HZ,
)


def speech_like(seconds: float, seed: int) -> np.ndarray:
    """Noise that comes and goes, strongest at low frequencies."""
    samples = round(seconds * SAMPLE_RATE_HZ)
    random = np.random.default_rng(seed)
    level = np.repeat(random.uniform(0, 1, samples // 1600 + 1) ** 2, 1600)[:samples]
    noise = lfilter([1.0], [1.0, -0.9], random.normal(0, 0.1, samples))
    return (noise * level).astype(np.float32)


def run(near: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, LinearCanceller]:
    learned = LinearCanceller()
    return learned.process(near, far).residual, learned


def db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.square(sound, dtype=np.float64).mean() + 1e-12))


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1e-4, samples).astype(np.float32)


def test_a_long_room_is_learned() -> None:
    """Longer than AEC3's filter by far."""
    far = speech_like(6, 1)
    echo = EchoPath(ROOM, 1).push(far)
    residual, _ = run(echo + noise(len(far)), far)
    assert db(echo[-SAMPLE_RATE_HZ:]) - db(residual[-SAMPLE_RATE_HZ:]) > 25


def test_the_user_stays_as_he_is() -> None:
    far = speech_like(8, 1)
    echo = EchoPath(ROOM, 1).push(far)
    user = speech_like(8, 2)
    user[: 5 * SAMPLE_RATE_HZ] = 0
    residual, _ = run(echo + user + noise(len(far)), far)
    both = slice(5 * SAMPLE_RATE_HZ, None)
    assert db((residual - user)[both]) < db(user[both]) - 20
    assert db((residual - user)[both]) < db(echo[both]) - 20


def test_a_silent_far_end_changes_nothing() -> None:
    user = speech_like(2, 2)
    residual, _ = run(user, np.zeros_like(user))
    assert np.array_equal(residual, user)


@pytest.mark.parametrize("skew_ppm", [100.0, -80.0])
def test_clocks_that_drift_are_followed(skew_ppm: float) -> None:
    far = speech_like(16, 1)
    echo = EchoPath(replace(ROOM, skew_ppm=skew_ppm), 1).push(far)
    residual, learned = run(echo + noise(len(far)), far)
    assert learned.far.drift * 1e6 == pytest.approx(skew_ppm, abs=2)
    assert db(echo[-SAMPLE_RATE_HZ:]) - db(residual[-SAMPLE_RATE_HZ:]) > 25


def test_a_drift_of_more_than_a_block_goes_into_the_filter() -> None:
    """At 300 ppm in 40 s: twelve milliseconds."""
    far = speech_like(40, 1)
    echo = EchoPath(replace(ROOM, skew_ppm=250.0), 1).push(far)
    residual, learned = run(echo + noise(len(far)), far)
    assert learned.far.drift * 1e6 == pytest.approx(250, abs=2)
    assert db(echo[-SAMPLE_RATE_HZ:]) - db(residual[-SAMPLE_RATE_HZ:]) > 25


@pytest.mark.parametrize("jump_ms", [45.0, -55.0])
def test_a_jump_is_found(jump_ms: float) -> None:
    far = speech_like(6, 1)
    echo = EchoPath(replace(ROOM, jump_ms=jump_ms), 1).push(far)
    residual, learned = run(echo + noise(len(far)), far)
    assert learned.delay_jumps == 1
    after = slice(5 * SAMPLE_RATE_HZ, None)
    assert db(echo[after]) - db(residual[after]) > 15


def test_a_jump_is_told_and_found_within_a_third_of_a_second() -> None:
    far = speech_like(6, 1)
    echo = EchoPath(replace(ROOM, jump_ms=45.0), 1).push(far)
    canceller, wrong, jumps = LinearCanceller(), [], []
    for block in zip((echo + noise(len(far))).reshape(-1, 160), far.reshape(-1, 160), strict=True):
        wrong.append(bool(canceller.process(*block).path_changed[0]))
        jumps.append(canceller.delay_jumps)
    second = SAMPLE_RATE_HZ // BLOCK_SAMPLES
    assert not any(wrong[: 4 * second])
    assert any(wrong[4 * second : 4 * second + 15])
    assert jumps[4 * second + 33] == 1
    assert not any(wrong[-second:])


def test_with_headphones_no_echo_is_wrong() -> None:
    far = speech_like(8, 1)
    assert LinearCanceller().process(speech_like(8, 2), far).path_changed.mean() < 0.05


@pytest.mark.parametrize("blocks", [1, 3, 16])
def test_it_does_not_matter_how_the_sound_is_divided(blocks: int) -> None:
    far = speech_like(7.2, 1)
    near = EchoPath(replace(ROOM, jump_ms=45.0), 1).push(far) + noise(len(far))
    whole, size = LinearCanceller().process(near, far), blocks * BLOCK_SAMPLES
    canceller = LinearCanceller()
    parts = [
        canceller.process(near[start : start + size], far[start : start + size])
        for start in range(0, len(far), size)
    ]
    for one, several in zip(whole, zip(*parts, strict=True), strict=True):
        # A filter that knows nothing yet magnifies what is rounded differently; the peak is 0.4.
        np.testing.assert_allclose(np.concatenate(several), one, atol=5e-3)


def test_after_a_long_silence_it_still_knows_the_room() -> None:
    voice, silence = speech_like(6, 1), np.zeros(3 * SAMPLE_RATE_HZ, np.float32)
    far = np.concatenate([voice, silence, voice])
    echo = EchoPath(replace(ROOM, jump_ms=0), 1).push(far)
    residual, _ = run(echo + noise(len(far)), far)
    again = slice(9 * SAMPLE_RATE_HZ, 10 * SAMPLE_RATE_HZ)
    assert db(echo[again]) - db(residual[again]) > 20


def test_reset_forgets_the_room() -> None:
    far = speech_like(1, 1)
    near = EchoPath(ROOM, 1).push(far)
    first, learned = run(near, far)
    learned.reset()
    assert np.array_equal(first, learned.process(near, far).residual)


def test_a_room_is_new_until_its_path_is_solved_or_it_has_no_echo() -> None:
    far = speech_like(8, 1)
    echo = EchoPath(ROOM, 1).push(far)
    second = SAMPLE_RATE_HZ // BLOCK_SAMPLES
    with_echo = LinearCanceller().process(echo + noise(len(far)), far).converging
    headphones = LinearCanceller().process(speech_like(8, 2), far).converging
    assert with_echo[:second].all()
    assert not with_echo[-second:].any()
    assert headphones[:second].all()
    assert headphones[3 * second :].mean() < 0.2
