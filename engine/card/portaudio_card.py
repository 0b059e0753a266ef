"""The computer's real sound card, through PortAudio.

It opens one duplex stream if microphone and speaker share a clock, and otherwise two streams with
drift correction between them. PortAudio's thread runs the callbacks, which only copy (and resample
if the host does not); the caller's thread does everything else.
"""

from __future__ import annotations

import logging
import queue
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine.card.device_watch import DeviceWatch
from engine.card.devices import (
    Device,
    DeviceKind,
    DeviceList,
    Wanted,
    choose,
    list_devices,
    refresh,
)
from engine.card.sound_card import BLOCK_SAMPLES, CardInfo, DuplexBlock, PlaybackCallback
from engine.card.streams import Stream, needs_reader, open_microphone, open_stream, runs
from engine.errors import DuologueError
from engine.sound.audio_file import from_pcm, to_pcm
from engine.sound.loudest_channel import LoudestChannel
from engine.sound.resample import DriftBuffer, Resampler
from engine.timebase import SAMPLE_RATE_HZ

_LOG = logging.getLogger(__name__)

DEFAULT_CARD_LATENCY_MS = 50
"""PortAudio's buffer each way. Under load 20 ms underflowed, and an underflow at 30 ms ended the
stream; 50 ms did not."""
MAX_CARD_LATENCY_MS = 500
_QUEUE_BLOCKS = 200  # two seconds: how long the engine may stall without a loss
_SWITCH_SECONDS = 0.001  # how long another Python thread may delay the callback


