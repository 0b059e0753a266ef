"""One pass of a comparison of builds: times the duplex core of one of them, and prints JSON.

``engine.measure.speed_comparison`` runs this file in a process of its own, with the tree of the
build as PYTHONPATH. So it uses only what all builds since starter 0.9.0 have, and the standard
library. Its arguments are the bundle's folder, the user's sound as .npy (float32 (n,) at 16 kHz),
the chunk in ms, the seconds of conversation, and the seed.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

importlib.import_module("engine")  # before numpy, as in the program: it sets what that reads

import numpy as np  # noqa: E402

_WARM_UP_CHUNKS = 5
_ROOMS = {"duplex": "syncllm", "bundle": "syncllm", "benchmark": "measure"}
"""Rooms of the modules; before 0.10 they lay in ``engine/`` itself."""


def _module(name: str) -> Any:
    # Not find_spec: where this program is installed, it would find a room that the build lacks.
    engine = Path(str(importlib.import_module("engine").__file__)).parent
    for room in (f"engine.{_ROOMS[name]}", "engine"):
        if (engine.parent / room.replace(".", "/") / f"{name}.py").is_file():
            return importlib.import_module(f"{room}.{name}")
    raise SystemExit(f"{engine} has no {name}; compare with a build since starter 0.9.0")


def measure(
    bundle: Path, sound: np.ndarray, chunk_ms: int, seconds: float, seed: int
) -> dict[str, Any]:
    """Times of every chunk in ms, by the clock and of the processor, and what they amount to."""
    build = _module("benchmark")
    duplex = _module("duplex").Duplex(_module("bundle").load_bundle(bundle), chunk_ms, seed=seed)
    chunk = duplex.format.chunk_samples
    chunks = np.pad(sound, (0, -len(sound) % chunk)).reshape(-1, chunk)
    tokens = hashlib.sha256()
    stages_ms: dict[str, list[float]] = {}
    cpu_ms: list[float] = []
    for index in range(_WARM_UP_CHUNKS + round(seconds * 1000 / chunk_ms)):
        began = time.thread_time()
        step = duplex.step(chunks[index % len(chunks)])
        took_ms = (time.thread_time() - began) * 1000
        tokens.update(repr((step.user_units, step.user_estimates, step.own_frames)).encode())
        if index >= _WARM_UP_CHUNKS:
            cpu_ms.append(took_ms)
            for stage, stage_ms in step.timings_ms.items():
                stages_ms.setdefault(stage, []).append(stage_ms)
    duplex.close()
    return {
        "stages_ms": stages_ms,
        "cpu_ms": cpu_ms,
        "tokens": tokens.hexdigest(),
        "peak_memory_mb": build.peak_memory_mb(),
        "machine": build.machine(),
    }


if __name__ == "__main__":
    folder, sound_path, chunk, length, start = sys.argv[1:]
    found = measure(Path(folder), np.load(sound_path), int(chunk), float(length), int(start))
    json.dump(found, sys.stdout)
