"""Live talk through PortAudio and a virtual sound card, in real time.

No assertion depends on how fast the machine is: a slow one says less, but loses nothing.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.card.devices import list_devices, portaudio, refresh
from engine.card.playout import Playout
from engine.card.portaudio_card import PortAudioCard
from engine.card.sound_card import BLOCK_SECONDS, DuplexBlock
from engine.echo.canceller import EchoCanceller
from engine.errors import DuologueError
from engine.measure.benchmark import memory_mb
from engine.measure.doctor import CHIRP_SECONDS, QUIET_SECONDS, examine_sound
from engine.record.events import ChunkRecord, DeviceRecord, read_talk
from engine.record.recorder import Recorder
from engine.sound.level import levels_db
from engine.sound.turn_taking import voice_activity
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex, Step
from engine.talk.live_conversation import LiveConversation
from engine.talk.live_events import ChunkDone, DeviceChanged, Ended, Event
from engine.timebase import SAMPLE_RATE_HZ
from tests.live.virtual_card import ROOT, VirtualCard, on_one, wait_until

pytestmark = pytest.mark.live
USER = ROOT / "resources" / "samples" / "user.flac"
USER_SECONDS = 38.12


@pytest.fixture(scope="module")
def duplex() -> Iterator[Duplex]:
    opened = Duplex(load_bundle())
    yield opened
    opened.close()


class Talk:
    """A live conversation whose events are kept."""

    def __init__(self, duplex: Duplex, recordings: Path | None = None, **card: Any) -> None:
        self.events: list[Event] = []
        self.card = PortAudioCard(**card)
        self.recorder = Recorder(recordings, duplex) if recordings else None
        self.live = LiveConversation(duplex, self.card, EchoCanceller(), self.recorder)

    def __enter__(self) -> Talk:
        self.live.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.live.stop()
        self.look()
        self.card.end()
        if self.recorder:
            self.recorder.close()

    def look(self) -> None:
        """Take the events that have come."""
        while event := self.live.next_event():
            self.events.append(event)

    def wait(self, seconds: float) -> None:
        """Let real time pass."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            event = self.live.next_event(timeout_seconds=0.05)
            if event:
                self.events.append(event)

    def wait_for_speaker(self, name: str) -> None:
        """Wait until the talk runs through a speaker of this name."""

        def runs() -> bool:
            self.look()
            info = self.live.card_info
            return info is not None and info.speaker == name

        wait_until(runs)

    def of(self, kind: type) -> list[Any]:
        self.look()
        return [event for event in self.events if isinstance(event, kind)]

    def said(self) -> list[str]:
        return [event.text for event in self.of(DeviceChanged)]


def skip_if_busy(took_ms: list[float]) -> None:
    """Skip the rest where something else has the processor: then sound is lost, and counted."""
    usual_ms = float(np.median(took_ms))
    if usual_ms > 100:
        pytest.skip(f"this machine is too busy: a chunk of 160 ms usually takes {usual_ms:.0f} ms")


def speech_seconds(sound: np.ndarray) -> float:
    return sum(span.duration_ms for span in voice_activity(levels_db(sound))) / 1000


def test_a_minute_of_talk(virtual_card: VirtualCard, duplex: Duplex, tmp_path: Path) -> None:
    # With the second server a part will do.
    seconds = 20.0 if virtual_card.is_pipewire else USER_SECONDS + 3.0
    with virtual_card.listen() as heard, Talk(duplex, tmp_path) as talk:
        talk.wait(1.0)
        with virtual_card.say(USER):
            talk.wait(seconds)
    chunks = talk.of(ChunkDone)
    counts = talk.live.counts
    assert talk.of(Ended) == [Ended(None)]
    assert [event.step.index for event in chunks] == list(range(len(chunks)))
    skip_if_busy([event.took_ms for event in chunks])
    assert counts.lost_samples == counts.lost_chunks == counts.events_dropped == 0
    assert len(chunks) > seconds / 0.16 - 10
    # The user asked; the agent answered, and the speaker got it.
    assert speech_seconds(heard[0]) > 2.0
    user_spoke = [event.step.user_units for event in chunks if event.step.user_units]
    silence = duplex.bundle.manifest.silence_unit
    assert any(unit != silence for units in user_spoke for frame in units for unit in frame)


