"""The evaluation's own measures: distances, levels, and a partner on the right time axis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bundle import load_bundle
from engine.duplex import Duplex
from engine.tokens import FRAME_SAMPLES, RATE_HZ
from engine.unit_encoder import Tokenizer
from models import script
from models.evaluate_starter import KnownSentences, Partner, edit_distance, sounding
from models.phones import PAUSE
from models.voices import Speech
from tests.engine.tiny_bundle import write_tiny_bundle

units = st.lists(st.integers(0, 5), max_size=12)


def textbook_distance(first: list[int], second: list[int]) -> int:
    """Wagner and Fischer, cell by cell."""
    table = np.zeros((len(first) + 1, len(second) + 1), int)
    table[:, 0], table[0] = np.arange(len(first) + 1), np.arange(len(second) + 1)
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            change = table[i - 1, j - 1] + (a != b)
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, change)
    return int(table[-1, -1])


@given(units, units)
@settings(max_examples=200, deadline=None)
def test_edit_distance(first: list[int], second: list[int]) -> None:
    assert edit_distance(first, second) == textbook_distance(first, second)


def test_sound_is_told_from_silence_and_clicks() -> None:
    track = np.zeros(RATE_HZ, np.float32)
    track[3200:6400] = 0.1
    track[12000] = 0.9  # a click, alone in its 20 ms
    loud = np.flatnonzero(sounding(track))
    assert loud.tolist() == list(range(10, 20))


def test_partner_keeps_both_tracks_on_one_axis(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path)
    duplex = Duplex(load_bundle(tmp_path), seed=1)
    partner = Partner(duplex, np.random.default_rng(0))
    partner.wait(0.5)
    speech = Speech(
        np.ones(RATE_HZ, np.float32) * 0.1, ((0, 800, PAUSE), (800, 9000, 3), (9000, 16000, PAUSE))
    )
    start, end = partner.say(speech)
    partner.wait(1)
    duplex.close()
    assert (start, end) == (RATE_HZ // 2, RATE_HZ // 2 + 8200)
    assert partner.now == end + RATE_HZ
    # The agent is always one chunk ahead of what the user has said.
    chunk = duplex.format.chunk_samples
    assert len(partner.track()) == (partner.now // chunk + 1) * chunk
    assert len(partner.frames) * FRAME_SAMPLES == len(partner.track())


def test_a_sentence_is_known_wherever_in_a_frame_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sentences = script.known_sentences()[::12]
    monkeypatch.setattr(script, "known_sentences", lambda: sentences)
    bundle = load_bundle()
    known = KnownSentences(bundle)
    tokenizer = Tokenizer(bundle.tokenizer)
    rng = np.random.default_rng(5)
    for sentence, sound in known.originals.items():
        audio = np.zeros(len(sound) + 3 * RATE_HZ, np.float32)
        start = RATE_HZ + int(rng.integers(FRAME_SAMPLES))
        audio[start : start + len(sound)] = sound
        audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (-70 / 20)
        whole = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
        said, distance = known.nearest(tokenizer.units(whole))
        assert said == sentence
        assert distance < 0.45
