"""Recorded talks without a model behind them, as a recorder leaves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.record.events import (
    EVENTS_NAME,
    BackEnd,
    BundleName,
    ChunkRecord,
    EventWriter,
    SummaryRecord,
    TalkRecord,
)
from engine.record.recordings import SOUND_NAME
from engine.sound.flac_file import FlacWriter
from engine.syncllm.bundle import SamplingSettings
from engine.timebase import SAMPLE_RATE_HZ

CHUNK = 2560


def sound_of_talk(chunks: int) -> np.ndarray:
    """int16 (n, 2): a burst of either speaker in each second."""
    random = np.random.default_rng(0)
    sound = random.normal(0, 3, (chunks * CHUNK, 2))
    for start in range(0, len(sound), SAMPLE_RATE_HZ):
        side = start // SAMPLE_RATE_HZ % 2
        sound[start : start + SAMPLE_RATE_HZ // 2, side] += random.normal(
            0, 3000, SAMPLE_RATE_HZ // 2
        )[: len(sound) - start]
    return sound.astype(np.int16)


def write_talk(
    parent: Path,
    name: str = "conversation-20260101-120000",
    chunks: int = 20,
    began: str = "2026-01-01T12:00:00+01:00",
    order_ms: int | None = None,
) -> Path:
    """A whole recording in a new folder."""
    folder = parent / name
    folder.mkdir(parents=True)
    sound = FlacWriter(folder / SOUND_NAME)
    sound.write(sound_of_talk(chunks))
    sound.close()
    events = EventWriter(folder / EVENTS_NAME)
    events.write(
        TalkRecord(
            began=began,
            order_ms=order_ms,
            sound=SOUND_NAME,
            bundle=BundleName(name="tiny", version="1", sha256="0" * 64),
            back_end=BackEnd(llama_cpp="0", onnxruntime="0", machine="none", gpu_layers=0),
            chunk_ms=160,
            latency_ms=160,
            seed=0,
            own_sampling=SamplingSettings(temperature=0.7, top_p=0.9),
            estimate_sampling=SamplingSettings(temperature=0.7, top_p=0.9),
        )
    )
    for index in range(chunks):
        events.write(
            ChunkRecord(
                index=index,
                start_sample=index * CHUNK,
                samples=CHUNK,
                lost=False,
                speak=True,
                user_units=[[1, 2, 3, 4]],
                user_estimates=[[1, 2, 3, 4]],
                own_units=[1, 2, 3, 4],
                own_text=[" word"],
                heard_text=[],
                estimate_hits=1,
                estimate_misses=0,
                tokens_refed=0,
                ready_ms=1.0,
                timings_ms={"total": 1.0},
            )
        )
    events.write(SummaryRecord(chunks=chunks))
    events.close()
    return folder


def lines(folder: Path) -> list[bytes]:
    """Those of its events."""
    return (folder / EVENTS_NAME).read_bytes().splitlines(keepends=True)


def put_lines(folder: Path, *those: bytes) -> None:
    """Have other events."""
    (folder / EVENTS_NAME).write_bytes(b"".join(those))


def change_line(folder: Path, number: int, **values: Any) -> None:
    """Have other values in one record."""
    those = lines(folder)
    record = json.loads(those[number])
    those[number] = json.dumps({**record, **values}).encode() + b"\n"
    put_lines(folder, *those)


def content(folder: Path) -> dict[str, bytes]:
    """All plain files in a folder and those below."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
