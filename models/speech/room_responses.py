"""Impulse responses of simulated rooms, from a user to a microphone. They are written once and read
wherever speech is augmented.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.progress import track

from models.speech.rooms import draw_room, measured_rt60_s

ROOMS, FIRST_ROOM = 160, 2_000_000
"""How many rooms, and the seed of the first; no evaluation draws rooms from these seeds."""
_USER_M, _FLOOR_M = (0.3, 4.0), (2.8, 6.5)


def write_room_responses(path: Path) -> list[float]:
    """Simulate the rooms and write their responses, each from its direct sound on.

    Returns the measured reverberation times, s.
    """
    responses, times = [], []
    for seed in track(range(FIRST_ROOM, FIRST_ROOM + ROOMS), "rooms"):
        response = draw_room(seed, 0, _USER_M, _FLOOR_M).user_response
        times.append(measured_rt60_s(response))
        responses.append(response[int(np.argmax(np.abs(response))) :].astype(np.float32))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, *responses)
    return times


def read_room_responses(path: Path) -> list[np.ndarray]:
    """The responses, each float32 (n,) of its own length."""
    with np.load(path) as arrays:
        return [arrays[name].astype(np.float32) for name in arrays.files]
