"""Benchmark of the duplex core: time per stage and in llama.cpp, memory, and a long run.

It measures the same object that holds conversations, and feeds it a recording again and again. One
process, one thread.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import STAGES, Duplex

if sys.platform != "win32":
    import resource

_MODEL_STAGES = ("refeed", "estimate", "own")
_WARM_UP_CHUNKS = 5
_WINDOW_SECONDS = 300.0
_NATIVE_TOKENS = 200
_MIN_SECONDS = 2.0


@dataclass(frozen=True)
class StageFigures:
    """The time of one stage per chunk."""

    p50_ms: float
    p99_ms: float
    p50_share: float
    """Share of the chunk's length, as the next."""
    p99_share: float


@dataclass(frozen=True)
class ChunkFigures:
    """The figures for one chunk length."""

    chunk_ms: int
    chunks: int
    stages: dict[str, StageFigures]
    deadlines_met: int
    model_ms: float
    """Mean time per chunk for the language model, including Python."""
    native_ms: float
    """llama.cpp's own count for the same tokens."""
    hit_share: float | None
    """Share of the estimates that were right; None if there was none."""

    @property
    def overhead(self) -> float:
        """The time that Python adds, as a share of llama.cpp's own time."""
        return self.model_ms / self.native_ms - 1 if self.native_ms else 0.0


@dataclass(frozen=True)
class LongRun:
    """The first and the last five minutes of a long conversation (a third each if it is short)."""

    chunk_ms: int
    talk_seconds: float
    took_seconds: float
    window_seconds: float
    first_p99_ms: float
    last_p99_ms: float
    first_memory_mb: float | None
    last_memory_mb: float | None

    @property
    def p99_ratio(self) -> float:
        """Last p99 over first p99."""
        return self.last_p99_ms / self.first_p99_ms

    @property
    def memory_ratio(self) -> float | None:
        """Last memory over first; None if the system does not report it."""
        if self.first_memory_mb is None or self.last_memory_mb is None:
            return None
        return self.last_memory_mb / self.first_memory_mb


@dataclass(frozen=True)
class Benchmark:
    """All figures of one benchmark."""

    machine: str
    bundle: str
    talk_seconds: float
    """Length of the conversation for each chunk length."""
    latency_ms: int | None
    """As requested; None is one chunk."""
    native_ms_per_token: float
    """llama.cpp's own ms per token, for tokens fed one by one into an empty context."""
    by_chunk: list[ChunkFigures]
    long_run: LongRun | None
    peak_memory_mb: float | None


Progress = Callable[[str, float, float], None]
"""Called with what is measured, and the seconds of conversation done and in all."""


