"""Opens a stream to a microphone, a speaker or both: the one way, whatever a host wants for it.

PulseAudio's client takes devices from the environment, WASAPI must be asked to convert, and memory
must be silent. A server's microphone whose channels ALSA's client would mix is read by `parec`.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from engine.card.devices import (
    PULSE_ENVIRONMENT,
    Device,
    client_environment,
    opening_error,
    portaudio,
    portaudio_index,
)
from engine.errors import DuologueError

MOST_CHANNELS = 32
"""What libpulse takes."""
_M_PERTURB = -6  # malloc.h; memory is filled with the complement of the value, and with it
_FIRST_CALLS, _FIRST_CALL_SECONDS = 4, 0.25
_END_SECONDS = 2.0
# What ALSA's client of PulseAudio names the channels of a stream; others are mixed, or silent.
_ALSA_MAP = (
    "front-left,front-right,rear-left,rear-right,front-center,lfe,side-left,side-right".split(",")
)
_ALSA_COUNTS = (1, 2, 4, 5, 6, 8)

MakeCallback = Callable[[int], Callable[..., None]]
"""Makes, for a rate, what PortAudio calls: with int16 (frames, channels) of sound in, of sound out
or of both, the count of frames, times and flags."""


class Stream(Protocol):
    """One that runs."""

    @property
    def active(self) -> bool:
        """Whether it still does."""
        ...

    @property
    def latency(self) -> float | tuple[float, float]:
        """Seconds, as the host claims."""
        ...

    def abort(self, ignore_errors: bool = True) -> None:
        """Fall silent at once."""
        ...

    def close(self, ignore_errors: bool = True) -> None:
        """Free it."""
        ...


def open_stream(
    make_callback: MakeCallback,
    rates_hz: Iterable[int],
    latency_ms: float,
    microphone: Device | None = None,
    speaker: Device | None = None,
) -> tuple[Stream, int]:
    """A running stream of 10 ms blocks, and its rate: the first one that the host takes.

    Sound in has as many channels as the host gives, sound out up to two. Raises DuologueError,
    which blames the microphone where there is one.
    """
    sounddevice = portaudio()
    failure: Exception | None = None
    for rate_hz in dict.fromkeys(rates_hz):
        for inputs in _input_counts(microphone):
            try:
                return _opened(
                    make_callback(rate_hz), rate_hz, inputs, latency_ms, microphone, speaker
                ), rate_hz
            except (sounddevice.PortAudioError, ValueError) as error:
                failure = failure or error
    blamed = microphone or speaker
    assert failure
    assert blamed
    raise opening_error(failure, blamed, "microphone" if microphone else "speaker") from failure


def runs(stream: Stream) -> bool:
    """Whether it still does; PortAudio may fail at the question."""
    try:
        return bool(stream.active)
    except portaudio().PortAudioError:
        return False


def _input_counts(microphone: Device | None) -> Iterable[int]:
    if microphone is None:
        return (0,)
    most = min(microphone.channels, MOST_CHANNELS)
    if microphone.served and not _is_alsa_map(microphone):
        return (1,)
    return dict.fromkeys((most, min(most, 2), 1))


def _is_alsa_map(device: Device) -> bool:
    return device.channels in _ALSA_COUNTS and (
        device.channels == 1 or list(device.channel_map) == _ALSA_MAP[: device.channels]
    )


def _opened(
    callback: Callable[..., None],
    rate_hz: int,
    inputs: int,
    latency_ms: float,
    microphone: Device | None,
    speaker: Device | None,
) -> Stream:
    sounddevice = portaudio()
    called = threading.Semaphore(0)

    def counted(*arguments: Any) -> None:
        callback(*arguments)
        called.release()

    settings: dict[str, Any] = {
        "samplerate": rate_hz,
        "blocksize": rate_hz // 100,
        "dtype": "int16",
        "latency": latency_ms / 1000,
        "callback": counted,
    }
    if microphone:
        settings |= _side(microphone, "microphone", inputs)
        kind = sounddevice.InputStream
    if speaker:
        output = _side(speaker, "speaker", min(speaker.channels, 2))
        kind = sounddevice.OutputStream
        if microphone:
            output = {name: (settings[name], value) for name, value in output.items()}
            kind = sounddevice.Stream
        settings |= output
    stream = None
    try:
        with _pulse_ports(microphone, speaker), _cleared_memory():
            stream = kind(**settings)
            stream.start()
            for _ in range(_FIRST_CALLS):
                called.acquire(timeout=_FIRST_CALL_SECONDS)
    except (sounddevice.PortAudioError, ValueError):
        if stream:
            stream.close(ignore_errors=True)
        raise
    opened: Stream = stream
    return opened


def _side(device: Device, kind: Any, channels: int) -> dict[str, Any]:
    # WASAPI refuses foreign rates unless asked to convert.
    wasapi = device.host_api == "Windows WASAPI"
    return {
        "device": portaudio_index(device, kind),
        "channels": channels,
        "extra_settings": portaudio().WasapiSettings(auto_convert=True) if wasapi else None,
    }


@contextmanager
def _cleared_memory() -> Iterator[None]:
    """Have glibc fill the memory that it gives out with 0, and what it takes back with -1.

    On ALSA PortAudio 19.6 begins a duplex stream of fixed blocks by playing memory that it never
    filled: up to 0.1 s of loud noise (measured). Its thread gets that memory at its first calls.
    As 16-bit samples either filling is silence; as floats -1 was the loudest noise of all. With
    blocks of the host's choice the stream underruns.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        yield
        return
    mallopt(_M_PERTURB, 0xFF)
    try:
        yield
    finally:
        mallopt(_M_PERTURB, 0)


