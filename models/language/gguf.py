"""Writes and reads the language model as GGUF, the file that llama.cpp runs."""

from __future__ import annotations

from pathlib import Path

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
    writer.add_head_count_kv(config.heads)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_rope_dimension_count(config.width // config.heads)
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
    add("output_norm.weight", net.norm.weight)
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
    """The network of a file that ``export_gguf`` wrote, with the file's rounding.

    Raises KeyError, RuntimeError or ValueError where it holds another network.
    """
    reader = gguf.GGUFReader(path)

    def size(name: str) -> int:
        return int(reader.fields[f"llama.{name}"].contents())

    config = LlamaConfig(
        vocabulary=size("vocab_size"),
        width=size("embedding_length"),
        layers=size("block_count"),
        heads=size("attention.head_count"),
        feed_width=size("feed_forward_length"),
        matrices=_matrices(reader),
    )
    weights = {
        tensor.name: torch.tensor(gguf.quants.dequantize(tensor.data, tensor.tensor_type))
        for tensor in reader.tensors
    }
    state = {
        "embedding.weight": weights["token_embd.weight"],
        "norm.weight": weights["output_norm.weight"],
    }
    for index in range(config.layers):
        for name, part in _PARTS.items():
            weight = weights[f"blk.{index}.{name}.weight"]
            turned = name in _ROTARY_WEIGHTS
            state[f"layers.{index}.{part}.weight"] = (
                _half_split(weight, config) if turned else weight
            )
    net = Llama(config)
    net.load_state_dict(state)
    return net.eval()


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
    """Rows in ggml's order, with rotary pairs side by side."""
    halves = weight.view(config.heads, 2, config.width // config.heads // 2, config.width)
    return halves.transpose(1, 2).reshape_as(weight)


def _half_split(weight: torch.Tensor, config: LlamaConfig) -> torch.Tensor:
    """Rows in our order, with rotary pairs half a head apart."""
    pairs = weight.view(config.heads, config.width // config.heads // 2, 2, config.width)
    return pairs.transpose(1, 2).reshape_as(weight)
