"""Benchmark of the echo canceller: CPU time for each second of sound, by who speaks.

It runs the whole canceller as a conversation does, on sound with a simulated echo. One thread.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from engine.echo.canceller import BLOCK_SAMPLES, EchoCanceller
from engine.timebase import SAMPLE_RATE_HZ

# As many blocks as the canceller gets at once in a conversation: a frame of 40 ms.
_BLOCKS = 4
# Until the canceller has learned the path, it works more than later.
_LEARNING_SECONDS, _MEASURED_SECONDS = 10.0, 10.0
_ECHO_DELAY_SECONDS, _ECHO_SECONDS, _ECHO_GAIN = 0.09, 0.4, 0.03


@dataclass(frozen=True)
class EchoCost:
    """CPU seconds for each second of sound: 0.05 is five per cent of a core."""

    agent_alone: float
    both_speak: float
    far_end_silent: float
    """The user speaks, and nothing has been played for long."""


def measure_echo_cost(
    user: np.ndarray, agent: np.ndarray, blocks_at_once: int = _BLOCKS
) -> EchoCost:
    """Measure on speech of both sides, float32 (n,) at 16 kHz, repeated as needed.

    Raises DuologueError as `EchoCanceller` does.
    """
    samples = round((_LEARNING_SECONDS + 2 * _MEASURED_SECONDS) * SAMPLE_RATE_HZ)
    user, agent = (np.resize(sound, samples).astype(np.float32) for sound in (user, agent))
    echo = _echo(agent)
    silence = np.zeros_like(agent)
    canceller = EchoCanceller()
    learned, alone = (
        round(seconds * SAMPLE_RATE_HZ)
        for seconds in (_LEARNING_SECONDS, _LEARNING_SECONDS + _MEASURED_SECONDS)
    )
    near = echo.copy()
    near[alone:] += user[alone:]

    def cost(near: np.ndarray, far: np.ndarray) -> float:
        """CPU seconds for each second."""
        begin_s = time.thread_time()
        step = blocks_at_once * BLOCK_SAMPLES
        for start in range(0, len(near) - step + 1, step):
            canceller.process(near[start : start + step], far[start : start + step])
        return (time.thread_time() - begin_s) / (len(near) / SAMPLE_RATE_HZ)

    cost(near[:learned], agent[:learned])
    agent_alone = cost(near[learned:alone], agent[learned:alone])
    both_speak = cost(near[alone:], agent[alone:])
    cost(user[:learned], silence[:learned])
    return EchoCost(agent_alone, both_speak, cost(user[learned:alone], silence[learned:alone]))


def _echo(agent: np.ndarray) -> np.ndarray:
    """The agent's sound (n,) after its way through a room."""
    delay, taps = (
        round(seconds * SAMPLE_RATE_HZ) for seconds in (_ECHO_DELAY_SECONDS, _ECHO_SECONDS)
    )
    room = np.zeros(delay + taps)
    random = np.random.default_rng(0)
    room[delay:] = _ECHO_GAIN * random.normal(size=taps) * np.exp(-np.arange(taps) * 8 / taps)
    size = len(agent) + len(room)
    heard = np.fft.irfft(np.fft.rfft(agent, size) * np.fft.rfft(room, size), size)[: len(agent)]
    noise = random.normal(0, 1e-3, len(agent))
    return np.clip(heard + noise, -1, 1).astype(np.float32)
