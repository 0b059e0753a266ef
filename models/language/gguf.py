"""Writes and reads Llamas as GGUF, the file that llama.cpp runs: ours, and those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

from models.bundle_part import reading_part
from models.language.llama import Llama, LlamaConfig

_CONTEXT_LENGTH = 8192


# Names in the file, in the file's order, and in our network.
_PARTS = {
    "attn_norm": "attention_norm",
    "attn_q": "query",
    "attn_k": "key",
    "attn_v": "value",
    "attn_output": "attention_out",
    "ffn_norm": "feed_norm",
    "ffn_gate": "gate",
    "ffn_up": "up",
    "ffn_down": "down",
}
_ROTARY_WEIGHTS = ("attn_q", "attn_k")
_ROTARY_FACTORS = "rope_freqs.weight"
_NORM = "output_norm.weight"


def load_llama(checkpoint: Path) -> Llama:
    """The trained network of a checkpoint."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    net = Llama(LlamaConfig(**saved["config"]))
    net.load_state_dict(saved["net"])
    return net.eval()


def export_gguf(net: Llama, path: Path, full_precision: bool = False) -> None:
    """Write ``net``: matrices as its configuration says (float32 with ``full_precision``), the
    embedding as Q8_0, norms as float32."""
    config = net.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.layers)
    writer.add_context_length(_CONTEXT_LENGTH)
    writer.add_embedding_length(config.width)
    writer.add_feed_forward_length(config.feed_width)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kept_heads)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_rope_dimension_count(config.channels)
    writer.add_vocab_size(config.vocabulary)
    writer.add_tokenizer_model("none")  # llama.cpp gets ids and never text
    q8 = gguf.GGMLQuantizationType.Q8_0
    f32 = gguf.GGMLQuantizationType.F32
    stored = f32 if full_precision else gguf.GGMLQuantizationType[config.matrices]
    mostly = "ALL_F32" if full_precision else f"MOSTLY_{config.matrices}"
    writer.add_file_type(gguf.LlamaFileType[mostly])

    def add(name: str, tensor: torch.Tensor, kind: gguf.GGMLQuantizationType | None = None) -> None:
        values = tensor.detach().float().numpy()
        kind = f32 if values.ndim == 1 else kind or stored
        writer.add_tensor(
            name,
            values.astype(np.float32) if kind == f32 else gguf.quants.quantize(values, kind),
            raw_dtype=kind,
        )

    add("token_embd.weight", net.embedding.weight, f32 if full_precision else q8)
    add(_NORM, net.norm.weight)
    if not config.tied:
        add("output.weight", net.head.weight, f32 if full_precision else q8)
    if config.rope_factors:
        add(_ROTARY_FACTORS, torch.tensor(config.rope_factors))
    for index, layer in enumerate(net.layers):
        for name, part in _PARTS.items():
            weight = layer.get_parameter(f"{part}.weight")
            turned = name in _ROTARY_WEIGHTS
            add(f"blk.{index}.{name}.weight", _interleaved(weight, config) if turned else weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def import_gguf(path: Path) -> Llama:
    """The network of a Llama's file, with the file's rounding. Raises as ``read_gguf``."""
    config, state = read_gguf(path)
    net = Llama(config)
    net.load_state_dict(state)
    return net.eval()


def read_gguf(path: Path) -> tuple[LlamaConfig, dict[str, torch.Tensor]]:
    """Sizes and float32 weights of a Llama's file, whatever its rounding.

    Raises KeyError, NotImplementedError, RuntimeError or ValueError where it holds another network.
    """
    reader = gguf.GGUFReader(path)
    config = _config(reader)
    tensors = {tensor.name: tensor for tensor in reader.tensors}

    def weight(name: str) -> torch.Tensor:
        return _weight(tensors[name])

    state = {"embedding.weight": weight("token_embd.weight"), "norm.weight": weight(_NORM)}
    if not config.tied:
        state["head.weight"] = weight("output.weight")
    for index in range(config.layers):
        for name, part in _PARTS.items():
            values = weight(f"blk.{index}.{name}.weight")
            turned = name in _ROTARY_WEIGHTS
            state[f"layers.{index}.{part}.weight"] = (
                _half_split(values, config) if turned else values
            )
    return config, state


def gguf_config(path: Path) -> LlamaConfig:
    """The sizes in a Llama's file. Raises as ``read_gguf``."""
    return _config(gguf.GGUFReader(path))


def _weight(tensor: gguf.ReaderTensor) -> torch.Tensor:
    return torch.tensor(gguf.quants.dequantize(tensor.data, tensor.tensor_type)).float()


def _config(reader: gguf.GGUFReader) -> LlamaConfig:
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    fields = reader.fields

    def read(name: str, default: object = None) -> Any:
        """Raises KeyError where there is neither the field nor a default."""
        if name not in fields and default is not None:
            return default
        return fields[name].contents()

    def size(name: str, default: object = None) -> Any:
        return read(f"llama.{name}", default)

    if (kind := read("general.architecture")) != "llama":
        raise ValueError(f"its architecture is {kind}, not llama")
    if size("expert_count", 0):  # Mixtral calls itself llama, too
        raise ValueError("it is a mixture of experts")
    if read("split.count", 1) > 1:
        raise ValueError("it is one of several parts, which have to be merged first")
    heads, width = size("attention.head_count"), size("embedding_length")
    kept = size("attention.head_count_kv", heads)
    if not isinstance(heads, int) or not isinstance(kept, int):
        raise ValueError("its layers have different numbers of heads")
    if min(heads, kept, width) < 1:
        raise ValueError("it has no heads")
    channels = width // heads
    told = (size(name, channels) for name in ("rope.dimension_count", "attention.key_length"))
    if any(one != channels for one in told):
        raise ValueError("its heads do not have the width divided by their number")
    for name in tensors:
        if name.startswith("blk.") and not _is_known(name):
            raise ValueError(f"its layers have a part that is not a Llama's, {name}")
    factors: tuple[float, ...] = ()
    if _ROTARY_FACTORS in tensors:
        factors = tuple(_weight(tensors[_ROTARY_FACTORS]).tolist())
    # As llama.cpp has it: linear unless the file says otherwise, and older files name it scale.
    scaling = size("rope.scaling.type", "linear")
    scale = float(size("rope.scaling.factor", 0.0) or size("rope.scale_linear", 0.0) or 1.0)
    if scaling not in ("linear", "none"):
        raise ValueError(f"its positions are scaled by {scaling}")
    if scaling == "linear" and scale != 1:
        factors = tuple(scale * factor for factor in factors or (1.0,) * (channels // 2))
    return LlamaConfig(
        # Rows of the embedding, since a file may leave out the vocabulary's size.
        vocabulary=int(tensors["token_embd.weight"].shape[1]),
        width=width,
        layers=size("block_count"),
        heads=heads,
        feed_width=size("feed_forward_length"),
        # float32 in the file: 1e-5 comes back as 9.99999975e-06.
        rope_base=float(f"{size('rope.freq_base', 10_000.0):.7g}"),
        norm_epsilon=float(f"{size('attention.layer_norm_rms_epsilon'):.7g}"),
        matrices=_matrices(reader),
        key_heads=0 if kept == heads else kept,
        tied="output.weight" not in tensors,
        rope_factors=factors,
    )


def _is_known(name: str) -> bool:
    """Whether a layer's tensor is one that our network has. Old files also keep what positions turn
    by, which follows from the base."""
    return name.split(".", 2)[-1].removesuffix(".weight") in {*_PARTS, "attn_rot_embd"}


def _matrices(reader: gguf.GGUFReader) -> str:
    """How the file stores the layers' matrices; Q8_0 also stands for unrounded ones."""
    kinds = {tensor.tensor_type for tensor in reader.tensors}
    return "Q4_0" if gguf.GGMLQuantizationType.Q4_0 in kinds else "Q8_0"


def llama_from_gguf(path: Path) -> Llama:
    """The language model of a starter bundle, with its file's rounding.

    Raises DuologueError where the file holds no language model of the starter's kind.
    """
    with reading_part(path, "language model"):
        return import_gguf(path)


def _interleaved(weight: torch.Tensor, config: LlamaConfig) -> torch.Tensor:
    """Rows of any number of heads in ggml's order, with rotary pairs side by side."""
    halves = weight.view(-1, 2, config.channels // 2, config.width)
    return halves.transpose(1, 2).reshape_as(weight)


def _half_split(weight: torch.Tensor, config: LlamaConfig) -> torch.Tensor:
    """Rows of any number of heads in our order, with rotary pairs half a head apart."""
    pairs = weight.view(-1, config.channels // 2, 2, config.width)
    return pairs.transpose(1, 2).reshape_as(weight)
