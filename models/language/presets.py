"""Sizes of the paper's three stages: what is shipped, what a GPU trains, and the paper's own.

The paper's figures are SyncLLM's (arXiv 2409.15594) Table 1, section 4 and appendix A.1; what it
leaves open (optimizer, decay) is ours. Of the starters the learning rates fall from stage to stage
in the paper's proportion.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.language.llama import LlamaConfig


@dataclass(frozen=True)
class Stage:
    """One stage's optimisation."""

    steps: int
    """Of the whole recipe; a budget in minutes is shared out in their proportion."""
    batch: int
    """Rows of a step."""
    peak_learning_rate: float
    """AdamW's learning rate."""
    warmup: int
    """Steps in which the rate rises."""
    matrix_learning_rate: float | None = None
    """Muon's for the matrices, whose steps are a fifth as long at the same rate; None: AdamW."""


@dataclass(frozen=True)
class Preset:
    """A network and its three stages."""

    network: LlamaConfig | None
    """Trained from nothing; None where it begins with ``base``. The vocabulary is set later."""
    context: int
    """Tokens of a row."""
    stages: dict[int, Stage]
    epoch_sequences: int
    """Rows of stage 1 after which the share of speech rises (0, 1, then 2 for good)."""
    base: str = ""
    """Pretrained weights that the recipe begins with."""
    words_weight: float = 0.5
    """Of the head that names words."""
    dropout: float = 0.0
    """Where one utterance comes hundreds of times."""


PRESETS = {
    "starter-cpu": Preset(
        LlamaConfig(),
        640,
        {
            1: Stage(1000, 8, 1.5e-3, 100, 4e-3),
            2: Stage(2000, 8, 1.1e-3, 100, 2.9e-3),
            3: Stage(5000, 8, 7.5e-4, 100, 2e-3),
        },
        2_700,
    ),
    "starter-gpu": Preset(
        LlamaConfig(width=448, layers=10, heads=7, feed_width=1216),
        1024,
        {
            1: Stage(600, 128, 1.2e-3, 100, 3e-3),
            2: Stage(1200, 128, 8.8e-4, 100, 2.5e-3),
            3: Stage(6000, 128, 7.5e-4, 100, 2e-3),
        },
        25_600,
        dropout=0.1,
    ),
    "ablation": Preset(
        LlamaConfig(),
        640,
        {
            1: Stage(150, 64, 1.5e-3, 50, 4e-3),
            2: Stage(300, 64, 1.1e-3, 50, 2.9e-3),
            3: Stage(1350, 64, 7.5e-4, 50, 2e-3),
        },
        3_200,
    ),
    "starter-more": Preset(
        LlamaConfig(width=448, layers=10, heads=7, feed_width=1216),
        640,
        {3: Stage(250, 8, 1e-4, 20)},
        2_700,
        words_weight=0.0,
    ),
    "llama3-8b": Preset(
        None,
        8192,
        {
            1: Stage(40_000, 128, 3e-5, 500),
            2: Stage(6_000, 64, 2.2e-5, 200),
            3: Stage(2_000, 32, 1.5e-5, 100),
        },
        1_700_000,
        base="Llama-3-8B",
    ),
    "tiny": Preset(
        LlamaConfig(width=64, layers=2, heads=2, feed_width=128),
        256,
        {stage: Stage(4, 2, 1.5e-3, 2, 4e-3) for stage in (1, 2, 3)},
        8,
    ),
}
"""``starter-more`` goes on from the shipped network on a CPU; ``ablation`` is the smaller starter
in a GPU's batches, to compare variants at one budget; ``tiny`` is what tests train in a moment."""
