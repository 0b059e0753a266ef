"""Tells at once when the echo that is subtracted is not the one that is heard.

What is left of the microphone has nothing in common with a right estimate of the echo, whether the
user speaks or not. When the delay jumps, the estimate itself is left, upside down. Numpy only; the
thread of its caller.
"""

from __future__ import annotations

import numpy as np

_SMOOTHING = 0.8  # some 50 ms
_AGAINST = 0.4
"""Correlation of what is left and the estimate, negative, from which on the estimate is wrong: 0.7
where both paths are as loud."""
_RESIDUAL_SHARE = 0.3
"""Of the estimate's power must be left: less is an echo not quite learned."""
_MIN_POWER = 10 ** (-60 / 10)
_RIGHT_BLOCKS = 15
"""So many without a sign, and the estimate counts as right again."""


class EchoPathChangeDetector:
    """One canceller's."""

    def __init__(self) -> None:
        self._powers = np.zeros(3)  # of what is left, of the estimate, of what they have in common
        self._unsuspected = 0
        self.blocks_since_change = 0
        """Blocks of 10 ms since the estimate went wrong; 0 where it is right."""

    @property
    def path_changed(self) -> bool:
        """Whether the estimate is not the echo."""
        return self.blocks_since_change > 0

    def push(self, residual: np.ndarray, echo: np.ndarray) -> None:
        """Hear what is left of a block of microphone, and the estimate taken out: (160,) each."""
        now = np.array(
            [np.dot(residual, residual), np.dot(echo, echo), np.dot(residual, echo)]
        ) / len(residual)
        self._powers = _SMOOTHING * self._powers + (1 - _SMOOTHING) * now
        residual_power, echo_power, common = self._powers
        suspect = (
            echo_power > _MIN_POWER
            and residual_power > _RESIDUAL_SHARE * echo_power
            and common < -_AGAINST * np.sqrt(residual_power * echo_power)
        )
        self._unsuspected = 0 if suspect else self._unsuspected + 1
        if suspect or self.path_changed:
            self.blocks_since_change += 1
        if self._unsuspected >= _RIGHT_BLOCKS:
            self.blocks_since_change = 0

    def realigned(self) -> None:
        """The estimate was moved: count anew for how long it is wrong."""
        self.blocks_since_change = min(self.blocks_since_change, 1)
