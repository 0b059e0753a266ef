"""The examination of a machine: figures against a simulated room's truth, and the advice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.card.sound_card import CardInfo
from engine.echo.canceller import EchoCanceller
from engine.errors import DuologueError
from engine.measure.doctor import (
    ChunkTime,
    Findings,
    SoundFindings,
    advise,
    chirps,
    examine_engine,
    examine_sound,
    round_trip,
)
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.simulated_card import SimulatedCard
from tests.engine.tiny_bundle import write_tiny_bundle

SOUND = SoundFindings(
    card=CardInfo("Mic", "Loudspeaker", SAMPLE_RATE_HZ, 100.0),
    noise_db=-70.0,
    dead=False,
    round_trip_ms=90.0,
    echo_db=-30.0,
    reduction_db=40.0,
    xruns=0,
)


def noise(seconds: float, loudness: float = 0.0005) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.normal(0, loudness, round(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


class NoCanceller:
    """Gives the microphone's sound as it is: quick, where the canceller is no matter."""

    delay_samples = 0

    def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        return near

    def reset(self) -> None:
        pass


def said(found: SoundFindings, card_latency_ms: int = 50) -> str:
    times = (ChunkTime(160, 20, 40),)
    return " ".join(advise(Findings(found, times, card_latency_ms)).reasons)


def room(delay_ms: int, gain: float = 0.3) -> SimulatedCard:
    return SimulatedCard(noise(30.0), echo_gain=gain, echo_delay_samples=delay_ms * 16)


@pytest.mark.parametrize("delay_ms", [0, 300, 660])
def test_round_trip_and_echo_of_a_known_room(delay_ms: int) -> None:
    found = examine_sound(room(delay_ms), EchoCanceller())
    assert found.round_trip_ms == pytest.approx(delay_ms, abs=0.1)
    assert found.noise_db == pytest.approx(-66, abs=1)
    assert found.echo_db == pytest.approx(-34, abs=3)
    assert found.reduction_db is not None
    assert found.reduction_db > 20
    assert not found.dead
    assert "echo" not in said(found)


@pytest.mark.parametrize("delay_ms", [910, 2000])
def test_what_the_canceller_does_not_reach_is_measured_as_the_agent_would_hear_it(
    delay_ms: int,
) -> None:
    """With noise for speech, 32 dB would seem to be taken off."""
    found = examine_sound(room(delay_ms), EchoCanceller())
    assert found.round_trip_ms == pytest.approx(delay_ms, abs=0.1)
    assert found.reduction_db is not None
    assert found.reduction_db < 10
    assert f"Sound takes {delay_ms} ms" in said(found)
    assert "dB" not in said(found)
    assert "no echo to cancel" not in said(found)


@pytest.mark.parametrize(
    "delay_ms", [0, 5, 90, 500, 690, 830, 910, 1080, 1300, 1740, 2000, 2500, 3000, 3700]
)
@pytest.mark.parametrize("gain", [0.3, 0.01])
def test_an_echo_is_found_however_late(delay_ms: int, gain: float) -> None:
    """The chirps lie 830, 910 and 1740 ms apart."""
    found = examine_sound(room(delay_ms, gain), NoCanceller())
    assert found.round_trip_ms == pytest.approx(delay_ms, abs=0.1)


def test_an_echo_later_than_the_recording_is_no_other_chirp() -> None:
    found = examine_sound(room(7000), NoCanceller())
    assert found.round_trip_ms is None
    assert "within 3.8 s" in said(found)
    assert "no echo to cancel" not in said(found)


def test_headphones_have_no_echo() -> None:
    found = examine_sound(SimulatedCard(noise(30.0)), EchoCanceller())
    assert found.round_trip_ms is None
    assert found.reduction_db is None
    assert "within 3.8 s" in said(found)
    assert "no echo to cancel" in said(found)


def test_a_noisy_room_is_no_headphones() -> None:
    """The microphone hears more while the speaker plays, as if something were heard of it."""
    heard = noise(40.0)
    heard[SAMPLE_RATE_HZ * 8 :] *= 100
    found = examine_sound(SimulatedCard(heard), EchoCanceller())
    assert found.round_trip_ms is None
    assert found.reduction_db is not None
    assert "stay quiet" in said(found)
    assert "no echo to cancel" not in said(found)
    assert "dB" not in said(found)


def test_a_dead_microphone() -> None:
    found = examine_sound(SimulatedCard(), EchoCanceller())
    assert found.dead
    assert "silence" in said(found)
    assert "headphones" not in said(found)  # nothing is known of an echo


