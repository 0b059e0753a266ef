"""Sound is divided into turns, and long turns into parts; no sound of a voice is lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.hearing.stretches import LONGEST_SAMPLES, TURN_SILENCE_SAMPLES, Stretches
from engine.timebase import SAMPLE_RATE_HZ
from models.speech.voices import speak_flite

QUESTION = slice(78_240, 118_700)
"""Where the sample's user asks for a capital."""


@pytest.fixture(scope="module")
def two_sentences() -> np.ndarray:
    """With sharp ends, which do not depend on what the detector of a voice heard before."""
    parts = [np.zeros(SAMPLE_RATE_HZ, np.float32)]
    for text in ("hi there", "what is your name"):
        said = speak_flite(text, "rms").audio
        parts += [said / np.abs(said).max() * 0.6, np.zeros(54_400, np.float32)]
    sound = np.concatenate(parts)[:120_000]
    room = np.random.default_rng(0).normal(scale=10 ** (-70 / 20), size=len(sound))
    return (sound + room).astype(np.float32)


def divided(sound: np.ndarray, chunk: int = 2560) -> Stretches:
    stretches = Stretches()
    for start in range(0, len(sound), chunk):
        stretches.push(sound[start : start + chunk], start)
    return stretches


def test_each_sentence_of_the_sample_is_a_turn(sample: np.ndarray) -> None:
    sound = np.pad(sample, (0, 16_000))
    found = divided(sound).finished
    assert len(found) == 10 and all(one.ends_turn and not one.speaking for one in found)
    for one in found:
        voice = one.voice_end_sample - one.start_sample
        assert 0 < one.voiced_samples <= voice <= len(one.sound_N) - TURN_SILENCE_SAMPLES + 160
        np.testing.assert_array_equal(one.sound_N, sound[one.start_sample : one.end_sample])


@pytest.mark.parametrize("chunk", [160, 1000, 3840])
def test_the_length_of_the_pieces_changes_nothing(sample: np.ndarray, chunk: int) -> None:
    def bounds(stretches: Stretches) -> list[tuple[int, int, int]]:
        return [(s.start_sample, s.end_sample, s.voice_end_sample) for s in stretches.finished]

    assert bounds(divided(sample[:200_000], chunk)) == bounds(divided(sample[:200_000]))


def test_a_turn_goes_on_over_a_short_pause(sample: np.ndarray) -> None:
    question = sample[QUESTION]
    stretches = divided(np.concatenate([question[:35_000], question, np.zeros(16_000)]))
    assert len(stretches.finished) == 1


def test_a_long_turn_is_cut_in_a_pause_and_nothing_of_it_is_lost(sample: np.ndarray) -> None:
    question = sample[QUESTION][4800:36_000]
    speech = np.concatenate([np.zeros(8000), *[question, np.zeros(4800)] * 12, np.zeros(16_000)])
    found = divided(speech).finished
    assert len(found) > 1
    assert [one.ends_turn for one in found] == [False] * (len(found) - 1) + [True]
    for first, second in pairwise(found):
        assert first.end_sample == second.start_sample
        assert abs(speech[first.end_sample - 80 : first.end_sample + 80]).max() < 1e-3


def test_a_voice_without_a_pause_is_cut_at_the_window(sample: np.ndarray) -> None:
    voice = np.tile(sample[QUESTION][6400:32_000], 60)
    stretches = divided(voice[: 60 * SAMPLE_RATE_HZ])
    assert stretches.finished
    everything = [*stretches.finished, stretches.current]
    assert all(one and len(one.sound_N) <= LONGEST_SAMPLES for one in everything)
    for first, second in pairwise(everything):
        assert first and second and first.end_sample == second.start_sample


@pytest.mark.parametrize("gap", [3000, 10 * SAMPLE_RATE_HZ + 7])
def test_sound_that_is_missing_keeps_the_time(two_sentences: np.ndarray, gap: int) -> None:
    whole = divided(two_sentences)
    stretches = divided(two_sentences[:60_000])
    for start in range(60_000, len(two_sentences), 2560):
        stretches.push(two_sentences[start : start + 2560], start + gap)
    (here,), (there,) = whole.finished[1:], stretches.finished[1:]
    assert abs(there.start_sample - here.start_sample - gap) <= 160
    assert abs(there.voice_end_sample - here.voice_end_sample - gap) <= 160


def test_silence_holds_nothing_and_takes_no_memory() -> None:
    stretches = divided(np.zeros(SAMPLE_RATE_HZ * 60, np.float32))
    assert not stretches.finished and stretches.current is None
    assert len(stretches._sound) <= SAMPLE_RATE_HZ
