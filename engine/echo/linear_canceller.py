"""The linear echo canceller: subtracts an estimate of the echo from the microphone's sound.

It has two filters over the same far end. ``adaptive_filter`` learns frame by frame and follows
changes; ``path_solver`` solves for the echo path from the last seconds and is far more exact while
nothing changes. The mixture of both that leaves the least is subtracted. This is linear, so the
user's speech stays unchanged. It follows clock drift (``far_end``) and delay jumps
(``echo_path_change``). While nothing is played, it rests. Numpy only; runs in its caller's thread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.echo.adaptive_filter import (
    FILTER_BLOCKS,
    FILTER_SAMPLES,
    SEARCH_BLOCKS,
    TAPS,
    AdaptiveFilter,
    in_partitions,
)
from engine.echo.echo_path_change import EchoPathChangeDetector
from engine.echo.far_end import BLOCK_SAMPLES, FarEnd
from engine.echo.path_solver import HISTORY_BLOCKS, PathSolver
from engine.sound.level import ACTIVE_POWER

# The filters converge until the path is solved. But if the agent has spoken for two seconds and the
# filters hardly reduce the sound, there is no echo: the user wears headphones.
_NEW_FRAMES = 200 // FILTER_BLOCKS
_QUIETER_SHARE, _SHARE_SMOOTHING = 0.08, 0.995
# The solver does a part of its work every so many frames; more often until it has settled.
_WORK_EVERY, _EARLY_WORK_EVERY = 16, 2
# It starts after this many active frames, from what the quick filter has learned by then.
_FIRST_ACTIVE_FRAMES = 50 // FILTER_BLOCKS
# An echo may last this long after the far end's last sound: 0.8 s. Then there is nothing to do.
ECHO_BLOCKS = 80
# The residuals of about the last 200 ms decide how to mix the filters. In double talk they say
# little, so the solved filter is preferred unless there is clear evidence against it.
_SMOOTHING = 0.95
_TRUST = 0.3
# A solution that is worse than the quick filter for a second of the agent's speech is dropped.
_USELESS_SHARE, _USELESS_BLOCKS = 0.1, 100
# The search for a delay jump starts so many blocks after a path change and repeats every frame.
_MIN_SEARCH_BLOCKS = 15
_TINY = 1e-9


class LinearOutput(NamedTuple):
    """What the linear canceller makes of some blocks of sound (n,)."""

    residual: np.ndarray
    """float32 (n,): the microphone's sound without the estimated echo."""
    echo: np.ndarray
    """float32 (n,): the estimated echo."""
    converging: np.ndarray
    """bool (blocks,): whether the echo path is hardly known: in the first seconds, and after a
    delay jump."""
    path_changed: np.ndarray
    """bool (blocks,): whether the estimated echo is not the real one, as after a delay jump.

    False with headphones: there is no echo, and what the filters learn is the user's speech.
    """


