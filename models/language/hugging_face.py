"""Reads Llamas in the transformers layout: ``config.json`` and ``*.safetensors``.

Knows no tokens. GGUF files are read by `models.language.gguf`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.imported.checkpoint import read_json, read_weights, take
from models.language.llama import LlamaConfig

_PARTS = {
    "attention_norm": "input_layernorm",
    "query": "self_attn.q_proj",
    "key": "self_attn.k_proj",
    "value": "self_attn.v_proj",
    "attention_out": "self_attn.o_proj",
    "feed_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}
_OLD_BASE = 10_000.0
"""What a config.json of the older layout means where it names no base."""


def read_hugging_face(folder: Path) -> tuple[LlamaConfig, dict[str, Tensor]]:
    """Sizes and float32 weights of a folder.

    Raises DuologueError where something is missing or damaged, ValueError where the network is of
    another kind.
    """
    config = hugging_face_config(read_json(folder / "config.json"))
    weights = read_weights(folder)
    width, kept = config.width, config.kept_heads * config.channels
    shapes = {
        "query": (width, width), "key": (kept, width), "value": (kept, width),
        "attention_out": (width, width), "gate": (config.feed_width, width),
        "up": (config.feed_width, width), "down": (width, config.feed_width),
    }  # fmt: skip
    rows = (config.vocabulary, width)
    state = {
        "embedding.weight": take(weights, "model.embed_tokens.weight", rows, folder),
        "norm.weight": take(weights, "model.norm.weight", (width,), folder),
    }
    if not config.tied:
        state["head.weight"] = take(weights, "lm_head.weight", rows, folder)
    for index in range(config.layers):
        for part, theirs in _PARTS.items():
            state[f"layers.{index}.{part}.weight"] = take(
                weights,
                f"model.layers.{index}.{theirs}.weight",
                shapes.get(part, (width,)),
                folder,
            )
    return config, state


def hugging_face_config(raw: dict[str, Any]) -> LlamaConfig:
    """The sizes in a ``config.json``. Raises ValueError where the network is of another kind."""
    if raw.get("model_type") != "llama":
        raise ValueError(f"its model_type is {raw.get('model_type')!r}, not 'llama'")
    for name, kind in (("hidden_act", "silu"), ("attention_bias", False), ("mlp_bias", False)):
        if raw.get(name, kind) != kind:
            raise ValueError(f"its {name} is {raw[name]!r}, not {kind!r}")
    if raw.get("quantization_config"):
        raise ValueError("its weights are rounded, which is read from a GGUF only")
    try:
        width, heads = int(raw["hidden_size"]), int(raw["num_attention_heads"])
        kept = int(raw.get("num_key_value_heads") or heads)
        channels = int(raw.get("head_dim") or width // heads)
        if heads * channels != width or heads % kept:
            raise ValueError("its heads do not have the width divided by their number")
        base, factors = _rotary(raw, channels)
        return LlamaConfig(
            vocabulary=int(raw["vocab_size"]),
            width=width,
            layers=int(raw["num_hidden_layers"]),
            heads=heads,
            feed_width=int(raw["intermediate_size"]),
            rope_base=base,
            norm_epsilon=float(raw.get("rms_norm_eps", 1e-6)),
            key_heads=0 if kept == heads else kept,
            tied=bool(raw.get("tie_word_embeddings", False)),
            rope_factors=factors,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"its config.json has an error ({error})") from error


def _rotary(raw: dict[str, Any], channels: int) -> tuple[float, tuple[float, ...]]:
    """The base, and what each frequency is divided by."""
    # transformers 5 keeps the base among rope_parameters; read as before it would be 10,000.
    told = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    base = float(told.get("rope_theta") or raw.get("rope_theta") or _OLD_BASE)
    kind = told.get("rope_type") or told.get("type") or "default"
    if kind == "default":
        return base, ()
    if kind == "linear":
        return base, (float(told["factor"]),) * (channels // 2)
    if kind == "llama3":
        return base, llama3_factors(base, channels, told)
    raise ValueError(f"its positions are scaled by {kind!r}")


def llama3_factors(base: float, channels: int, scaling: dict[str, Any]) -> tuple[float, ...]:
    """What Llama 3.1 divides its rotary frequencies by.

    Waves that pass often in the context of the first training stay as they are, slow ones are
    stretched by ``factor``, and between these lies a ramp.
    """
    factor, context = float(scaling["factor"]), float(scaling["original_max_position_embeddings"])
    low, high = float(scaling["low_freq_factor"]), float(scaling["high_freq_factor"])
    waves = 2 * math.pi * base ** (torch.arange(0, channels, 2, dtype=torch.float64) / channels)
    kept = ((context / waves - low) / (high - low)).clamp(0, 1)
    return tuple((1 / (kept + (1 - kept) / factor)).tolist())
