"""Measures a streamed HiFi-GAN: its difference from the whole file's sound, and its seams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.table import Table

from engine.errors import DuologueError
from engine.timebase import FRAME_MS, FRAME_SAMPLES
from models.imported.streaming_hifigan import StreamingHifigan
from models.imported.unit_hifigan import UnitHifigan


@dataclass(frozen=True)
class Seams:
    """How a stream differs from the sound of the whole file."""

    delay_ms: int
    error_db: float
    """Level of the difference, relative to the sound."""
    cut: float
    """Mean step of the signal from one sample to the next at borders, relative to all others,
    where chunks are just put together."""
    faded: float
    """The same with the cross-fade."""


@torch.no_grad()
def measure_seams(
    net: UnitHifigan, units: np.ndarray, chunk_frames: int, delays: list[int]
) -> list[Seams]:
    """Compare the streams of some delays, in frames, with the whole file's sound of units (t,).

    The beginning and the end, where the whole file has an edge, are left out.
    """
    whole = net(torch.from_numpy(units[None]))[0].numpy()
    edge = net.config.reach_frames
    found = []
    for delay in delays:
        streams = [
            StreamingHifigan(net, delay, fade).stream(units, chunk_frames) for fade in (True, False)
        ]
        first = edge * FRAME_SAMPLES
        last = max((len(units) - edge - delay) * FRAME_SAMPLES, first + 2)
        faded, cut = (sound[first:last] for sound in streams)
        real = whole[first : first + len(faded)]
        difference = float(np.mean((faded - real) ** 2)) / max(float(np.mean(real**2)), 1e-20)
        # The k-th chunk begins delay frames earlier in the sound without the delay.
        borders = (
            np.arange(-delay * FRAME_SAMPLES, len(whole), chunk_frames * FRAME_SAMPLES) - first
        )
        found.append(
            Seams(
                delay * FRAME_MS,
                10 * float(np.log10(max(difference, 1e-20))),
                _step_ratio(cut, borders),
                _step_ratio(faded, borders),
            )
        )
    return found


def _step_ratio(sound: np.ndarray, borders: np.ndarray) -> float:
    steps = np.abs(np.diff(sound))
    at = borders[(borders > 0) & (borders < len(sound))] - 1
    others = np.delete(steps, at)
    return float(steps[at].mean() / max(others.mean(), 1e-20)) if len(at) else float("nan")


def seams_table(found: Sequence[Seams], reach_ms: int) -> Table:
    """One row for each delay."""
    table = Table(title=f"A stream of 160 ms chunks; the network sees {reach_ms} ms ahead")
    names = ("sound comes later by", "differs by", "seam, cut", "seam, faded")
    for name in names:
        table.add_column(name, justify="right")
    for one in found:
        cells = (
            f"{one.delay_ms} ms",
            f"{one.error_db:.0f} dB",
            f"{one.cut:.2f}",
            f"{one.faded:.2f}",
        )
        table.add_row(*cells)
    table.caption = "seam: step of the signal where two chunks meet, relative to all others"
    return table


def example_units(count: int, frames: int) -> np.ndarray:
    """(frames,) random units, each held for one to three frames, as in speech."""
    rng = np.random.default_rng(0)
    return np.repeat(rng.integers(0, count, frames), rng.integers(1, 4, frames))[:frames]


def read_units(path: Path, count: int, least: int) -> np.ndarray:
    """(t,) int64 units below ``count``, of a .npy file.

    Raises DuologueError if there are fewer than ``least``.
    """
    try:
        units = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DuologueError(f"{path} is no .npy file of units; give another.") from error
    good = isinstance(units, np.ndarray) and units.ndim == 1 and units.dtype.kind in "iu"
    if not good or not len(units) or not 0 <= units.min() <= units.max() < count:
        raise DuologueError(f"{path} does not hold units below {count}; give another.")
    if len(units) < least:
        raise DuologueError(f"{path} holds {len(units)} units; at least {least} are needed.")
    return units.astype(np.int64)
