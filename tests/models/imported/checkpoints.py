"""Seeded checkpoints in the published layouts, but tiny."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import leaky_relu
from torch.nn.utils import weight_norm

# The convolutions are mHuBERT-base-25hz's: product 640, each frame sees 720 samples.
HUBERT: dict[str, Any] = {
    "model_type": "hubert",
    "conv_dim": [16] * 8,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2, 2],
    "num_feat_extract_layers": 8,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "conv_pos_batch_norm": True,
}
LAYER = 2

HIFIGAN: dict[str, Any] = {
    "resblock": "1",
    "upsample_rates": [5, 4, 4, 4, 2],
    "upsample_kernel_sizes": [11, 8, 8, 8, 4],
    "upsample_initial_channel": 64,
    "resblock_kernel_sizes": [3, 7],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5]],
    "num_embeddings": 40,
    "embedding_dim": 12,
    "model_in_dim": 12,
    "f0": False,
    "sampling_rate": 16_000,
    "dur_prediction_weight": 1.0,
    "dur_predictor_params": {"encoder_embed_dim": 12, "var_pred_hidden_dim": 12},
}


class _Block(nn.Module):
    def __init__(self, channels: int, kernel: int, dilations: list[int]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            weight_norm(nn.Conv1d(channels, channels, kernel, dilation=d, padding="same"))
            for d in dilations
        )
        self.convs2 = nn.ModuleList(
            weight_norm(nn.Conv1d(channels, channels, kernel, padding="same")) for _ in dilations
        )


class PlainHifigan(nn.Module):
    """A unit HiFi-GAN with the published names, written as plainly as can be."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        channels = config["upsample_initial_channel"]
        self.dict = nn.Embedding(config["num_embeddings"], config["embedding_dim"])
        if config.get("multispkr"):
            self.spkr = nn.Embedding(config["num_speakers"], config["embedding_dim"])
        self.conv_pre = weight_norm(nn.Conv1d(config["model_in_dim"], channels, 7, padding=3))
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        for rate, kernel in zip(
            config["upsample_rates"], config["upsample_kernel_sizes"], strict=True
        ):
            up = nn.ConvTranspose1d(
                channels, channels // 2, kernel, rate, padding=(kernel - rate) // 2
            )
            self.ups.append(weight_norm(up))
            channels //= 2
            for size, dilations in zip(
                config["resblock_kernel_sizes"], config["resblock_dilation_sizes"], strict=True
            ):
                self.resblocks.append(_Block(channels, size, dilations))
        self.conv_post = weight_norm(nn.Conv1d(channels, 1, 7, padding=3))
        self.dur_predictor = nn.Linear(3, 3)  # something that is left out

    def forward(self, units: torch.Tensor, speaker: int = 0) -> torch.Tensor:
        """Sound (640 t,) of units (t,)."""
        hidden = self.dict(units).T
        if hasattr(self, "spkr"):
            hidden = torch.cat([hidden, self.spkr.weight[speaker][:, None].expand(-1, len(units))])
        hidden = self.conv_pre(hidden[None])
        each = len(self.resblocks) // len(self.ups)
        for stage, up in enumerate(self.ups):
            hidden = up(leaky_relu(hidden, 0.1))
            total = torch.zeros(())
            for block in list(self.resblocks)[stage * each : (stage + 1) * each]:
                found = hidden
                for first, second in zip(block.convs1, block.convs2, strict=True):
                    found = found + second(leaky_relu(first(leaky_relu(found, 0.1)), 0.1))
                total = total + found
            hidden = total / each
        return torch.tanh(self.conv_post(leaky_relu(hidden)))[0, 0]


def write_hifigan(
    folder: Path, seed: int = 0, smooth: bool = False, **changes: Any
) -> PlainHifigan:
    """Write a vocoder's folder, and return its network.

    Its sound is noise, in which nobody finds a seam, or ``smooth``.
    """
    config = HIFIGAN | changes
    torch.manual_seed(seed)
    net = PlainHifigan(config).eval()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            torch.nn.init.normal_(parameter)
            if name.endswith("weight_g"):  # keeps the level of the signal
                parameter.uniform_(0.8, 1.2)
            elif name.endswith("bias"):
                parameter.mul_(0.02)
        for up in net.ups:
            up.weight_g.mul_(up.stride[0] ** 0.5)
        net.conv_post.weight_g.mul_(2)
        if smooth:
            for block in net.resblocks:
                for second in block.convs2:
                    second.weight_g.zero_()
                    second.bias.zero_()
            for layer in (*net.ups, net.conv_post):  # mean values of what they see
                layer.weight_v.fill_(1)
                seen = layer.in_channels * layer.kernel_size[0] / layer.stride[0]
                layer.weight_g.fill_(layer.weight_v[0].numel() ** 0.5 / seen)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"generator": net.state_dict()}, folder / "g_00400000.pt")
    (folder / "config.json").write_text(json.dumps(config))
    return net
