"""Devices by name: lists, choices, and a sentence for each way in which they fail."""

from __future__ import annotations

import builtins
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.devices import (
    PULSE,
    Device,
    Listing,
    choose,
    dead_microphone,
    list_devices,
    opening_error,
    portaudio,
    portaudio_listing,
    pulse_listing,
    refresh,
)
from engine.errors import DuologueError


def device(name: str, host_api: str = PULSE, default: bool = False) -> Device:
    return Device(name, host_api, name.lower(), 1, 48_000, "", default)


BUILT_IN, HEADSET, WEBCAM = (
    device("Built-in"),
    device("USB Headset", default=True),
    device("Webcam"),
)
ALL = (BUILT_IN, HEADSET, WEBCAM)


def test_the_default_is_followed_and_a_name_is_found() -> None:
    assert choose(ALL, None, "microphone") is HEADSET
    assert choose((BUILT_IN, WEBCAM), None, "microphone") is BUILT_IN
    assert choose(ALL, "webcam", "microphone") is WEBCAM
    assert choose(ALL, "Webcam, PulseAudio", "microphone") is WEBCAM
    assert choose(ALL, "headset", "microphone") is HEADSET


@pytest.mark.parametrize(
    ("present", "wanted", "said"),
    [
        ((), None, "There is no microphone; plug one in or switch it on."),
        ((), "Webcam", "There is no microphone"),
        (ALL, "Cray", "none of that name.*Built-in; USB Headset; Webcam"),
        (ALL, "b", "several of that name.*Built-in; USB Headset; Webcam"),
        (ALL, "", "none of that name"),
    ],
)
def test_what_cannot_be_chosen(present: tuple[Device, ...], wanted: str | None, said: str) -> None:
    with pytest.raises(DuologueError, match=said):
        choose(present, wanted, "microphone")