@on_one
def test_sound_of_a_step_lies_where_the_latency_says(
    virtual_card: VirtualCard, duplex: Duplex
) -> None:
    """On the card's clock interval N + 1 holds what step N said, if that was in time."""
    written: list[tuple[np.ndarray, Step]] = []

    class Keeper:
        def write(self, user: np.ndarray, agent: np.ndarray, step: Step | None, extra: Any) -> None:
            if step and len(agent) == len(step.agent_audio):
                written.append((agent, step))

        def device_event(self, text: str) -> None:
            pass

        def command(self, command: str, start_sample: int) -> None:
            pass

    card = PortAudioCard()
    live = LiveConversation(duplex, card, None, Keeper())
    live.start()
    with virtual_card.say(USER):
        time.sleep(15.0)
        live.stop()
    card.end()
    events = []
    while event := live.next_event():
        events.append(event)
    silence = duplex.bundle.manifest.own_silence_unit
    # A chunk counts if it came in time and no silence follows, at which the agent may yield.
    counts = [
        event.late_ms == 0 and any(unit != silence for unit in event.step.own_frames)
        for event in events
        if isinstance(event, ChunkDone)
    ]
    checked = 0
    for index in range(1, len(written) - 2):
        if all(counts[index - 1 : index + 3]):
            played, said = written[index + 1][0], written[index][1].agent_audio
            np.testing.assert_array_equal(played, said)
            checked += 1
    if not checked:
        pytest.skip("this machine was too busy for any chunk to be in time")


@on_one
def test_the_devices_are_unplugged_and_return(virtual_card: VirtualCard, duplex: Duplex) -> None:
    with Talk(duplex) as talk, virtual_card.say(USER):
        talk.wait(3.0)
        number, module = virtual_card.module_of("sink_name=speaker")
        remap, remap_module = virtual_card.module_of("source_name=microphone")
        voice, voice_module = virtual_card.module_of("sink_name=voice")
        for one in (number, remap, voice):
            virtual_card.unload(one)
        wait_until(lambda: any(not event.sounds for event in talk.of(DeviceChanged)))
        talk.wait(1.0)
        chunks = len(talk.of(ChunkDone))
        for one in (module, voice_module, remap_module):
            virtual_card.load(*one)
        virtual_card.pactl("set-default-sink", "speaker")
        virtual_card.pactl("set-default-source", "microphone")
        wait_until(lambda: any(event.sounds for event in talk.of(DeviceChanged)))
        returned = talk.live.counts
        with virtual_card.say(USER), virtual_card.listen() as heard:
            talk.wait(12.0)
        counts = talk.live.counts
    after = talk.of(ChunkDone)
    assert len(after) > chunks + 5
    assert [event.step.index for event in after] == list(range(len(after)))
    assert any("back" in text for text in talk.said())
    assert talk.of(Ended) == [Ended(None)]
    skip_if_busy([event.took_ms for event in after[chunks:]])
    assert (counts.lost_samples, counts.lost_chunks) == (
        returned.lost_samples,
        returned.lost_chunks,
    )
    assert speech_seconds(heard[0]) > 0.5  # what it answers depends on the bundle


def test_another_default_device_is_followed(virtual_card: VirtualCard, duplex: Duplex) -> None:
    second = virtual_card.load(
        "module-null-sink",
        "sink_name=headset",
        "norewinds=1",
        "sink_properties=device.description=Headset",
    )
    try:
        with Talk(duplex) as talk:
            talk.wait(1.0)
            virtual_card.pactl("set-default-sink", "headset")
            talk.wait_for_speaker("Headset")
            virtual_card.unload(second)
            second = ""
            talk.wait_for_speaker("Virtual-speaker")
    finally:
        virtual_card.pactl("set-default-sink", "speaker")
        if second:
            virtual_card.unload(second)


def test_the_server_is_restarted(virtual_card: VirtualCard, duplex: Duplex) -> None:
    with Talk(duplex) as talk:
        talk.wait(1.0)
        virtual_card.stop()
        wait_until(lambda: any(not event.sounds for event in talk.of(DeviceChanged)))
        virtual_card.start()
        wait_until(lambda: any(event.sounds for event in talk.of(DeviceChanged)))
        chunks = len(talk.of(ChunkDone))
        wait_until(lambda: len(talk.of(ChunkDone)) > chunks)
    assert talk.of(Ended) == [Ended(None)]


