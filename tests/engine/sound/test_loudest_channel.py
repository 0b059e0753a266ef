"""The channel on which the user's voice is: found at once, then kept."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sound.loudest_channel import LoudestChannel
from engine.timebase import SAMPLE_RATE_HZ

BLOCK = SAMPLE_RATE_HZ // 100
SILENCE = np.zeros(BLOCK, np.float32)
PLAYED = np.full(BLOCK, 0.1, np.float32)


def speech(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise that swells four times a second, float32 (n,), peaks near 0.5."""
    count = round(seconds * SAMPLE_RATE_HZ)
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * 4 * np.arange(count) / SAMPLE_RATE_HZ)
    noise = np.random.default_rng(seed).normal(0, 0.1, count) * swell
    return noise.astype(np.float32)


def through(channel: LoudestChannel, sound: np.ndarray, far: np.ndarray = SILENCE) -> np.ndarray:
    """Sound (n, channels), block by block, while ``far`` is played."""
    heard = []
    for start in range(0, len(sound), BLOCK):
        channel.played(far)
        heard.append(channel.process(sound[start : start + BLOCK]))
    return np.concatenate(heard)


def moves(channel: LoudestChannel, sound: np.ndarray) -> int:
    chosen = []
    for start in range(0, len(sound), BLOCK):
        channel.process(sound[start : start + BLOCK])
        chosen.append(channel.chosen)
    return int(np.count_nonzero(np.diff(chosen)))


@pytest.mark.parametrize(("channels", "voiced"), [(2, 1), (8, 6), (8, 0)])
def test_a_voice_on_one_input_comes_through_as_it_is(channels: int, voiced: int) -> None:
    voice = speech(2.0)
    sound = np.zeros((len(voice), channels), np.float32)
    sound[:, voiced] = voice
    heard = through(LoudestChannel(channels), sound)
    np.testing.assert_array_equal(heard[BLOCK:], voice[BLOCK:])


def test_the_first_word_is_heard_although_another_input_is_noisier() -> None:
    voice = np.concatenate([np.zeros(SAMPLE_RATE_HZ, np.float32), speech(2.0)])
    hum = 0.003 * np.random.default_rng(1).normal(0, 1, len(voice)).astype(np.float32)
    channel = LoudestChannel(2)
    heard = through(channel, np.stack([hum, voice], axis=1))
    assert channel.chosen == 1
    begun = SAMPLE_RATE_HZ + 3 * BLOCK
    np.testing.assert_array_equal(heard[begun:], voice[begun:])


def test_one_voice_on_both_channels_is_not_changed() -> None:
    voice = speech(3.0)
    channel = LoudestChannel(2)
    heard = through(channel, np.stack([voice, voice], axis=1))
    np.testing.assert_array_equal(heard, voice)
    np.testing.assert_array_equal(through(LoudestChannel(1), voice[:, None]), voice)


def test_a_stereo_microphone_is_not_moved_in_a_sentence() -> None:
    """The room makes now one channel louder, now the other."""
    rng = np.random.default_rng(2)
    voice = speech(10.0)
    fading = 10 ** (np.repeat(rng.normal(0, 4, (len(voice) // 3200, 2)), 3200, axis=0) / 20)
    sound = (voice[:, None] * fading).astype(np.float32)
    channel = LoudestChannel(2)
    moves(channel, sound[: 2 * SAMPLE_RATE_HZ])
    assert moves(channel, sound[2 * SAMPLE_RATE_HZ :]) == 0


def test_a_bang_moves_nothing_and_a_user_who_changes_the_microphone_does() -> None:
    voice, quiet = speech(2.0), 0.01 * speech(2.0, seed=3)
    channel = LoudestChannel(2)
    through(channel, np.stack([voice, quiet], axis=1))
    bang = np.stack([0.01 * speech(0.2), speech(0.2, seed=4)], axis=1)
    assert moves(channel, bang) == 0
    other = np.stack([0.01 * speech(4.0), speech(4.0, seed=5)], axis=1)
    assert moves(channel, other) == 1
    assert channel.chosen == 1


def test_what_is_played_chooses_nothing() -> None:
    """An input that loops the computer's sound back is louder than any user."""
    voice = 0.3 * speech(1.0)
    channel = LoudestChannel(3)
    room = 1e-4 * np.random.default_rng(6).normal(0, 1, (SAMPLE_RATE_HZ, 3)).astype(np.float32)
    looped = room.copy()
    looped[:, 2] += 3 * speech(1.0, seed=7)
    through(channel, looped, PLAYED)
    assert channel.chosen != 2
    through(channel, room)  # until no echo is left
    spoken = room.copy()
    spoken[:, 1] += voice
    through(channel, spoken)
    assert channel.chosen == 1
