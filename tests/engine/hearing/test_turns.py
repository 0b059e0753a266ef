"""Words come while the user speaks and are final soon after; noise gives none."""

from __future__ import annotations

import numpy as np
import pytest

from engine.hearing.recogniser import Recognised, Recogniser
from engine.hearing.stretches import TURN_SILENCE_SAMPLES
from engine.hearing.turns import INTERVAL_SAMPLES, Turns
from engine.hearing.words import HeardWords
from engine.timebase import SAMPLE_RATE_HZ

CHUNK = 2560
CAPITAL, STORY = slice(74_000, 126_000), slice(377_000, 423_000)


def heard(turns: Turns, sound: np.ndarray, start: int = 0) -> list[tuple[int, HeardWords]]:
    """(where the sound was by then, the words) of a quick machine."""
    found = []
    for at in range(0, len(sound), CHUNK):
        turns.push(sound[at : at + CHUNK], start + at)
        while turns.is_due:
            words = turns.listen()
            if words:
                found.append((start + at + CHUNK, words))
    return found


def test_words_come_while_the_user_speaks_and_then_for_good(
    recogniser: Recogniser, sample: np.ndarray
) -> None:
    words = heard(Turns(recogniser), sample[STORY])
    (at, last), before = words[-1], [one for _, one in words[:-1]]
    assert last.final and last.ends_turn and last.text == "Tell me a story."
    assert before and not any(one.final for one in before)
    assert {one.start_sample for one in before} == {last.start_sample}
    assert 0 < at - last.end_sample <= TURN_SILENCE_SAMPLES + CHUNK
    assert 0.3 < last.confidence <= 1


def test_a_question_is_heard_once(recogniser: Recogniser, sample: np.ndarray) -> None:
    finals = [one.text for _, one in heard(Turns(recogniser), sample[CAPITAL]) if one.final]
    assert finals == ["What is the capital of Italy?"]


def test_the_end_of_a_turn_takes_no_further_transcription(
    recogniser: Recogniser, sample: np.ndarray
) -> None:
    class Counting:
        def __init__(self) -> None:
            self.calls: list[int] = []

        def recognise(self, sound_N: np.ndarray, careful: bool) -> Recognised:
            self.calls.append(len(sound_N))
            return recogniser.recognise(sound_N, careful)

    counting = Counting()
    words = heard(Turns(counting), sample[CAPITAL])
    seconds = max(counting.calls) / SAMPLE_RATE_HZ
    pauses = 2
    assert len(counting.calls) <= seconds * SAMPLE_RATE_HZ / INTERVAL_SAMPLES + pauses
    assert words[-1][1].final and words[-1][0] - words[-2][0] > 2 * CHUNK


def test_a_late_machine_gives_the_final_words_all_the_same(
    recogniser: Recogniser, sample: np.ndarray
) -> None:
    turns = Turns(recogniser)
    turns.push(sample[:345_000], 0)
    finals = []
    while turns.is_due:
        words = turns.listen()
        assert words is None or words.final
        if words:
            finals.append(words.text)
    assert turns.dropped == 1  # of five; the oldest
    assert finals == [
        "What is the capital of Italy?",
        "and friends.",  # alone; after the question it hears "France"
        "No I said Spain.",
        "What day comes after Friday?",
    ]


@pytest.mark.parametrize("level", [0.0, 1e-4, 3e-3, 0.1])
def test_noise_and_silence_say_nothing(recogniser: Recogniser, level: float) -> None:
    noise = np.random.default_rng(5).normal(0, 1, 20 * SAMPLE_RATE_HZ) * level
    assert not heard(Turns(recogniser), noise.astype(np.float32))


def test_a_click_says_nothing(recogniser: Recogniser) -> None:
    sound = np.zeros(4 * SAMPLE_RATE_HZ, np.float32)
    rng = np.random.default_rng(2)
    for at in range(8000, len(sound) - 8000, 12_000):
        sound[at : at + 1600] = rng.normal(0, 0.3, 1600) * np.exp(-np.arange(1600) / 300)
    assert not heard(Turns(recogniser), sound)
