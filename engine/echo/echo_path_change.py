"""Detects a change of the echo path: the estimated echo is no longer the real one.

A correct estimate does not correlate with the residual, whether the user speaks or not. When the
delay jumps, the residual contains the estimate with the opposite sign, so the correlation becomes
negative at once. Runs in its caller's thread.
"""

from __future__ import annotations

import math

_SMOOTHING = 0.8  # about 50 ms
_AGAINST = 0.4
"""The estimate is wrong if its correlation with the residual is below minus this; it is -0.7 when
both echo paths are equally loud."""
_RESIDUAL_SHARE = 0.3
"""Least power of the residual over the estimate's; less means an echo not fully learned."""
_MIN_POWER = 10 ** (-60 / 10)
_RIGHT_BLOCKS = 15
"""After this many blocks without a sign of change the estimate counts as right again."""


class EchoPathChangeDetector:
    """The detector of one canceller."""

    def __init__(self) -> None:
        self._powers = [0.0] * 3  # residual, estimate, and the product of both
        self._unsuspected = 0
        self.blocks_since_change = 0
        """Blocks of 10 ms since the estimate became wrong; 0 while it is right."""

    @property
    def path_changed(self) -> bool:
        """Whether the estimate is wrong now."""
        return self.blocks_since_change > 0

    def push(self, residual_power: float, echo_power: float, product: float) -> None:
        """Take a block: the powers of the residual and of the subtracted estimate, and the mean of
        the product of both."""
        now = residual_power, echo_power, product
        self._powers = [
            _SMOOTHING * before + (1 - _SMOOTHING) * each
            for before, each in zip(self._powers, now, strict=True)
        ]
        residual_power, echo_power, common = self._powers
        suspect = (
            echo_power > _MIN_POWER
            and residual_power > _RESIDUAL_SHARE * echo_power
            and common < -_AGAINST * math.sqrt(residual_power * echo_power)
        )
        self._unsuspected = 0 if suspect else self._unsuspected + 1
        if suspect or self.path_changed:
            self.blocks_since_change += 1
        if self._unsuspected >= _RIGHT_BLOCKS:
            self.blocks_since_change = 0

    def realigned(self) -> None:
        """Restart the count of blocks, after the estimate was moved."""
        self.blocks_since_change = min(self.blocks_since_change, 1)
