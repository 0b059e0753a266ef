"""The computer's own sound card, through PortAudio.

PortAudio's thread runs the callbacks, which copy and return (and convert, where the host does not);
the caller's thread does all the rest. One duplex stream where both ends run on one clock, otherwise
two streams with the drift between them corrected.
"""

from __future__ import annotations

import ctypes
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.audio_file import from_pcm, to_pcm
from engine.device_watch import DeviceWatch
from engine.devices import (
    PULSE,
    PULSE_ENVIRONMENT,
    Device,
    Kind,
    Listing,
    choose,
    list_devices,
    opening_error,
    portaudio,
    portaudio_index,
    refresh,
)
from engine.errors import DuologueError
from engine.resample import DriftBuffer, Resampler
from engine.sound_card import BLOCK_SAMPLES, CardInfo, Exchange, Play
from engine.tokens import RATE_HZ

DEFAULT_CARD_LATENCY_MS = 50
"""PortAudio's buffer each way. 20 ms underflowed under load here, and an underflow at 30 ms ended
the stream; 50 ms did not."""
MOST_CARD_LATENCY_MS = 500
_QUEUE_BLOCKS = 200  # two seconds: what a stalled engine may leave lying
_SWITCH_SECONDS = 0.001  # how long another Python thread may keep the callback waiting
_M_PERTURB = -6  # malloc.h; memory is filled with the complement of the value, and with it
_FIRST_CALLS, _FIRST_CALL_SECONDS = 4, 0.25