class LinearCanceller:
    """The linear canceller of one microphone."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the echo path."""
        self.far = FarEnd(HISTORY_BLOCKS * BLOCK_SAMPLES + TAPS)
        self._quick = AdaptiveFilter()
        self._solver = PathSolver(TAPS)
        self._exact = in_partitions(self._solver.path)
        self._begun = False
        self._near = np.zeros(FILTER_SAMPLES, np.float32)
        """The present frame of the microphone's sound, as far as it has come."""
        self._filled = 0
        self._frames = self._useless_blocks = 0
        self._silent_blocks = ECHO_BLOCKS
        self._gained = self._apart = self._residual_power = 0.0
        self._heard = self._remained = 0.0
        self._path_change = EchoPathChangeDetector()

    @property
    def delay_jumps(self) -> int:
        """How many delay jumps were found."""
        return self._quick.delay_jumps

    def process(self, near: np.ndarray, far: np.ndarray) -> LinearOutput:
        """Subtract the echo from blocks of 10 ms of the microphone's sound. Adds no delay.

        ``near`` and ``far`` are the same time, float32 (n,). How the sound is divided among calls
        makes no difference to the output, but many blocks at once are cheaper.
        """
        parts = []
        start = 0
        while start < len(near):
            end = min(start + FILTER_SAMPLES - self._filled, len(near))
            parts.append(self._process_in_frame(near[start:end], far[start:end]))
            start = end
        return LinearOutput(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    def _process_in_frame(self, near: np.ndarray, far: np.ndarray) -> LinearOutput:
        """The same for blocks that belong to the present frame."""
        aligned = self.far.push(far)
        active = _dots(aligned, aligned) > ACTIVE_POWER * BLOCK_SAMPLES
        resting = self._silent_blocks >= ECHO_BLOCKS and not active.any()
        for sounds in active:
            self._silent_blocks = 0 if sounds else self._silent_blocks + 1
        quick = self._quick.push(aligned, resting)
        if resting:
            residual, echo = near, quick
        else:
            apart = self._quick.convolved(self._exact, len(near)) - quick
            shares = self._exact_shares(near - quick, apart, active)
            echo = quick + np.repeat(shares, BLOCK_SAMPLES) * apart
            residual = near - echo
        converging, path_changed = self._judge(near, residual, echo, active)
        self._solver.push(near)
        self._near[self._filled : self._filled + len(near)] = near
        self._filled += len(near)
        if self._filled == FILTER_SAMPLES:
            self._end_frame(resting)
        return LinearOutput(residual, echo, converging, path_changed)

    def _exact_shares(
        self, residual_quick: np.ndarray, apart: np.ndarray, active: np.ndarray
    ) -> np.ndarray:
        """For each block the share of the solved filter, 0 to 1, that leaves the least.

        ``apart`` is the solved filter's echo minus the quick one's. float32 (blocks,).
        """
        shares = np.zeros(len(active), np.float32)
        products = (
            _dots(residual_quick, apart),
            _dots(apart, apart),
            _dots(residual_quick, residual_quick),
        )
        rows = zip(active, *(each.tolist() for each in products), strict=True)
        for block, (sounds, gained, distance, power) in enumerate(rows):
            self._gained = _SMOOTHING * self._gained + gained
            self._apart = _SMOOTHING * self._apart + distance
            self._residual_power = _SMOOTHING * self._residual_power + power
            if self._gained > _USELESS_SHARE * self._apart:
                self._useless_blocks = 0
            elif sounds and self._begun:
                self._useless_blocks += 1
            trusted = _TRUST * self._residual_power
            share = (self._gained + trusted) / (self._apart + trusted + _TINY)
            shares[block] = min(max(share, 0.0), 1.0)
        return shares

    def _judge(
        self, near: np.ndarray, residual: np.ndarray, echo: np.ndarray, active: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Whether the filters converge, and whether the path has changed; bool (blocks,) each."""
        heard, remained = _dots(near, near), _dots(residual, residual)
        products = remained, _dots(echo, echo), _dots(residual, echo)
        powers = (np.stack(products, axis=1) / BLOCK_SAMPLES).tolist()
        early = self._quick.active_frames < _NEW_FRAMES
        flags = np.zeros((2, len(active)), bool)
        for block, sounds in enumerate(active):
            if sounds:
                self._heard = _SHARE_SMOOTHING * self._heard + float(heard[block])
                self._remained = _SHARE_SMOOTHING * self._remained + float(remained[block])
            self._path_change.push(*powers[block])
            quieter = self._quieter
            flags[0, block] = not self._solver.settled and (early or quieter)
            flags[1, block] = quieter and self._path_change.path_changed
        return flags[0], flags[1]

    @property
    def _quieter(self) -> bool:
        """Whether the filters reduced the sound in the last seconds of the agent's speech."""
        return self._heard - self._remained > _QUIETER_SHARE * self._heard

    def _end_frame(self, resting: bool) -> None:
        """Learn from the frame, and apply drift and delay jumps to both filters."""
        self._filled = 0
        self._frames += 1
        jumps = self.delay_jumps
        self._quick.learn(self._near, resting)
        changed_blocks = self._path_change.blocks_since_change
        if self._quieter and changed_blocks >= _MIN_SEARCH_BLOCKS:
            self._quick.find_delay_jump(min(changed_blocks, SEARCH_BLOCKS))
        jumped = self.delay_jumps > jumps
        if jumped:
            self._path_change.realigned()
        if moved := self.far.overflow():
            self._quick.shift(moved)
            self._quick.remember(self.far.aligned(TAPS + FILTER_SAMPLES))
            self._solver.shift(moved)
            self._exact = in_partitions(self._solver.path)
        if self._quick.drift_error and not self._solver.knows_drift:
            self.far.correct(self._quick.drift_error)
        self._solve(jumped or self._useless_blocks > _USELESS_BLOCKS, resting)

    def _solve(self, useless: bool, resting: bool) -> None:
        """Let the solver work; begin it anew if its solution has become useless."""
        if useless or (self._quick.active_frames > _FIRST_ACTIVE_FRAMES and not self._begun):
            self._solver.restart(self._quick.path, SEARCH_BLOCKS if self._begun else HISTORY_BLOCKS)
            self._exact = in_partitions(self._solver.path)
            self._begun = True
            self._useless_blocks = 0
        every = _WORK_EVERY if self._solver.settled else _EARLY_WORK_EVERY
        if not self._begun or self._frames % every or resting:
            return
        if self._solver.advance(self.far):
            self._exact = in_partitions(self._solver.path)


def _dots(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """float32 (blocks,): the dot product of each block of two sounds (n,)."""
    products: np.ndarray = (one * other).reshape(-1, BLOCK_SAMPLES).sum(axis=1)
    return products
