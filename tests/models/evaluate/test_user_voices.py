"""Natural voices: their phone times, and that their speech is kept."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate import user_voices
from models.evaluate.user_voices import NATURAL, phone_class, phone_segments, say
from models.speech.natural_voices import PHONE_FRAME_SAMPLES, SynthesisedSpeech
from models.speech.phones import PAUSE, PHONE_ID

STEP = PHONE_FRAME_SAMPLES * SAMPLE_RATE_HZ // 24_000


def test_times_of_marks_and_spaces_go_to_phones() -> None:
    phones = "hˈI ðˈɛɹ."
    lengths = [4, 2, 1, 5, 2, 2, 1, 4, 3, 6, 8]
    segments = phone_segments(phones, lengths)
    names = ["pau", "hh", "ay", "dh", "eh", "r", "pau", "pau"]
    assert [phone for _, _, phone in segments] == [PHONE_ID[name] for name in names]
    assert [round((end - start) / STEP, 3) for start, end, _ in segments] == [
        2, 2, 7, 3, 5, 3, 6, 10,
    ]  # fmt: skip
    assert segments[0][0] == 0
    assert all(a[1] == b[0] for a, b in pairwise(segments))
    assert segments[-1][1] == sum(lengths) * STEP


def test_long_vowels_keep_their_sign() -> None:
    segments = phone_segments("ɑː", [3, 2, 3, 1])
    assert [(end - start) // STEP for start, end, _ in segments] == [1, 5, 3]


@pytest.mark.parametrize(("symbol", "name"), [("A", "ey"), ("ʤ", "jh"), ("θ", "th"), ("?", "pau")])
def test_signs_of_misaki(symbol: str, name: str) -> None:
    assert phone_class(symbol) == PHONE_ID[name]


class OneSound:
    """Speaks as the synthesiser does, and counts."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, _voice: object, speed: float) -> SynthesisedSpeech:
        self.said.append(text)
        rng = np.random.default_rng(len(self.said))
        lengths = np.array([10, 20, 10], np.int16)
        samples = int(lengths.sum()) * PHONE_FRAME_SAMPLES
        return SynthesisedSpeech(rng.normal(0, 0.1, samples).astype(np.float32), "A", lengths)


def test_speech_is_kept_for_the_next_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kokoro = OneSound()
    monkeypatch.setattr(user_voices, "_kokoro", lambda _packs: kokoro)
    kept = tmp_path / "kept"
    first, second = (
        say("what is it", NATURAL[0], random.Random(3), tmp_path, kept) for _ in range(2)
    )
    assert kokoro.said == ["what is it?"]
    assert np.allclose(first.audio, second.audio, atol=1e-4)
    assert first.segments == second.segments
    assert [phone for _, _, phone in first.segments] == [PAUSE, PHONE_ID["ey"], PAUSE]
    assert not list(kept.glob("*.part"))
    say("what is it", NATURAL[1], random.Random(3), tmp_path, kept)
    assert len(kokoro.said) == 2