@on_one
def test_a_named_device_is_used_and_returned_to(virtual_card: VirtualCard, duplex: Duplex) -> None:
    headset = (
        "module-null-sink",
        "sink_name=headset",
        "norewinds=1",
        "sink_properties=device.description=Headset",
    )
    number = virtual_card.load(*headset)
    try:
        with Talk(duplex, speaker="headset") as talk:
            talk.wait_for_speaker("Headset")
            virtual_card.unload(number)
            number = ""
            talk.wait_for_speaker("Virtual-speaker")
            number = virtual_card.load(*headset)
            talk.wait_for_speaker("Headset")
    finally:
        if number:
            virtual_card.unload(number)
    assert any("headset is not connected" in text for text in talk.said())


@on_one
def test_two_cards_get_two_streams(virtual_card: VirtualCard, duplex: Duplex) -> None:
    """A speaker whose hardware is another than the microphone's."""
    number = virtual_card.load(
        "module-null-sink",
        "sink_name=usb",
        "norewinds=1",
        "rate=44100",
        "sink_properties='device.description=Usb alsa.card=7'",
    )
    try:
        talk = Talk(duplex, speaker="Usb")
        with virtual_card.listen("usb") as heard, talk, virtual_card.say(USER):
            talk.wait(15.0)
        chunks = talk.of(ChunkDone)
        assert len(chunks) > 5
        if any(event.late_ms == 0 for event in chunks):
            assert heard[0].any()
    finally:
        virtual_card.unload(number)


