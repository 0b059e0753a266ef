"""The closed loop: what counts as a phantom, and how a reaction to one is found."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ

pytest.importorskip("pyroomacoustics")

from models.evaluate import echo_loop
from models.speech.voices import speak


def bursts(*spans: tuple[float, float], seconds: float = 20) -> np.ndarray:
    """Speech-like sound in spans of seconds."""
    sound = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    for start, end in spans:
        samples = round((end - start) * SAMPLE_RATE_HZ)
        first = round(start * SAMPLE_RATE_HZ)
        sound[first : first + samples] = np.random.default_rng(0).normal(0, 0.1, samples)
    return sound


def test_a_phantom_is_what_nobody_said_while_the_agent_could_be_heard() -> None:
    user, agent = bursts((1, 2)), bursts((3, 9))
    heard = np.zeros(len(user) // FRAME_SAMPLES, np.int64)

    def found(*silent: int) -> list[tuple[int, int]]:
        talk = echo_loop.Talk([[heard.tolist()]], agent)
        return echo_loop.phantoms(talk, user, set(silent))

    assert found(0) == []
    heard[25:60] = 7  # the user, and a reverberation of 0.4 s
    heard[130:134] = 7
    heard[240:244] = 9  # at 9.6 s the agent's sound is still in the room
    heard[220] = 7  # one frame is no speech
    heard[300:310] = 7  # at 12 s it is not
    assert found(0) == [(130, 134), (240, 244)]
    assert found(0, 7) == [(240, 244)]


def test_the_twin_tells_what_a_phantom_did() -> None:
    """A question in a silent room makes the agent speak; faint noise does not."""
    bundle = load_bundle()
    duplex = Duplex(bundle)
    chunk = duplex.format.chunk_samples
    sound = np.zeros(8 * SAMPLE_RATE_HZ // chunk * chunk, np.float32)
    words = speak("what is your name", "flite:slt", random.Random(0)).audio
    sound[2 * SAMPLE_RATE_HZ : 2 * SAMPLE_RATE_HZ + len(words)] = words
    own = [bundle.manifest.own_silence_unit] * duplex.format.chunk_frames
    audio, heard = [np.zeros(chunk, np.float32)], []
    for part in sound.reshape(-1, chunk):
        step = duplex.step(part)
        heard.append(step.user_units)
        own += step.own_frames
        audio.append(step.agent_audio)
    talk = echo_loop.Talk(heard, np.concatenate(audio[:-1]))
    assert echo_loop.hear_again(duplex, talk.heard) == own
    silent = {*talk.heard_frames[:40].tolist(), *talk.heard_frames[-40:].tolist()}
    deduplicated = np.flatnonzero(~np.isin(talk.heard_frames, sorted(silent)))
    first, end = int(deduplicated[0]), int(deduplicated[-1]) + 1
    assert 1.9 < first * FRAME_SAMPLES / SAMPLE_RATE_HZ < 2.5
    assert echo_loop.reacts(talk, duplex, first, end, silent)
    assert not echo_loop.reacts(talk, duplex, 10, 14, silent)