class PortAudioCard:
    """The computer's own card."""

    def __init__(
        self,
        microphone: str | None = None,
        speaker: str | None = None,
        latency_ms: int = DEFAULT_CARD_LATENCY_MS,
    ) -> None:
        """Names as `engine.devices.choose` takes them; None follows the system's default."""
        self._wanted = {"microphone": microphone, "speaker": speaker}
        self._latency_ms = self._opened_latency_ms = latency_ms
        self._streams: list[Any] = []
        self._watch: DeviceWatch | None = None
        self._opened: tuple[Device, Device] | None = None
        self._seen: Listing | None = None
        self._lost_samples = 0
        self._xruns = 0
        self._drift: DriftBuffer | None = None
        self._queue: queue.Queue[Exchange] = queue.Queue(_QUEUE_BLOCKS)
        self._known_once = False
        self._first_calls = threading.Semaphore(0)

    def choose(self, microphone: str | None, speaker: str | None, latency_ms: int) -> None:
        """Use other devices or another buffer from the next ``outdated`` on; from any thread."""
        self._wanted = {"microphone": microphone, "speaker": speaker}
        self._latency_ms = latency_ms
        self._seen = None

    @property
    def xruns(self) -> int:
        """How often PortAudio flagged sound lost or lacking, or the drift could not be held."""
        drift = self._drift  # asked from other threads, too
        return self._xruns + (drift.breaks if drift else 0)

    def open(self, play: Play) -> CardInfo:
        """Start one duplex stream, or two where the devices' clocks differ."""
        self.close()
        watched = self._watch.listing if self._watch else None
        refresh()
        listing = self._seen = list_devices()
        # What changes meanwhile, or while the streams are opened, is news to ``outdated``.
        if self._watch and self._watch.listing is watched:
            self._watch.listing = listing
        microphone, speaker = self._resolve(listing, strict=not self._known_once)
        self._known_once = True
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        self._queue = queue.Queue(_QUEUE_BLOCKS)
        self._lost_samples = 0
        self._opened_latency_ms = self._latency_ms
        if microphone.clock == speaker.clock and microphone.host_api == speaker.host_api:
            try:
                rate_hz = self._open_duplex(microphone, speaker, play)
            except DuologueError:
                # Two streams need no rate in common, and tell which of the two is the trouble.
                rate_hz = self._open_pair(microphone, speaker, play)
        else:
            rate_hz = self._open_pair(microphone, speaker, play)
        self._opened = microphone, speaker
        if self._watch is None:
            self._watch = DeviceWatch(listing, served=microphone.host_api == PULSE)
        latencies = [stream.latency for stream in self._streams]
        claimed = sum(sum(one) if isinstance(one, tuple) else one for one in latencies)
        return CardInfo(
            microphone.name,
            speaker.name,
            rate_hz,
            claimed * 1000,
            tuple(
                wanted
                for wanted, device in zip(self._wanted.values(), self._opened, strict=True)
                if wanted is not None and not _is_named(device, wanted)
            ),
        )

    def read(self, timeout_seconds: float) -> Exchange | None:
        """The next 10 ms; None where nothing came in time."""
        try:
            return self._queue.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def outdated(self) -> str | None:
        """Whether other devices than the open ones should be used by now, or one has stopped."""
        if not all(_runs(stream) for stream in self._streams):
            return "The sound card has stopped; it is opened again."
        if self._watch is None or self._opened is None or self._watch.listing is self._seen:
            return None
        listing = self._seen = self._watch.listing
        try:
            wanted = self._resolve(_with_busy(listing, *self._opened), strict=False)
        except DuologueError as error:
            return str(error)
        for before, now, kind in zip(self._opened, wanted, ("microphone", "speaker"), strict=True):
            if _identity(before) != _identity(now):
                return f"The {kind} is now {now.name}."
            if before.rate_hz != now.rate_hz:
                return f"The {kind} {now.name} runs at {now.rate_hz} Hz now."
        if self._opened_latency_ms != self._latency_ms:
            return f"The sound card's buffer is {self._latency_ms} ms now."
        return None

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def close(self) -> None:
        """Stop the streams; what the card has buffered is not played."""
        for stream in self._streams:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
        self._streams = []
        self._opened = None
        if self._drift:
            self._xruns += self._drift.breaks
            self._drift = None

    def end(self) -> None:
        """Close, and stop watching the devices."""
        self.close()
        if self._watch:
            self._watch.close()
            self._watch = None

    # --- opening ----------------------------------------------------------------------------------

    def _resolve(self, listing: Listing, strict: bool) -> tuple[Device, Device]:
        """The wanted devices; while one is unplugged in a talk the default stands in."""
        microphones, speakers = listing.microphones, listing.speakers
        return (
            _choose(microphones, self._wanted["microphone"], "microphone", strict),
            _choose(speakers, self._wanted["speaker"], "speaker", strict),
        )

    def _open_duplex(self, microphone: Device, speaker: Device, play: Play) -> int:
        def stream(rate_hz: int, inputs: int, outputs: int) -> Any:
            convert = _Conversion(rate_hz)
            pairing = _Pairing()

            def take(count: int) -> np.ndarray:
                far = play(count)
                pairing.far(far)
                return far

            def callback(
                indata: np.ndarray, outdata: np.ndarray, frames: int, _time: Any, status: Any
            ) -> None:
                outdata[:] = to_pcm(convert.to_card(take, frames))[:, None]
                self._hand_over(pairing.near(convert.from_card(from_pcm(indata[:, 0]))), status)

            return portaudio().Stream(
                samplerate=rate_hz,
                blocksize=rate_hz // 100,
                device=(
                    portaudio_index(microphone, "microphone"),
                    portaudio_index(speaker, "speaker"),
                ),
                channels=(inputs, outputs),
                extra_settings=(_settings(microphone), _settings(speaker)),
                callback=callback,
                **self._common(),
            )

        return self._start(stream, microphone, speaker, "microphone")

    def _open_pair(self, microphone: Device, speaker: Device, play: Play) -> int:
        self._drift = drift = DriftBuffer(RATE_HZ)

        def input_stream(rate_hz: int, inputs: int, _outputs: int) -> Any:
            convert = _Conversion(rate_hz)
            pairing = _Pairing()

            def callback(indata: np.ndarray, _frames: int, _time: Any, status: Any) -> None:
                near = convert.from_card(from_pcm(indata[:, 0]))
                far = play(len(near))
                drift.push(far)
                pairing.far(far)
                self._hand_over(pairing.near(near), status)

            return portaudio().InputStream(
                samplerate=rate_hz,
                blocksize=rate_hz // 100,
                device=portaudio_index(microphone, "microphone"),
                channels=inputs,
                extra_settings=_settings(microphone),
                callback=callback,
                **self._common(),
            )

        def output_stream(rate_hz: int, _inputs: int, outputs: int) -> Any:
            convert = _Conversion(rate_hz)

            def callback(outdata: np.ndarray, frames: int, _time: Any, status: Any) -> None:
                self._first_calls.release()
                self._xruns += bool(status)
                outdata[:] = to_pcm(convert.to_card(drift.pull, frames))[:, None]

            return portaudio().OutputStream(
                samplerate=rate_hz,
                blocksize=rate_hz // 100,
                device=portaudio_index(speaker, "speaker"),
                channels=outputs,
                extra_settings=_settings(speaker),
                callback=callback,
                **self._common(),
            )

        self._start(output_stream, microphone, speaker, "speaker")
        return self._start(input_stream, microphone, speaker, "microphone")

    def _common(self) -> dict[str, Any]:
        return {"dtype": "int16", "latency": self._latency_ms / 1000}

    def _start(
        self,
        make: Callable[[int, int, int], Any],
        microphone: Device,
        speaker: Device,
        blamed: Kind,
    ) -> int:
        """Open at 16 kHz where the host converts, else at the device's rate; returns the rate."""
        own = (microphone if blamed == "microphone" else speaker).rate_hz
        outputs = min(speaker.channels, 2)
        errors = portaudio().PortAudioError
        failure: Exception | None = None
        for rate_hz in dict.fromkeys((RATE_HZ, own)):
            for inputs in dict.fromkeys((1, min(microphone.channels, 2))):
                stream = None
                try:
                    self._first_calls = threading.Semaphore(0)
                    with _pulse_ports(microphone, speaker), _cleared_memory():
                        stream = make(rate_hz, inputs, outputs)
                        stream.start()
                        for _ in range(_FIRST_CALLS):
                            self._first_calls.acquire(timeout=_FIRST_CALL_SECONDS)
                except (errors, ValueError) as error:
                    failure = failure or error
                    if stream:
                        stream.close(ignore_errors=True)
                    continue
                self._streams.append(stream)
                return rate_hz
        self.close()
        assert failure
        raise opening_error(
            failure, microphone if blamed == "microphone" else speaker, blamed
        ) from failure

    # --- PortAudio's thread -----------------------------------------------------------------------

    def _hand_over(self, exchanges: Iterator[tuple[np.ndarray, np.ndarray]], status: Any) -> None:
        self._first_calls.release()
        self._xruns += bool(status)
        for near, far in exchanges:
            try:
                self._queue.put_nowait(Exchange(near, far, self._lost_samples))
                self._lost_samples = 0
            except queue.Full:
                self._lost_samples += BLOCK_SAMPLES


