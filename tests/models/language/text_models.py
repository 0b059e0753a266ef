"""Tiny text LLMs in the published layouts, with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from models.script import agent_sentences, user_sentences

TOKENS = 400
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


def byte_level_tokenizer() -> Tokenizer:
    """As GPT-2's, Llama 3's and SmolLM2's: a space belongs to the word after it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|begin|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator([*user_sentences(), *agent_sentences()][:400], trainer)
    return tokenizer


def sentence_piece_tokenizer() -> Tokenizer:
    """As Llama 2's: every space becomes a mark, and so does the beginning of a text."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    letters = ["▁", *"abcdefghijklmnopqrstuvwxyz"]
    trainer = trainers.BpeTrainer(
        vocab_size=200, initial_alphabet=letters, special_tokens=["<unk>"], show_progress=False
    )
    marked = (
        f"▁{word}"
        for text in [*user_sentences(), *agent_sentences()][:400]
        for word in text.split()
    )
    tokenizer.train_from_iterator(marked, trainer)
    return tokenizer


def write_text_model(
    folder: Path, tokenizer: Tokenizer | None = None, **options: Any
) -> LlamaForCausalLM:
    """Write a folder in the transformers layout, in parts; grouped heads, three layers."""
    tokenizer = tokenizer or byte_level_tokenizer()
    torch.manual_seed(5)
    sizes = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "initializer_range": 0.2,
    }
    model = LlamaForCausalLM(LlamaConfig(**(sizes | options))).eval()
    model.save_pretrained(folder, max_shard_size="100KB")
    tokenizer.save(str(folder / "tokenizer.json"))
    return model
