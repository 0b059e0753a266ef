"""What a training takes: memory, FLOPs and days on paper, and the share of a GPU that it uses.

FLOPs are counted by torch on the very network, on the meta device, where tensors have sizes and no
values. A utilisation counts those of the model alone, not what is computed twice to save memory.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import torch
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from engine.errors import DuologueError
from models.language.llama import Llama, LlamaConfig
from models.language.presets import PRESETS, Preset

GPU_BYTES = {"80 GB": 80e9, "141 GB": 141e9}
"""Memory of an H100 and of an H200."""
_STATE_BYTES = 4 * 4
"""For each weight: itself, its gradient and AdamW's two moments, in float32."""
_HALF, _SINGLE = 2, 4
_SHORT = 256
"""Tokens at which FLOPs are counted; the attention's grow with the length, the others do not."""
_DAY_S = 86_400
_WARM_UP_STEPS = 3


def parameters(config: LlamaConfig) -> int:
    """Number of weights, from the network itself."""
    with torch.device("meta"):
        return sum(weight.numel() for weight in Llama(config).parameters())


@cache
def _counted(config: LlamaConfig, tokens: int) -> int:
    with torch.device("meta"):
        net = Llama(replace(config, matrices="Q8_0"))
        with FlopCounterMode(display=False) as counter:
            net(torch.zeros(1, tokens, dtype=torch.long)).sum().backward()
    return counter.get_total_flops()


def flops_per_token(config: LlamaConfig, context: int) -> float:
    """Of a training step, forward and backward, in sequences of ``context`` tokens.

    Attention counts half, since no token sees the later ones.
    """
    # a tokens + b tokens² is the count, from which two lengths tell a and b.
    short, longer = _counted(config, _SHORT), _counted(config, 2 * _SHORT)
    squared = (longer - 2 * short) / (2 * _SHORT**2)
    linear = short / _SHORT - squared * _SHORT
    return linear + squared * context / 2


def memory_bytes(config: LlamaConfig, context: int, gpus: int, sequences: int = 1) -> float:
    """Of one GPU of ``gpus``, where layers are recomputed: at once ``sequences`` of ``context``.

    Weights, gradients and moments are divided. Beside them are two layers and the embedding
    gathered in bfloat16, the input of each layer, what one layer keeps, and the logits.
    """
    count = parameters(config)
    rows = config.vocabulary * config.width * (1 if config.tied else 2)
    layer = (count - rows) / config.layers
    divided = _STATE_BYTES * count / gpus
    gathered = _HALF * (2 * layer + rows) if gpus > 1 else _HALF * count
    tokens = context * sequences
    kept = config.kept_heads * config.channels
    inside = 5 * config.width + 2 * kept + 4 * config.feed_width
    activations = _HALF * tokens * (config.layers * config.width + inside)
    logits = tokens * config.vocabulary * (_HALF + 2 * _SINGLE)
    return divided + gathered + activations + logits


def plan_tables(
    preset_name: str, gpus: Sequence[int], utilisation: float, peak: float
) -> list[Table]:
    """Memory of a GPU, and days of each stage, for each number of ``gpus``.

    ``peak`` is a GPU's FLOP/s, of which the training uses the share ``utilisation``.
    """
    preset = PRESETS[preset_name]
    config = preset.network
    each = flops_per_token(config, preset.context)
    memory = Table(
        title=f"{preset_name}: {parameters(config) / 1e9:.3f} B weights, sequences of "
        f"{preset.context} tokens, {each / 1e9:.1f} GFLOP a token"
    )
    for name in ("GPUs", "memory of each, one sequence at once", "fits"):
        memory.add_column(name, justify="right")
    for count in gpus:
        needed = memory_bytes(config, preset.context, count)
        fits = [name for name, size in GPU_BYTES.items() if needed < 0.95 * size]
        memory.add_row(str(count), f"{needed / 1e9:.0f} GB", ", ".join(fits) or "none")
    days = Table(title=f"Days at {utilisation:.0%} of {peak / 1e12:.0f} TFLOP/s a GPU")
    days.add_column("stage")
    for name in ("tokens", "FLOPs", *(f"{count} GPU{'s' * (count > 1)}" for count in gpus)):
        days.add_column(name, justify="right")
    total = [0.0] * len(gpus)
    for number, stage in preset.stages.items():
        tokens = stage.steps * stage.batch * preset.context
        cells = []
        for place, count in enumerate(gpus):
            # More processes than sequences in a step would have nothing to do.
            used = min(count, stage.batch)
            needs = tokens * each / (peak * utilisation * used) / _DAY_S
            total[place] += needs
            cells.append(_days(needs) + (f" ({used})" if used < count else ""))
        days.add_row(str(number), f"{tokens / 1e9:.2f} B", f"{tokens * each:.1e}", *cells)
    days.add_row("all", "", "", *map(_days, total))
    return [memory, days]


def _days(value: float) -> str:
    return f"{value:.3g}"


def measure_utilisation(
    preset_name: str,
    steps: int,
    batch: int | None,
    context: int | None,
    peak: float,
    compiled: bool,
) -> str:
    """A line with tokens a second and the model FLOP utilisation of training on random tokens.

    Raises DuologueError where the GPU's memory does not hold it.
    """
    preset = PRESETS[preset_name]
    stage = preset.stages[max(preset.stages)]
    batch, context = batch or stage.batch, context or preset.context
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        took = _seconds_a_step(preset, steps, batch, context, device, compiled)
    except torch.OutOfMemoryError as error:
        raise DuologueError(
            f"The GPU has too little memory for {batch} sequences; give a smaller --batch."
        ) from error
    pace = batch * context / took
    used = pace * flops_per_token(preset.network, context) / peak
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    return (
        f"{preset_name} on {name}: {batch} x {context} tokens in {took * 1000:.0f} ms, "
        f"{pace:.0f} tokens/s, {used:.1%} of {peak / 1e12:g} TFLOP/s"
    )


def _seconds_a_step(
    preset: Preset, steps: int, batch: int, context: int, device: torch.device, compiled: bool
) -> float:
    torch.manual_seed(0)
    net = Llama(preset.network).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), 1e-4, fused=device.type == "cuda")
    fast = torch.compile(net) if compiled else net
    ids = torch.randint(preset.network.vocabulary, (batch, context + 1), device=device)
    began = 0.0
    for step in range(_WARM_UP_STEPS + steps):
        if step == _WARM_UP_STEPS:
            _wait(device)
            began = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16):
            logits = fast(ids[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    _wait(device)
    return (time.perf_counter() - began) / steps


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
