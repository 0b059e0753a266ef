"""What a stream is opened with, with PortAudio's own streams faked."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.card import streams
from engine.card.devices import PIPEWIRE, PULSE, Device, bound_to_this_process
from engine.card.streams import ServerReader, needs_reader, open_stream
from engine.errors import DuologueError

STEREO = ("front-left", "front-right")
MICROPHONE = Device("Desk", PULSE, "desk", 2, 48_000, "", True, STEREO)
SPEAKER = Device("Küche", PULSE, "kitchen", 6, 48_000, "", True)


class PortAudioError(Exception):
    pass


class Host:
    """Takes PortAudio's place; remembers what each stream was asked for."""

    def __init__(self, most_inputs: int = 32) -> None:
        self.most_inputs = most_inputs
        self.asked: list[dict[str, Any]] = []
        self.PortAudioError = PortAudioError
        self.WasapiSettings = dict
        self.Stream = self.InputStream = self.OutputStream = self._stream

    def _stream(self, **settings: Any) -> SimpleNamespace:
        channels = settings["channels"]
        inputs = channels[0] if isinstance(channels, tuple) else channels
        if inputs > self.most_inputs:
            raise PortAudioError("Invalid number of channels", -9998)
        ports = {name: os.environ.get(name) for name in ("PULSE_SOURCE", "PULSE_SINK")}
        self.asked.append({**settings, **ports})

        def start() -> None:
            for _ in range(4):
                settings["callback"]()

        return SimpleNamespace(start=start, close=lambda ignore_errors: None)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(streams, "portaudio", lambda: host)
    monkeypatch.setattr(streams, "portaudio_index", lambda _device, _kind: 3)
    monkeypatch.setenv("PULSE_SINK", "before")
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    return host


def opened(host: Host, microphone: Device | None, speaker: Device | None) -> dict[str, Any]:
    open_stream(lambda _rate_hz: lambda: None, (16_000,), 50, microphone, speaker)
    assert os.environ["PULSE_SINK"] == "before"
    assert "PULSE_SOURCE" not in os.environ
    return host.asked[-1]


def test_a_speaker_alone_is_the_chosen_one(host: Host) -> None:
    asked = opened(host, None, SPEAKER)
    assert (asked["PULSE_SINK"], asked["PULSE_SOURCE"]) == ("kitchen", None)
    assert (asked["channels"], asked["blocksize"], asked["dtype"]) == (2, 160, "int16")


def test_a_microphone_gives_all_of_its_channels(host: Host) -> None:
    asked = opened(host, MICROPHONE, replace(SPEAKER, host_api=PIPEWIRE))
    assert (asked["PULSE_SINK"], asked["PULSE_SOURCE"]) == ("kitchen", "desk")
    assert asked["channels"] == (2, 2)
    hardware = replace(MICROPHONE, host_api="ALSA", channels=18, channel_map=())
    assert opened(host, hardware, None)["channels"] == 18


def test_a_host_that_refuses_so_many_channels_is_asked_for_fewer(host: Host) -> None:
    host.most_inputs = 1
    assert opened(host, MICROPHONE, None)["channels"] == 1
    host.most_inputs = 0
    with pytest.raises(DuologueError, match="The microphone Desk cannot be opened"):
        opened(host, MICROPHONE, None)


@pytest.mark.parametrize(
    ("channel_map", "mixed"),
    [
        ("mono", False),
        ("aux3", False),
        ("front-left,front-right", False),
        ("front-left,front-right,rear-left,rear-right", False),
        ("aux0,aux1", True),
        ("front-left,front-center,front-right,rear-center", True),
        ("front-left,front-right,front-center", True),
    ],
)
def test_channels_that_alsas_client_would_mix(channel_map: str, mixed: bool) -> None:
    names = tuple(channel_map.split(","))
    device = replace(MICROPHONE, channels=len(names), channel_map=names)
    assert needs_reader(device) == mixed
    assert not needs_reader(replace(device, host_api="Core Audio"))


def test_a_reader_hands_over_whole_blocks_and_tells_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A program of the name that gives 25 ms of sound and ends."""
    program = tmp_path / "parec"
    program.write_text("#!/bin/sh\nhead -c 1600 /dev/zero\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    blocks: list[np.ndarray] = []
    reader = ServerReader(lambda sound, *_more: blocks.append(sound), MICROPHONE, 16_000, 50)
    until = time.monotonic() + 20
    while reader.active and time.monotonic() < until:
        time.sleep(0.01)
    assert not reader.active
    assert [block.shape for block in blocks] == [(160, 2), (160, 2)]
    reader.close()


def test_a_missing_reader_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    bound_to_this_process()  # finds its program before there is none
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DuologueError, match="parec is missing"):
        ServerReader(lambda *_sound: None, MICROPHONE, 16_000, 50)
