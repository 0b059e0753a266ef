"""The simulated echo path has its delay, skew and jump, and chunks give the same as the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.timebase import SAMPLE_RATE_HZ

pytest.importorskip("pyroomacoustics")

from models.speech.rooms import (
    USER_DB,
    EchoPath,
    Room,
    at_level,
    draw_room,
    measured_rt60_s,
    room_noise,
    speech_level_db,
)

BARE = Room(
    seed=0,
    rt60_s=0.2,
    size_m=(3, 3, 3),
    user_response=np.ones(1, np.float32),
    echo_response=np.ones(1, np.float32),
    echo_db=0,
    noise_db=-30,
    skew_ppm=0,
    delay_ms=20,
    jump_ms=0,
    jump_sample=SAMPLE_RATE_HZ // 2,
)


def noise(samples: int = SAMPLE_RATE_HZ) -> np.ndarray:
    """Sound below 4 kHz, which a short sinc delays exactly."""
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=samples))
    spectrum[samples // 4 :] = 0
    return (np.fft.irfft(spectrum, samples) * 0.1).astype(np.float32)


def lag_samples(far: np.ndarray, heard: np.ndarray) -> int:
    """By how much ``heard`` is later."""
    spectrum = np.fft.rfft(heard, 2 * len(far)) * np.conj(np.fft.rfft(far, 2 * len(far)))
    return int(np.argmax(np.fft.irfft(spectrum)))


def test_delay_and_gain() -> None:
    far = noise()
    heard = EchoPath(BARE, 0.5).push(far)
    assert np.abs(heard[320:] - 0.5 * far[:-320]).max() < 1e-4
    assert not heard[:300].any()


def test_jump_and_clock() -> None:
    far = noise(2 * SAMPLE_RATE_HZ)
    room = replace(BARE, jump_ms=10.0, skew_ppm=0.0, jump_sample=SAMPLE_RATE_HZ)
    heard = EchoPath(room, 1).push(far)
    assert lag_samples(far[:SAMPLE_RATE_HZ], heard[:SAMPLE_RATE_HZ]) == 320
    assert lag_samples(far[SAMPLE_RATE_HZ:], heard[SAMPLE_RATE_HZ:]) == 480
    late = EchoPath(replace(BARE, skew_ppm=1000.0), 1).push(noise(SAMPLE_RATE_HZ))
    # 1000 ppm are 16 samples in a second.
    assert lag_samples(noise()[-1600:], late[-1600:]) == pytest.approx(320 + 15, abs=1)


def test_chunks_give_what_the_whole_gives() -> None:
    room = draw_room(1, jump_sample=5_000)
    room = replace(room, jump_ms=-7.0, skew_ppm=80.0)
    far = noise(4 * 2560)
    path = EchoPath(room, 0.7)
    chunks = np.concatenate([path.push(chunk) for chunk in far.reshape(-1, 2560)])
    assert np.abs(chunks - EchoPath(room, 0.7).push(far)).max() < 1e-5


def test_rooms_are_drawn_within_their_bounds() -> None:
    room, again, other = draw_room(5, 0), draw_room(5, 0), draw_room(6, 0)
    assert np.array_equal(room.echo_response, again.echo_response)
    assert room.rt60_s != other.rt60_s
    for drawn in (room, other):
        assert 0.2 <= drawn.rt60_s <= 0.8
        assert -10 <= drawn.echo_db <= 10
        assert abs(drawn.skew_ppm) <= 100
        # The sound has decayed by 60 dB when the response ends; -5 to -25 dB takes a third.
        energy = np.cumsum(drawn.echo_response[::-1].astype(np.float64) ** 2)[::-1]
        decay_db = 10 * np.log10(energy / energy[0])
        third = np.argmax(decay_db < -25) - np.argmax(decay_db < -5)
        assert third / SAMPLE_RATE_HZ * 3 == pytest.approx(drawn.rt60_s, rel=0.4)


def test_a_user_may_sit_far_away_and_reverberation_is_measured() -> None:
    far = draw_room(7, 0, user_m=(3.9, 4.0), floor_m=(5.0, 6.0))
    near = draw_room(7, 0, user_m=(0.4, 0.5), floor_m=(5.0, 6.0))
    arrival_m = [
        np.argmax(np.abs(room.user_response)) / SAMPLE_RATE_HZ * 343 for room in (far, near)
    ]
    assert arrival_m[0] - arrival_m[1] > 1.5
    decay = np.exp(-6.9078 * np.arange(16_000) / (0.4 * SAMPLE_RATE_HZ)) * noise(SAMPLE_RATE_HZ)
    assert measured_rt60_s(decay) == pytest.approx(0.4, rel=0.1)


def test_levels() -> None:
    speech = np.concatenate([np.zeros(SAMPLE_RATE_HZ, np.float32), noise()])
    assert speech_level_db(at_level(speech, -26)) == pytest.approx(-26, abs=0.3)
    power = np.square(room_noise(BARE, SAMPLE_RATE_HZ), dtype=np.float64).mean()
    assert 10 * np.log10(power) == pytest.approx(USER_DB - 30, abs=0.3)