@pytest.mark.parametrize(
    ("system", "arguments", "said"),
    [
        ("linux", ("Error opening Stream: Device unavailable", -9985), "used by another program"),
        ("win32", ("Error opening Stream: Invalid device", -9996), "Privacy & security"),
        ("win32", ("Error opening Stream: Invalid sample rate", -9997), "Privacy & security"),
        ("linux", ("Error opening Stream: Invalid device", -9996), "does not answer"),
        ("darwin", ("Strange [PaErrorCode -1]", -1), r"\(Strange\)"),
    ],
)
def test_a_device_that_cannot_be_opened(
    monkeypatch: pytest.MonkeyPatch, system: str, arguments: tuple[Any, ...], said: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    error = opening_error(Exception(*arguments), WEBCAM, "microphone")
    assert "Webcam" in str(error)
    with pytest.raises(DuologueError, match=said):
        raise error


@pytest.mark.parametrize(
    ("system", "said"),
    [("darwin", "System Settings"), ("win32", "Privacy"), ("linux", "not muted")],
)
def test_a_forbidden_microphone(system: str, said: str) -> None:
    assert said in dead_microphone("Webcam", system)


def test_no_portaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    import_ = builtins.__import__

    def without(name: str, *arguments: Any, **settings: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return import_(name, *arguments, **settings)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DuologueError, match="PortAudio library is missing; .*install"):
        portaudio()


# --- lists ----------------------------------------------------------------------------------------


def entry(name: str, host_api: int, inputs: int, outputs: int) -> dict[str, Any]:
    return {
        "name": name,
        "hostapi": host_api,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": 44_100.0,
    }


def host(name: str, devices: list[int], default_in: int, default_out: int) -> dict[str, Any]:
    return {
        "name": name,
        "devices": devices,
        "default_input_device": default_in,
        "default_output_device": default_out,
    }


def test_windows_shows_each_device_once() -> None:
    devices = [
        entry("Microphone (Realtek(R) Audio", 0, 2, 0),  # MME cuts names
        entry("Speakers (Realtek(R) Audio)", 0, 0, 2),
        entry("Speakers (Realtek(R) Audio)", 1, 0, 2),
        entry("Microphone (Realtek(R) Audio)", 1, 2, 0),
        entry("Microphone (USB)", 1, 1, 0),
    ]
    apis = [host("MME", [0, 1], 0, 1), host("Windows WASAPI", [2, 3, 4], 3, 2)]
    listing = portaudio_listing(devices, apis)
    assert [one.name for one in listing.microphones] == [
        "Microphone (Realtek(R) Audio)",
        "Microphone (USB)",
    ]
    assert [one.is_default for one in listing.microphones] == [True, False]
    assert [one.host_api for one in listing.speakers] == ["Windows WASAPI"]
    assert listing.microphones[0].clock == listing.speakers[0].clock
    assert listing.microphones[1].clock != listing.speakers[0].clock


def test_alsa_shows_hardware_and_not_its_aliases() -> None:
    names = ["HDA: ALC (hw:0,0)", "USB: Audio (hw:1,0)", "sysdefault", "front", "dmix", "default"]
    devices = [entry(name, 0, 2, 2) for name in names]
    listing = portaudio_listing(devices, [host("ALSA", list(range(6)), 5, 5)])
    assert [one.name for one in listing.speakers] == [names[0], names[1], "default"]
    assert [one.is_default for one in listing.speakers] == [False, False, True]


def test_two_devices_of_one_name_are_told_apart() -> None:
    devices = [entry("USB", 0, 1, 0), entry("USB", 0, 1, 0)]
    listing = portaudio_listing(devices, [host("Core Audio", [0, 1], 0, -1)])
    assert [one.name for one in listing.microphones] == ["USB", "USB (2)"]
    assert listing.speakers == ()


def test_a_server_lists_its_devices_without_monitors() -> None:
    def served(name: str, said: str, card: str) -> dict[str, Any]:
        return {
            "name": name,
            "description": said,
            "sample_specification": "s16le 2ch 44100Hz",
            "properties": {"alsa.card": card},
        }

    content = {
        "sources": [served("mic", "Microphone", "1"), served("out.monitor", "Monitor", "0")],
        "sinks": [served("out", "Speaker", "0")],
    }
    info = {"default_source_name": "mic", "default_sink_name": "out"}
    listing = pulse_listing(content, info, {})
    assert listing.microphones == (Device("Microphone", PULSE, "mic", 2, 44_100, "1", True),)
    assert listing.speakers == (Device("Speaker", PULSE, "out", 2, 44_100, "0", True),)
    wished = pulse_listing(content, info, {"PULSE_SOURCE": "out.monitor"})
    assert [one.is_default for one in wished.microphones] == [False, True]
    # Without a microphone the server makes the monitor its default, in which the agent would hear
    # itself.
    alone = {"sources": content["sources"][1:], "sinks": content["sinks"]}
    none = pulse_listing(alone, {**info, "default_source_name": "out.monitor"}, {})
    assert none.microphones == ()


def test_the_watch_prints_the_devices_and_ends_with_its_parent() -> None:
    try:
        portaudio()
    except DuologueError as error:
        pytest.skip(str(error))
    watch = subprocess.run(
        [sys.executable, "-m", "engine.device_watch"],
        input="",
        capture_output=True,
        text=True,
        timeout=120,
    )
    listing = json.loads(watch.stdout.splitlines()[0])
    assert set(listing) == {"microphones", "speakers"}


@pytest.mark.skipif(shutil.which("pactl") is None, reason="needs PulseAudio's client")
@pytest.mark.parametrize("ask", [list_devices, refresh])
def test_a_sound_server_that_hangs_is_no_missing_microphone(
    ask: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is connected to, and never answers: so a server that is stopped looks."""
    address = tmp_path / "native"
    monkeypatch.setenv("PULSE_SERVER", f"unix:{address}")
    monkeypatch.setattr("engine.devices._ANSWER_SECONDS", 0.2)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        server.listen()
        with pytest.raises(DuologueError, match="sound server does not answer"):
            ask()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such servers")
def test_a_sound_server_that_has_ended_is_no_missing_microphone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = SimpleNamespace(query_devices=list, query_hostapis=list, PortAudioError=OSError)
    monkeypatch.setattr("engine.devices.portaudio", lambda: nothing)
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'native'}")
    with pytest.raises(DuologueError, match="sound server has ended"):
        list_devices()
    monkeypatch.delenv("PULSE_SERVER")
    monkeypatch.setenv("PULSE_RUNTIME_PATH", str(tmp_path))
    assert list_devices() == Listing((), ())  # a machine that never had one