@contextmanager
def _pulse_ports(microphone: Device | None, speaker: Device | None) -> Iterator[None]:
    """PulseAudio's client takes the devices of a new stream from the environment."""
    sides = (("PULSE_SOURCE", microphone), ("PULSE_SINK", speaker))
    wanted = {name: device.port for name, device in sides if device and device.served}
    with PULSE_ENVIRONMENT:
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


# --- channels that ALSA's client of PulseAudio would mix ------------------------------------------


def needs_reader(microphone: Device) -> bool:
    """Whether only the server's own client gives each channel of this microphone.

    Through ALSA's, which knows one order of channels only, an interface's eight numbered inputs
    are silence with PulseAudio, and input 2 is with PipeWire (measured with 16.1 and 0.3.65).
    """
    return microphone.served and not _is_alsa_map(microphone)


class ServerReader:
    """A microphone read by `parec`, in its own channels; a stream as PortAudio's are."""

    def __init__(
        self, callback: Callable[..., None], microphone: Device, rate_hz: int, latency_ms: float
    ) -> None:
        """Begins. Raises DuologueError where the program is missing."""
        channels = microphone.channels
        command = [
            *("parec", "--raw", "--format=s16le", "--client-name=Duologue"),
            *(f"--device={microphone.port}", f"--rate={rate_hz}", f"--channels={channels}"),
            f"--channel-map={','.join(microphone.channel_map)}",
            f"--latency-msec={max(round(latency_ms / 2), 1)}",
        ]
        self._callback = callback
        self._shape = (rate_hz // 100, channels)
        self.latency = latency_ms / 1000
        """Seconds, as asked for."""
        try:
            # A pipe whose reader is gone ends it.
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=client_environment(),
            )
        except OSError as error:
            raise opening_error(error, microphone, "microphone") from error
        self._thread = threading.Thread(target=self._read, name="microphone", daemon=True)
        self._thread.start()

    @property
    def active(self) -> bool:
        """Whether sound may still come."""
        return self._thread.is_alive()

    def abort(self, ignore_errors: bool = True) -> None:
        """End the program, and wait for the thread."""
        self._child.kill()
        self._thread.join(_END_SECONDS)

    def close(self, ignore_errors: bool = True) -> None:
        """The same."""
        self.abort()
        self._child.wait()

    def _read(self) -> None:
        size = 2 * self._shape[0] * self._shape[1]
        assert self._child.stdout
        with self._child.stdout as pipe:
            while len(block := pipe.read(size)) == size:
                sound = np.frombuffer(block, np.int16).reshape(self._shape)
                self._callback(sound, len(sound), None, 0)


def open_microphone(
    make_callback: MakeCallback, rates_hz: Iterable[int], latency_ms: float, microphone: Device
) -> tuple[Stream, int]:
    """As `open_stream`, for a microphone alone; each of its channels where the host has it."""
    rates = list(rates_hz)
    if needs_reader(microphone) and microphone.channels <= MOST_CHANNELS:
        try:
            return ServerReader(make_callback(rates[0]), microphone, rates[0], latency_ms), rates[0]
        except DuologueError:
            pass  # its mean, then
    return open_stream(make_callback, rates, latency_ms, microphone)
