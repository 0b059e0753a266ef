"""The user of the evaluation: both tracks on one time axis, and what the surroundings add."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from engine.bundle import load_bundle
from engine.duplex import Duplex
from engine.tokens import FRAME_MS, FRAME_SAMPLES, RATE_HZ
from engine.turns import Span
from models.partner import Partner, Surroundings, longest_silence_ms, sounding, stretches
from models.phones import PAUSE
from models.rooms import USER_DB, speech_level_db
from models.voices import Speech
from tests.engine.tiny_bundle import write_tiny_bundle

CHUNK = 2560


class Listener:
    """In the place of the engine: keeps what it hears, answers what it is told to."""

    def __init__(self, answers: dict[int, float] | None = None) -> None:
        self.format = SimpleNamespace(chunk_samples=CHUNK, chunk_frames=4, text=None)
        self.bundle = SimpleNamespace(manifest=SimpleNamespace(silence_unit=0))
        self.heard = np.zeros(0, np.float32)
        self._answers = answers or {}

    def reset(self) -> None:
        self.heard = np.zeros(0, np.float32)

    def step(self, sound: np.ndarray) -> SimpleNamespace:
        self.heard = np.concatenate([self.heard, sound])
        level = self._answers.get(len(self.heard) // CHUNK, 0.0)
        audio = np.full(CHUNK, level, np.float32)
        return SimpleNamespace(agent_audio=audio, own_frames=[1] * 4, own_text=(), heard_text=())

    def partner(self, surroundings: Surroundings | None = None) -> Partner:
        return Partner(cast(Duplex, self), surroundings)


def tone(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.sin(2 * np.pi * 300 * time).astype(np.float32)


def test_sound_is_told_from_silence_and_clicks() -> None:
    track = np.zeros(RATE_HZ, np.float32)
    track[3200:6400] = 0.1
    track[12000] = 0.9  # a click, alone in its 20 ms
    assert np.flatnonzero(sounding(track)).tolist() == list(range(10, 20))
    assert longest_silence_ms(track) == 600


def test_short_silences_lie_inside_a_stretch() -> None:
    track = np.zeros(2 * RATE_HZ, np.float32)
    for start in (1600, 6400, 16000):
        track[start : start + 3200] = 0.1
    found = [(span.start_sample, span.end_sample) for span in stretches(track)]
    assert found == [(1600, 9600), (16000, 19200)]


def test_both_tracks_lie_on_one_axis(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path)
    duplex = Duplex(load_bundle(tmp_path), seed=1)
    partner = Partner(duplex)
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
    assert len(partner.frames_since(0)) * FRAME_SAMPLES == len(partner.track())
    assert partner.words_since(0) is None


def test_words_come_from_the_text_slot(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, text=True)
    duplex = Duplex(load_bundle(tmp_path), seed=1)
    again = Duplex(load_bundle(tmp_path), seed=1)
    partner = Partner(duplex)
    partner.wait(3)
    # The same sound into the same model with the same seed.
    listener = Listener()
    listener.partner().wait(3)
    chunks = [listener.heard[i : i + CHUNK] for i in range(0, len(listener.heard), CHUNK)]
    steps = [again.step(chunk) for chunk in chunks]
    duplex.close()
    again.close()
    said = "".join(piece for step in steps for piece in step.own_text).split()
    assert said
    assert partner.words_since(0) == " ".join(said)
    later = "".join(piece for step in steps[10:] for piece in step.own_text).split()
    assert partner.words_since(11 * CHUNK) == " ".join(later)
    assert partner.words_since(11 * CHUNK - 1) != " ".join(later) or not steps[9].own_text


def test_units_sound_behind_the_vocoders_delay(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    duplex = Duplex(bundle, seed=1)
    partner = Partner(duplex)
    partner.wait(2)
    duplex.close()
    whole = partner.frames_since(0)
    delay = bundle.manifest.vocoder.delay_ms // FRAME_MS
    span = Span(20 * FRAME_SAMPLES, 24 * FRAME_SAMPLES)
    assert partner.frames_in(span).tolist() == whole[20 - delay : 24 - delay].tolist()
    begun = Span(20 * FRAME_SAMPLES - 1, 24 * FRAME_SAMPLES + 1)
    assert partner.frames_in(begun).tolist() == whole[19 - delay : 25 - delay].tolist()


def test_captions_are_those_of_the_bundles_reader(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, reader=True)
    duplex = Duplex(load_bundle(tmp_path), seed=1)
    partner = Partner(duplex)
    partner.play(tone(2))
    early = partner.captions_since({"user": 0, "agent": 0})
    partner.wait(1)
    duplex.close()
    assert partner.words_since(0) is None
    whole = partner.captions_since({"user": 0, "agent": 0})
    later = partner.captions_since({"user": 20 * CHUNK, "agent": 20 * CHUNK})
    for side in ("user", "agent"):
        assert whole[side].startswith(early[side])
        assert whole[side].endswith(later[side])
        assert whole[side]


def test_noise_lies_at_its_level_below_the_speech() -> None:
    listener = Listener()
    partner = listener.partner(Surroundings(noise_db=-15))
    partner.wait(3)
    partner.play(tone(1))
    quiet, loud = listener.heard[: 2 * RATE_HZ], listener.heard[3 * RATE_HZ + 1600 :]
    noise_db = 10 * np.log10(np.square(quiet, dtype=np.float64).mean())
    assert noise_db == pytest.approx(USER_DB - 15, abs=0.5)
    assert speech_level_db(loud) == pytest.approx(USER_DB, abs=0.5)


def test_a_room_rings_after_the_words() -> None:
    response = np.zeros(4000, np.float32)
    response[100], response[3300] = 1.0, 0.5  # the second 200 ms after the first
    listener = Listener()
    partner = listener.partner(Surroundings(response=response))
    sound = tone(0.48)
    partner.play(sound)
    partner.wait(0.8)
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
    listener = Listener(dict.fromkeys(range(12, 31), 0.1))
    partner = listener.partner()
    partner.play(tone(1))
    end = partner.now
    partner.listen()
    sounds_until = 31 * CHUNK
    assert sounds_until + RATE_HZ <= len(partner.track()) <= sounds_until + 1.5 * RATE_HZ
    delay_ms = partner.answer_delay_ms(0, end)
    assert delay_ms == pytest.approx((12 * CHUNK - end) * 1000 / RATE_HZ, abs=20)


@pytest.mark.parametrize("chunk", [1, 22])
def test_what_comes_too_early_or_too_late_is_no_answer(chunk: int) -> None:
    listener = Listener({chunk: 0.1, chunk + 1: 0.1})
    partner = listener.partner()
    partner.play(tone(1))
    end = partner.now
    partner.wait(4)
    assert partner.answer_delay_ms(0, end) is None
