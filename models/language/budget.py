"""How long the language model is trained, and how that is divided among the stages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from models.language.presets import Preset


@dataclass(frozen=True)
class Budget:
    """How long to train, over all given stages; without either number, for the preset's steps."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None and self.steps is not None:
            raise ValueError("give either minutes or steps")

    def of_stage(self, stage: int, stages: Sequence[int], preset: Preset) -> Budget:
        """A stage's part, in proportion to the preset's steps."""
        own = preset.stages[stage].steps
        share = own / sum(preset.stages[other].steps for other in stages)
        if self.minutes is not None:
            return Budget(minutes=self.minutes * share)
        return Budget(steps=own if self.steps is None else math.ceil(self.steps * share))

    def spent(self, step: int, seconds: float) -> float:
        """Share of the budget that is spent."""
        if self.steps is not None:
            return step / self.steps
        return seconds / (60 * (self.minutes or 0))
