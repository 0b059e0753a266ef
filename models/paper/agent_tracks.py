"""The agent's track to a recording of a user, from the engine and faster than real time.

Sample n of the track is what the agent sounds at sample n of the recording, so both lie on one time
axis. The engine hears whole chunks; the recording's end is filled with silence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from engine.atomic_write import writing_whole
from engine.sound.audio_file import to_pcm
from engine.syncllm.duplex import Duplex
from engine.timebase import SAMPLE_RATE_HZ


def agent_track(duplex: Duplex, user: np.ndarray) -> np.ndarray:
    """The agent's sound, float32, as long as the user's (n,); a conversation of its own."""
    duplex.reset()
    chunk = duplex.format.chunk_samples
    heard = np.pad(user, (0, -len(user) % chunk)).astype(np.float32)
    # Step N gives the sound of interval N + 1, and nobody answers before the first interval ends.
    sound = [np.zeros(chunk, np.float32)]
    sound += [duplex.step(part).agent_audio for part in heard.reshape(-1, chunk)]
    return np.concatenate(sound)[: len(user)]


def write_track(path: Path, track: np.ndarray) -> None:
    """Write a track (n,), or several (channels, n), as a wav of 16 bits, 16 kHz; whole or not at
    all."""
    with writing_whole(path) as part:
        soundfile.write(part, to_pcm(track.T), SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")
