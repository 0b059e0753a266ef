"""Devices as servers show them: names, channels, echo cancellers; a recording's chosen speaker."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.player import Player
from engine.card.devices import PIPEWIRE, PULSE, ChosenDevice, list_devices, refresh
from engine.card.playout import Playout
from engine.card.portaudio_card import PortAudioCard
from engine.timebase import SAMPLE_RATE_HZ
from tests.live.virtual_card import VirtualCard, interface, wait_until

pytestmark = pytest.mark.live
_LOUDNESS = 0.25


def tone(seconds: float) -> np.ndarray:
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (_LOUDNESS * np.sin(2 * np.pi * 440 * times)).astype(np.float32)


@contextmanager
def plugged(card: VirtualCard, *modules: tuple[str, ...]) -> Iterator[None]:
    """Hardware that is there meanwhile; PortAudio and the list know of it."""
    with ExitStack() as stack:
        for module in modules:
            stack.callback(card.unload, card.load(*module))
        refresh()
        yield


def speaker(name: str, shown: str) -> tuple[str, ...]:
    shown = f"sink_properties=device.description={shown}"
    return "module-null-sink", f"sink_name={name}", "norewinds=1", "rate=48000", shown


@contextmanager
def voice_on(channel: int, channel_map: str, folder: Path) -> Iterator[None]:
    """A tone on one input of the interface, counted from 0."""
    count = channel_map.count(",") + 1
    sound = np.zeros((len(tone(8.0)), count), np.float32)
    sound[:, channel] = tone(8.0)
    path = folder / "inputs.raw"
    (sound * 32767).astype(np.int16).tofile(path)
    shape = (f"--channels={count}", f"--channel-map={channel_map}", f"--rate={SAMPLE_RATE_HZ}")
    command = ["pacat", "-p", "-d", "wires", "--raw", "--format=s16le", "--no-remix", *shape]
    with path.open("rb") as file, subprocess.Popen(command, stdin=file) as player:
        try:
            yield
        finally:
            player.terminate()


def test_the_server_and_the_names_are_said_rightly(virtual_card: VirtualCard) -> None:
    with plugged(virtual_card, speaker("kitchen", "Küche")):
        listing = list_devices()
    (kitchen,) = (device for device in listing.speakers if device.port == "kitchen")
    assert (kitchen.name, kitchen.key) == ("Küche", "kitchen")
    assert kitchen.host_api == (PIPEWIRE if virtual_card.is_pipewire else PULSE)


def test_a_recording_is_played_through_the_chosen_speaker(
    virtual_card: VirtualCard, tmp_path: Path
) -> None:
    recording = tmp_path / "conversation.flac"
    sound = tone(1.5)
    silent = np.zeros(SAMPLE_RATE_HZ, np.float32)  # until the ear has begun to listen
    track = np.concatenate([silent, sound])
    soundfile.write(recording, np.stack([track, np.zeros_like(track)], axis=1), SAMPLE_RATE_HZ)
    with (
        plugged(virtual_card, speaker("kitchen", "Küche")),
        virtual_card.listen("kitchen") as chosen,
        virtual_card.listen() as default,
    ):
        player = Player(recording, ChosenDevice("kitchen", "Küche"))
        assert player.wait(30)
        time.sleep(0.3)  # the sound server still holds the last of it
    assert player.error == ""
    assert np.abs(default[0]).max(initial=0) < 1e-3
    loud = np.flatnonzero(np.abs(chosen[0]) > _LOUDNESS / 2)
    assert loud[-1] - loud[0] == pytest.approx(len(sound), rel=0.02)  # its end, too


@pytest.mark.parametrize(
    ("channel", "channel_map"),
    [
        (1, "front-left,front-right"),
        (6, "aux0,aux1,aux2,aux3,aux4,aux5,aux6,aux7"),
        (7, "front-left,front-right,rear-left,rear-right,front-center,lfe,side-left,side-right"),
    ],
    ids=["input 2", "numbered inputs", "eight channels"],
)
def test_a_voice_on_one_input_is_heard_as_loud_as_it_is(
    virtual_card: VirtualCard, tmp_path: Path, channel: int, channel_map: str
) -> None:
    with plugged(virtual_card, *interface(channel_map)), voice_on(channel, channel_map, tmp_path):
        card = PortAudioCard(microphone="inputs")
        try:
            card.open(Playout().take)
            blocks = [card.read(1.0) for _ in range(200)]
        finally:
            card.end()
    assert all(blocks)
    near = np.concatenate([block.near for block in blocks[100:] if block])
    assert np.abs(near).max() == pytest.approx(_LOUDNESS, rel=0.03)


def test_an_echo_canceller_of_the_system_is_found(virtual_card: VirtualCard) -> None:
    module = ("module-echo-cancel", "source_master=microphone", "sink_master=speaker")
    with plugged(virtual_card, module):

        def found() -> bool:
            listing = list_devices()
            cancelled = [device for device in listing.microphones if device.canceller]
            return [bool(device.canceller) for device in listing.microphones] == [False, True] and (
                [device.canceller for device in listing.speakers].count(cancelled[0].canceller) == 1
            )

        wait_until(found)
        (cancelled,) = (one for one in list_devices().microphones if one.canceller)
        card = PortAudioCard(microphone=cancelled.port)
        try:
            assert card.open(Playout().take).echo_cancelled
        finally:
            card.end()
