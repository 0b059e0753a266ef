"""HuBERT: convolutions over the waveform, then transformer blocks that see all of the sound.

The network of the transformers layout with a step of 640 samples, up to the layer whose output is
quantised; the rest is left out. It is not causal: the first layer's norm and every block see the
whole sound, so one sound is encoded at a time, whole, or in the windows of a stream. A padded batch
would change what it gives.

Shape letters: B batch, N samples, T frames (N / 640), C channels, D width, K units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES
from models.imported.checkpoint import read_json, read_weights, take, take_normed

LAYER = 11
"""Whose output the published centroids of mHuBERT-base-25hz quantise."""
_PIECE_FRAMES = 250
_Weights = dict[str, Tensor]


@dataclass(frozen=True)
class HubertConfig:
    """Sizes of the network, as ``config.json`` has them."""

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    bias: bool
    width: int
    heads: int
    feed_width: int
    layers: int
    position_kernel: int
    position_groups: int
    position_batch_norm: bool
    projection_norm: bool
    norm_epsilon: float

    @property
    def field_samples(self) -> int:
        """How many samples the convolutions see for one frame."""
        samples, step = 1, 1
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            samples += (kernel - 1) * step
            step *= stride
        return samples


def read_config(path: Path, layer: int) -> HubertConfig:
    """The sizes in ``config.json``, with as many layers as ``layer`` needs.

    Raises DuologueError where the network is of another kind.
    """
    raw = read_json(path)
    if raw.get("model_type") != "hubert":
        raise DuologueError(f"{path} is not that of a HuBERT; give a HuBERT's folder.")
    for name, kinds in _KINDS.items():
        if raw.get(name, kinds) != kinds:
            raise DuologueError(
                f"{path} has {name} {raw[name]!r}, but Duologue reads HuBERTs with {kinds!r} only "
                "(the base recipe); give another checkpoint."
            )
    try:
        config = _sizes(raw)
    except (TypeError, ValueError) as error:
        raise DuologueError(f"{path} has an error ({error}); download it again.") from error
    if (step := math.prod(config.strides)) != FRAME_SAMPLES:
        raise DuologueError(
            f"{path} is of a HuBERT with a step of {step} samples, but units of Duologue have "
            f"{FRAME_SAMPLES}, 25 a second; give one such as mhubert-base-25hz."
        )
    if not 0 < layer <= config.layers:
        raise DuologueError(f"{path} has {config.layers} layers; there is no layer {layer}.")
    return config


_KINDS = {
    "feat_extract_norm": "group",
    "feat_extract_activation": "gelu",
    "hidden_act": "gelu",
    "do_stable_layer_norm": False,
}


def _sizes(raw: dict[str, Any]) -> HubertConfig:
    # What a config.json leaves out has the value of transformers' HubertConfig.
    config = HubertConfig(
        channels=tuple(int(one) for one in raw.get("conv_dim", (512,) * 7)),
        kernels=tuple(int(one) for one in raw.get("conv_kernel", (10, 3, 3, 3, 3, 2, 2))),
        strides=tuple(int(one) for one in raw.get("conv_stride", (5, 2, 2, 2, 2, 2, 2))),
        bias=bool(raw.get("conv_bias", False)),
        width=int(raw.get("hidden_size", 768)),
        heads=int(raw.get("num_attention_heads", 12)),
        feed_width=int(raw.get("intermediate_size", 3072)),
        layers=int(raw.get("num_hidden_layers", 12)),
        position_kernel=int(raw.get("num_conv_pos_embeddings", 128)),
        position_groups=int(raw.get("num_conv_pos_embedding_groups", 16)),
        position_batch_norm=bool(raw.get("conv_pos_batch_norm", False)),
        projection_norm=bool(raw.get("feat_proj_layer_norm", True)),
        norm_epsilon=float(raw.get("layer_norm_eps", 1e-5)),
    )
    if not len(config.channels) == len(config.kernels) == len(config.strides) > 0:
        raise ValueError("its convolutions have no sizes")
    sizes = (*config.channels, *config.kernels, *config.strides, config.width, config.heads)
    if min(*sizes, config.feed_width, config.position_kernel, config.position_groups) < 1:
        raise ValueError("a size is below 1")
    if config.width % config.heads or config.width % config.position_groups:
        raise ValueError("its width does not divide into heads or groups")
    if not FRAME_SAMPLES <= config.field_samples <= 3 * FRAME_SAMPLES:
        raise ValueError("its convolutions do not meet")
    return config


class HubertBlock(nn.Module):
    """Attention over the whole sound, then two layers for each frame; norms come after."""

    def __init__(self, config: HubertConfig) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm_attention = nn.LayerNorm(width, config.norm_epsilon)
        self.widen = nn.Linear(width, config.feed_width)
        self.narrow = nn.Linear(config.feed_width, width)
        self.norm_feed = nn.LayerNorm(width, config.norm_epsilon)

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        mixed = functional.scaled_dot_product_attention(
            self._per_head(self.query(hidden_BTD)),
            self._per_head(self.key(hidden_BTD)),
            self._per_head(self.value(hidden_BTD)),
        )
        mixed_BTD = mixed.transpose(1, 2).flatten(2)
        hidden_BTD = self.norm_attention(hidden_BTD + self.out(mixed_BTD))
        fed_BTD = self.narrow(functional.gelu(self.widen(hidden_BTD)))
        found: Tensor = self.norm_feed(hidden_BTD + fed_BTD)
        return found

    def _per_head(self, hidden_BTD: Tensor) -> Tensor:
        batch, frames, width = hidden_BTD.shape
        shape = (batch, frames, self.heads, width // self.heads)
        return hidden_BTD.reshape(shape).transpose(1, 2)


class Hubert(nn.Module):
    """The network up to ``layer``, and the centroids of the units."""

    centroids: Tensor
    """(K, D)."""

    def __init__(self, config: HubertConfig, layer: int, units: int, delay_frames: int = 0) -> None:
        """Unit i describes frame i - ``delay_frames``, so that much later sound improves it."""
        super().__init__()
        self.config, self.delay_frames = config, delay_frames
        before = (1, *config.channels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before[i], channels, config.kernels[i], config.strides[i], bias=config.bias)
            for i, channels in enumerate(config.channels)
        )
        self.first_norm = nn.GroupNorm(config.channels[0], config.channels[0])
        self.projection_norm = (
            nn.LayerNorm(config.channels[-1], config.norm_epsilon)
            if config.projection_norm
            else nn.Identity()
        )
        self.projection = nn.Linear(config.channels[-1], config.width)
        self.position_norm = (
            nn.BatchNorm1d(config.width) if config.position_batch_norm else nn.Identity()
        )
        kernel = config.position_kernel
        self.position = nn.Conv1d(
            config.width, config.width, kernel, padding=kernel // 2, groups=config.position_groups
        )
        self.norm = nn.LayerNorm(config.width, config.norm_epsilon)
        self.blocks = nn.ModuleList(HubertBlock(config) for _ in range(layer))
        self.register_buffer("centroids", torch.zeros(units, config.width))

    @property
    def unit_count(self) -> int:
        """K."""
        return len(self.centroids)

    # --- features ---------------------------------------------------------------------------------

    def convolved(self, audio_BN: Tensor) -> Tensor:
        """(B, C, frames) of sound as it is: floor((n - 80) / 640) frames of n samples."""
        return self._convolved_after_first(self.first_norm(self._first(audio_BN)))

    def contextual(self, convolved_BCT: Tensor) -> Tensor:
        """(B, T, D): the output of the layer."""
        hidden = self.projection(self.projection_norm(convolved_BCT.transpose(1, 2)))
        place = self.position(self.position_norm(hidden.transpose(1, 2)))
        # An even kernel, padded by half on both sides, gives one frame too many at the end.
        place = functional.gelu(place[..., : hidden.shape[1]])
        hidden = self.norm(hidden + place.transpose(1, 2))
        for block in self.blocks:
            hidden = block(hidden)
        return hidden

    def padded(self, audio_BN: Tensor) -> Tensor:
        """Sound of T frames with the little around it that gives T frames, each in its middle."""
        more = self.config.field_samples - FRAME_SAMPLES
        return functional.pad(audio_BN, (more // 2, more - more // 2))

    def features(self, audio_BN: Tensor) -> Tensor:
        """(B, T, D) of whole sounds."""
        return self.contextual(self.convolved(self.padded(audio_BN)))

    def whole_features(self, audio_N: Tensor) -> Tensor:
        """(T, D): the same of one sound of any length.

        The convolutions run in pieces, whose first norm is that of the whole sound. So a call of
        ten minutes needs a tenth of the memory, and no seam changes a unit.
        """
        audio = self.padded(audio_N[None])
        mean_BC1, scale_BC1 = self._first_norm_of(audio)
        found = []
        frames = len(audio_N) // FRAME_SAMPLES
        for start in range(0, frames, _PIECE_FRAMES):
            last = min(start + _PIECE_FRAMES, frames) - 1
            piece = audio[:, start * FRAME_SAMPLES :][
                :, : (last - start) * FRAME_SAMPLES + self.config.field_samples
            ]
            normed = (self._first(piece) - mean_BC1) * scale_BC1
            found.append(self._convolved_after_first(normed + self.first_norm.bias[:, None]))
        return self.contextual(torch.cat(found, 2))[0]

    def _first(self, audio_BN: Tensor) -> Tensor:
        first: Tensor = self.convolutions[0](audio_BN[:, None])
        return first

    def _convolved_after_first(self, normed_BCN: Tensor) -> Tensor:
        hidden = functional.gelu(normed_BCN)
        for convolution in list(self.convolutions)[1:]:
            hidden = functional.gelu(convolution(hidden))
        return hidden

    def _first_norm_of(self, audio_BN: Tensor) -> tuple[Tensor, Tensor]:
        """(mean, factor), (B, C, 1) each, of the first norm over all of the sound."""
        kernel, stride = self.config.kernels[0], self.config.strides[0]
        steps = (audio_BN.shape[1] - kernel) // stride + 1
        at_once = _PIECE_FRAMES * FRAME_SAMPLES // stride
        total = square = torch.zeros((), dtype=torch.float64)
        for start in range(0, steps, at_once):
            count = min(at_once, steps - start)
            piece = audio_BN[:, start * stride :][:, : (count - 1) * stride + kernel]
            first = self._first(piece).double()
            total = total + first.sum(2, keepdim=True)
            square = square + (first**2).sum(2, keepdim=True)
        mean = total / steps
        variance = (square / steps - mean**2).clamp(min=0)
        scale = (variance + self.first_norm.eps).rsqrt() * self.first_norm.weight[:, None]
        return mean.float(), scale.float()

    # --- units ------------------------------------------------------------------------------------

    def units_of_features(self, features_BTD: Tensor) -> Tensor:
        """(B, T) the nearest centroids, without the delay."""
        cross = features_BTD @ self.centroids.T
        return (2 * cross - (self.centroids**2).sum(-1)).argmax(-1)

    def delayed(self, units_BT: Tensor) -> Tensor:
        """(B, T): the units ``delay_frames`` later; the first comes that much longer."""
        if not self.delay_frames:
            return units_BT
        before = units_BT[:, :1].expand(-1, self.delay_frames)
        return torch.cat([before, units_BT], 1)[:, : units_BT.shape[1]]

    def forward(self, audio_BN: Tensor) -> Tensor:
        """(B, T) units of whole sounds, with the delay in them."""
        return self.delayed(self.units_of_features(self.features(audio_BN)))

    def whole_units(self, audio_N: Tensor) -> Tensor:
        """(T,) units of one sound of any length; what is left after the last frame is not used."""
        frames = len(audio_N) // FRAME_SAMPLES
        if not frames:
            return torch.zeros(0, dtype=torch.int64)
        features = self.whole_features(audio_N[: frames * FRAME_SAMPLES])
        return self.delayed(self.units_of_features(features)[None])[0]


def load_hubert(
    folder: Path, centroids_KD: Tensor, layer: int = LAYER, delay_frames: int = 0
) -> Hubert:
    """The HuBERT of a folder in the transformers layout, in evaluation mode.

    Raises DuologueError where the folder holds another network, or where the centroids are not of
    its width.
    """
    config = read_config(folder / "config.json", layer)
    if centroids_KD.shape[1] != config.width:
        raise DuologueError(
            f"The centroids have {centroids_KD.shape[1]} values each, but {folder} gives "
            f"{config.width}; give the centroids of this HuBERT."
        )
    net = Hubert(config, layer, len(centroids_KD), delay_frames)
    weights = {
        name.removeprefix("hubert."): tensor for name, tensor in read_weights(folder).items()
    }
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    state = {"centroids": centroids_KD.float()}
    for name, theirs in _names(config, layer).items():
        state[name] = take(weights, theirs, shapes[name], folder)
    place = "encoder.pos_conv_embed.conv"
    state["position.weight"] = take_normed(weights, place, shapes["position.weight"], 2, folder)
    if config.position_batch_norm:
        state["position_norm.num_batches_tracked"] = torch.tensor(0)
    net.load_state_dict(state)
    return net.eval()


def _names(config: HubertConfig, layer: int) -> dict[str, str]:
    """Our name of each weight to that of transformers, but for the weight-normed one."""
    modules = {
        "first_norm": "feature_extractor.conv_layers.0.layer_norm",
        "projection": "feature_projection.projection",
        "norm": "encoder.layer_norm",
    }
    if config.projection_norm:
        modules["projection_norm"] = "feature_projection.layer_norm"
    if config.position_batch_norm:
        modules["position_norm"] = "encoder.pos_conv_embed.batch_norm"
    for number in range(layer):
        for ours, theirs in _BLOCK_NAMES.items():
            modules[f"blocks.{number}.{ours}"] = f"encoder.layers.{number}.{theirs}"
    names = {
        f"{ours}.{part}": f"{theirs}.{part}"
        for ours, theirs in modules.items()
        for part in ("weight", "bias")
    }
    for number in range(len(config.channels)):
        for part in ("weight", "bias") if config.bias else ("weight",):
            theirs = f"feature_extractor.conv_layers.{number}.conv.{part}"
            names[f"convolutions.{number}.{part}"] = theirs
    if config.position_batch_norm:
        for part in ("running_mean", "running_var"):
            names[f"position_norm.{part}"] = f"encoder.pos_conv_embed.batch_norm.{part}"
    names["position.bias"] = "encoder.pos_conv_embed.conv.bias"
    return names


_BLOCK_NAMES = {
    "query": "attention.q_proj",
    "key": "attention.k_proj",
    "value": "attention.v_proj",
    "out": "attention.out_proj",
    "norm_attention": "layer_norm",
    "widen": "feed_forward.intermediate_dense",
    "narrow": "feed_forward.output_dense",
    "norm_feed": "final_layer_norm",
}