class PortAudioCard:
    """A `SoundCard` on PortAudio; calls come from one thread unless they say otherwise."""

    def __init__(
        self,
        microphone: Wanted = None,
        speaker: Wanted = None,
        latency_ms: int = DEFAULT_CARD_LATENCY_MS,
    ) -> None:
        """Choose devices as `engine.card.devices.choose` does; None follows the system's default.

        ``latency_ms`` is the buffer of each direction.
        """
        self._wanted = {"microphone": microphone, "speaker": speaker}
        self._latency_ms = self._opened_latency_ms = latency_ms
        self._streams: list[Stream] = []
        self._watch: DeviceWatch | None = None
        self._opened: tuple[Device, Device] | None = None
        self._seen: DeviceList | None = None
        self._lost_samples = 0
        self._xruns = 0
        self._drift: DriftBuffer | None = None
        self._queue: queue.SimpleQueue[DuplexBlock] = queue.SimpleQueue()
        self._known_once = False
        self._channel = LoudestChannel(1)
        self._channel_told = 0

    def choose(self, microphone: Wanted, speaker: Wanted, latency_ms: int) -> None:
        """Ask for other devices or another buffer; ``reopen_reason`` then asks to reopen. From any
        thread."""
        self._wanted = {"microphone": microphone, "speaker": speaker}
        self._latency_ms = latency_ms
        self._seen = None

    @property
    def xruns(self) -> int:
        """Overflows and underflows that PortAudio reported or drift correction caused. From any
        thread."""
        drift = self._drift  # another thread may clear it
        return self._xruns + (drift.xruns if drift else 0)

    def open(self, play: PlaybackCallback) -> CardInfo:
        """Start one duplex stream, or two streams if the devices' clocks differ.

        Raises DuologueError if a device is missing, busy or forbidden.
        """
        self.close()
        watched = self._watch.listing if self._watch else None
        refresh()
        listing = self._seen = list_devices()
        # A change from here on must still be seen by ``reopen_reason``.
        if self._watch and self._watch.listing is watched:
            self._watch.listing = listing
        microphone, speaker = self._resolve(listing, strict=not self._known_once)
        self._known_once = True
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        self._queue = queue.SimpleQueue()
        self._lost_samples = 0
        self._channel, self._channel_told = LoudestChannel(1), 0
        self._opened_latency_ms = self._latency_ms
        one_clock = microphone.clock == speaker.clock and microphone.host_api == speaker.host_api
        if one_clock and not needs_reader(microphone):
            try:
                rate_hz = self._open_duplex(microphone, speaker, play)
            except DuologueError:
                # Two streams need no common rate, and show which of the devices fails.
                rate_hz = self._open_pair(microphone, speaker, play)
        else:
            rate_hz = self._open_pair(microphone, speaker, play)
        self._opened = microphone, speaker
        if self._watch is None:
            self._watch = DeviceWatch(listing, served=microphone.served)
        latencies = [stream.latency for stream in self._streams]
        claimed = sum(sum(one) if isinstance(one, tuple) else one for one in latencies)
        return CardInfo(
            microphone.name,
            speaker.name,
            rate_hz,
            claimed * 1000,
            tuple(
                str(wanted)
                for wanted, device in zip(self._wanted.values(), self._opened, strict=True)
                if wanted is not None and not _is_named(device, wanted)
            ),
            bool(microphone.canceller),
        )

    def read(self, timeout_seconds: float) -> DuplexBlock | None:
        """The next 10 ms; None if nothing came in time."""
        self._tell_channel()
        try:
            return self._queue.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def reopen_reason(self) -> str | None:
        """A sentence if a stream has stopped, or if other devices or another buffer are due."""
        if not all(runs(stream) for stream in self._streams):
            return "The sound card has stopped; Duologue is opening it again."
        if self._watch is None or self._opened is None or self._watch.listing is self._seen:
            return None
        listing = self._seen = self._watch.listing
        try:
            wanted = self._resolve(_with_busy(listing, *self._opened), strict=False)
        except DuologueError as error:
            return str(error)
        for before, now, kind in zip(self._opened, wanted, ("microphone", "speaker"), strict=True):
            if before.key != now.key:
                return f"The {kind} is now {now.name}."
            if before.rate_hz != now.rate_hz:
                return f"The {kind} {now.name} now runs at {now.rate_hz} Hz."
        if self._opened_latency_ms != self._latency_ms:
            return f"The sound card's buffer is now {self._latency_ms} ms."
        return None

    @property
    def listed(self) -> bool:
        """Whether a sound server reports changes of its devices, and still has the open ones."""
        if not (self._watch and self._opened and self._opened[0].served):
            return False
        microphone, speaker = self._opened
        listing = self._watch.listing
        return any(device.key == microphone.key for device in listing.microphones) and any(
            device.key == speaker.key for device in listing.speakers
        )

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Stop the streams at once; the card's buffered sound is not played."""
        for stream in self._streams:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
        self._streams = []
        self._opened = None
        if self._drift:
            self._xruns += self._drift.xruns
            self._drift = None

    def end(self) -> None:
        """Close the streams and stop watching the devices."""
        self.close()
        if self._watch:
            self._watch.close()
            self._watch = None

    # --- opening ----------------------------------------------------------------------------------

    def _resolve(self, listing: DeviceList, strict: bool) -> tuple[Device, Device]:
        """The wanted devices; unless ``strict``, the default replaces a missing one."""
        microphones, speakers = listing.microphones, listing.speakers
        return (
            _choose(microphones, self._wanted["microphone"], "microphone", strict),
            _choose(speakers, self._wanted["speaker"], "speaker", strict),
        )

    def _open_duplex(self, microphone: Device, speaker: Device, play: PlaybackCallback) -> int:
        def make_callback(rate_hz: int) -> Callable[..., None]:
            convert = _RateConverter(rate_hz)
            pairing = _NearFarAligner()

            def take(count: int) -> np.ndarray:
                far = play(count)
                self._channel.played(far)
                pairing.far(far)
                return far

            def callback(
                indata: np.ndarray, outdata: np.ndarray, frames: int, _time: Any, status: Any
            ) -> None:
                outdata[:] = to_pcm(convert.to_card(take, frames))[:, None]
                self._hand_over(pairing.near(convert.from_card(self._heard(indata))), status)

            return callback

        stream, rate_hz = open_stream(
            make_callback,
            (SAMPLE_RATE_HZ, microphone.rate_hz),
            self._latency_ms,
            microphone,
            speaker,
        )
        self._streams.append(stream)
        return rate_hz

    def _open_pair(self, microphone: Device, speaker: Device, play: PlaybackCallback) -> int:
        self._drift = drift = DriftBuffer(SAMPLE_RATE_HZ)

        def make_input(rate_hz: int) -> Callable[..., None]:
            convert = _RateConverter(rate_hz)
            pairing = _NearFarAligner()

            def callback(indata: np.ndarray, _frames: int, _time: Any, status: Any) -> None:
                near = convert.from_card(self._heard(indata))
                far = play(len(near))
                self._channel.played(far)
                drift.push(far)
                pairing.far(far)
                self._hand_over(pairing.near(near), status)

            return callback

        def make_output(rate_hz: int) -> Callable[..., None]:
            convert = _RateConverter(rate_hz)

            def callback(outdata: np.ndarray, frames: int, _time: Any, status: Any) -> None:
                self._xruns += bool(status)
                outdata[:] = to_pcm(convert.to_card(drift.pull, frames))[:, None]

            return callback

        try:
            output, _ = open_stream(
                make_output, (SAMPLE_RATE_HZ, speaker.rate_hz), self._latency_ms, speaker=speaker
            )
            self._streams.append(output)
            stream, rate_hz = open_microphone(
                make_input, (SAMPLE_RATE_HZ, microphone.rate_hz), self._latency_ms, microphone
            )
        except DuologueError:
            self.close()
            raise
        self._streams.append(stream)
        return rate_hz

    def _tell_channel(self) -> None:
        channel = self._channel.chosen
        if channel != self._channel_told and self._opened:
            self._channel_told = channel
            count = self._channel.channels
            _LOG.info("the microphone's channel %d of %d is heard", channel + 1, count)

    # --- PortAudio's thread -----------------------------------------------------------------------

    def _heard(self, indata: np.ndarray) -> np.ndarray:
        """The microphone's sound, float32 (n,), of int16 (n, channels)."""
        if self._channel.channels != indata.shape[1]:
            self._channel = LoudestChannel(indata.shape[1])
        return self._channel.process(from_pcm(indata))

    def _hand_over(self, exchanges: Iterator[tuple[np.ndarray, np.ndarray]], status: Any) -> None:
        self._xruns += bool(status)
        for near, far in exchanges:
            # A SimpleQueue knows no bound, but takes a third of a Queue's time, and wakes its
            # reader once where a Queue does it twice. Nobody else puts anything in.
            if self._queue.qsize() < _QUEUE_BLOCKS:
                self._queue.put(DuplexBlock(near, far, self._lost_samples))
                self._lost_samples = 0
            else:
                self._lost_samples += BLOCK_SAMPLES


