"""The user of the evaluation: both tracks on one time axis, and what the surroundings add."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from engine.sound.turn_taking import Span
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.timebase import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.evaluate.simulated_user import (
    AcousticConditions,
    SimulatedUser,
    longest_silence_ms,
    speech_spans,
    voice_activity,
)
from models.speech.phones import PAUSE
from models.speech.rooms import USER_DB, speech_level_db
from models.speech.voices import Speech
from tests.engine.tiny_bundle import write_tiny_bundle

CHUNK = 2560


class LlamaWithWordHead:
    """In the place of the engine: keeps what it hears, answers what it is told to."""

    def __init__(self, answers: dict[int, float] | None = None) -> None:
        self.format = SimpleNamespace(chunk_samples=CHUNK, chunk_frames=4, text=None)
        self.bundle = SimpleNamespace(manifest=SimpleNamespace(own_silence_unit=0))
        self.heard = np.zeros(0, np.float32)
        self._answers = answers or {}

    def reset(self) -> None:
        self.heard = np.zeros(0, np.float32)

    def step(self, sound: np.ndarray) -> SimpleNamespace:
        self.heard = np.concatenate([self.heard, sound])
        level = self._answers.get(len(self.heard) // CHUNK, 0.0)
        audio = np.full(CHUNK, level, np.float32)
        return SimpleNamespace(
            agent_audio=audio, own_frames=[1] * 4, own_text=(), heard_text=(), yields=False
        )

    def partner(self, conditions: AcousticConditions | None = None) -> SimulatedUser:
        return SimulatedUser(cast(Duplex, self), conditions)


def tone(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return np.sin(2 * np.pi * 300 * time).astype(np.float32)


def test_sound_is_told_from_silence_and_clicks() -> None:
    track = np.zeros(SAMPLE_RATE_HZ, np.float32)
    track[3200:6400] = 0.1
    track[12000] = 0.9  # a click, alone in its 20 ms
    assert np.flatnonzero(voice_activity(track)).tolist() == list(range(10, 20))
    assert longest_silence_ms(track) == 600


def test_short_silences_lie_inside_a_stretch() -> None:
    track = np.zeros(2 * SAMPLE_RATE_HZ, np.float32)
    for start in (1600, 6400, 16000):
        track[start : start + 3200] = 0.1
    found = [(span.start_sample, span.end_sample) for span in speech_spans(track)]
    assert found == [(1600, 9600), (16000, 19200)]


def test_both_tracks_lie_on_one_axis(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path)
    duplex = Duplex(load_bundle(tmp_path), seed=1)
    simulated_user = SimulatedUser(duplex)
    simulated_user.wait(0.5)
    speech = Speech(
        np.ones(SAMPLE_RATE_HZ, np.float32) * 0.1,
        ((0, 800, PAUSE), (800, 9000, 3), (9000, 16000, PAUSE)),
    )
    start, end = simulated_user.say(speech)
    simulated_user.wait(1)
    duplex.close()
    assert (start, end) == (SAMPLE_RATE_HZ // 2, SAMPLE_RATE_HZ // 2 + 8200)
    assert simulated_user.now == end + SAMPLE_RATE_HZ
    # The agent is always one chunk ahead of what the user has said.
    chunk = duplex.format.chunk_samples
    assert len(simulated_user.track()) == (simulated_user.now // chunk + 1) * chunk
    assert len(simulated_user.frames_since(0)) * FRAME_SAMPLES == len(simulated_user.track())
    assert simulated_user.words_since(0) is None


def test_words_come_from_the_text_slot(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, text=True)
    duplex = Duplex(load_bundle(tmp_path), seed=1)
    again = Duplex(load_bundle(tmp_path), seed=1)
    simulated_user = SimulatedUser(duplex)
    simulated_user.wait(3)
    # The same sound into the same model with the same seed.
    listener = LlamaWithWordHead()
    listener.partner().wait(3)
    chunks = [listener.heard[i : i + CHUNK] for i in range(0, len(listener.heard), CHUNK)]
    steps = [again.step(chunk) for chunk in chunks]
    duplex.close()
    again.close()
    said = "".join(piece for step in steps for piece in step.own_text).split()
    assert said
    assert simulated_user.words_since(0) == " ".join(said)
    later = "".join(piece for step in steps[10:] for piece in step.own_text).split()
    assert simulated_user.words_since(11 * CHUNK) == " ".join(later)
    assert simulated_user.words_since(11 * CHUNK - 1) != " ".join(later) or not steps[9].own_text


def test_units_sound_behind_the_vocoders_delay(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    duplex = Duplex(bundle, seed=1)
    simulated_user = SimulatedUser(duplex)
    simulated_user.wait(2)
    duplex.close()
    whole = simulated_user.frames_since(0)
    delay = bundle.manifest.vocoder.delay_ms // FRAME_MS
    span = Span(20 * FRAME_SAMPLES, 24 * FRAME_SAMPLES)
    assert simulated_user.frames_in(span).tolist() == whole[20 - delay : 24 - delay].tolist()
    begun = Span(20 * FRAME_SAMPLES - 1, 24 * FRAME_SAMPLES + 1)
    assert simulated_user.frames_in(begun).tolist() == whole[19 - delay : 25 - delay].tolist()


def test_captions_are_those_of_the_bundles_reader(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, reader=True)
    duplex = Duplex(load_bundle(tmp_path), seed=1)
    simulated_user = SimulatedUser(duplex)
    simulated_user.play(tone(2))
    early = simulated_user.captions_since({"user": 0, "agent": 0})
    simulated_user.wait(1)
    duplex.close()
    assert simulated_user.words_since(0) is None
    whole = simulated_user.captions_since({"user": 0, "agent": 0})
    later = simulated_user.captions_since({"user": 20 * CHUNK, "agent": 20 * CHUNK})
    for side in ("user", "agent"):
        assert whole[side].startswith(early[side])
        assert whole[side].endswith(later[side])
        assert whole[side]


def test_noise_lies_at_its_level_below_the_speech() -> None:
    listener = LlamaWithWordHead()
    simulated_user = listener.partner(AcousticConditions(noise_db=-15))
    simulated_user.wait(3)
    simulated_user.play(tone(1))
    quiet, loud = listener.heard[: 2 * SAMPLE_RATE_HZ], listener.heard[3 * SAMPLE_RATE_HZ + 1600 :]
    noise_db = 10 * np.log10(np.square(quiet, dtype=np.float64).mean())
    assert noise_db == pytest.approx(USER_DB - 15, abs=0.5)
    assert speech_level_db(loud) == pytest.approx(USER_DB, abs=0.5)


def test_a_room_rings_after_the_words() -> None:
    response = np.zeros(4000, np.float32)
    response[100], response[3300] = 1.0, 0.5  # the second 200 ms after the first
    listener = LlamaWithWordHead()
    simulated_user = listener.partner(AcousticConditions(impulse_response=response))
    sound = tone(0.48)
    simulated_user.play(sound)
    simulated_user.wait(0.8)
    words = listener.heard[1600:3200]
    ringing = listener.heard[len(sound) : len(sound) + 3200]
    silent = listener.heard[len(sound) + 3200 : len(sound) + 6400]
    assert np.corrcoef(words, sound[1600:3200])[0, 1] > 0.99
    assert np.sqrt(np.square(ringing).mean() / np.square(words).mean()) == pytest.approx(
        0.5, abs=0.05
    )
    assert np.abs(silent).max() < 0.01


def test_it_listens_until_the_answer_is_over() -> None:
    # Sound from the 12th to the 30th chunk of the agent's track: beyond the usual two seconds.
    listener = LlamaWithWordHead(dict.fromkeys(range(12, 31), 0.1))
    simulated_user = listener.partner()
    simulated_user.play(tone(1))
    end = simulated_user.now
    simulated_user.wait_for_answer()
    sounds_until = 31 * CHUNK
    assert (
        sounds_until + SAMPLE_RATE_HZ
        <= len(simulated_user.track())
        <= sounds_until + 1.5 * SAMPLE_RATE_HZ
    )
    delay_ms = simulated_user.floor_transfer_offset_ms(0, end)
    assert delay_ms == pytest.approx((12 * CHUNK - end) * 1000 / SAMPLE_RATE_HZ, abs=20)


@pytest.mark.parametrize("chunk", [1, 22])
def test_what_comes_too_early_or_too_late_is_no_answer(chunk: int) -> None:
    listener = LlamaWithWordHead({chunk: 0.1, chunk + 1: 0.1})
    simulated_user = listener.partner()
    simulated_user.play(tone(1))
    end = simulated_user.now
    simulated_user.wait(4)
    assert simulated_user.floor_transfer_offset_ms(0, end) is None
