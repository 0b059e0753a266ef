"""The disturbances are what their names say, and the evaluation runs from end to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.tiny_bundle import write_tiny_bundle

pytest.importorskip("pyroomacoustics")

from models.evaluate import robustness as robustness
from models.speech.rooms import USER_DB, at_level, speech_level_db
from models.speech.voices import Speech


def speech_like(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    level = np.repeat(random.uniform(0, 1, 20) ** 2, SAMPLE_RATE_HZ // 10)
    return at_level((random.normal(0, 0.1, 2 * SAMPLE_RATE_HZ) * level).astype(np.float32), USER_DB)


def test_noise_lies_20_db_below() -> None:
    sound = speech_like(0)
    noise = robustness.in_noise(sound, 1) - sound
    level_db = 10 * np.log10(np.square(noise, dtype=np.float64).mean())
    assert level_db == pytest.approx(USER_DB - 20, abs=0.2)


def test_a_room_keeps_time_and_about_the_level() -> None:
    sound = speech_like(0)
    heard = robustness.in_room(sound, robustness._FIRST_ROOM)
    assert heard.shape == sound.shape
    assert speech_level_db(heard) == pytest.approx(USER_DB, abs=2)
    lags = np.correlate(np.abs(heard), np.abs(sound[800:-800]), "valid")
    assert abs(int(np.argmax(lags)) - 800) < 80


def test_chunks_hear_no_more_than_their_window(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path, lookahead_frames=1)
    tokenizer = Tokenizer(bundle.tokenizer)
    sound = speech_like(0)[: 12 * 2560]
    whole = tokenizer.encode_file(sound)
    assert robustness.in_chunks(sound, bundle, tokenizer).tolist() == whole.tolist()
    deaf = bundle.manifest.encoder.model_copy(update={"window_ms": 40, "lookahead_ms": 0})
    changed = bundle.manifest.model_copy(update={"encoder": deaf})
    in_chunks = robustness.in_chunks(sound, replace(bundle, manifest=changed), tokenizer)
    assert in_chunks.shape == whole.shape
    assert in_chunks.tolist() != whole.tolist()


def test_it_runs_and_writes_its_figures(tmp_path: Path) -> None:
    speech = tmp_path / "speech"
    for person in ("anna", "ben"):
        (speech / person).mkdir(parents=True)
        soundfile.write(speech / person / "one.wav", speech_like(len(person)), SAMPLE_RATE_HZ)
    bundle = tmp_path / "bundle"
    write_tiny_bundle(bundle)
    path = tmp_path / "figures.json"
    robustness.evaluate_robustness(speech, bundle, recordings=2, json_path=path)
    figures = json.loads(path.read_text("utf8"))
    assert figures["speakers"] == 2
    assert "voices" not in figures
    for name in ("noise", "room", "level", "chunks"):
        assert figures[name]["low"] <= figures[name]["unit_error"] <= figures[name]["high"]


def test_two_voices_that_say_the_same_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = Tokenizer(write_tiny_bundle(tmp_path).tokenizer)
    said: list[tuple[str, str]] = []

    def say(text: str, voice: str, *_: object) -> Speech:
        said.append((text, voice))
        sound = speech_like(0 if same else len(said))
        return Speech(sound, ((0, len(sound), 0),))

    monkeypatch.setattr(robustness, "say", say)
    same = True
    assert robustness.two_voices(tokenizer, 0, 0, tmp_path, None) == 0
    same = False
    assert 0 < robustness.two_voices(tokenizer, 0, 0, tmp_path, None) <= 1
    assert said[0][0] == said[1][0]
    assert said[0][1] != said[1][1]
