"""Lists microphones and speakers: one entry per physical device, known by name and host API.

It never stores PortAudio's indices, because they change whenever a device is plugged in. If a
PulseAudio or PipeWire server answers, its devices are the list, because it owns the hardware.
Otherwise the list is PortAudio's, reduced to one host API. PortAudio reads its list only when it
starts; a new list needs a restart (no stream may be open) or another process, see
`engine.card.device_watch`.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from types import ModuleType
from typing import Any, Literal

from engine.errors import DuologueError

DeviceKind = Literal["microphone", "speaker"]
PULSE, PIPEWIRE = "PulseAudio", "PipeWire"
_SERVERS = (PULSE, PIPEWIRE)
_WASAPI = "Windows WASAPI"
# The best host API of each system; the others list the same devices again.
_HOST_APIS = (_WASAPI, "Core Audio", "ALSA")
_PULSE_PORTS = ("pulse", "default")
_ANSWER_SECONDS = 3.0
_PROBE_SECONDS = 3.0


@dataclass(frozen=True)
class Device:
    """A microphone or a speaker."""

    name: str
    """The name that the system shows; unique among devices of its kind."""
    host_api: str
    port: str
    """The name to open it by, PulseAudio's or PortAudio's."""
    channels: int
    rate_hz: int
    clock: str
    """Devices with the same clock run at exactly the same speed."""
    is_default: bool
    channel_map: tuple[str, ...] = ()
    """The server's names of the channels."""
    canceller: str = ""
    """Set if this belongs to the system's own echo canceller; its microphone and its speaker have
    the same value."""

    @property
    def served(self) -> bool:
        """Whether a sound server has it."""
        return self.host_api in _SERVERS

    @property
    def key(self) -> str:
        """A lasting name: the server's own, which no language setting changes, or the shown one."""
        return self.port if self.served else self.name


@dataclass(frozen=True)
class ChosenDevice:
    """A device that the user chose from a list, as the settings store it."""

    key: str
    name: str
    """The shown name: for messages, and for finding it where another server has another key."""

    def __str__(self) -> str:
        return self.name


Wanted = ChosenDevice | str | None
"""A device from a list, a name that the user typed, or None for the system's default."""


@dataclass(frozen=True)
class DeviceList:
    """All devices that are present."""

    microphones: tuple[Device, ...]
    speakers: tuple[Device, ...]


@ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
def _silent(_file: bytes, _line: int, _function: bytes, _code: int, _text: bytes) -> None:
    """Keeps ALSA from writing to stderr, into the live status; module level, as C refers to it."""


def portaudio() -> ModuleType:
    """The sounddevice module; DuologueError if PortAudio is missing or cannot start."""
    try:
        import sounddevice

        if sys.platform == "linux":
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_silent)
    except OSError as error:
        remedy = {
            "linux": "install it (on Debian and Ubuntu: sudo apt install libportaudio2)",
            "darwin": "install it (brew install portaudio) or install Duologue again",
        }.get(sys.platform, "install Duologue again")
        raise DuologueError(f"The PortAudio library is missing; {remedy}.") from error
    except Exception as error:  # the import starts PortAudio, and its error class is not known yet
        raise no_answer() from error
    return sounddevice


def no_answer() -> DuologueError:
    """The error for a sound system that hangs or cannot be started."""
    return DuologueError(
        "The system's sound does not answer; wait a moment, or restart the computer."
    )


@contextmanager
def _answering() -> Iterator[ModuleType]:
    """The sounddevice module; DuologueError if the system's sound does not answer."""
    _require_server()
    sounddevice = portaudio()
    try:
        yield sounddevice
    except sounddevice.PortAudioError as error:
        raise no_answer() from error


