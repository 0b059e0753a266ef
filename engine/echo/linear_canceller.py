"""The linear half of the echo canceller: subtracts the agent's own sound as the room returns it.

Two filters over the same far end. One learns from block to block (``adaptive_filter``) and follows
whatever changes; one is solved from all of the last seconds (``path_solver``) and is far more exact
as long as nothing does. What is subtracted is the mixture of both that leaves least. It is linear,
so the user's speech stays as it is. The clocks' drift (``far_end``) and jumps of the delay
(``echo_check``) are followed. Numpy only; the thread of its caller.
"""

from __future__ import annotations

import numpy as np

from engine.echo.adaptive_filter import PARTITIONS, SEARCH_BLOCKS, AdaptiveFilter, in_partitions
from engine.echo.echo_path_change import EchoPathChangeDetector
from engine.echo.far_end import BLOCK_SAMPLES, FarEnd
from engine.echo.path_solver import HISTORY_BLOCKS, PathSolver
from engine.sound.level import ACTIVE_POWER

_TAPS = PARTITIONS * BLOCK_SAMPLES
# A room is new until its path is solved; but where the agent has been heard for two seconds and the
# filters made the last ones hardly quieter, there is no echo: the user has headphones.
_NEW_BLOCKS = 200
_QUIETER_SHARE, _SHARE_SMOOTHING = 0.08, 0.995
# The solver does a piece of its work every so many blocks; more often until it has settled.
_WORK_EVERY, _EARLY_WORK_EVERY = 5, 3
# It begins with what the quick filter has learned by then.
_FIRST_ACTIVE_BLOCKS = 50
# It rests where nothing was played for so long.
_RESTING_BLOCKS = 100
# What either filter has left in the last 200 ms or so tells how to mix them. While the user speaks
# it tells little, so without good reason against it the solved filter is believed.
_SMOOTHING = 0.95
_TRUST = 0.3
# Solutions that are worse than the quick filter for a second of the agent's speech are dropped.
_USELESS_SHARE, _USELESS_BLOCKS = 0.1, 100
# A jump is looked for when so much sound came after it, and again every so often.
_MIN_SEARCH_BLOCKS, _SEARCH_EVERY = 15, 5
_TINY = 1e-9


class LinearCanceller:
    """One microphone's linear canceller."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the room."""
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
        """Whether the estimate of the echo is another echo than what is heard: after a jump.

        With headphones there is none, and what the filters learn of the user is no echo.
        """
        return self._path_change.path_changed and self._quieter

    @property
    def delay_jumps(self) -> int:
        """How often the delay has jumped."""
        return self._quick.delay_jumps

    @property
    def converging(self) -> bool:
        """Whether the room is hardly known: in a talk's first seconds, and after a jump."""
        early = self._quick.active_blocks < _NEW_BLOCKS
        return not self._solver.settled and (early or self._quieter)

    @property
    def _quieter(self) -> bool:
        """Whether the filters have made the last seconds of the agent's speech quieter."""
        return self._heard - self._remained > _QUIETER_SHARE * self._heard

    def process(self, near: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is left of 10 ms of microphone, and the echo taken out: float32 (160,) each.

        ``near`` and ``far`` float32 (160,), the same 10 ms; nothing is later for it.
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
        """How much of the solved filter leaves least, 0 to 1."""
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
        """Keep both filters at what has changed, and let the solver work."""
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