class _NearFarAligner:
    """Pairs near end and far end in blocks of 10 ms, whatever block sizes the host uses."""

    def __init__(self) -> None:
        self._near = self._far = np.zeros(0, np.float32)

    def far(self, audio: np.ndarray) -> None:
        """Add sound that was taken for the speaker; it must not come later than the near end."""
        self._far = np.concatenate([self._far, audio]) if len(self._far) else audio

    def near(self, audio: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Add sound of the microphone; yields the complete pairs (near, far), (160,) each."""
        rest = self._near
        self._near = np.concatenate([rest, audio]) if len(rest) else np.ascontiguousarray(audio)
        while min(len(self._near), len(self._far)) >= BLOCK_SAMPLES:
            yield self._near[:BLOCK_SAMPLES], self._far[:BLOCK_SAMPLES]
            self._near, self._far = self._near[BLOCK_SAMPLES:], self._far[BLOCK_SAMPLES:]


class _RateConverter:
    """Converts between a card's rate and 16 kHz, both ways; does nothing if they are equal."""

    def __init__(self, rate_hz: int) -> None:
        same = rate_hz == SAMPLE_RATE_HZ
        self._down = None if same else Resampler(rate_hz, SAMPLE_RATE_HZ)
        self._up = None if same else Resampler(SAMPLE_RATE_HZ, rate_hz)
        self._ready = np.zeros(0, np.float32)

    def from_card(self, audio: np.ndarray) -> np.ndarray:
        """The card's sound as float32 at 16 kHz."""
        return self._down.process(audio) if self._down else audio

    def to_card(self, take: PlaybackCallback, frames: int) -> np.ndarray:
        """The next ``frames`` samples at the card's rate; ``take`` gives sound at 16 kHz."""
        if not self._up:
            return take(frames)
        while len(self._ready) < frames:
            converted = self._up.process(take(BLOCK_SAMPLES))
            self._ready = np.concatenate([self._ready, converted])
        ready, self._ready = self._ready[:frames], self._ready[frames:]
        return ready


def _choose(devices: tuple[Device, ...], wanted: Wanted, kind: DeviceKind, strict: bool) -> Device:
    try:
        return choose(devices, wanted, kind)
    except DuologueError:
        if strict:
            raise
        return choose(devices, None, kind)


def _with_busy(listing: DeviceList, microphone: Device, speaker: Device) -> DeviceList:
    """The listing plus the open devices, because ALSA does not list hardware that is in use.

    An unplugged device is noticed anyway: it gives no more sound.
    """

    def complete(devices: tuple[Device, ...], opened: Device) -> tuple[Device, ...]:
        listed = any(device.port == opened.port for device in devices)
        return devices if listed or opened.host_api != "ALSA" else (opened, *devices)

    return DeviceList(
        complete(listing.microphones, microphone), complete(listing.speakers, speaker)
    )


def _is_named(device: Device, wanted: Wanted) -> bool:
    try:
        return choose([device], wanted, "speaker") == device
    except DuologueError:
        return False
