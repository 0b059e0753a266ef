"""Examines a machine: microphone, round trip from speaker to microphone, echo, engine speed.

It plays two seconds of chirps and eight of speech. Noise would not do: a canceller might remove it
as background noise and still let the agent's voice through. Returns figures; `advise` turns them,
and nothing else, into advice. Runs in the caller's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.accelerated_session import in_words
from engine.card.devices import dead_microphone
from engine.card.playout import Playout
from engine.card.portaudio_card import DEFAULT_CARD_LATENCY_MS, MAX_CARD_LATENCY_MS
from engine.card.sound_card import BLOCK_SAMPLES, CardInfo, SoundCard
from engine.echo.adaptive_filter import TAPS
from engine.errors import DuologueError
from engine.measure.benchmark import measure
from engine.onnx_providers import report
from engine.resource_files import resources
from engine.sound.audio_file import read_mono
from engine.sound.level import levels_db
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex
from engine.talk.live_scheduler import Canceller
from engine.timebase import SAMPLE_RATE_HZ

MAX_ROUND_TRIP_MS = (TAPS - BLOCK_SAMPLES) * 1000 // SAMPLE_RATE_HZ
"""The length of the canceller's filters, less one block for the room. Beyond it the canceller
removes little (measured: 32 dB of speech at 690 ms, 13 dB and less from 720 ms on)."""
QUIET_SECONDS, CHIRP_SECONDS, ECHO_SECONDS = 2.0, 6.0, 9.0
_BENCH_SECONDS = 10.0
_LEAD_SECONDS = 0.3
_READ_SECONDS = 0.1
_PATIENCE = 3.0  # times as long as the sound
MOST_SOUND_SECONDS = _PATIENCE * (QUIET_SECONDS + CHIRP_SECONDS + ECHO_SECONDS)
"""How long `examine_sound` waits at most for the card's sound; a card that hangs while it is opened
or closed takes longer."""
_CHIRP_STARTS = (0.0, 0.83, 1.74)  # unequal distances, so that no chirp is taken for another
_CHIRP_LENGTH, _CHIRP_LOW_HZ, _CHIRP_HIGH_HZ = 0.15, 500.0, 6000.0
_CHIRP_AMPLITUDE, _SPEECH_DB = 0.3, -24.0
MOST_ECHO_SECONDS = CHIRP_SECONDS - _LEAD_SECONDS - _CHIRP_STARTS[-1] - _CHIRP_LENGTH
"""Longest round trip that is searched: the last chirp's echo must still be in the recording."""
_SPOKEN_SAMPLES, _FADE_SAMPLES, _SPOKEN_DB = SAMPLE_RATE_HZ // 10, SAMPLE_RATE_HZ // 200, -40.0
_CLEAR_PEAK = 8.0  # times the correlation elsewhere
_AUDIBLE_DB = 10.0  # an echo less than this above the noise cannot be measured
_COMFORT = 0.6  # share of the chunk's length; the rest is for other programs
_GOOD_REDUCTION_DB = 20.0
_ROOM_MS = 100  # time that the room's echo needs within the filters, when advising a buffer
_STEP_MS = 10  # step of advised buffers


@dataclass(frozen=True)
class ChunkTime:
    """The engine's time per chunk, for one chunk length."""

    chunk_ms: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class SoundFindings:
    """What was found about microphone, speaker and echo."""

    card: CardInfo
    noise_db: float
    """The microphone's level while nothing was played, relative to full scale."""
    dead: bool
    """Whether the microphone gave only zeros."""
    round_trip_ms: float | None
    """From writing a sample to hearing it; None if no echo came within MOST_ECHO_SECONDS."""
    echo_db: float
    """The microphone's level while speech was played."""
    reduction_db: float | None
    """Echo return loss enhancement (ERLE) after the canceller has converged; None without echo."""
    xruns: int


@dataclass(frozen=True)
class Findings:
    """All measurements."""

    sound: SoundFindings
    chunk_times: tuple[ChunkTime, ...]
    card_latency_ms: int = DEFAULT_CARD_LATENCY_MS
    """The card's buffer during the examination."""


