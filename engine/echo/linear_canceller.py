"""The linear echo canceller: subtracts an estimate of the echo from the microphone's sound.

It has two filters over the same far end. ``adaptive_filter`` learns block by block and follows
changes; ``path_solver`` solves for the echo path from the last seconds and is far more exact while
nothing changes. The mixture of both that leaves the least is subtracted. This is linear, so the
user's speech stays unchanged. It follows clock drift (``far_end``) and delay jumps
(``echo_path_change``). Numpy only; runs in its caller's thread.
"""

from __future__ import annotations

import numpy as np

from engine.echo.adaptive_filter import PARTITIONS, SEARCH_BLOCKS, AdaptiveFilter, in_partitions
from engine.echo.echo_path_change import EchoPathChangeDetector
from engine.echo.far_end import BLOCK_SAMPLES, FarEnd
from engine.echo.path_solver import HISTORY_BLOCKS, PathSolver
from engine.sound.level import ACTIVE_POWER

_TAPS = PARTITIONS * BLOCK_SAMPLES
# The filters converge until the path is solved. But if the agent has spoken for two seconds and the
# filters hardly reduce the sound, there is no echo: the user wears headphones.
_NEW_BLOCKS = 200
_QUIETER_SHARE, _SHARE_SMOOTHING = 0.08, 0.995
# The solver does a part of its work every so many blocks; more often until it has settled.
_WORK_EVERY, _EARLY_WORK_EVERY = 5, 3
# It starts after this many active blocks, from what the quick filter has learned by then.
_FIRST_ACTIVE_BLOCKS = 50
# It pauses after this many blocks without far-end sound.
_RESTING_BLOCKS = 100
# The residuals of about the last 200 ms decide how to mix the filters. In double talk they say
# little, so the solved filter is preferred unless there is clear evidence against it.
_SMOOTHING = 0.95
_TRUST = 0.3
# A solution that is worse than the quick filter for a second of the agent's speech is dropped.
_USELESS_SHARE, _USELESS_BLOCKS = 0.1, 100
# The search for a delay jump starts so many blocks after a path change and repeats every so many.
_MIN_SEARCH_BLOCKS, _SEARCH_EVERY = 15, 5
_TINY = 1e-9


class LinearCanceller:
    """The linear canceller of one microphone."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the echo path."""
        self.far = FarEnd(HISTORY_BLOCKS * BLOCK_SAMPLES + _TAPS)
        self._quick = AdaptiveFilter()
        self._solver = PathSolver(_TAPS)
        self._exact = in_partitions(self._solver.path)
        self._begun = False
        self._blocks = self._silent_blocks = self._useless_blocks = 0
        self._gained = self._apart = self._residual_power = 0.0
        self._heard = self._remained = 0.0
        self._path_change = EchoPathChangeDetector()

    @property
    def path_changed(self) -> bool:
        """Whether the estimated echo is not the real one, as after a delay jump.

        False with headphones: there is no echo, and what the filters learn is the user's speech.
        """
        return self._path_change.path_changed and self._quieter

    @property
    def delay_jumps(self) -> int:
        """How many delay jumps were found."""
        return self._quick.delay_jumps

    @property
    def converging(self) -> bool:
        """Whether the echo path is hardly known: in the first seconds, and after a delay jump."""
        early = self._quick.active_blocks < _NEW_BLOCKS
        return not self._solver.settled and (early or self._quieter)

    @property
    def _quieter(self) -> bool:
        """Whether the filters reduced the sound in the last seconds of the agent's speech."""
        return self._heard - self._remained > _QUIETER_SHARE * self._heard

    def process(self, near: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The residual of 10 ms of microphone sound, and the subtracted echo: float32 (160,) each.

        ``near`` and ``far`` are the same 10 ms, float32 (160,). Adds no delay.
        """
        aligned = self.far.push(far)
        active = float(np.square(aligned).mean()) > ACTIVE_POWER
        self._silent_blocks = 0 if active else self._silent_blocks + 1
        jumps = self.delay_jumps
        quick = self._quick.process(near, aligned)
        exact = self._quick.convolved(self._exact)
        share = self._exact_share(near - quick, near - exact, active)
        echo = quick + np.float32(share) * (exact - quick)
        residual = near - echo
        self._solver.push(near)
        if active:
            self._heard = _SHARE_SMOOTHING * self._heard + float(np.dot(near, near))
            self._remained = _SHARE_SMOOTHING * self._remained + float(np.dot(residual, residual))
        self._path_change.push(residual, echo)
        self._find_delay_jump()
        if self.delay_jumps > jumps:
            self._path_change.realigned()
        self._follow(self.delay_jumps > jumps)
        return residual, echo

    def _find_delay_jump(self) -> None:
        changed_blocks = self._path_change.blocks_since_change
        if (
            self.path_changed
            and changed_blocks >= _MIN_SEARCH_BLOCKS
            and changed_blocks % _SEARCH_EVERY == 0
        ):
            self._quick.find_delay_jump(min(changed_blocks, SEARCH_BLOCKS))

    def _exact_share(
        self, residual_quick: np.ndarray, residual_exact: np.ndarray, active: bool
    ) -> float:
        """The share of the solved filter, 0 to 1, that leaves the least."""
        apart = residual_quick - residual_exact
        self._gained = _SMOOTHING * self._gained + float(np.dot(residual_quick, apart))
        self._apart = _SMOOTHING * self._apart + float(np.dot(apart, apart))
        self._residual_power = _SMOOTHING * self._residual_power + float(
            np.dot(residual_quick, residual_quick)
        )
        if self._gained > _USELESS_SHARE * self._apart:
            self._useless_blocks = 0
        elif active and self._begun:
            self._useless_blocks += 1
        trusted = _TRUST * self._residual_power
        return min(max((self._gained + trusted) / (self._apart + trusted + _TINY), 0.0), 1.0)

    def _follow(self, jumped: bool) -> None:
        """Apply drift and delay jumps to both filters, and let the solver work."""
        if moved := self.far.overflow():
            self._quick.shift(moved)
            self._quick.remember(self.far.aligned(_TAPS + BLOCK_SAMPLES))
            self._solver.shift(moved)
            self._exact = in_partitions(self._solver.path)
        if self._quick.drift_error and not self._solver.knows_drift:
            self.far.correct(self._quick.drift_error)
        useless = self._useless_blocks > _USELESS_BLOCKS
        if (
            jumped
            or useless
            or (self._quick.active_blocks > _FIRST_ACTIVE_BLOCKS and not self._begun)
        ):
            self._solver.restart(self._quick.path, SEARCH_BLOCKS if self._begun else HISTORY_BLOCKS)
            self._exact = in_partitions(self._solver.path)
            self._begun = True
            self._useless_blocks = 0
        self._blocks += 1
        every = _WORK_EVERY if self._solver.settled else _EARLY_WORK_EVERY
        if not self._begun or self._blocks % every or self._silent_blocks > _RESTING_BLOCKS:
            return
        if self._solver.advance(self.far):
            self._exact = in_partitions(self._solver.path)
