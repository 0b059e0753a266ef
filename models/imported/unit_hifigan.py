"""The unit HiFi-GAN of textless: units to speech, by an embedding and the generator of HiFi-GAN.

It is not causal, but bounded: a frame of sound depends on ``reach_frames`` units on either side.
Its duration predictor is left out, because units come at the rate of frames here.

Shape letters: B batch, T unit frames, E embedding, C channels, N samples.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.imported.checkpoint import read_json, read_torch, take, take_normed

_STEP = re.compile(r"g_\d+")
_ENDS_KERNEL = 7
_SLOPE, _LAST_SLOPE = 0.1, 0.01
"""Of the leaky rectifiers: the last one is torch's default, as in the published generator."""


@dataclass(frozen=True)
class HifiganConfig:
    """Sizes of the network, as ``config.json`` has them."""

    units: int
    embedding: int
    channels: int
    rates: tuple[int, ...]
    kernels: tuple[int, ...]
    block_kernels: tuple[int, ...]
    block_dilations: tuple[tuple[int, ...], ...]
    speakers: int = 0
    styles: int = 0

    @property
    def inputs(self) -> int:
        """Width of what the generator gets for a frame."""
        return self.embedding * (1 + (self.speakers > 0) + (self.styles > 0))

    def channels_after(self, stage: int) -> int:
        """C after so many up-samplings."""
        return self.channels >> stage

    @property
    def block_reach(self) -> int:
        """How many steps on either side a residual block sees."""
        return max(
            sum((kernel - 1) // 2 * (dilation + 1) for dilation in dilations)
            for kernel, dilations in zip(self.block_kernels, self.block_dilations, strict=True)
        )

    def stage_reach(self) -> list[int]:
        """For each up-sampling how many of its inputs beyond a border the sound up to it needs."""
        reach, found = _ENDS_KERNEL // 2, []
        for rate, kernel in zip(reversed(self.rates), reversed(self.kernels), strict=True):
            reach += self.block_reach
            padding = (kernel - rate) // 2
            before = math.ceil((reach + kernel - 1 - padding) / rate)
            after = (reach - 1 + padding) // rate + 1
            reach = max(before, after)
            found.append(reach)
        return found[::-1]

    @property
    def reach_frames(self) -> int:
        """How many units on either side of a frame its sound depends on."""
        return self.stage_reach()[0] + _ENDS_KERNEL // 2


def read_config(path: Path) -> HifiganConfig:
    """The sizes in ``config.json``; DuologueError where the network is of another kind."""
    raw = read_json(path)
    for key, problem in _NOT_READ.items():
        if raw.get(key):
            raise DuologueError(
                f"{path} is of a vocoder {problem}; give one that needs units only."
            )
    if str(raw.get("resblock", "1")) != "1":
        raise DuologueError(f"{path} has residual blocks of kind {raw['resblock']}, not 1.")
    if (rate := raw.get("sampling_rate", SAMPLE_RATE_HZ)) != SAMPLE_RATE_HZ:
        raise DuologueError(f"{path} is of a vocoder at {rate} Hz; Duologue needs 16000.")
    try:
        config = _sizes(raw)
    except (TypeError, ValueError, KeyError) as error:
        raise DuologueError(
            f"{path} has no usable sizes of a unit HiFi-GAN ({error}); give a folder in the layout "
            "of textless."
        ) from error
    if (step := math.prod(config.rates)) != FRAME_SAMPLES:
        raise DuologueError(
            f"{path} is of a vocoder with {step} samples for a unit, but units of Duologue have "
            f"{FRAME_SAMPLES}, 25 a second; give one for the units of mhubert-base-25hz."
        )
    return config


_NOT_READ = {
    "f0": "that needs the pitch as well",
    "embedder_params": "that needs a recording of its speaker",
}


def _sizes(raw: dict[str, Any]) -> HifiganConfig:
    config = HifiganConfig(
        units=int(raw["num_embeddings"]),
        embedding=int(raw["embedding_dim"]),
        channels=int(raw["upsample_initial_channel"]),
        rates=tuple(int(one) for one in raw["upsample_rates"]),
        kernels=tuple(int(one) for one in raw["upsample_kernel_sizes"]),
        block_kernels=tuple(int(one) for one in raw["resblock_kernel_sizes"]),
        block_dilations=tuple(
            tuple(int(one) for one in dilations) for dilations in raw["resblock_dilation_sizes"]
        ),
        speakers=int(raw.get("num_speakers", 200)) if raw.get("multispkr") else 0,
        styles=int(raw.get("num_styles", 100)) if raw.get("multistyle") else 0,
    )
    dilations = [one for each in config.block_dilations for one in each]
    sizes = (*config.rates, *config.kernels, *config.block_kernels, *dilations)
    if min(*sizes, config.units, config.embedding, config.channels) < 1:
        raise ValueError("a size is below 1")
    if len(config.rates) != len(config.kernels):
        raise ValueError("not every up-sampling has a kernel")
    if len(config.block_kernels) != len(config.block_dilations):
        raise ValueError("not every residual block has dilations")
    for rate, kernel in zip(config.rates, config.kernels, strict=True):
        if kernel < rate or (kernel - rate) % 2:
            raise ValueError(f"an up-sampling by {rate} has a kernel of {kernel}")
    if any(kernel % 2 == 0 for kernel in config.block_kernels):
        raise ValueError("a residual block has an even kernel")
    if config.channels >> len(config.rates) < 1:
        raise ValueError("it has too few channels")
    return config


class ResidualBlock(nn.Module):
    """Pairs of convolutions; the first of each pair is dilated."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = (kernel - 1) // 2
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, padding=half * dilation, dilation=dilation)
            for dilation in dilations
        )
        self.plain = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, padding=half) for _ in dilations
        )

    def forward(self, hidden_BCN: Tensor) -> Tensor:
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            change = dilated(functional.leaky_relu(hidden_BCN, _SLOPE))
            hidden_BCN = hidden_BCN + plain(functional.leaky_relu(change, _SLOPE))
        return hidden_BCN


class UnitHifigan(nn.Module):
    """Units (B, T) int64 to sound (B, T * 640) float32."""

    def __init__(self, config: HifiganConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.units, config.embedding)
        self.register_buffer("voice", torch.zeros(config.inputs - config.embedding))
        self.voice: Tensor
        """What comes beside every unit: the speaker, and the style."""
        self.first = nn.Conv1d(config.inputs, config.channels, _ENDS_KERNEL, padding=3)
        widths = [config.channels_after(stage) for stage in range(len(config.rates) + 1)]
        self.up = nn.ModuleList(
            nn.ConvTranspose1d(wide, narrow, kernel, rate, padding=(kernel - rate) // 2)
            for (wide, narrow), kernel, rate in zip(
                pairwise(widths), config.kernels, config.rates, strict=True
            )
        )
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                ResidualBlock(width, kernel, dilations)
                for kernel, dilations in zip(
                    config.block_kernels, config.block_dilations, strict=True
                )
            )
            for width in widths[1:]
        )
        self.last = nn.Conv1d(widths[-1], 1, _ENDS_KERNEL, padding=3)

    def embedded(self, units_BT: Tensor) -> Tensor:
        """(B, E, T): what the generator gets for each unit."""
        looked_up = self.embedding(units_BT)
        voice = self.voice.expand(*units_BT.shape, -1)
        return torch.cat([looked_up, voice], 2).transpose(1, 2)

    def forward(self, units_BT: Tensor) -> Tensor:
        return self.sound_within(self.embedded(units_BT), 0, 0, 0)

    def sound_within(self, inputs_BET: Tensor, left: int, right: int, more: int) -> Tensor:
        """Sound of the frames but the first ``left`` and the last ``right``, and ``more`` samples.

        As if all were computed and then cut, but each stage computes only what the next ones need.
        """
        hidden = self.first(inputs_BET)
        rest = FRAME_SAMPLES
        for up, blocks, rate, reach in zip(
            self.up, self.blocks, self.config.rates, self.config.stage_reach(), strict=True
        ):
            cut_left = max(left - reach, 0)
            cut_right = max(right - reach - math.ceil(more / rest), 0)
            hidden = hidden[:, :, cut_left : hidden.shape[2] - cut_right]
            left, right, rest = (left - cut_left) * rate, (right - cut_right) * rate, rest // rate
            hidden = up(functional.leaky_relu(hidden, _SLOPE))
            assert isinstance(blocks, nn.ModuleList)
            hidden = torch.stack([block(hidden) for block in blocks]).sum(0) / len(blocks)
        sound: Tensor = self.last(functional.leaky_relu(hidden, _LAST_SLOPE)).tanh()
        return sound[:, 0, left : sound.shape[2] - right + more]


def load_unit_hifigan(folder: Path, speaker: int = 0, style: int = 0) -> UnitHifigan:
    """The generator of a folder in textless' layout, in evaluation mode.

    The folder has ``config.json`` and one file of ``torch.save``, or both under the names with
    which they are downloaded. ``speaker`` and ``style`` count where the vocoder has several. Raises
    DuologueError.
    """
    config = read_config(_config_path(folder))
    path = _only_weights(folder)
    weights = read_torch(path)
    voice = []
    for name, chosen, count in (
        ("spkr", speaker, config.speakers),
        ("style", style, config.styles),
    ):
        if count:
            table = take(weights, f"{name}.weight", (count, config.embedding), path)
            if not 0 <= chosen < count:
                raise DuologueError(f"{path} has {count} of {name}; there is no {chosen}.")
            voice.append(table[chosen])
        elif chosen:
            raise DuologueError(f"{path} has only one {name}; leave the option out.")
    net = UnitHifigan(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    state = {"voice": torch.cat([torch.zeros(0), *voice])}
    state["embedding.weight"] = take(weights, "dict.weight", shapes["embedding.weight"], path)
    for ours, theirs in _names(config).items():
        shape = shapes[f"{ours}.weight"]
        state[f"{ours}.weight"] = take_normed(weights, theirs, shape, 0, path)
        state[f"{ours}.bias"] = take(weights, f"{theirs}.bias", shapes[f"{ours}.bias"], path)
    net.load_state_dict(state)
    return net.eval()


def _config_path(folder: Path) -> Path:
    """``config.json``, or as textless stores it: NAME_config.json beside NAME.pt."""
    found = sorted(folder.glob("*_config.json"))
    plain = folder / "config.json"
    return found[0] if len(found) == 1 and not plain.is_file() else plain


def _only_weights(folder: Path) -> Path:
    # The published training saves g_00500000, without a suffix, beside do_00500000 (optimizer).
    found = [
        path
        for path in sorted(folder.glob("*"))
        if path.suffix in (".pt", ".pth", ".bin") or _STEP.fullmatch(path.name)
    ]
    if len(found) != 1:
        raise DuologueError(
            f"{folder} has {len(found)} files of weights (.pt, .pth, .bin or g_00000000); give a "
            "folder with config.json and one such file."
        )
    return found[0]


def _names(config: HifiganConfig) -> dict[str, str]:
    """Our name of each convolution to the published one."""
    names = {"first": "conv_pre", "last": "conv_post"}
    for stage in range(len(config.rates)):
        names[f"up.{stage}"] = f"ups.{stage}"
        for number, dilations in enumerate(config.block_dilations):
            block = f"resblocks.{stage * len(config.block_kernels) + number}"
            for pair in range(len(dilations)):
                names[f"blocks.{stage}.{number}.dilated.{pair}"] = f"{block}.convs1.{pair}"
                names[f"blocks.{stage}.{number}.plain.{pair}"] = f"{block}.convs2.{pair}"
    return names
