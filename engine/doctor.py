"""Examines a machine: microphone, the way from speaker to microphone, echo, the engine's speed.

Plays two seconds of chirps and eight of noise that swells like speech. Runs in the caller's thread;
gives figures, and advice in plain words that `advise` makes of nothing but the figures.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.benchmark import measure
from engine.bundle import Bundle
from engine.devices import dead_microphone
from engine.errors import DuologueError
from engine.live_talk import Canceller
from engine.playout import Playout
from engine.portaudio_card import DEFAULT_CARD_LATENCY_MS, MOST_CARD_LATENCY_MS
from engine.sound_card import BLOCK_SAMPLES, CardInfo, SoundCard
from engine.tokens import RATE_HZ
from engine.turns import levels_db

MOST_ROUND_TRIP_MS = 500
"""Beyond it AEC3 does not find the echo (measured: works at 500 ms, fails at 540 ms)."""
QUIET_SECONDS, CHIRP_SECONDS, ECHO_SECONDS = 2.0, 3.5, 9.0
_BENCH_SECONDS = 10.0
_LEAD_SECONDS = 0.3
_READ_SECONDS = 0.1
_PATIENCE = 3.0  # times as long as the sound
_CHIRP_STARTS = (0.0, 0.83, 1.74)  # uneven, so that no chirp is taken for another
_CHIRP_LENGTH, _CHIRP_LOW_HZ, _CHIRP_HIGH_HZ = 0.15, 500.0, 6000.0
_CHIRP_LOUDNESS, _NOISE_LOUDNESS = 0.3, 0.1
_LONGEST_LAG_SECONDS = 0.7
_CLEAR_PEAK = 8.0  # times the correlation elsewhere
_AUDIBLE_DB = 10.0  # an echo less than this above the noise cannot be measured
_COMFORT = 0.6  # of the chunk's length, which leaves the rest for other programs
_GOOD_REDUCTION_DB = 20.0


@dataclass(frozen=True)
class ChunkTime:
    """The engine's time for a chunk of one length."""

    chunk_ms: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class SoundFindings:
    """What was found on the way through the air."""

    card: CardInfo
    noise_db: float
    """The microphone's level while nothing was played, relative to full scale."""
    dead: bool
    """The microphone gave nothing but zeros."""
    round_trip_ms: float | None
    """From writing a sample to hearing it; None where nothing was heard."""
    echo_db: float
    """The microphone's level while noise was played."""
    reduction_db: float | None
    """What the echo canceller took off after it had learnt; None where there was no echo."""
    xruns: int


@dataclass(frozen=True)
class Findings:
    """All that was measured."""

    sound: SoundFindings
    chunk_times: tuple[ChunkTime, ...]
    card_latency_ms: int = DEFAULT_CARD_LATENCY_MS
    """The card's buffer, as it was when the sound was examined."""


@dataclass(frozen=True)
class Advice:
    """What to set, and why."""

    chunk_ms: int
    latency_ms: int
    card_latency_ms: int
    reasons: tuple[str, ...]
    """Sentences."""


def examine_sound(
    card: SoundCard,
    canceller: Canceller,
    progress: Callable[[str], None] = lambda what: None,
) -> SoundFindings:
    """Listen, chirp, and play noise; ``canceller`` must be new.

    Raises DuologueError where the card cannot be opened or falls silent.
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
        near, far = _exchange(card, playout, swelling_noise(ECHO_SECONDS - 1), ECHO_SECONDS)
        xruns = card.xruns - before
    finally:
        card.close()
    blocks = zip(near.reshape(-1, BLOCK_SAMPLES), far.reshape(-1, BLOCK_SAMPLES), strict=True)
    cleaned = np.concatenate([canceller.process(one, other) for one, other in blocks])
    learnt = slice(len(near) // 2, len(near) - RATE_HZ)
    echo_db = _level_db(near[learnt])
    audible = echo_db - noise_db > _AUDIBLE_DB
    return SoundFindings(
        card=info,
        noise_db=noise_db,
        dead=dead and not near.any(),
        round_trip_ms=None if delay is None else delay * 1000 / RATE_HZ,
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
    """Time per chunk at each of the bundle's chunk lengths, on speech (n,)."""
    progress("measuring the engine")
    benchmark = measure(bundle, user_audio, _BENCH_SECONDS, gpu_layers=gpu_layers)
    return tuple(
        ChunkTime(figures.chunk_ms, figures.stages["total"].p50_ms, figures.stages["total"].p99_ms)
        for figures in benchmark.by_chunk
    )


