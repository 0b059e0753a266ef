"""Agent units follow the synthesiser's phones: none is lost, and words have their times."""

import itertools

import numpy as np
import pytest

from engine.timebase import FRAME_MS
from engine.voice.agent_units import (
    AGENT_UNITS,
    CONSONANTS,
    SILENCE,
    SILENCE_UNIT,
    SOUND_LEADS_MS,
    VOWELS,
    phone_units,
    spoken_span,
    timed_phones,
    word_times,
)

# "hello there", with a stress mark, a space and a full stop in it.
PHONES = "həlˈO ðɛɹ."
LEAD = SOUND_LEADS_MS
LENGTHS_MS = [100.0 + LEAD, 50, 50, 75, 25, 100, 50, 25, 75, 75, 50, 200]
NO_PITCH = np.zeros(100)


def names(units: np.ndarray) -> list[str]:
    return [AGENT_UNITS[unit] for unit in units]


def test_there_is_a_unit_for_each_phone_stress_and_step_of_pitch() -> None:
    assert len(set(AGENT_UNITS)) == len(AGENT_UNITS) == 1 + len(CONSONANTS) + 6 * len(VOWELS) == 140
    assert AGENT_UNITS[SILENCE_UNIT] == SILENCE


def test_phones_follow_one_another_without_gaps() -> None:
    timed = timed_phones(PHONES, LENGTHS_MS)
    assert [phone.symbol for phone in timed] == [SILENCE, *"həlOðɛɹ", SILENCE, SILENCE]
    assert [phone.symbol for phone in timed if phone.stressed] == ["O"]
    assert timed[0].start_ms == 0
    assert timed[-1].end_ms == sum(LENGTHS_MS)
    for before, after in itertools.pairwise(timed):
        assert before.end_ms == after.start_ms
    by_symbol = {phone.symbol: phone for phone in timed[:-2]}
    # The stress mark's 25 ms belong to the vowel; the space's 50 ms to both its neighbours.
    assert by_symbol["O"].end_ms - by_symbol["O"].start_ms == 25 + 100 + 25
    assert by_symbol["ð"].end_ms - by_symbol["ð"].start_ms == 25 + 25


def test_every_phone_has_a_frame_where_there_are_enough() -> None:
    rng = np.random.default_rng(3)
    alphabet = [*CONSONANTS, *VOWELS]
    lost = spoken = 0
    for _ in range(100):
        phones = "".join(rng.choice(alphabet, 12))
        lengths = [100.0 + LEAD, *(25.0 * rng.integers(1, 5, 12)), 100.0]
        timed = timed_phones(phones, lengths)
        said = names(phone_units(timed, NO_PITCH, 12.5))
        runs = [a for a, b in zip(said, [*said[1:], ""], strict=True) if a != b]
        spoken += len(phones)
        lost += len(phones) - sum(name != SILENCE for name in runs)
        assert len(said) == -(-sum(lengths) // FRAME_MS)
    # Many phones of 25 ms on end have no room; such speech does not occur.
    assert lost / spoken < 0.06


def test_a_short_phone_takes_a_frame_of_its_neighbour() -> None:
    # "t" lies between two middles of frames.
    timed = timed_phones("sts", [40.0 + LEAD, 110, 25, 85, 40])
    middles = [(frame + 0.5) * FRAME_MS for frame in range(9)]
    assert not any(timed[2].start_ms <= middle < timed[2].end_ms for middle in middles)
    assert names(phone_units(timed, NO_PITCH, 10)) == ["_", "s", "s", "s", "t", "s", "_", "_", "_"]


@pytest.mark.parametrize(("pitch_hz", "step"), [(150, 0), (190, 1), (230, 2), (0, 1)])
def test_vowels_have_steps_of_pitch_and_consonants_none(pitch_hz: float, step: int) -> None:
    timed = timed_phones("mˈA", [40.0 + LEAD, 80, 40, 80, 30])
    said = names(phone_units(timed, np.full(28, pitch_hz), 10))
    assert said == ["_", "m", "m", *[f"A1{step}"] * 3, "_", "_"]


def test_words_have_the_times_of_their_phones() -> None:
    assert word_times("hello there", PHONES, LENGTHS_MS) == [
        ("hello", 100, 400),
        ("there", 450, 625),
    ]
    assert spoken_span(PHONES, LENGTHS_MS) == (100, 625)
    # The synthesiser read two words as one.
    assert word_times("hel lo there", PHONES, LENGTHS_MS) is None


def test_lengths_belong_to_phones() -> None:
    with pytest.raises(ValueError, match="3 lengths for 10 phones"):
        timed_phones(PHONES, [1.0, 2, 3])
