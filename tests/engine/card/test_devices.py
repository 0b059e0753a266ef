"""Devices by name: lists, choices, and a sentence for each way in which they fail."""

from __future__ import annotations

import builtins
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.card import device_watch
from engine.card.devices import (
    PIPEWIRE,
    PULSE,
    ChosenDevice,
    Device,
    DeviceList,
    choose,
    dead_microphone,
    list_devices,
    opening_error,
    portaudio,
    portaudio_listing,
    refresh,
    server_listing,
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
        (ALL, "Cray", "none has that name.*Built-in; USB Headset; Webcam"),
        (ALL, "b", "several have that name.*Built-in; USB Headset; Webcam"),
        (ALL, "", "none has that name"),
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


def served(
    kind: str, name: str, said: str, *more: str, driver: str = "module-alsa-card.c", owner: int = 3
) -> str:
    """As pactl lists one, in plain English."""
    properties = "".join(f"\t\t{line}\n" for line in (f'device.description = "{said}"', *more))
    return (
        f"{kind} #1\n\tState: IDLE\n\tName: {name}\n\tDescription: {said}\n\tDriver: {driver}\n"
        "\tSample Specification: s16le 2ch 44100Hz\n\tChannel Map: front-left,front-right\n"
        f"\tOwner Module: {owner}\n\tMute: no\n\tProperties:\n{properties}\tPorts:\n"
        "\t\tanalog-input: Analog Input (type: Mic, priority: 10000)\n\tFormats:\n\t\tpcm\n\n"
    )


INFO = "Server Name: pulseaudio\nServer Version: 16.1\nDefault Sink: out\nDefault Source: mic\n"
PIPEWIRE_INFO = INFO.replace("pulseaudio", "PulseAudio (on PipeWire 0.3.65)")
CHANNELS = ("front-left", "front-right")


def test_a_server_lists_its_devices_without_monitors() -> None:
    sink = served("Sink", "out", "Speaker", 'alsa.card = "0"')
    monitor = served("Source", "out.monitor", "Monitor of Speaker", 'alsa.card = "0"')
    others = "Sink Input #4\n\tDriver: protocol-native.c\n\tName: x\n\nClient #7\n\tName: y\n\n"
    content = sink + others + served("Source", "mic", "Microphone", 'alsa.card = "1"') + monitor
    listing = server_listing(content, INFO, {})
    assert listing.microphones == (
        Device("Microphone", PULSE, "mic", 2, 44_100, "1", True, CHANNELS),
    )
    assert listing.speakers == (Device("Speaker", PULSE, "out", 2, 44_100, "0", True, CHANNELS),)
    wished = server_listing(content, INFO, {"PULSE_SOURCE": "out.monitor"})
    assert [one.is_default for one in wished.microphones] == [False, True]
    # Without a microphone the server makes the monitor its default, in which the agent would hear
    # itself.
    none = server_listing(sink + monitor, INFO.replace("mic", "out.monitor"), {})
    assert none.microphones == ()


def test_names_are_shown_in_any_alphabet_and_the_server_by_its_own() -> None:
    content = served("Sink", "out", "Küche „links“, 台所")
    (speaker,) = server_listing(content, PIPEWIRE_INFO, {}).speakers
    assert (speaker.name, speaker.key, speaker.host_api) == ("Küche „links“, 台所", "out", PIPEWIRE)
    assert choose([speaker], "küche „links“, 台所, PulseAudio", "speaker") is speaker


def test_a_description_of_two_lines_makes_no_other_device() -> None:
    content = served("Sink", "out", "Speaker\n\tName: other\n\tDescription: Other")
    (speaker,) = server_listing(content, INFO, {}).speakers
    assert (speaker.name, speaker.port) == ("Speaker", "out")


@pytest.mark.parametrize(
    ("source", "sink"),
    [
        (
            served("Source", "e", "E", driver="module-echo-cancel.c", owner=9),
            served("Sink", "e", "E", driver="module-echo-cancel.c", owner=9),
        ),
        (
            served("Source", "e", "E", 'node.group = "echo-cancel-8502-13"', driver="PipeWire"),
            served("Sink", "e", "E", 'node.group = "echo-cancel-8502-13"', driver="PipeWire"),
        ),
    ],
    ids=["PulseAudio", "PipeWire"],
)
def test_an_echo_canceller_of_the_system_is_known(source: str, sink: str) -> None:
    plain = served("Source", "mic", "Remapped", 'device.class = "filter"')
    listing = server_listing(source + plain + sink, INFO, {})
    assert [bool(one.canceller) for one in listing.microphones] == [True, False]
    assert listing.microphones[0].canceller == listing.speakers[0].canceller


def test_a_chosen_device_is_known_by_what_stays() -> None:
    """Its name changes with the desktop's language, its key with the server."""
    chosen = ChosenDevice("usb headset", "USB-Kopfhörer")
    assert choose(ALL, chosen, "microphone") is HEADSET
    assert choose(ALL, ChosenDevice("alsa_input.usb", "USB Headset"), "microphone") is HEADSET
    with pytest.raises(DuologueError, match="'Head' cannot be chosen .none has that name.*Webcam"):
        choose(ALL, ChosenDevice("gone", "Head"), "microphone")
    twins = (device("USB"), Device("USB (2)", "Core Audio", "USB", 1, 48_000, "", False))
    assert [one.key for one in twins] == ["usb", "USB (2)"]


def test_a_listing_comes_through_the_watch_as_it_is() -> None:
    """Else every look would be a change."""
    content = served("Source", "mic", "Küche") + served("Sink", "out", "Speaker")
    listing = server_listing(content, PIPEWIRE_INFO, {})
    assert device_watch._from_json(json.dumps(asdict(listing))) == listing


def test_the_watch_prints_the_devices_and_ends_with_its_parent() -> None:
    try:
        portaudio()
    except DuologueError as error:
        pytest.skip(str(error))
    watch = subprocess.run(
        [sys.executable, "-m", "engine.card.device_watch"],
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
    monkeypatch.setattr("engine.card.devices._ANSWER_SECONDS", 0.2)
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
    monkeypatch.setattr("engine.card.devices.portaudio", lambda: nothing)
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'native'}")
    with pytest.raises(DuologueError, match="sound server has stopped"):
        list_devices()
    monkeypatch.delenv("PULSE_SERVER")
    monkeypatch.setenv("PULSE_RUNTIME_PATH", str(tmp_path))
    assert list_devices() == DeviceList((), ())  # a machine that never had one
