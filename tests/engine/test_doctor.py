"""The examination of a machine: figures against a simulated room's truth, and the advice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.doctor import (
    ChunkTime,
    Findings,
    SoundFindings,
    advise,
    chirps,
    examine_engine,
    examine_sound,
    round_trip,
)
from engine.echo import EchoCanceller
from engine.errors import DuologueError
from engine.sound_card import CardInfo
from engine.tokens import RATE_HZ
from tests.engine.simulated_card import SimulatedCard
from tests.engine.tiny_bundle import write_tiny_bundle

SOUND = SoundFindings(
    card=CardInfo("Mic", "Loudspeaker", RATE_HZ, 100.0),
    noise_db=-70.0,
    dead=False,
    round_trip_ms=90.0,
    echo_db=-30.0,
    reduction_db=40.0,
    xruns=0,
)


def noise(seconds: float, loudness: float = 0.0005) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.normal(0, loudness, round(seconds * RATE_HZ)).astype(np.float32)


@pytest.mark.parametrize("delay_ms", [5, 90, 400])
def test_round_trip_and_echo_of_a_known_room(delay_ms: int) -> None:
    card = SimulatedCard(noise(30.0), echo_gain=0.3, echo_delay_samples=delay_ms * 16)
    found = examine_sound(card, EchoCanceller())
    assert found.round_trip_ms == pytest.approx(delay_ms, abs=0.1)
    assert found.noise_db == pytest.approx(-66, abs=1)
    assert found.echo_db == pytest.approx(-34, abs=3)
    assert found.reduction_db is not None
    assert found.reduction_db > 20
    assert not found.dead


def test_headphones_have_no_echo() -> None:
    found = examine_sound(SimulatedCard(noise(30.0)), EchoCanceller())
    assert found.round_trip_ms is None
    assert found.reduction_db is None


def test_a_dead_microphone() -> None:
    found = examine_sound(SimulatedCard(), EchoCanceller())
    assert found.dead
    said = " ".join(advise(Findings(found, (ChunkTime(160, 20, 40),))).reasons)
    assert "silence" in said
    assert "headphones" not in said  # nothing is known of an echo


def test_chirps_are_found_under_noise() -> None:
    far = np.pad(chirps(), (0, RATE_HZ))
    near = np.roll(far, 1234) * np.float32(0.01) + noise(len(far) / RATE_HZ, 0.01)[: len(far)]
    assert round_trip(near, far) == 1234


def test_a_talk_in_the_room_is_no_round_trip() -> None:
    far = np.pad(chirps(), (0, RATE_HZ))
    assert round_trip(noise(len(far) / RATE_HZ, 0.1)[: len(far)], far) is None


def advice(sound: SoundFindings = SOUND, **p99_ms: float) -> tuple[int, str]:
    times = tuple(ChunkTime(int(name[1:]), value / 2, value) for name, value in p99_ms.items())
    given = advise(Findings(sound, times))
    assert given.latency_ms == given.chunk_ms
    return given.chunk_ms, " ".join(given.reasons)


def test_the_shortest_chunk_that_is_easy_is_advised() -> None:
    assert advice(c160=40, c200=45, c240=50)[0] == 160
    assert advice(c160=110, c200=115, c240=120)[0] == 200
    chunk_ms, said = advice(c160=150, c200=155, c240=160)
    assert chunk_ms == 240
    assert "close what you do not need" in said
    chunk_ms, said = advice(c160=400, c200=420, c240=440)
    assert chunk_ms == 240
    assert "too slow" in said


def test_what_the_sound_asks_for() -> None:
    times = {"c160": 40.0}
    assert "headphones" in advice(replace(SOUND, round_trip_ms=None), **times)[1]
    assert "Bluetooth" in advice(replace(SOUND, round_trip_ms=600.0), **times)[1]
    assert "turn the speaker down" in advice(replace(SOUND, reduction_db=8.0), **times)[1]
    broken = advise(Findings(replace(SOUND, xruns=3), (ChunkTime(160, 20, 40),)))
    assert broken.card_latency_ms == 100
    still = advise(Findings(replace(SOUND, xruns=3), (ChunkTime(160, 20, 40),), 100))
    assert still.card_latency_ms == 200
    assert any("3 times at 100 ms" in reason for reason in still.reasons)
    most = advise(Findings(replace(SOUND, xruns=3), (ChunkTime(160, 20, 40),), 500))
    assert most.card_latency_ms == 500
    assert advise(Findings(SOUND, (ChunkTime(160, 20, 40),))).card_latency_ms == 50


def test_the_engine_is_timed_at_each_chunk_length(tmp_path: Path) -> None:
    times = examine_engine(write_tiny_bundle(tmp_path), noise(5.0, 0.1))
    assert [entry.chunk_ms for entry in times] == [160, 200, 240]
    assert all(0 < entry.p50_ms <= entry.p99_ms for entry in times)


def test_a_card_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.doctor._PATIENCE", 0.01)
    card = SimulatedCard()
    card._turn = lambda play: None  # type: ignore[method-assign]
    with pytest.raises(DuologueError, match="hardly runs"):
        examine_sound(card, EchoCanceller())


def test_a_microphone_that_the_system_cancels_is_named() -> None:
    card = replace(SOUND.card, echo_cancelled=True)
    said = advice(replace(SOUND, card=card), c160=40)[1]
    assert "The system takes the echo out of Mic" in said
    assert "choose the microphone itself" in said
    assert "The system takes" not in advice(c160=40)[1]
