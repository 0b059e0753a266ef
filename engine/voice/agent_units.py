"""The agent's own units: phones of the synthesiser, one for each frame of 40 ms.

A unit is silence, a consonant, or a vowel with its stress and one of three steps of pitch. They are
made from the synthesiser's phone lengths, so nothing has to be recognised. Pure functions; phones
are characters of misaki's notation. Knows no synthesiser.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from engine.timebase import FRAME_MS

CONSONANTS = "bdfɡhjklmnŋpɹsʃtTθðvwzʒʧʤ"
VOWELS = "æɑəɛɪiɔʊuʌAIOWYɜɐᵊᵻ"
STRESS_MARKS = "ˈˌ"
PITCH_BORDERS_HZ = (180.0, 208.0)
"""Borders of the three steps of pitch: a third of heart's vowels lies in each."""
SILENCE = "_"
AGENT_UNITS = (
    SILENCE,
    *CONSONANTS,
    *(f"{vowel}{stress}{pitch}" for vowel, stress, pitch in product(VOWELS, "01", "012")),
)
"""The name of each unit: a phone, and with a vowel its stress (1: stressed) and step of pitch."""
SILENCE_UNIT = 0
_NUMBERS = {name: number for number, name in enumerate(AGENT_UNITS)}
SOUND_LEADS_MS = 50.0
"""hibari's sound comes earlier than its phone lengths say, and so does that of Kokoro, which it
learnt from: silences and sibilants in 150 sentences fit best 50 ms before."""
_LEAST_PITCH_HZ = 40
"""Less stands for a voiceless frame."""
_REACH_FRAMES = 2
"""How far from its middle a short phone may get its frame."""


@dataclass(frozen=True)
class TimedPhone:
    """A phone or a silence with its time."""

    symbol: str
    """A character of ``CONSONANTS`` or ``VOWELS``, or ``SILENCE``."""
    stressed: bool
    start_ms: float
    end_ms: float


def timed_phones(phones: str, lengths_ms: Sequence[float]) -> list[TimedPhone]:
    """The phones and silences of an utterance, without gaps.

    ``phones`` has marks, spaces and punctuation in it; ``lengths_ms`` has a length for each
    character, and one more at each end for the silence there. The times are those of hibari's
    sound, ``SOUND_LEADS_MS`` earlier. The time of a stress mark belongs to the phone after it, that
    of a space by halves to the phones on both sides. Raises ValueError where the numbers of phones
    and lengths do not fit.
    """
    if len(lengths_ms) != len(phones) + 2:
        raise ValueError(f"{len(lengths_ms)} lengths for {len(phones)} phones")
    end = max(0.0, lengths_ms[0] - SOUND_LEADS_MS)
    timed = [TimedPhone(SILENCE, False, 0.0, end)]
    lead, stressed = 0.0, False
    for symbol, length in zip(phones, lengths_ms[1:-1], strict=True):
        if symbol in STRESS_MARKS:
            stressed = True
            lead += length
            continue
        if symbol == " ":
            last = timed[-1]
            end += length / 2
            timed[-1] = TimedPhone(last.symbol, last.stressed, last.start_ms, end)
            lead += length / 2
            continue
        known = symbol in CONSONANTS or symbol in VOWELS
        vowel = symbol in VOWELS
        start, end, lead = end, end + lead + length, 0.0
        timed.append(TimedPhone(symbol if known else SILENCE, vowel and stressed, start, end))
        stressed = stressed and not vowel
    timed.append(TimedPhone(SILENCE, False, end, end + lead + lengths_ms[-1] + SOUND_LEADS_MS))
    return timed


def phone_units(
    timed: Sequence[TimedPhone], pitch_hz: np.ndarray, pitch_step_ms: float
) -> np.ndarray:
    """int16 (frames,): the unit of each frame, which is that of the phone in its middle.

    ``pitch_hz`` is the fundamental frequency in steps of ``pitch_step_ms``, 0 where voiceless.
    """
    numbers = np.array([_unit(phone, pitch_hz, pitch_step_ms) for phone in timed], np.int16)
    return numbers[frame_phones(timed)]


def frame_phones(timed: Sequence[TimedPhone]) -> np.ndarray:
    """(frames,): which phone each frame belongs to.

    A phone between two middles takes a frame of a longer neighbour, so that no phone is lost.
    """
    frames = math.ceil(timed[-1].end_ms / FRAME_MS)
    middles = (np.arange(frames) + 0.5) * FRAME_MS
    ends = [phone.end_ms for phone in timed]
    index = np.clip(np.searchsorted(ends, middles, side="right"), 0, len(timed) - 1)
    for number, phone in enumerate(timed):
        if phone.symbol != SILENCE and not (index == number).any():
            _give_frame(index, number, phone)
    return index


def _give_frame(index: np.ndarray, number: int, phone: TimedPhone) -> None:
    """Give a phone the frame nearest its middle that its order and its neighbours allow."""
    last = len(index) - 1
    middle = int(np.clip((phone.start_ms + phone.end_ms) / 2 // FRAME_MS, 0, last))
    near = range(max(0, middle - _REACH_FRAMES), min(last, middle + _REACH_FRAMES) + 1)
    for frame in sorted(near, key=lambda frame: abs(frame - middle)):
        shared = (index == index[frame]).sum() > 1
        after = frame == 0 or index[frame - 1] <= number
        before = frame == last or index[frame + 1] >= number
        if shared and after and before:
            index[frame] = number
            return


def _unit(phone: TimedPhone, pitch_hz: np.ndarray, pitch_step_ms: float) -> int:
    if phone.symbol not in VOWELS or phone.symbol == SILENCE:
        return _NUMBERS[phone.symbol]
    first = int(phone.start_ms // pitch_step_ms)
    last = max(first + 1, int(phone.end_ms // pitch_step_ms))
    voiced = pitch_hz[first:last]
    voiced = voiced[voiced > _LEAST_PITCH_HZ]
    step = int(np.searchsorted(PITCH_BORDERS_HZ, np.median(voiced))) if len(voiced) else 1
    return _NUMBERS[f"{phone.symbol}{int(phone.stressed)}{step}"]


def spoken_span(phones: str, lengths_ms: Sequence[float]) -> tuple[float, float]:
    """From the first phone's beginning to the last one's end, in ms.

    Arguments as in ``timed_phones``; there is at least one phone.
    """
    groups = _spoken_groups(phones, lengths_ms)
    return groups[0][0], groups[-1][1]


def word_times(
    text: str, phones: str, lengths_ms: Sequence[float]
) -> list[tuple[str, float, float]] | None:
    """(word, its beginning, its end) of each word of a text, in ms.

    None where the synthesiser read a word as several, or several as one. Arguments as in
    ``timed_phones``.
    """
    words, groups = text.split(), _spoken_groups(phones, lengths_ms)
    if len(words) != len(groups):
        return None
    return [(word, *group) for word, group in zip(words, groups, strict=True)]


def _spoken_groups(phones: str, lengths_ms: Sequence[float]) -> list[tuple[float, float]]:
    """(beginning, end) in ms of the phones between spaces, without punctuation."""
    ends: list[float] = (np.cumsum(lengths_ms) - SOUND_LEADS_MS).clip(0).tolist()
    groups: list[tuple[float, float]] = []
    within = False
    for place, symbol in enumerate(phones):
        if symbol == " ":
            within = False
        elif symbol.isalpha() or symbol in STRESS_MARKS:
            # Phone n has the length n + 1, so it begins at the end n.
            start = groups.pop()[0] if within else ends[place]
            groups.append((start, ends[place + 1]))
            within = True
    return groups
