"""Splits calls into training, validation and test, so that nobody of one is heard in another.

The rule, which depends on the speakers' names alone:

1. The two names of a call give it a number from 0 to 1 (SHA-256). Below 0.01 it is a test call,
   below 0.02 one for validation. Two people who talk again stay in one split.
2. Whoever speaks in a test call is a test speaker; whoever speaks in a call for validation and is
   no test speaker is one for validation.
3. Every other call goes where its speakers are: to training if neither is kept out, to a split if
   both are of that split. A call between speakers of two splits is left out.

New calls never bring a kept-out call into training. With Fisher's and CANDOR's two calls a person,
some 5 % of the calls are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from models.corpora.call import Call
from models.dialogue.recorded_dialogues import TEST, TRAINING, VALIDATION, StoredCall

LEFT_OUT = "left out"
SPLITS = (TRAINING, VALIDATION, TEST, LEFT_OUT)
_TEST_BELOW, _VALIDATION_BELOW = 0.01, 0.02
_DIGITS = 13
"""Hexadecimal digits of the hash, 52 bits, which a float holds exactly."""


def place(speakers: tuple[str, str]) -> float:
    """The number of two speakers, in [0, 1), whichever is named first."""
    names = "\n".join(sorted(speakers)).encode()
    digits = hashlib.sha256(names).hexdigest()[:_DIGITS]
    return int(digits, 16) / 16**_DIGITS


def split_calls(calls: Iterable[Call | StoredCall]) -> dict[str, list[str]]:
    """The ids of the calls of each of ``SPLITS``."""
    calls = list(calls)
    kept_out: dict[str, str] = {}
    for split, least, below in (
        (TEST, 0.0, _TEST_BELOW),
        (VALIDATION, _TEST_BELOW, _VALIDATION_BELOW),
    ):
        for call in calls:
            if least <= place(call.speakers) < below:
                for speaker in call.speakers:
                    kept_out.setdefault(speaker, split)
    splits: dict[str, list[str]] = {split: [] for split in SPLITS}
    for call in calls:
        first, second = (kept_out.get(speaker, TRAINING) for speaker in call.speakers)
        splits[first if first == second else LEFT_OUT].append(call.id)
    return splits