@cache
def bound_to_this_process() -> tuple[str, ...]:
    """A prefix for a command that makes it end with this process, even if that is killed.

    It is setpriv, of util-linux, which every Linux desktop has; empty if it is missing.
    """
    prefix = ("setpriv", "--pdeathsig", "KILL")
    try:
        done = subprocess.run(
            [*prefix, "true"], capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return () if done.returncode else prefix


def _require_server() -> None:
    """Raise DuologueError if a sound server hangs, because PortAudio would wait for ever."""
    if sys.platform != "linux":
        return
    try:
        subprocess.run(
            [*bound_to_this_process(), "pactl", "info"],
            capture_output=True,
            timeout=_ANSWER_SECONDS,
            env=client_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DuologueError(
            "The sound server does not answer; wait a moment, or log out and in again."
        ) from error
    except OSError:  # pactl is not installed
        return


def _server_is_gone() -> bool:
    """Whether a sound server is expected; asked after none answered."""
    if sys.platform != "linux":
        return False
    runtime = os.environ.get("PULSE_RUNTIME_PATH") or f"{os.environ.get('XDG_RUNTIME_DIR')}/pulse"
    return "PULSE_SERVER" in os.environ or os.path.exists(f"{runtime}/native")


def refresh() -> None:
    """Restart PortAudio so that it lists devices anew; only while no stream is open.

    Raises DuologueError if that fails; it may be tried again.
    """
    with _answering() as sounddevice:
        # sounddevice has no public call for this, and PortAudio no other way. After a failed start
        # there is nothing to terminate.
        if sounddevice._initialized:
            sounddevice._terminate()
        sounddevice._initialize()


def list_devices() -> DeviceList:
    """The devices that are present (without a sound server: as of PortAudio's last start).

    Raises DuologueError if the system does not answer.
    """
    with _answering() as sounddevice:
        if sys.platform == "linux" and any(_pulse_index(sounddevice, kind) for kind in (0, 1)):
            served = ask_server()
            if served:
                return served
        listing = portaudio_listing(sounddevice.query_devices(), sounddevice.query_hostapis())
    if not (listing.microphones or listing.speakers) and _server_is_gone():
        raise DuologueError(
            "The sound server has stopped, so no devices can be found; log out and in again."
        )
    return listing


def portaudio_index(device: Device, kind: DeviceKind) -> int:
    """PortAudio's present index of this device; DuologueError if it is gone."""
    sounddevice = portaudio()
    if device.served:
        found = _pulse_index(sounddevice, 0 if kind == "microphone" else 1)
    else:
        names = _host_devices(sounddevice.query_devices(), sounddevice.query_hostapis())
        channels = "max_input_channels" if kind == "microphone" else "max_output_channels"
        alike = [
            entry["index"]
            for entry in names
            if entry["name"] == device.port and entry[channels] > 0
        ]
        numbers = [_number_name(device.port, count) for count in range(1, len(alike) + 1)]
        found = [index for index, name in zip(alike, numbers, strict=True) if name == device.name]
    if not found:
        raise DuologueError(f"The {kind} {device.name} is gone; plug it in again.")
    return int(found[0])


def choose(devices: Sequence[Device], wanted: Wanted, kind: DeviceKind) -> Device:
    """The wanted device, or the system's default if ``wanted`` is None.

    A typed name may be "name", "name, host API", the server's own name, or a part of the shown name
    that fits one device only. Raises DuologueError, which lists the present devices, if none fits.
    """
    if not devices:
        raise DuologueError(f"There is no {kind}; plug one in or switch it on.")
    if wanted is None:
        return next((device for device in devices if device.is_default), devices[0])
    if isinstance(wanted, ChosenDevice):
        for device in devices:
            if device.key == wanted.key:
                return device
        for device in devices:
            if device.name == wanted.name:
                return device
        fitting = []
    else:
        key = wanted.casefold().strip()
        for device in devices:
            if key in (name.casefold() for name in _written_names(device)):
                return device
        fitting = [device for device in devices if key and key in device.name.casefold()]
        if len(fitting) == 1:
            return fitting[0]
    problem = "several have that name" if fitting else "none has that name"
    present = "; ".join(device.name for device in fitting or devices)
    raise DuologueError(
        f"The {kind} {str(wanted)!r} cannot be chosen ({problem}); choose one of: {present}."
    )


def _written_names(device: Device) -> list[str]:
    hosts = _SERVERS if device.served else (device.host_api,)
    return [device.name, device.port, *(f"{device.name}, {host}" for host in hosts)]


def opening_error(error: Exception, device: Device, kind: DeviceKind) -> DuologueError:
    """The error for a device that could not be opened, with what the user can do about it."""
    text = str(error.args[0] if error.args else type(error).__name__)
    code = next((value for value in error.args if isinstance(value, int)), 0)
    if code == -9985 or "busy" in text.lower():
        return DuologueError(
            f"The {kind} {device.name} is used by another program; close that program or choose "
            "another device."
        )
    if sys.platform == "win32" and kind == "microphone" and code in (-9996, -9997, -9999):
        return DuologueError(
            f"Windows does not let Duologue use the microphone {device.name}; allow it in "
            "Settings, Privacy & security, Microphone."
        )
    if code in (-9996, -9999):
        return DuologueError(f"The {kind} {device.name} does not answer; plug it in again.")
    reason = re.sub(r"\s*\[PaErrorCode.*", "", text) or "no reason given"
    return DuologueError(
        f"The {kind} {device.name} cannot be opened ({reason}); choose another device."
    )


def dead_microphone(name: str, system: str = sys.platform) -> str:
    """The sentence on a microphone whose samples are all exactly zero."""
    remedy = {
        "darwin": "allow Duologue in System Settings, Privacy & Security, Microphone",
        "win32": "allow it in Settings, Privacy & security, Microphone, and check its mute switch",
    }.get(system, "check in the system's sound settings and on the device that it is not muted")
    return f"The microphone {name} gives digital silence; {remedy}."


# --- PortAudio's list, without a sound server -----------------------------------------------------


def _host_devices(
    devices: Sequence[dict[str, Any]], host_apis: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """PortAudio's entries of the preferred host API, without aliases."""
    present = [api["name"] for api in host_apis if api["devices"]]
    preferred = next((name for name in _HOST_APIS if name in present), None)
    kept = []
    for index, device in enumerate(devices):
        api = host_apis[device["hostapi"]]
        if preferred and api["name"] != preferred:
            continue
        default = index in (api["default_input_device"], api["default_output_device"])
        # ALSA also lists each card as "front", "dmix" and so on; real hardware has "(hw:".
        if api["name"] == "ALSA" and "(hw:" not in device["name"] and not default:
            continue
        kept.append({**device, "index": index, "api": api})
    return kept


def portaudio_listing(
    devices: Sequence[dict[str, Any]], host_apis: Sequence[dict[str, Any]]
) -> DeviceList:
    """The devices in the results of PortAudio's ``query_devices`` and ``query_hostapis``."""
    found: dict[DeviceKind, list[Device]] = {"microphone": [], "speaker": []}
    for entry in _host_devices(devices, host_apis):
        sides: tuple[tuple[DeviceKind, str], ...] = (("microphone", "input"), ("speaker", "output"))
        for kind, side in sides:
            if entry[f"max_{side}_channels"] < 1:
                continue
            found[kind].append(
                Device(
                    name=entry["name"],
                    host_api=entry["api"]["name"],
                    port=entry["name"],
                    channels=entry[f"max_{side}_channels"],
                    rate_hz=round(entry["default_samplerate"]),
                    clock=_card_name(entry["name"]),
                    is_default=entry["index"] == entry["api"][f"default_{side}_device"],
                )
            )
    return DeviceList(_numbered(found["microphone"]), _numbered(found["speaker"]))


def _card_name(name: str) -> str:
    """The card in a device's name: "USB Audio" in "Mic (USB Audio)", "hw:1" in "(hw:1,0)"."""
    hardware = re.search(r"\(hw:(\d+),\d+\)", name)
    if hardware:
        return f"hw:{hardware[1]}"
    inside = re.search(r"\((.+)\)\s*$", name)
    return inside[1] if inside else name


def _number_name(name: str, count: int) -> str:
    return name if count == 1 else f"{name} ({count})"


def _numbered(devices: Sequence[Device]) -> tuple[Device, ...]:
    """The devices, with a number added to each name that came before."""
    seen: Counter[str] = Counter()
    numbered = []
    for device in devices:
        seen[device.name] += 1
        name = _number_name(device.name, seen[device.name])
        numbered.append(Device(**{**asdict(device), "name": name}))
    return tuple(numbered)


# --- PulseAudio and PipeWire ----------------------------------------------------------------------


def _pulse_index(sounddevice: ModuleType, side: int) -> list[int]:
    """Indices of PortAudio's devices that lead to the server; ``side`` 0 is input, 1 output."""
    channels = ("max_input_channels", "max_output_channels")[side]
    devices = sounddevice.query_devices()
    return [
        index
        for port in _PULSE_PORTS
        for index, device in enumerate(devices)
        if device["name"] == port and device[channels] > 0
    ]


PULSE_ENVIRONMENT = threading.Lock()
"""Held while the environment names the devices to open, and while it is read."""


def client_environment() -> dict[str, str]:
    """The environment for a client of the server; its output is in English."""
    with PULSE_ENVIRONMENT:
        return {**os.environ, "LC_ALL": "C"}


def ask_server() -> DeviceList | None:
    """The sound server's devices; None if no server answers."""
    environment = client_environment()
    info, content = _pactl("info", environment), _pactl("list", environment)
    if info is None or content is None:
        return None
    return server_listing(content, info, environment)


def _pactl(command: str, environment: dict[str, str]) -> str | None:
    """The output of pactl as text; before version 17 its JSON has "(null)" for a name like "Küche".

    None if there is no answer.
    """
    try:
        answer = subprocess.run(
            [*bound_to_this_process(), "pactl", command],
            capture_output=True,
            timeout=_ANSWER_SECONDS,
            env=environment,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf8", "replace")


def server_listing(content: str, info: str, environment: Mapping[str, str]) -> DeviceList:
    """The devices in the output of ``pactl list`` and ``pactl info``.

    PULSE_SOURCE and PULSE_SINK in the environment override the server's defaults. A speaker's
    monitor does not count as a microphone unless the environment names it: without a microphone,
    the server makes a monitor its default.
    """
    server = _fields(info)
    host_api = PIPEWIRE if PIPEWIRE in server.get("Server Name", "") else PULSE
    wished = environment.get("PULSE_SOURCE")
    sources, sinks = _sections(content, "Source"), _sections(content, "Sink")
    sources = [
        source
        for source in sources
        if source["Name"] == wished or not source["Name"].endswith(".monitor")
    ]
    default_source = wished or server.get("Default Source")
    default_sink = environment.get("PULSE_SINK") or server.get("Default Sink")
    return DeviceList(
        _numbered([_served_device(entry, host_api, default_source) for entry in sources]),
        _numbered([_served_device(entry, host_api, default_sink) for entry in sinks]),
    )


def _sections(content: str, kind: str) -> list[dict[str, str]]:
    """The fields and properties of each source or sink, from the text of ``pactl list``."""
    blocks = re.split(r"^(?=\S)", content, flags=re.MULTILINE)
    found = [_fields(block) for block in blocks if re.match(rf"{kind} #\d+$", block, re.MULTILINE)]
    return [fields for fields in found if "Name" in fields]


def _fields(text: str) -> dict[str, str]:
    """The lines ``Name: value`` and ``property = "value"``; the first of a name counts."""
    fields: dict[str, str] = {}
    for line in re.finditer(r"^\t?([A-Z][\w ]*): (.*)$|^\t\t([\w.-]+) = \"(.*)\"$", text, re.M):
        name, value, of_properties, property_value = line.groups()
        fields.setdefault(name or of_properties, value if name else property_value)
    return fields


def _served_device(entry: dict[str, str], host_api: str, default: str | None) -> Device:
    shape = re.search(r"(\d+)ch (\d+)Hz", entry.get("Sample Specification", ""))
    return Device(
        name=entry.get("Description") or entry["Name"],
        host_api=host_api,
        port=entry["Name"],
        channels=int(shape[1]) if shape else 1,
        rate_hz=int(shape[2]) if shape else 48_000,
        clock=entry.get("alsa.card") or entry.get("device.bus_path") or "",
        is_default=entry["Name"] == default,
        channel_map=tuple(entry.get("Channel Map", "").split(",")),
        canceller=_canceller(entry),
    )


def _canceller(entry: dict[str, str]) -> str:
    """The value of `Device.canceller`: PulseAudio's driver shows it, PipeWire 0.3's node group."""
    if entry.get("Driver", "").startswith("module-echo-cancel"):
        return entry.get("Owner Module", "module-echo-cancel")
    groups = (entry.get(name, "") for name in ("node.group", "node.link-group"))
    return next((group for group in groups if group.startswith("echo-cancel")), "")