class _Pairing:
    """Puts sample beside sample, 10 ms at a time, however the host cuts its blocks."""

    def __init__(self) -> None:
        self._near = self._far = np.zeros(0, np.float32)

    def far(self, audio: np.ndarray) -> None:
        """Sound that was taken for the speaker; never behind the microphone's."""
        self._far = np.concatenate([self._far, audio])

    def near(self, audio: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Sound of the microphone; yields the pairs of blocks (160,) that are complete."""
        self._near = np.concatenate([self._near, audio])
        while min(len(self._near), len(self._far)) >= BLOCK_SAMPLES:
            yield self._near[:BLOCK_SAMPLES], self._far[:BLOCK_SAMPLES]
            self._near, self._far = self._near[BLOCK_SAMPLES:], self._far[BLOCK_SAMPLES:]


class _Conversion:
    """Between a card's rate and 16 kHz, both ways; nothing where they are the same."""

    def __init__(self, rate_hz: int) -> None:
        same = rate_hz == RATE_HZ
        self._down = None if same else Resampler(rate_hz, RATE_HZ)
        self._up = None if same else Resampler(RATE_HZ, rate_hz)
        self._ready = np.zeros(0, np.float32)

    def from_card(self, audio: np.ndarray) -> np.ndarray:
        """The card's sound as float32 at 16 kHz."""
        return self._down.process(audio) if self._down else audio

    def to_card(self, take: Play, frames: int) -> np.ndarray:
        """``frames`` samples for the card, of what ``take`` gives at 16 kHz."""
        if not self._up:
            return take(frames)
        while len(self._ready) < frames:
            converted = self._up.process(take(BLOCK_SAMPLES))
            self._ready = np.concatenate([self._ready, converted])
        ready, self._ready = self._ready[:frames], self._ready[frames:]
        return ready


def _choose(devices: tuple[Device, ...], wanted: str | None, kind: Kind, strict: bool) -> Device:
    try:
        return choose(devices, wanted, kind)
    except DuologueError:
        if strict:
            raise
        return choose(devices, None, kind)


def _identity(device: Device) -> str:
    """A server's names count its devices; where there is none, only the names tell two apart."""
    return device.port if device.host_api == PULSE else device.name


def _runs(stream: Any) -> bool:
    try:
        return bool(stream.active)
    except portaudio().PortAudioError:
        return False


def _with_busy(listing: Listing, microphone: Device, speaker: Device) -> Listing:
    """The listing with the devices that are open: ALSA does not list the hardware that is in use.

    One that is unplugged gives no more sound, which tells.
    """

    def complete(devices: tuple[Device, ...], opened: Device) -> tuple[Device, ...]:
        listed = any(device.port == opened.port for device in devices)
        return devices if listed or opened.host_api != "ALSA" else (opened, *devices)

    return Listing(complete(listing.microphones, microphone), complete(listing.speakers, speaker))


def _is_named(device: Device, wanted: str) -> bool:
    try:
        return choose([device], wanted, "speaker") == device
    except DuologueError:
        return False


def _settings(device: Device) -> Any:
    """WASAPI refuses foreign rates unless asked to convert."""
    if device.host_api != "Windows WASAPI":
        return None
    return portaudio().WasapiSettings(auto_convert=True)


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
def _pulse_ports(microphone: Device, speaker: Device) -> Iterator[None]:
    """PulseAudio's client takes the devices of a new stream from the environment."""
    if PULSE not in (microphone.host_api, speaker.host_api):
        yield
        return
    wanted = {"PULSE_SOURCE": microphone.port, "PULSE_SINK": speaker.port}
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