def measure(
    bundle: Bundle,
    user_audio: np.ndarray,
    talk_seconds: float = 60.0,
    long_minutes: float = 0.0,
    latency_ms: int | None = None,
    seed: int = 0,
    gpu_layers: int = 0,
    progress: Progress = lambda what, done, total: None,
) -> Benchmark:
    """Measure all chunk lengths of a bundle on float32 sound (n,) at 16 kHz, repeated as needed.

    Then ``long_minutes`` of conversation follow at the bundle's default chunk length; 0 skips them.
    Raises DuologueError as `Duplex` does.
    """
    manifest = bundle.manifest
    talk_seconds = max(talk_seconds, _MIN_SECONDS)
    by_chunk = []
    for chunk_ms in sorted(manifest.chunks_ms):
        duplex = Duplex(bundle, chunk_ms, latency_ms, seed, gpu_layers=gpu_layers)
        try:
            by_chunk.append(_measure_chunk(duplex, user_audio, talk_seconds, progress))
        finally:
            duplex.close()
    duplex = Duplex(bundle, None, latency_ms, seed, gpu_layers=gpu_layers)
    try:
        long_run = None
        if long_minutes > 0:
            long_run = _measure_long(duplex, user_audio, long_minutes * 60, progress)
        native_count = min(_NATIVE_TOKENS, manifest.context_tokens // 2)
        native_ms_per_token = duplex.llama.native_ms_per_token(native_count)
    finally:
        duplex.close()
    return Benchmark(
        machine=machine(),
        bundle=f"{manifest.name} {manifest.version}",
        talk_seconds=talk_seconds,
        latency_ms=latency_ms,
        native_ms_per_token=native_ms_per_token,
        by_chunk=by_chunk,
        long_run=long_run,
        peak_memory_mb=peak_memory_mb(),
    )


def _measure_chunk(
    duplex: Duplex, user_audio: np.ndarray, talk_seconds: float, progress: Progress
) -> ChunkFigures:
    chunk_ms = duplex.format.chunk_ms
    count = round(talk_seconds * 1000 / chunk_ms)
    sound = _repeated(user_audio, duplex.format.chunk_samples)
    for _ in range(_WARM_UP_CHUNKS):
        duplex.step(next(sound))
    native_before_ms = duplex.llama.native_ms()
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    hits = misses = 0
    for index in range(count):
        step = duplex.step(next(sound))
        for stage in STAGES:
            times[stage].append(step.timings_ms[stage])
        hits += step.estimate_hits
        misses += step.estimate_misses
        progress(f"{chunk_ms} ms chunks", (index + 1) * chunk_ms / 1000, talk_seconds)
    native_ms = duplex.llama.native_ms() - native_before_ms
    return ChunkFigures(
        chunk_ms=chunk_ms,
        chunks=count,
        stages={stage: _figures(times[stage], chunk_ms) for stage in STAGES},
        deadlines_met=sum(total <= chunk_ms for total in times["total"]),
        model_ms=sum(fmean(times[stage]) for stage in _MODEL_STAGES),
        native_ms=native_ms / count,
        hit_share=hits / (hits + misses) if hits + misses else None,
    )


def _measure_long(
    duplex: Duplex, user_audio: np.ndarray, talk_seconds: float, progress: Progress
) -> LongRun:
    """Measure a long run; stores the two windows only, so that its own memory does not grow."""
    chunk_ms = duplex.format.chunk_ms
    count = max(round(talk_seconds * 1000 / chunk_ms), 3)
    window = max(min(round(_WINDOW_SECONDS * 1000 / chunk_ms), count // 3), 1)
    sound = _repeated(user_audio, duplex.format.chunk_samples)
    for _ in range(_WARM_UP_CHUNKS):
        duplex.step(next(sound))
    first: list[tuple[float, float | None]] = []
    last: deque[tuple[float, float | None]] = deque(maxlen=window)
    began = time.perf_counter()
    for index in range(count):
        total_ms = duplex.step(next(sound)).timings_ms["total"]
        entry = (total_ms, memory_mb())
        if index < window:
            first.append(entry)
        last.append(entry)
        progress("long run", (index + 1) * chunk_ms / 1000, talk_seconds)
    return LongRun(
        chunk_ms=chunk_ms,
        talk_seconds=count * chunk_ms / 1000,
        took_seconds=time.perf_counter() - began,
        window_seconds=window * chunk_ms / 1000,
        first_p99_ms=_p99([entry[0] for entry in first]),
        last_p99_ms=_p99([entry[0] for entry in last]),
        first_memory_mb=_mean([entry[1] for entry in first]),
        last_memory_mb=_mean([entry[1] for entry in last]),
    )


def _repeated(audio: np.ndarray, chunk_samples: int) -> Iterator[np.ndarray]:
    """The sound in chunks (chunk_samples,), repeated without end."""
    chunks = np.pad(audio, (0, -len(audio) % chunk_samples)).reshape(-1, chunk_samples)
    while True:
        yield from chunks


def _figures(times_ms: list[float], chunk_ms: int) -> StageFigures:
    p50, p99 = np.percentile(times_ms, [50, 99]).tolist()
    return StageFigures(p50, p99, p50 / chunk_ms, p99 / chunk_ms)


def _p99(values: list[float]) -> float:
    return float(np.percentile(values, 99))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


# --- the machine ----------------------------------------------------------------------------------


def memory_mb() -> float | None:
    """Memory of this process now; None if the system does not report it."""
    if sys.platform == "win32":
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * resource.getpagesize() / 1e6


def peak_memory_mb() -> float | None:
    """Peak memory of this process; None if the system does not report it."""
    if sys.platform == "win32":
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kibibytes.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def machine() -> str:
    """Processor, cores and system as text, for below the table."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{name}, {os.cpu_count()} cores, {system}"
