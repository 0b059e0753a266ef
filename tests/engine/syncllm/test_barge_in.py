"""The agent's sound breaks off where it lets the user speak."""

from __future__ import annotations

import numpy as np
import pytest

from engine.resource_files import resources
from engine.sound.audio_file import read_mono
from engine.syncllm.barge_in import BargeIn, fade_out
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.speech.rooms import USER_DB, at_level, white_noise
from models.speech.simulated_noises import music, slammed_door, typing

SILENCE = 7


def voice(frames: int, level: float = 0.1) -> np.ndarray:
    wave = np.sin(np.arange(frames * FRAME_SAMPLES) * 0.1) * level
    return wave.astype(np.float32)


@pytest.mark.parametrize(
    ("frames", "spoken"),
    [
        ([7, 7, 7, 7], 0),
        ([3, 7, 7, 7], 1),
        ([3, 4, 7, 7], 2),
        ([7, 4, 7, 7], 2),
        ([3, 4, 5, 7], None),
        ([3, 4, 5, 6], None),
        ([7, 7, 7, 6], None),
    ],
)
def test_a_chunk_that_ends_silent_lets_the_user_speak(
    frames: list[int], spoken: int | None
) -> None:
    yielding = BargeIn(SILENCE)
    yielding.hear(voice(3))
    assert yielding.spoken_frames(frames) == spoken
    yielding.hear(np.zeros(8 * FRAME_SAMPLES, np.float32))
    assert yielding.spoken_frames(frames) is None


def test_a_user_who_is_too_quiet_is_no_speaker() -> None:
    yielding = BargeIn(SILENCE)
    yielding.hear(voice(10, 0.001))
    assert yielding.spoken_frames([SILENCE] * 4) is None


def test_pieces_of_any_length_are_heard() -> None:
    yielding = BargeIn(SILENCE)
    for piece in np.array_split(voice(4), 37):
        yielding.hear(piece)
    assert yielding.spoken_frames([SILENCE] * 4) == 0


@pytest.mark.parametrize("at_frame", [0, 2])
def test_sound_ends_without_a_click(at_frame: int) -> None:
    sound = voice(4)
    broken = fade_out(sound, at_frame)
    cut = at_frame * FRAME_SAMPLES
    np.testing.assert_array_equal(broken[:cut], sound[:cut])
    assert not broken[cut + 80 :].any()
    assert np.abs(broken[cut : cut + 80]).max() > 0.01
    assert np.abs(np.diff(broken)).max() < 1.05 * np.abs(np.diff(sound)).max()
    np.testing.assert_array_equal(sound, voice(4))


def cuts(sound: np.ndarray, level_db: float = USER_DB) -> list[bool]:
    """Whether the agent's last syllable breaks off, were it to stop in any chunk of the sound."""
    heard = np.pad(at_level(sound, level_db), (SAMPLE_RATE_HZ, 0))
    heard += white_noise(len(heard), np.random.default_rng(0), -66)
    yielding = BargeIn(SILENCE)
    found = []
    for chunk in np.array_split(heard, len(heard) // (4 * FRAME_SAMPLES)):
        yielding.hear(chunk)
        found.append(yielding.spoken_frames([3, SILENCE, SILENCE, SILENCE]) is not None)
    return found


def test_a_person_cuts_the_last_syllable() -> None:
    person = read_mono(resources() / "samples" / "user.flac")
    assert sum(cuts(person[: 5 * SAMPLE_RATE_HZ])) >= 4


@pytest.mark.parametrize("seed", [0, 3])
def test_a_keyboard_and_a_door_do_not_cut_it(seed: int) -> None:
    assert not any(cuts(typing(4, seed)))
    assert not any(cuts(slammed_door(seed)))


def test_music_in_the_next_room_seldom_cuts_it() -> None:
    """Music as near as the user still does."""
    assert np.mean(cuts(music(5, 0), -45.0)) < 0.25