def test_chirps_are_found_under_noise() -> None:
    far = np.pad(chirps(), (0, SAMPLE_RATE_HZ))
    near = (
        np.roll(far, 1234) * np.float32(0.01) + noise(len(far) / SAMPLE_RATE_HZ, 0.01)[: len(far)]
    )
    assert round_trip(near, far) == 1234


def test_a_talk_in_the_room_is_no_round_trip() -> None:
    far = np.pad(chirps(), (0, SAMPLE_RATE_HZ))
    assert round_trip(noise(len(far) / SAMPLE_RATE_HZ, 0.1)[: len(far)], far) is None


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
    assert "close programs that you do not need" in said
    chunk_ms, said = advice(c160=400, c200=420, c240=440)
    assert chunk_ms == 240
    assert "too slow" in said


def test_what_the_sound_asks_for() -> None:
    times = {"c160": 40.0}
    without = replace(SOUND, round_trip_ms=None, reduction_db=None)
    assert "headphones" in advice(without, **times)[1]
    assert "turn the speaker down" in advice(replace(SOUND, reduction_db=8.0), **times)[1]
    broken = advise(Findings(replace(SOUND, xruns=3), (ChunkTime(160, 20, 40),)))
    assert broken.card_latency_ms == 100
    still = advise(Findings(replace(SOUND, xruns=3), (ChunkTime(160, 20, 40),), 100))
    assert still.card_latency_ms == 200
    assert any("3 gaps with 100 ms" in reason for reason in still.reasons)
    most = advise(Findings(replace(SOUND, xruns=3), (ChunkTime(160, 20, 40),), 500))
    assert most.card_latency_ms == 500
    assert advise(Findings(SOUND, (ChunkTime(160, 20, 40),))).card_latency_ms == 50


@pytest.mark.parametrize(
    ("trip_ms", "buffer_ms", "xruns", "advised_ms"),
    [
        (600.0, 50, 0, 50),
        (690.0, 50, 0, 50),
        (900.0, 400, 0, 50),  # the buffers are most of it
        (900.0, 400, 3, 90),  # and there must be as much of them as the canceller reaches
        (600.0, 200, 3, 200),  # twice as much would be out of reach
        (500.0, 200, 3, 240),
        (1300.0, 50, 0, 50),  # the devices are
        (1500.0, 400, 0, 400),
        (1500.0, 100, 3, 200),
    ],
)
def test_the_buffer_is_no_device_and_no_longer_than_the_canceller_reaches(
    trip_ms: float, buffer_ms: int, xruns: int, advised_ms: int
) -> None:
    found = replace(SOUND, round_trip_ms=trip_ms, xruns=xruns)
    given = advise(Findings(found, (ChunkTime(160, 20, 40),), buffer_ms))
    assert given.card_latency_ms == advised_ms
    reasons = " ".join(given.reasons)
    assert ("Bluetooth" in reasons) == (trip_ms > 1000)
    blamed = trip_ms > 690 and buffer_ms > 50
    assert (f"buffers of {buffer_ms} ms that you set" in reasons) == blamed
    assert ("3 gaps" in reasons) == (advised_ms > buffer_ms)
    assert ("covers only 690 ms" in reasons) == (trip_ms > 690)


def test_out_of_reach_is_one_reason() -> None:
    found = replace(SOUND, round_trip_ms=1300.0, reduction_db=-0.2)
    reasons = said(found)
    assert "hold-to-talk" in reasons
    assert "dB" not in reasons
    assert "only 0 dB" in said(replace(SOUND, reduction_db=-0.2))


def test_the_engine_is_timed_at_each_chunk_length(tmp_path: Path) -> None:
    times = examine_engine(write_tiny_bundle(tmp_path), noise(5.0, 0.1))
    assert [entry.chunk_ms for entry in times] == [160, 200, 240]
    assert all(0 < entry.p50_ms <= entry.p99_ms for entry in times)


def test_a_card_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.measure.doctor._PATIENCE", 0.01)
    card = SimulatedCard()
    card._turn = lambda play: None  # type: ignore[method-assign]
    with pytest.raises(DuologueError, match="almost no sound"):
        examine_sound(card, EchoCanceller())


def test_a_microphone_that_the_system_cancels_is_named() -> None:
    card = replace(SOUND.card, echo_cancelled=True)
    said = advice(replace(SOUND, card=card), c160=40)[1]
    assert "The system removes the echo from Mic" in said
    assert "choose the microphone itself" in said
    assert "The system removes" not in advice(c160=40)[1]
