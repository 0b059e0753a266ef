"""Recordings are cut into phrases and noises as units."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.dialogue import encode_recordings
from models.dialogue.encode_recordings import phrases
from models.speech.noises import recorded_noises
from models.speech.voices import Speech, speed_perturbed
from models.tokenizer.network import TokenizerNet


def test_a_pause_that_a_listener_would_use_parts_phrases() -> None:
    quarter = SAMPLE_RATE_HZ // 4
    spoken = [(100, 900, 3), (900, 2000, 4), (2000 + quarter // 2, 5000, 5)]
    spoken += [(5000 + quarter, 9000, 6)]
    assert phrases(spoken) == [(100, 5000), (5000 + quarter, 9000)]
    assert phrases(spoken[:1]) == [(100, 900)]


def test_a_longer_throat_is_deeper_and_slower() -> None:
    times = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    speech = Speech(np.sin(2 * np.pi * 400 * times).astype(np.float32), ((0, 8000, 1),))
    deeper = speed_perturbed(speech, 1.25)
    assert abs(len(deeper.audio) - 1.25 * SAMPLE_RATE_HZ) <= 1
    assert deeper.segments == ((0, 10000, 1),)
    loudest_hz = np.abs(np.fft.rfft(deeper.audio[:SAMPLE_RATE_HZ])).argmax()
    assert loudest_hz == 320


def write_clips(folder: Path) -> None:
    """A sneeze that training may hear, one that it may not, and rain."""
    rows = ["path\tclass"]
    times = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    with tarfile.open(folder / "esc10.tar", "w") as tar:
        for name, kind in (("a_1-1.wav", "person_sneeze"), ("a_5-1.wav", "person_sneeze"),
                           ("a_2-1.wav", "rain")):  # fmt: skip
            file = io.BytesIO()
            soundfile.write(file, 0.5 * np.sin(2000 * times), SAMPLE_RATE_HZ, format="WAV")
            info = tarfile.TarInfo(name)
            info.size = file.tell()
            file.seek(0)
            tar.addfile(info, file)
            rows.append(f"{name}\t{kind}")
    (folder / "esc10.tsv").write_text("\n".join(rows) + "\n")


def test_noises_of_the_training_are_short_ones_that_no_evaluation_has(tmp_path: Path) -> None:
    write_clips(tmp_path)
    assert [noise.name for noise in recorded_noises(tmp_path, held_out=False)] == ["a_1-1.wav"]
    assert [noise.name for noise in recorded_noises(tmp_path)] == ["a_5-1.wav"]


def test_noises_that_sound_like_silence_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def every_second_is_audible(_net: object, audio: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        units = np.zeros(len(audio) // FRAME_SAMPLES, np.int16)
        units[20] = calls % 2
        return units

    calls = 0
    write_clips(tmp_path)
    monkeypatch.setattr(encode_recordings, "encode_units", every_second_is_audible)
    hiss = np.random.default_rng(1).normal(size=6 * SAMPLE_RATE_HZ).astype(np.float32)
    around = encode_recordings.Augmenter(cast(TokenizerNet, None), hiss, [])
    noises = encode_recordings.encode_noises(around, tmp_path, np.random.default_rng(0))
    assert len(noises) == calls // 2
    assert all(noise.onset < 20 < noise.offset for noise in noises if noise.units[20] == 1)
    assert {noise.units[20] for noise in noises} == {1}
