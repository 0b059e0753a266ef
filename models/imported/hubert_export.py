"""Exports a HuBERT to ONNX, and measures in which windows a stream gives the whole file's units."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from rich.table import Table

from engine.syncllm.unit_encoder import Tokenizer, streamed_units
from engine.timebase import FRAME_MS, FRAME_SAMPLES
from models.imported.hubert import Hubert
from models.onnx_matrices import round_matrices
from models.onnx_weights import halve_weights

WINDOWS_MS = (1000, 2000, 4000, 8000)
LOOKAHEADS_MS = (0, 80, 160)
CHUNK_FRAMES = 4
_LEAST_PARITY = 0.99
_WITHIN = 0.02
"""A window is good enough if its share is no more than this below the best one."""
_EXAMPLE_FRAMES = 50
_MOST_FRAMES = 20_000
_OPSET = 18


def export_hubert(net: Hubert, path: Path, exact: bool = False) -> None:
    """Write the tokenizer as ONNX: ``audio`` float32 (1, N) to ``units`` int64 (1, N / 640).

    Weights are stored as float16, and the blocks' matrices as int8 unless ``exact``. Raises
    RuntimeError where the file, before that, gives other units than torch.
    """
    frames = torch.export.Dim("frames", min=2, max=_MOST_FRAMES)
    torch.onnx.export(
        net.eval(),
        (torch.randn(1, _EXAMPLE_FRAMES * FRAME_SAMPLES) * 0.1,),
        str(path),
        input_names=["audio"],
        output_names=["units"],
        dynamic_shapes={"audio_BN": {1: FRAME_SAMPLES * frames}},
        opset_version=_OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    _check(net, path)
    halve_weights(path)
    if not exact:
        round_matrices(path)


@torch.no_grad()
def _check(net: Hubert, path: Path) -> None:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for frames in (_EXAMPLE_FRAMES - 7, _EXAMPLE_FRAMES + 30):
        audio = (rng.normal(size=(1, frames * FRAME_SAMPLES)) * 0.1).astype(np.float32)
        (units,) = session.run(["units"], {"audio": audio})
        expected = net(torch.from_numpy(audio)).numpy()
        if units.shape != expected.shape or (units == expected).mean() < _LEAST_PARITY:
            raise RuntimeError("the exported tokenizer differs from torch")


@dataclass(frozen=True)
class WindowAgreement:
    """How well a stream's units agree with those of whole sounds."""

    window_ms: int
    lookahead_ms: int
    share: float
    """Share of the frames that agree."""
    chunk_ms: float
    """Median time of a chunk's units, in ms."""


@torch.no_grad()
def measure_windows(
    net: Hubert,
    path: Path,
    sounds: Sequence[np.ndarray],
    windows_ms: Sequence[int] = WINDOWS_MS,
    lookaheads_ms: Sequence[int] = LOOKAHEADS_MS,
    say: Callable[[str], None] = lambda _: None,
) -> list[WindowAgreement]:
    """Compare the units of the ONNX file's stream with torch's of whole sounds, (n,) at 16 kHz.

    ``say`` gets a line for each window. Raises DuologueError if the model fails.
    """
    tokenizer = Tokenizer(path, net.unit_count)
    chunk = CHUNK_FRAMES * FRAME_SAMPLES
    wholes = [sound[: len(sound) // chunk * chunk] for sound in sounds]
    expected = np.concatenate([net.whole_units(torch.from_numpy(one)).numpy() for one in wholes])
    found = []
    for window_ms in windows_ms:
        for lookahead_ms in lookaheads_ms:
            got = [
                streamed_units(tokenizer, one, CHUNK_FRAMES, window_ms, lookahead_ms)
                for one in wholes
            ]
            share = float((np.concatenate(got) == expected).mean())
            took = chunk_time_ms(tokenizer, window_ms + lookahead_ms)
            found.append(WindowAgreement(window_ms, lookahead_ms, share, took))
        say(f"{window_ms / 1000:g} s measured")
    return found


@torch.no_grad()
def whole_agreement(net: Hubert, path: Path, sounds: Sequence[np.ndarray]) -> float:
    """Share of the units of whole sounds that survive the storing of the ONNX file."""
    tokenizer = Tokenizer(path, net.unit_count)
    wholes = [sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES] for sound in sounds]
    same = [
        tokenizer.units(one) == net.whole_units(torch.from_numpy(one)).numpy() for one in wholes
    ]
    return float(np.concatenate(same).mean())


def chunk_time_ms(tokenizer: Tokenizer, around_ms: int, times: int = 5) -> float:
    """Median time in ms of the units of a chunk with so much sound around it."""
    frames = CHUNK_FRAMES + around_ms // FRAME_MS
    audio = np.random.default_rng(0).normal(size=frames * FRAME_SAMPLES).astype(np.float32) * 0.1
    took = []
    for _ in range(times + 1):
        start = time.perf_counter()
        tokenizer.units(audio)
        took.append(1000 * (time.perf_counter() - start))
    return float(np.median(took[1:]))


def best_window(found: Sequence[WindowAgreement]) -> WindowAgreement:
    """The shortest window, then the shortest look-ahead, among those close to the best share."""
    least = max(one.share for one in found) - _WITHIN
    enough = [one for one in found if one.share >= least]
    return min(enough, key=lambda one: (one.window_ms, one.lookahead_ms))


def windows_table(found: Sequence[WindowAgreement]) -> Table:
    """Shares by window and look-ahead, and the time of a chunk."""
    lookaheads = sorted({one.lookahead_ms for one in found})
    table = Table(title="Frames whose streamed unit is that of the whole sound, 160 ms chunks")
    table.add_column("window", justify="right")
    for lookahead_ms in lookaheads:
        table.add_column(f"{lookahead_ms} ms ahead", justify="right")
    table.add_column("a chunk takes", justify="right")
    for window_ms in sorted({one.window_ms for one in found}):
        row = {one.lookahead_ms: one for one in found if one.window_ms == window_ms}
        cells = [f"{row[lookahead_ms].share:.1%}" for lookahead_ms in lookaheads]
        first = row[lookaheads[0]].chunk_ms
        table.add_row(f"{window_ms / 1000:g} s", *cells, f"{first:.0f} ms")
    return table
