"""The corpus of the agent's voice: its texts, the grid of its targets, its shards."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from engine.voice.agent_units import AGENT_UNITS
from models.speech.agent_speech import AgentSpeech
from models.voice.corpus import (
    Texts,
    VoiceUtterance,
    assistant_turns,
    draw_text,
    read_corpus,
    utterance_of,
    write_shard,
)

TEXTS = Texts(["that makes four"], ["one coffee then"], ["how was your day"], ["It is at 5 pm."])


def utterance(number: int, frames: int = 30) -> VoiceUtterance:
    """An utterance of voiced and unvoiced slots, with targets that tell where they come from."""
    rng = np.random.default_rng(number)
    slots = 4 * frames - 2
    pitch = np.where(np.arange(slots) // 10 % 2, 190, 0).astype(np.float32)
    spectra = rng.normal(-3, 1, (2, slots, 321)).astype(np.float16)
    return VoiceUtterance(
        f"text {number}",
        rng.integers(1, len(AGENT_UNITS), frames).astype(np.int16),
        (3000 * rng.normal(size=frames * 640 - 100)).astype(np.int16),
        pitch,
        *spectra,
    )


def test_users_of_the_dialogues_are_kept_out(tmp_path: Path) -> None:
    turns = [["U", "please book me a table"], ["S", "Which city do you want?"], ["S", "Yes."]]
    path = tmp_path / "sgd.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        lines.write(json.dumps({"turns": turns}) + "\n")
        lines.write(json.dumps({"turns": [["S", "The price is 5 € for all."]]}) + "\n")
    assert assistant_turns(path) == ["Which city do you want?"]


def test_a_text_depends_on_seed_and_number_alone() -> None:
    drawn = [draw_text(number, 1, TEXTS) for number in range(200)]
    assert drawn == [draw_text(number, 1, TEXTS) for number in range(200)]
    assert drawn != [draw_text(number, 2, TEXTS) for number in range(200)]
    texts = {text for text, _ in drawn}
    assert {"that makes four.", "one coffee then.", "how was your day?", "It is at 5 pm."} <= texts
    assert "how was your day? That makes four." in texts
    assert {speed for _, speed in drawn} == {0.95, 1.0, 1.05}


def test_targets_lie_on_the_grid_of_slots_and_bins() -> None:
    steps, phones = 32, "ɡO"  # 400 ms in steps of 12.5 ms
    pitch_hz = np.where(np.arange(steps) < 16, 0, 200 + np.arange(steps)).astype(np.float32)
    ramp = np.arange(601)[:, None] * 0.01 + np.zeros((601, steps))
    speech = AgentSpeech(
        np.full(6400, 0.5, np.float32), phones, [50.0, 50.0, 200.0, 100.0], pitch_hz,
        ramp, np.full_like(ramp, -1.0), np.full_like(ramp, -20.0),
    )  # fmt: skip
    made = utterance_of("go", np.arange(10), speech)
    assert made.units_T.tolist() == list(range(10))
    assert made.pitch_S.shape == (40,)
    assert made.harmonic_SF.shape == made.noise_SF.shape == (40, 321)
    # Bin k of 25 Hz lies at 1.25 k of 20 Hz.
    np.testing.assert_allclose(made.harmonic_SF[7], 0.0125 * np.arange(321), atol=0.01)
    np.testing.assert_allclose(made.noise_SF, -1 + 0.5 * np.log(0.375), atol=2e-3)
    assert not made.pitch_S[:20].any()
    # The middle of slot 30 lies at 305 ms, 23.9 steps after the middle of the first.
    assert made.pitch_S[30] == pytest.approx(223.9, abs=0.01)
    assert made.audio_N[0] == 16383


def test_shards_come_back_and_broken_ones_are_not_read(tmp_path: Path) -> None:
    written = [utterance(number, frames) for number, frames in ((0, 12), (1, 30), (2, 5))]
    write_shard(tmp_path, 0, written[:2])
    write_shard(tmp_path, 1, written[2:])
    (tmp_path / "shard-00002.noise.npy").write_bytes(b"interrupted")
    (tmp_path / "shard-00002.part.npz").write_bytes(b"interrupted")
    read = list(read_corpus(tmp_path))
    assert [each.text for each in read] == ["text 0", "text 1", "text 2"]
    for before, after in zip(written, read, strict=True):
        for name in ("units_T", "audio_N", "pitch_S", "harmonic_SF", "noise_SF"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