@dataclass(frozen=True)
class Advice:
    """Advised settings, and the reasons for them."""

    chunk_ms: int
    latency_ms: int
    card_latency_ms: int
    reasons: tuple[str, ...]
    """One sentence each."""


def examine_sound(
    card: SoundCard,
    canceller: Canceller,
    progress: Callable[[str], None] = lambda what: None,
) -> SoundFindings:
    """Measure noise, round trip and echo; takes 17 s. ``canceller`` must be new.

    ``progress`` is told what is being measured. Raises DuologueError if the card cannot be opened
    or gives no sound.
    """
    playout = Playout()
    before = card.xruns
    info = card.open(playout.take)
    try:
        progress("listening: please be quiet")
        near, _ = _exchange(card, playout, np.zeros(0, np.float32), QUIET_SECONDS)
        noise_db = _level_db(near)
        dead = not near.any()
        progress("measuring the round trip")
        chirped, written = _exchange(card, playout, chirps(), CHIRP_SECONDS)
        delay = round_trip(chirped, written)
        progress("measuring the echo")
        near, far = _exchange(card, playout, _speech(ECHO_SECONDS - 1), ECHO_SECONDS)
        xruns = card.xruns - before
    finally:
        card.close()
    cleaned = canceller.process(near, far)
    learnt = slice(len(near) // 2, len(near) - SAMPLE_RATE_HZ)
    echo_db = _level_db(near[learnt])
    audible = echo_db - noise_db > _AUDIBLE_DB
    return SoundFindings(
        card=info,
        noise_db=noise_db,
        dead=dead and not near.any(),
        round_trip_ms=None if delay is None else delay * 1000 / SAMPLE_RATE_HZ,
        echo_db=echo_db,
        reduction_db=echo_db - _level_db(cleaned[learnt]) if audible else None,
        xruns=xruns,
    )


def examine_engine(
    bundle: Bundle,
    user_audio: np.ndarray,
    gpu_layers: int = 0,
    progress: Callable[[str], None] = lambda what: None,
) -> tuple[ChunkTime, ...]:
    """Time per chunk for each of the bundle's chunk lengths, on speech, float32 (n,) at 16 kHz."""
    progress("measuring the engine")
    benchmark = measure(bundle, user_audio, _BENCH_SECONDS, gpu_layers=gpu_layers)
    return tuple(
        ChunkTime(figures.chunk_ms, figures.stages["total"].p50_ms, figures.stages["total"].p99_ms)
        for figures in benchmark.by_chunk
    )


def placement_lines(bundle: Bundle, gpu_layers: int = 0) -> list[str]:
    """What computes the bundle's models that ONNX Runtime runs, a line, and a sentence for each
    that the GPU cannot take."""
    duplex = Duplex(bundle, gpu_layers=gpu_layers)
    try:
        placements = duplex.placements
    finally:
        duplex.close()
    remarks = [placement.remark for placement in placements.values()]
    return [*report(), f"computed by: {in_words(placements)}", *filter(None, remarks)]


def advise(findings: Findings) -> Advice:
    """The chunk length and latencies that suit this machine."""
    times = sorted(findings.chunk_times, key=lambda entry: entry.chunk_ms)
    easy = [entry for entry in times if entry.p99_ms <= _COMFORT * entry.chunk_ms]
    best = easy[0] if easy else min(times, key=lambda entry: entry.p99_ms / entry.chunk_ms)
    reasons = []
    share = best.p99_ms / best.chunk_ms
    if easy:
        reasons.append(
            f"Chunk length {best.chunk_ms} ms: the shortest that this computer handles easily "
            f"(99 of 100 chunks take at most {best.p99_ms:.0f} ms)."
        )
    elif share <= 1:
        reasons.append(
            f"Chunk length {best.chunk_ms} ms: the engine needs up to {best.p99_ms:.0f} ms for one "
            "chunk, so other programs can make it late; close programs that you do not need."
        )
    else:
        reasons.append(
            f"This computer is too slow for this bundle (it needs {best.p99_ms:.0f} ms for a "
            f"chunk of {best.chunk_ms} ms), so the agent will stutter; choose a smaller bundle."
        )
    reasons.append(
        f"Latency {best.chunk_ms} ms, one chunk: the engine has the time of one chunk to compute, "
        "and the model estimates one chunk that it has not heard. On a fast computer, half of it "
        "lets the agent understand more and wait less in your pauses."
    )
    return Advice(
        chunk_ms=best.chunk_ms,
        latency_ms=best.chunk_ms,
        card_latency_ms=_buffer_ms(findings),
        reasons=(*reasons, *_on_sound(findings)),
    )


def _buffer_ms(findings: Findings) -> int:
    """The advised buffer: longer if the sound broke off, shorter if that brings the echo in reach.

    The sound passes one buffer on its way out and one on its way in, so each ms of buffer adds one
    to two ms to the round trip (1.3 ms on PulseAudio).
    """
    now, trip_ms = findings.card_latency_ms, findings.sound.round_trip_ms
    breaks = findings.sound.xruns > 0
    wider = min(2 * now, MAX_CARD_LATENCY_MS) if breaks else now
    if trip_ms is None or trip_ms + 2 * (wider - now) <= MAX_ROUND_TRIP_MS:
        return wider
    spare_ms = MAX_ROUND_TRIP_MS - _ROOM_MS - trip_ms
    if trip_ms <= MAX_ROUND_TRIP_MS:
        return max(_in_steps(now + spare_ms / 2), now)
    widest = _in_steps(now + spare_ms)
    if widest < DEFAULT_CARD_LATENCY_MS:  # the devices are too slow with any buffer
        return wider
    return widest if breaks else DEFAULT_CARD_LATENCY_MS


def _in_steps(buffer_ms: float) -> int:
    return int(buffer_ms // _STEP_MS * _STEP_MS)


def _on_sound(findings: Findings) -> list[str]:
    sound, reasons = findings.sound, []
    buffer_ms, now_ms, trip_ms = _buffer_ms(findings), findings.card_latency_ms, sound.round_trip_ms
    too_late = trip_ms is not None and trip_ms > MAX_ROUND_TRIP_MS
    if buffer_ms > now_ms:
        reasons.append(
            f"Sound card buffer {buffer_ms} ms: the sound had {sound.xruns} gaps with {now_ms} ms."
        )
    if sound.card.echo_cancelled:
        reasons.append(
            f"The system removes the echo from {sound.card.microphone}, and with it much of your "
            "voice while the agent speaks; choose the microphone itself."
        )
    if sound.dead:
        reasons.append(dead_microphone(sound.card.microphone))
    elif trip_ms is None and sound.reduction_db is None:
        reasons.append(
            "The microphone does not hear the speaker (no echo within "
            f"{MOST_ECHO_SECONDS:.1f} s): you are wearing headphones, or one of the two is off. "
            "Then there is no echo to cancel."
        )
    elif trip_ms is None:
        reasons.append(
            "The microphone hears more while the speaker plays, but no echo was found within "
            f"{MOST_ECHO_SECONDS:.1f} s; measure again and stay quiet, and if nothing changes, "
            "wear headphones."
        )
    elif too_late and buffer_ms < now_ms:
        reasons.append(
            f"Sound card buffer {buffer_ms} ms: sound takes {trip_ms:.0f} ms from speaker to "
            f"microphone, mostly because of the buffers of {now_ms} ms that you set. The echo "
            f"canceller covers only {MAX_ROUND_TRIP_MS} ms."
        )
    elif too_late:
        reasons.append(
            f"Sound takes {trip_ms:.0f} ms from speaker to microphone, but the echo canceller "
            f"covers only {MAX_ROUND_TRIP_MS} ms, so the agent would hear itself; wear headphones, "
            "use a speaker with a cable (Bluetooth and AirPlay are slow), or switch hold-to-talk "
            "on."
        )
        if now_ms > DEFAULT_CARD_LATENCY_MS:
            reasons.append(f"Part of that time comes from the buffers of {now_ms} ms that you set.")
    elif sound.reduction_db is not None and sound.reduction_db < _GOOD_REDUCTION_DB:
        reasons.append(
            f"The echo is reduced by only {max(sound.reduction_db, 0):.0f} dB; turn the speaker "
            "down, or wear headphones."
        )
    return reasons


# --- test sounds and their echo -------------------------------------------------------------------


def chirps() -> np.ndarray:
    """Sweeps at unequal distances, float32 (n,) at 16 kHz."""
    moments = np.arange(round(_CHIRP_LENGTH * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    slope = (_CHIRP_HIGH_HZ - _CHIRP_LOW_HZ) / _CHIRP_LENGTH
    phase = 2 * np.pi * (_CHIRP_LOW_HZ * moments + slope * moments**2 / 2)
    sweep = np.sin(phase) * np.hanning(len(moments))
    sound = np.zeros(round((_CHIRP_STARTS[-1] + _CHIRP_LENGTH) * SAMPLE_RATE_HZ), np.float32)
    for second in _CHIRP_STARTS:
        start = round(second * SAMPLE_RATE_HZ)
        sound[start : start + len(sweep)] += (_CHIRP_AMPLITUDE * sweep)[: len(sound) - start]
    return sound


def _speech(seconds: float) -> np.ndarray:
    """Speech without pauses, float32 (n,): the bundled sample, repeated."""
    sample = read_mono(resources() / "samples" / "user.flac")
    pieces = sample[: len(sample) // _SPOKEN_SAMPLES * _SPOKEN_SAMPLES].reshape(-1, _SPOKEN_SAMPLES)
    spoken = pieces[[_level_db(piece) > _SPOKEN_DB for piece in pieces]]
    fade = np.ones(_SPOKEN_SAMPLES, np.float32)
    fade[:_FADE_SAMPLES] = np.linspace(0, 1, _FADE_SAMPLES)
    sound = np.resize(spoken * (fade * fade[::-1]), round(seconds * SAMPLE_RATE_HZ))
    gain = np.float32(10 ** ((_SPEECH_DB - _level_db(sound)) / 20))
    return np.clip(gain * sound, -1, 1)


def round_trip(near: np.ndarray, far: np.ndarray) -> int | None:
    """Delay in samples of the echo of ``far`` (n,) in ``near`` (n,); None without an echo."""
    size = 2 * len(near)
    product = np.fft.rfft(near, size) * np.conj(np.fft.rfft(far, size))
    correlation = np.abs(np.fft.irfft(product, size)[: round(MOST_ECHO_SECONDS * SAMPLE_RATE_HZ)])
    usual = float(np.sqrt(np.mean(correlation**2)))
    best = int(correlation.argmax())
    return best if correlation[best] > _CLEAR_PEAK * usual > 0 else None


def _exchange(
    card: SoundCard, playout: Playout, sound: np.ndarray, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """Play ``sound`` for ``seconds``; returns near end and far end, float32 (n,) each."""
    near: list[np.ndarray] = []
    far: list[np.ndarray] = []
    playout.put(playout.position + round(_LEAD_SECONDS * SAMPLE_RATE_HZ), sound)
    give_up = time.monotonic() + _PATIENCE * seconds
    while len(near) < round(seconds * SAMPLE_RATE_HZ / BLOCK_SAMPLES):
        block = card.read(_READ_SECONDS)
        if block:
            near.append(block.near)
            far.append(block.far)
        if time.monotonic() > give_up:
            raise DuologueError(
                "The sound card delivers almost no sound; plug it in again, or close programs "
                "that keep the computer busy."
            )
    return np.concatenate(near), np.concatenate(far)


def _level_db(sound: np.ndarray) -> float:
    power = 10 ** (levels_db(sound).astype(np.float64) / 10)
    return float(10 * np.log10(power.mean()))