@on_one
def test_a_card_that_will_not_run_at_16_khz(
    virtual_card: VirtualCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sound is converted here where the host refuses to."""
    sounddevice = portaudio()
    stream = sounddevice.Stream

    def picky(**settings: Any) -> Any:
        if settings["samplerate"] == SAMPLE_RATE_HZ:
            raise sounddevice.PortAudioError("Invalid sample rate", -9997)
        return stream(**settings)

    monkeypatch.setattr(sounddevice, "Stream", picky)
    playout = Playout()
    card = PortAudioCard()
    assert card.open(playout.take).rate_hz == 48_000
    blocks = [card.read(1.0) for _ in range(100)]
    card.end()
    assert all(block and block.near.shape == (160,) for block in blocks)


@on_one
def test_an_unknown_name_lists_those_present(virtual_card: VirtualCard) -> None:
    card = PortAudioCard(microphone="Cray-1")
    with pytest.raises(DuologueError, match="Virtual-microphone"):
        card.open(Playout().take)


def test_the_list_has_one_entry_for_each_device(virtual_card: VirtualCard) -> None:
    refresh()
    listing = list_devices()
    assert [device.name for device in listing.microphones] == ["Virtual-microphone"]
    assert [device.is_default for device in listing.speakers] == [True, False]
    assert listing.speakers[0].rate_hz == 48_000


@on_one
def test_the_command_talks_until_it_is_interrupted(
    virtual_card: VirtualCard, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "app", "live", "--record", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert "Virtual-microphone and Virtual-speaker" in program.stdout.readline()
        with virtual_card.say(USER):
            time.sleep(5.0)
        program.send_signal(signal.SIGINT)
        said = program.stdout.read()
        assert program.wait(60) == 0
    assert "chunks (p50" in said
    assert "Recorded in" in said
    sound, rate_hz = soundfile.read(next(tmp_path.glob("*/conversation.flac")))
    assert rate_hz == SAMPLE_RATE_HZ
    assert len(sound)


@on_one
@pytest.mark.parametrize("frozen_seconds", [0.5, 3.0])
def test_a_frozen_program_is_soon_back_on_the_clock(
    virtual_card: VirtualCard, tmp_path: Path, frozen_seconds: float
) -> None:
    command = [sys.executable, "-m", "app", "live", "--record", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert "Virtual-microphone" in program.stdout.readline()
        with virtual_card.say(USER):
            time.sleep(3.0)
            program.send_signal(signal.SIGSTOP)
            time.sleep(frozen_seconds)
            program.send_signal(signal.SIGCONT)
            time.sleep(4.0)
        program.send_signal(signal.SIGINT)
        said = program.stdout.read()
        assert program.wait(60) == 0
    folder = next(tmp_path.iterdir())
    records = list(read_talk(folder)[1])
    # The card is not to blame, what nobody heard is counted, and no chunk is left out.
    assert not [record for record in records if isinstance(record, DeviceRecord)]
    chunks = [record for record in records if isinstance(record, ChunkRecord)]
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    said = " ".join(said.split())
    assert "of sound lost" in said or "gaps in the card's sound" in said
    skip_if_busy([chunk.timings_ms["total"] for chunk in chunks])
    assert sum(chunk.ready_ms > 320 for chunk in chunks) <= 1.0 / 0.16


class Witness:
    """A card that remembers what passed."""

    def __init__(self, card: PortAudioCard) -> None:
        self.card = card
        self.passed: list[DuplexBlock] = []

    def read(self, timeout_seconds: float) -> DuplexBlock | None:
        exchange = self.card.read(timeout_seconds)
        if exchange:
            self.passed.append(exchange)
        return exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self.card, name)


@on_one
@pytest.mark.parametrize("through_loopback", [False, True])
def test_the_doctor_finds_the_round_trip(
    virtual_card: VirtualCard, monkeypatch: pytest.MonkeyPatch, through_loopback: bool
) -> None:
    """The truth: this card is so silent that the first sample of an echo is the first not zero."""
    loopback = ""
    if through_loopback:
        loopback = virtual_card.load(
            "module-loopback", "source=speaker.monitor", "sink=voice", "latency_msec=60"
        )
        time.sleep(1.0)  # what was played before is still on its way
    else:
        monkeypatch.setenv("PULSE_SOURCE", "speaker.monitor")
    try:
        for _ in range(5):
            witness = Witness(PortAudioCard(latency_ms=100))
            found = examine_sound(witness, EchoCanceller())
            witness.card.end()
            if not found.xruns:
                break
        else:
            pytest.skip("the machine is too busy to play without gaps, so there is no one delay")
    finally:
        if loopback:
            virtual_card.unload(loopback)
    chirped = witness.passed[: round((QUIET_SECONDS + CHIRP_SECONDS) / BLOCK_SECONDS)]
    near = np.concatenate([exchange.near for exchange in chirped])
    far = np.concatenate([exchange.far for exchange in chirped])
    begun, heard = (int(np.flatnonzero(np.abs(one) > 1e-3)[0]) for one in (far, near))
    known_ms = (heard - begun) * 1000 / SAMPLE_RATE_HZ
    assert found.round_trip_ms == pytest.approx(known_ms, abs=5)
    assert found.reduction_db is not None
    assert found.reduction_db > 20


@on_one
def test_a_stream_begins_in_silence(virtual_card: VirtualCard) -> None:
    """PortAudio would begin with what the memory held, such as the end of the talk before."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, SAMPLE_RATE_HZ // 2).astype(np.float32)
    for _ in range(4):
        playout, card = Playout(), PortAudioCard()
        with virtual_card.listen() as heard:
            card.open(playout.take)
            for _ in range(40):
                card.read(1.0)
        assert np.abs(heard[0]).max() < 3 / 32768
        playout.put(playout.position, noise)
        for _ in range(150):  # the noise, and a second in which it leaves the server's buffers
            card.read(1.0)
        card.end()


@on_one
@pytest.mark.slow
def test_an_hour_of_talk(virtual_card: VirtualCard, duplex: Duplex) -> None:
    """The soak: nothing is lost, and neither time nor memory grows."""
    took_ms: list[list[float]] = []
    memory: list[float] = []
    with Talk(duplex) as talk:
        for _ in range(60):
            with virtual_card.say(USER):
                talk.wait(60.0)
            took_ms.append([event.took_ms for event in talk.of(ChunkDone)])
            memory.append(memory_mb() or 0.0)
            talk.events.clear()
    counts = talk.live.counts
    p99_ms = [float(np.percentile(minute, 99)) for minute in took_ms]
    skip_if_busy([took for minute in took_ms for took in minute])
    print(f"{counts}; p99 by minute {np.round(p99_ms, 1).tolist()} ms; memory {memory} MB")
    assert counts.lost_samples == counts.lost_chunks == counts.events_dropped == 0
    assert counts.chunks > 3600 / 0.16 - 60
    # The first five minutes fill the context and the allocator's pools.
    assert np.mean(memory[-5:]) < 1.05 * np.mean(memory[5:10])