def advise(findings: Findings) -> Advice:
    """Which chunk length and latencies suit this machine."""
    times = sorted(findings.chunk_times, key=lambda entry: entry.chunk_ms)
    easy = [entry for entry in times if entry.p99_ms <= _COMFORT * entry.chunk_ms]
    best = easy[0] if easy else min(times, key=lambda entry: entry.p99_ms / entry.chunk_ms)
    reasons = []
    share = best.p99_ms / best.chunk_ms
    if easy:
        reasons.append(
            f"Chunks of {best.chunk_ms} ms: the shortest that this machine computes with ease "
            f"({best.p99_ms:.0f} ms in the worst of a hundred)."
        )
    elif share <= 1:
        reasons.append(
            f"Chunks of {best.chunk_ms} ms: the engine needs up to {best.p99_ms:.0f} ms for one, "
            "so other programs may make it late; close what you do not need."
        )
    else:
        reasons.append(
            f"This machine is too slow for this bundle ({best.p99_ms:.0f} ms for a chunk of "
            f"{best.chunk_ms} ms), so the agent will stutter; choose a smaller bundle."
        )
    reasons.append(
        f"A latency of {best.chunk_ms} ms, one chunk: it gives the engine a chunk's time, and the "
        "model guesses the one chunk that it has not heard. Half of it, on a fast machine, "
        "understands more and waits less in your pauses."
    )
    return Advice(
        chunk_ms=best.chunk_ms,
        latency_ms=best.chunk_ms,
        card_latency_ms=_buffer_ms(findings),
        reasons=(*reasons, *_on_sound(findings)),
    )


def _buffer_ms(findings: Findings) -> int:
    wider = min(2 * findings.card_latency_ms, MOST_CARD_LATENCY_MS)
    return wider if findings.sound.xruns else findings.card_latency_ms


def _on_sound(findings: Findings) -> list[str]:
    sound, reasons = findings.sound, []
    if _buffer_ms(findings) != findings.card_latency_ms:
        reasons.append(
            f"A card latency of {_buffer_ms(findings)} ms: the sound broke off "
            f"{sound.xruns} times at {findings.card_latency_ms} ms."
        )
    if sound.card.echo_cancelled:
        reasons.append(
            f"The system takes the echo out of {sound.card.microphone}, and much of your voice "
            "while the agent speaks; choose the microphone itself."
        )
    if sound.dead:
        reasons.append(dead_microphone(sound.card.microphone))
    elif sound.round_trip_ms is None:
        reasons.append(
            "The microphone does not hear the speaker: you wear headphones, or one of them is off. "
            "Echo is no matter then."
        )
    elif sound.round_trip_ms > MOST_ROUND_TRIP_MS:
        reasons.append(
            f"Sound takes {sound.round_trip_ms:.0f} ms from speaker to microphone, too long for "
            "the echo canceller; use other devices (Bluetooth is slow) or headphones."
        )
    if sound.reduction_db is not None and sound.reduction_db < _GOOD_REDUCTION_DB:
        reasons.append(
            f"Only {sound.reduction_db:.0f} dB of the echo are taken off; turn the speaker down, "
            "or wear headphones."
        )
    return reasons


# --- sounds and what comes back -------------------------------------------------------------------


def chirps() -> np.ndarray:
    """float32 (n,): sweeps at uneven distances."""
    moments = np.arange(round(_CHIRP_LENGTH * RATE_HZ)) / RATE_HZ
    slope = (_CHIRP_HIGH_HZ - _CHIRP_LOW_HZ) / _CHIRP_LENGTH
    phase = 2 * np.pi * (_CHIRP_LOW_HZ * moments + slope * moments**2 / 2)
    sweep = np.sin(phase) * np.hanning(len(moments))
    sound = np.zeros(round((_CHIRP_STARTS[-1] + _CHIRP_LENGTH) * RATE_HZ), np.float32)
    for second in _CHIRP_STARTS:
        start = round(second * RATE_HZ)
        sound[start : start + len(sweep)] += (_CHIRP_LOUDNESS * sweep)[: len(sound) - start]
    return sound


def swelling_noise(seconds: float) -> np.ndarray:
    """float32 (n,): noise that comes and goes four times a second, as syllables do."""
    count = round(seconds * RATE_HZ)
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * 4 * np.arange(count) / RATE_HZ)
    noise = np.random.default_rng(0).normal(0, _NOISE_LOUDNESS, count) * swell
    return np.clip(noise, -1, 1).astype(np.float32)


def round_trip(near: np.ndarray, far: np.ndarray) -> int | None:
    """Samples from ``far`` (n,) as written to its echo in ``near`` (n,); None without an echo."""
    size = 2 * len(near)
    product = np.fft.rfft(near, size) * np.conj(np.fft.rfft(far, size))
    likeness = np.abs(np.fft.irfft(product, size)[: round(_LONGEST_LAG_SECONDS * RATE_HZ)])
    usual = float(np.sqrt(np.mean(likeness**2)))
    best = int(likeness.argmax())
    return best if likeness[best] > _CLEAR_PEAK * usual > 0 else None


def _exchange(
    card: SoundCard, playout: Playout, sound: np.ndarray, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """Play ``sound``; what came in and what went out meanwhile, float32 (n,) each."""
    near: list[np.ndarray] = []
    far: list[np.ndarray] = []
    playout.put(playout.position + round(_LEAD_SECONDS * RATE_HZ), sound)
    give_up = time.monotonic() + _PATIENCE * seconds
    while len(near) < round(seconds * RATE_HZ / BLOCK_SAMPLES):
        exchange = card.read(_READ_SECONDS)
        if exchange:
            near.append(exchange.near)
            far.append(exchange.far)
        if time.monotonic() > give_up:
            raise DuologueError(
                "The sound card hardly runs; plug it in again, or close programs that keep the "
                "computer busy."
            )
    return np.concatenate(near), np.concatenate(far)


def _level_db(sound: np.ndarray) -> float:
    power = 10 ** (levels_db(sound).astype(np.float64) / 10)
    return float(10 * np.log10(power.mean()))
