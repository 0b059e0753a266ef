"""The encoder of Whisper tiny.en: reads its weights, and runs it as it was made, on whole sounds.

The weights (MIT, OpenAI) come in CTranslate2's format in a package; docs/training.md names it.

Shape letters: B batch, N samples, S steps of 20 ms, D width.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.hearing.log_mel import WINDOW
from models.ctranslate2_file import read_weights
from models.tokenizer.whisper_log_mel import WhisperLogMel, normalised
from models.whisper_package import check_whisper

Weights = dict[str, Tensor]

HEADS, LAYERS = 6, 3
"""Whisper tiny.en has four layers. The last ones know words but lose the phones."""


def read_whisper(path: Path) -> Weights:
    """The encoder's weights by their names in the file, float32.

    Raises DuologueError where it is not the file that was tried.
    """
    check_whisper(path)
    return {
        name.removeprefix("encoder/"): torch.from_numpy(values.astype(np.float32))
        for name, values in read_weights(path).weights.items()
        if name.startswith("encoder/") and values.dtype.kind == "f"
    }


class OfflineEncoder:
    """Whisper's own first blocks on a whole sound, with positions and without a limit of context:
    the teacher of the streaming encoder."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._log_mel = WhisperLogMel()

    def log_mel(self, audio_BN: Tensor) -> Tensor:
        """(B, M, H): as Whisper's extractor gives it."""
        padded = functional.pad(audio_BN.unsqueeze(1), (WINDOW // 2, WINDOW // 2), "reflect")
        power = self._log_mel(padded[:, 0])[..., :-1]
        return normalised(power, power.amax((1, 2), keepdim=True))

    @torch.no_grad()
    def __call__(self, audio_BN: Tensor) -> Tensor:
        """(B, S, D): the output of the last of ``LAYERS`` blocks; step s is centred at 20 s ms."""
        hidden = self.embedded(audio_BN)
        for layer in range(LAYERS):
            hidden = self.block(hidden, layer)[0]
        return hidden

    def embedded(self, audio_BN: Tensor) -> Tensor:
        """(B, S, D): the input of the first block."""
        hidden = self.log_mel(audio_BN)
        for name, stride in (("conv1", 1), ("conv2", 2)):
            weight, bias = self._weights[f"{name}/weight"], self._weights[f"{name}/bias"]
            hidden = functional.gelu(functional.conv1d(hidden, weight, bias, stride, 1))
        hidden = hidden.transpose(1, 2)
        return hidden + self._weights["position_encodings/encodings"][: hidden.shape[1]]

    def block(self, hidden_BSD: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """(output, scores of the attention (B, H, S, S)) of one block."""
        batch, steps, width = hidden_BSD.shape
        attention, feed = f"layer_{layer}/self_attention", f"layer_{layer}/ffn"
        normed = self._norm(hidden_BSD, f"{attention}/layer_norm")
        qkv = self._linear(normed, f"{attention}/linear_0")
        q, k, v = qkv.view(batch, steps, 3, HEADS, width // HEADS).transpose(1, 3).unbind(2)
        scores = q @ k.transpose(2, 3) * (width // HEADS) ** -0.5
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, steps, width)
        hidden_BSD = hidden_BSD + self._linear(mixed, f"{attention}/linear_1")
        inner = self._linear(self._norm(hidden_BSD, f"{feed}/layer_norm"), f"{feed}/linear_0")
        return hidden_BSD + self._linear(functional.gelu(inner), f"{feed}/linear_1"), scores

    def _norm(self, hidden: Tensor, name: str) -> Tensor:
        gamma, beta = self._weights[f"{name}/gamma"], self._weights[f"{name}/beta"]
        return functional.layer_norm(hidden, gamma.shape, gamma, beta)

    def _linear(self, hidden: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[f"{name}/weight"], self._weights[f"{name}/bias"]
        return functional.linear(hidden, weight, bias)
