"""Who speaks in a running track: by level alone, and by voice."""

from __future__ import annotations

import numpy as np
import pytest

from engine.resource_files import resources
from engine.sound.audio_file import from_pcm, read_mono, to_pcm
from engine.sound.level import levels_db
from engine.sound.turn_taking import interruptions, voice_activity
from engine.sound.voice_activity import (
    LevelActivityDetector,
    VoiceActivityDetector,
    VoiceTrack,
)
from engine.timebase import SAMPLE_RATE_HZ
from models.speech.rooms import USER_DB, at_level, white_noise
from models.speech.simulated_noises import music, slammed_door, typing

BLOCK = 160
Detector = LevelActivityDetector | VoiceActivityDetector
both = pytest.mark.parametrize("kind", [LevelActivityDetector, VoiceActivityDetector])


def noise(blocks: int, loudness: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(0, loudness, blocks * BLOCK).astype(np.float32)


def speaking(detector: Detector, sound: np.ndarray) -> list[bool]:
    said: list[bool] = detector.push(sound).tolist()
    return said


def in_a_quiet_room(sound: np.ndarray, level_db: float = USER_DB) -> np.ndarray:
    """With two seconds of a quiet room before it and one behind."""
    loud = np.pad(at_level(sound, level_db), (2 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ))
    heard = loud + white_noise(len(loud), np.random.default_rng(1), -66)
    return heard[: len(heard) // BLOCK * BLOCK]


@pytest.fixture(scope="module")
def person() -> np.ndarray:
    return read_mono(resources() / "samples" / "user.flac")[: 20 * SAMPLE_RATE_HZ]


@both
def test_level(kind: type[Detector]) -> None:
    detector = kind()
    detector.push(np.concatenate([np.zeros(BLOCK, np.float32), np.full(BLOCK, -0.5, np.float32)]))
    assert detector.level_db == pytest.approx(-6.02, abs=0.01)


@both
def test_speech_begins_after_30_ms_and_ends_after_200_ms_of_silence(kind: type[Detector]) -> None:
    """webrtcvad takes loud noise for speech, so noise is enough here."""
    detector = kind()
    assert not any(speaking(detector, noise(100, 1e-4)))
    assert speaking(detector, noise(50, 0.1)) == [False, False] + [True] * 48
    after = speaking(detector, noise(50, 1e-4))
    assert after.index(False) == 20
    assert not any(after[20:])


@both
def test_a_pause_inside_speech_is_speech(kind: type[Detector]) -> None:
    detector = kind()
    speaking(detector, noise(20, 0.1))
    assert all(speaking(detector, noise(15, 1e-4)))


@both
def test_a_click_is_no_speech(kind: type[Detector]) -> None:
    detector = kind()
    speaking(detector, noise(50, 1e-4))
    assert not any(speaking(detector, np.concatenate([noise(2, 0.3), noise(20, 1e-4)])))


@both
def test_steady_noise_becomes_silence(kind: type[Detector]) -> None:
    """A fan: speech at first, then noise above which speech must rise."""
    detector = kind()
    said = speaking(detector, noise(6000, 0.01))
    assert not any(said[-1000:])
    assert speaking(detector, noise(20, 0.2))[-1]


def test_loud_steady_noise_is_no_speech_for_ever() -> None:
    """To webrtcvad alone it is."""
    assert not any(speaking(VoiceActivityDetector(), noise(6000, 0.1))[-1000:])


@pytest.mark.parametrize("level_db", [USER_DB, -36.0, -42.0])
def test_a_person_is_heard_at_any_level(person: np.ndarray, level_db: float) -> None:
    heard = in_a_quiet_room(person, level_db)
    truth = speaking(LevelActivityDetector(), in_a_quiet_room(person))
    said = speaking(VoiceActivityDetector(), heard)
    assert not any(said[:200])
    assert np.mean(np.array(said)[np.array(truth)]) > 0.9


@pytest.mark.parametrize("blocks", [1, 5, 16, 37])
def test_pieces_of_any_length_and_16_bits_give_the_same(person: np.ndarray, blocks: int) -> None:
    """So a replay and the labels of a recording give what the talk gave."""
    heard = in_a_quiet_room(person)
    detector = VoiceActivityDetector()
    pieces = [
        detector.push(heard[start : start + blocks * BLOCK])
        for start in range(0, len(heard), blocks * BLOCK)
    ]
    whole = VoiceActivityDetector().push(from_pcm(to_pcm(heard)))
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_keyboards_and_doors_are_no_speech() -> None:
    """By level, the user types in turns of a second."""
    sounds = [typing(5, seed) for seed in range(4)] + [slammed_door(seed) for seed in range(4)]
    by_voice, by_level = (
        sum(sum(speaking(kind(), in_a_quiet_room(sound, -30.0))) for sound in sounds)
        for kind in (VoiceActivityDetector, LevelActivityDetector)
    )
    assert by_level > 400
    assert by_voice < by_level / 5


def test_music_is_taken_for_speech_less_often_than_by_level() -> None:
    sounds = [music(5, seed) for seed in range(2)]
    by_voice, by_level = (
        sum(sum(speaking(kind(), in_a_quiet_room(sound, -45.0))) for sound in sounds)
        for kind in (VoiceActivityDetector, LevelActivityDetector)
    )
    assert by_voice < by_level


def test_a_voice_is_near_up_to_200_ms_before_it_is_told() -> None:
    sound = np.concatenate([noise(100, 1e-4), noise(50, 0.1), noise(100, 1e-4)])
    track = VoiceTrack()
    track.push(sound)
    said = np.flatnonzero(speaking(VoiceActivityDetector(), sound))
    near = np.flatnonzero(track.voiced)
    assert (near[0], near[-1]) == (said[0] - 20, said[-1])


def test_a_recording_labels_a_person_and_no_keyboard(person: np.ndarray) -> None:
    agent = voice_activity(levels_db(noise(1500, 0.1)))
    for sound, interrupts in ((person, True), (typing(6, 1), False)):
        track = VoiceTrack()
        track.push(in_a_quiet_room(sound))
        user = voice_activity(track.levels_db, track.voiced)
        assert bool(interruptions(user, agent)) == interrupts
        assert interruptions(voice_activity(track.levels_db), agent)


def test_a_track_without_sound_holds_no_voice() -> None:
    assert not len(VoiceTrack().voiced)
