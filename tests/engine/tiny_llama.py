"""Writes tiny seeded GGUF models: the engine's exactness needs no trained weights."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

VOCABULARY = 208
CHAT_VOCABULARY = 3 + 256
LAYERS, WIDTH, HEADS, HIDDEN = 2, 64, 4, 128


def write_tiny_llama(
    path: Path,
    seed: int = 0,
    scale: float = 0.4,
    layers: int = LAYERS,
    vocabulary: int = VOCABULARY,
    template: str | None = None,
) -> Path:
    """A random Llama; the larger ``scale``, the surer it is of what it says.

    With a chat ``template`` it has words: a token for each byte, and a vocabulary of 259.
    """
    vocabulary = CHAT_VOCABULARY if template is not None else vocabulary
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, scale, (rows, columns)).astype(np.float32)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(layers)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _add_words(writer, template)
    writer.add_tensor("token_embd.weight", matrix(vocabulary, WIDTH))
    ones = np.ones(WIDTH, np.float32)
    for layer in range(layers):
        name = f"blk.{layer}."
        writer.add_tensor(name + "attn_norm.weight", ones)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{name}{part}.weight", matrix(WIDTH, WIDTH))
        writer.add_tensor(name + "ffn_norm.weight", ones)
        writer.add_tensor(name + "ffn_gate.weight", matrix(HIDDEN, WIDTH))
        writer.add_tensor(name + "ffn_up.weight", matrix(HIDDEN, WIDTH))
        writer.add_tensor(name + "ffn_down.weight", matrix(WIDTH, HIDDEN))
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", matrix(vocabulary, WIDTH))
    _finish(writer)
    return path


def write_tiny_mamba(path: Path, seed: int = 0, template: str | None = None) -> Path:
    """A random recurrent model: its state cannot be rolled back to a position."""
    vocabulary = CHAT_VOCABULARY if template is not None else VOCABULARY
    random = np.random.default_rng(seed)
    inner, state, kernel, rank = 2 * WIDTH, 8, 4, 4

    def matrix(*shape: int) -> np.ndarray:
        return random.normal(0, 0.1, shape).astype(np.float32)

    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_block_count(LAYERS)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _add_words(writer, template)
    writer.add_tensor("token_embd.weight", matrix(vocabulary, WIDTH))
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        writer.add_tensor(name + "attn_norm.weight", np.ones(WIDTH, np.float32))
        writer.add_tensor(name + "ssm_in.weight", matrix(2 * inner, WIDTH))
        writer.add_tensor(name + "ssm_conv1d.weight", matrix(inner, kernel))
        writer.add_tensor(name + "ssm_conv1d.bias", matrix(inner))
        writer.add_tensor(name + "ssm_x.weight", matrix(rank + 2 * state, inner))
        writer.add_tensor(name + "ssm_dt.weight", matrix(inner, rank))
        writer.add_tensor(name + "ssm_dt.bias", matrix(inner))
        writer.add_tensor(name + "ssm_a", -np.abs(matrix(inner, state)))
        writer.add_tensor(name + "ssm_d", matrix(inner))
        writer.add_tensor(name + "ssm_out.weight", matrix(WIDTH, inner))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output.weight", matrix(vocabulary, WIDTH))
    _finish(writer)
    return path


def _add_words(writer: gguf.GGUFWriter, template: str | None) -> None:
    if template is None:
        writer.add_tokenizer_model("none")
        return
    kinds = gguf.TokenType
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))])
    writer.add_token_scores([0.0] * CHAT_VOCABULARY)
    writer.add_token_types([kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if template:
        writer.add_chat_template(template)


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
