"""Presets of the training: network sizes and the paper's three stages, for a CPU, for a GPU, and as
in the paper.

The paper's figures are from SyncLLM (arXiv 2409.15594), Table 1, section 4 and appendix A.1. What
it leaves open (optimizer, decay) is our choice. The starters' learning rates fall from stage to
stage in the paper's proportion.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.language.llama import LlamaConfig


@dataclass(frozen=True)
class Stage:
    """The optimisation of one stage."""

    steps: int
    """Steps of the whole stage; a budget in minutes is divided in proportion to them."""
    batch: int
    """Sequences per step."""
    peak_learning_rate: float
    """AdamW's."""
    warmup: int
    """Steps in which the learning rate rises."""
    matrix_learning_rate: float | None = None
    """Muon's for the matrices, whose steps are a fifth as long at the same rate. None: AdamW."""


@dataclass(frozen=True)
class Preset:
    """A network and its three stages."""

    network: LlamaConfig
    """Sizes where no text LLM gives them. The vocabulary's is set later."""
    context: int
    """Tokens of a sequence."""
    stages: dict[int, Stage]
    epoch_sequences: int
    """Sequences of an epoch of stage 1; the share of speech rises from epoch 0 to 2, then stays."""
    base: str = ""
    """Name of the text LLM that training has to begin with."""
    words_weight: float = 0.5
    """Weight of the word head's loss."""
    dropout: float = 0.0
    """Needed where one utterance comes hundreds of times."""
    new_row_speed: float = 1.0
    """How much faster the embeddings of the agent's own units learn than the other weights, which
    know nearly everything already."""


SMOLLM2_12 = LlamaConfig(
    49_152, width=576, layers=12, heads=9, feed_width=1536, rope_base=100_000.0, key_heads=3
)
"""Twelve of the thirty layers of SmolLM2-135M."""
LLAMA3_8B = LlamaConfig(
    128_256 + 503, width=4096, layers=32, heads=32, feed_width=14_336, rope_base=500_000.0,
    key_heads=8, tied=False,
)  # fmt: skip
"""With rows for the paper's 501 units and two speaker tags."""


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
        LlamaConfig(width=448, layers=10, heads=7, feed_width=1216, matrices="Q4_0"),
        320,
        {3: Stage(1500, 8, 1e-4, 60)},
        2_700,
        words_weight=0.0,
    ),
    "starter-ears": Preset(
        LlamaConfig(width=448, layers=10, heads=7, feed_width=1216, matrices="Q4_0"),
        320,
        {3: Stage(6000, 8, 4e-4, 100, 1e-3)},
        2_700,
        words_weight=0.3,
    ),
    "paper-cpu": Preset(
        LlamaConfig(width=448, layers=10, heads=7, feed_width=1216, matrices="Q4_0"),
        320,
        {
            1: Stage(150, 8, 6e-4, 50, 1.5e-3),
            2: Stage(500, 8, 5e-4, 50, 1.25e-3),
            3: Stage(1700, 8, 4e-4, 50, 1e-3),
        },
        400,
        words_weight=0.3,
    ),
    "starter-voice": Preset(
        LlamaConfig(width=448, layers=10, heads=7, feed_width=1216),
        320,
        {3: Stage(4000, 8, 2e-4, 60)},
        2_700,
        words_weight=0.0,
        new_row_speed=5.0,
    ),
    "text-start": Preset(
        SMOLLM2_12,
        320,
        {
            1: Stage(264, 12, 6e-4, 30),
            2: Stage(264, 12, 4.4e-4, 30),
            3: Stage(264, 12, 3e-4, 30),
        },
        1_056,
    ),
    "llama3-8b": Preset(
        LLAMA3_8B,
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
"""``text-start`` has a million tokens a stage, to compare a text LLM with random weights.
``starter-voice`` teaches the shipped network the agent's own units on a CPU. ``starter-more``
trains it further there, with the rounding of Q4_0; ``starter-ears`` teaches it the units of another
tokenizer. ``paper-cpu`` makes it a model of the paper's format, in six million tokens, most of them
with people's timing. ``ablation`` is the smaller starter with a GPU's batches, to compare variants
at one budget. ``tiny`` is for tests."""
