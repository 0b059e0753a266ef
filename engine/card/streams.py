"""Opens a stream to a microphone, a speaker or both, and handles what each host needs for it.

PulseAudio's client takes its devices from the environment, WASAPI must be asked to convert rates,
and on Linux memory must be cleared. A server's microphone is read through `parec` if ALSA's client
would mix its channels.
"""

from __future__ import annotations

import ctypes
import os
import shutil
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
    bound_to_this_process,
    client_environment,
    opening_error,
    portaudio,
    portaudio_index,
)
from engine.errors import DuologueError

MOST_CHANNELS = 32
"""The limit of libpulse."""
_M_PERTURB = -6  # malloc.h: fills new memory with the value's complement, freed with the value
_FIRST_CALLS, _FIRST_CALL_SECONDS = 4, 0.25
_END_SECONDS = 2.0
# The channel names that ALSA's client of PulseAudio uses; other channels get mixed or silent.
_ALSA_MAP = (
    "front-left,front-right,rear-left,rear-right,front-center,lfe,side-left,side-right".split(",")
)
_ALSA_COUNTS = (1, 2, 4, 5, 6, 8)

MakeCallback = Callable[[int], Callable[..., None]]
"""Makes PortAudio's callback for a rate in Hz. The callback takes int16 (frames, channels) of
input, output or both, then the count of frames, times and flags."""


class Stream(Protocol):
    """An open stream."""

    @property
    def active(self) -> bool:
        """Whether it is still running."""
        ...

    @property
    def latency(self) -> float | tuple[float, float]:
        """Latency in seconds, as the host states it."""
        ...

    def abort(self, ignore_errors: bool = True) -> None:
        """Stop at once."""
        ...

    def close(self, ignore_errors: bool = True) -> None:
        """Free the stream."""
        ...


def open_stream(
    make_callback: MakeCallback,
    rates_hz: Iterable[int],
    latency_ms: float,
    microphone: Device | None = None,
    speaker: Device | None = None,
) -> tuple[Stream, int]:
    """A running stream of 10 ms blocks, and its rate: the first of ``rates_hz`` that works.

    Input has as many channels as the host gives, output up to two. Raises DuologueError, which
    names the microphone if there is one, else the speaker.
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
    """Whether a stream is still running; also False if PortAudio fails to answer."""
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
    # WASAPI refuses other rates than the device's unless asked to convert.
    wasapi = device.host_api == "Windows WASAPI"
    return {
        "device": portaudio_index(device, kind),
        "channels": channels,
        "extra_settings": portaudio().WasapiSettings(auto_convert=True) if wasapi else None,
    }


@contextmanager
def _cleared_memory() -> Iterator[None]:
    """Make glibc fill new memory with bytes of 0, and freed memory with 0xFF.

    On ALSA, PortAudio 19.6 starts a duplex stream with fixed block size by playing uninitialised
    memory: up to 0.1 s of loud noise (measured). Its thread gets that memory in its first calls. As
    16-bit samples both fillings are silence; as floats 0xFF was the loudest noise of all. With the
    host's block size the stream underruns.
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
    """Name the devices in the environment, where PulseAudio's client looks for them."""
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


# --- microphones whose channels ALSA's client of PulseAudio would mix -----------------------------


def needs_reader(microphone: Device) -> bool:
    """Whether this microphone needs the server's own client to give each channel.

    ALSA's client knows one order of channels only. Through it, an interface with eight numbered
    inputs is silent with PulseAudio, and input 2 is silent with PipeWire (measured with 16.1 and
    0.3.65).
    """
    return microphone.served and not _is_alsa_map(microphone)


class ServerReader:
    """A `Stream` from a microphone that `parec` reads, with the microphone's own channels."""

    def __init__(
        self, callback: Callable[..., None], microphone: Device, rate_hz: int, latency_ms: float
    ) -> None:
        """Start `parec` and a thread that calls ``callback``; DuologueError if it is missing.

        The calling thread must outlive this object: `parec` ends with it.
        """
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
        """The requested latency in seconds."""
        try:
            if not shutil.which(command[0]):
                raise FileNotFoundError(f"{command[0]} is missing")
            # It ends when the reader of its pipe is gone, but while the server hangs it writes
            # nothing and would not notice.
            self._child = subprocess.Popen(
                [*bound_to_this_process(), *command],
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
        """Whether it is still running."""
        return self._thread.is_alive()

    def abort(self, ignore_errors: bool = True) -> None:
        """Kill `parec` and wait for the thread."""
        self._child.kill()
        self._thread.join(_END_SECONDS)

    def close(self, ignore_errors: bool = True) -> None:
        """Abort and wait for `parec`."""
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
    """Like `open_stream`, for a microphone alone; uses `parec` where its channels need it."""
    rates = list(rates_hz)
    if needs_reader(microphone) and microphone.channels <= MOST_CHANNELS:
        try:
            return ServerReader(make_callback(rates[0]), microphone, rates[0], latency_ms), rates[0]
        except DuologueError:
            pass  # fall back to the mean of its channels
    return open_stream(make_callback, rates, latency_ms, microphone)
