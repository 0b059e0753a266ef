"""Train the residual echo suppressor (``engine/residual_suppressor.py``) on simulated scenes.

Two lessons at once. The spectrum of what comes out must be that of the user and the room's noise
at the microphone, and almost silence where only the agent speaks; and the frozen tokenizer must
hear in it the phones that it hears in the user alone, or silence. Resumable and seeded; the budget
is steps, so that the same command gives the same weights.

Shape suffixes: B batch, N samples, S signals, T blocks of 10 ms, F frequencies.
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.residual_suppressor import (
    BANDS,
    BINS,
    BLOCK_SAMPLES,
    SIGNALS,
    WINDOW,
    WINDOW_SAMPLES,
    band_matrix,
    write_weights,
)
from engine.tokens import FRAME_SAMPLES, RATE_HZ
from models.echo_scenes import Scene, read_scene, scene_paths
from models.rooms import noise_of_seed
from models.tokenizer import TokenizerNet, load_tokenizer

CHECKPOINT_NAME = "suppressor.pt"
LOG_NAME = "suppressor.csv"
WIDTH, LAYERS = 128, 2
CROP_S, BATCH = 6, 8
_RATE, _LAST_RATE = 2e-3, 1e-4
_COMPRESSION = 0.3
_SILENCE_WEIGHT = 3.0
_PHONE_WEIGHT = 0.1
# The room's noise may stay at a tenth where only the agent is heard.
_NOISE_LEFT = 0.1
# The user speaks above this power, and 100 ms around it; the echo lasts 200 ms longer.
_USER_POWER, _USER_BLOCKS, _ECHO_BLOCKS = 10 ** (-58 / 10), 10, 20
_ECHO_ABOVE_NOISE = 0.05
_LEVEL_DB = 8.0


class SuppressorNet(nn.Module):
    """Band powers to gains; the engine has the same in numpy."""

    bands: Tensor
    window: Tensor

    def __init__(self, width: int = WIDTH, layers: int = LAYERS) -> None:
        super().__init__()
        self.inlet = nn.Linear(SIGNALS * BANDS, width)
        self.gru = nn.GRU(width, width, layers, batch_first=True)
        self.outlet = nn.Linear(width, BINS)
        self.register_buffer("bands", torch.from_numpy(band_matrix()), persistent=False)
        self.register_buffer("window", torch.from_numpy(WINDOW), persistent=False)

    def spectra(self, sound_BN: Tensor) -> Tensor:
        """(..., T, F) of each block and the one before it."""
        windows = F.pad(sound_BN, (BLOCK_SAMPLES, 0)).unfold(-1, WINDOW_SAMPLES, BLOCK_SAMPLES)
        return torch.fft.rfft(windows * self.window)

    def forward(self, signals_BSN: Tensor) -> tuple[Tensor, Tensor]:
        """The user's spectrum (B, T, F) and sound (B, N), the latter one block late."""
        spectra_BSTF = self.spectra(signals_BSN)
        power = spectra_BSTF.real**2 + spectra_BSTF.imag**2
        features = (10 * torch.log10(power @ self.bands + 1e-9) + 50) / 20
        hidden = torch.tanh(self.inlet(features.transpose(1, 2).flatten(2)))
        gains_BTF = torch.sigmoid(self.outlet(self.gru(hidden)[0]))
        user_BTF = spectra_BSTF[:, 0] * gains_BTF
        frames = torch.fft.irfft(user_BTF) * self.window
        first, second = frames.split(BLOCK_SAMPLES, dim=-1)
        sound = first + F.pad(second[:, :-1], (0, 0, 1, 0))
        return user_BTF, sound.flatten(1)


@dataclass(frozen=True, eq=False)
class _Lessons:
    """All scenes in memory, float16 (scenes, tracks, samples)."""

    signals: Tensor
    """left, echo, far, AEC3's sound; the microphone is the sum of the first two."""
    heard: Tensor
    """The user at the microphone, without noise; (scenes, samples)."""
    target: Tensor
    """The same with noise."""


def train_suppressor(
    scenes: Path,
    tokenizer: Path,
    folder: Path,
    out: Path,
    steps: int,
    minutes: float,
    threads: int,
    seed: int,
) -> None:
    """Train for so many steps (fewer if the minutes are over), and write the weights."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    lessons = _read(scenes)
    listener = load_tokenizer(tokenizer).eval().requires_grad_(False)
    net = SuppressorNet()
    optimizer = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=1e-3)
    checkpoint = folder / CHECKPOINT_NAME
    begin = 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        begin = saved["step"]
    end_s = time.monotonic() + 60 * minutes
    with (folder / LOG_NAME).open("a", newline="") as stream:
        log = csv.writer(stream)
        for step in range(begin, steps):
            # Each step draws anew from its number, so that resuming changes nothing.
            rng = np.random.default_rng([seed, step])
            share = step / steps
            for group in optimizer.param_groups:
                group["lr"] = min(1.0, (step + 1) / 50) * (
                    _LAST_RATE + (_RATE - _LAST_RATE) * 0.5 * (1 + np.cos(np.pi * share))
                )
            losses = _losses(net, listener, lessons, rng)
            optimizer.zero_grad()
            sum(losses).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            log.writerow([step, *(f"{float(loss):.5f}" for loss in losses)])
            stream.flush()
            over = time.monotonic() > end_s
            if (step + 1) % 50 == 0 or step + 1 == steps or over:
                state = {"net": net.state_dict(), "optimizer": optimizer.state_dict()}
                torch.save(state | {"step": step + 1}, checkpoint)
                _write(net, out)
            if over:
                break


def _write(net: SuppressorNet, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    write_weights(out, {name: tensor.numpy() for name, tensor in net.state_dict().items()})


def _read(folder: Path) -> _Lessons:
    signals, heard, target = [], [], []
    for path in scene_paths(folder):
        scene = read_scene(path)
        tracks = scene.tracks
        signals.append(np.stack([tracks[n] for n in ("left", "echo", "far", "suppressed")]))
        target.append(tracks["target"])
        heard.append(_without_noise(scene, int(path.stem)))
    return _Lessons(
        *(torch.from_numpy(np.stack(each)) for each in (signals, heard, target)),
    )


def _without_noise(scene: Scene, seed: int) -> np.ndarray:
    """The user's speech alone: the room's noise is known but for its level."""
    target = scene.tracks["target"].astype(np.float32)
    noise = noise_of_seed(seed, len(target))
    quiet: np.ndarray = target[: 2 * RATE_HZ - FRAME_SAMPLES]  # nobody speaks yet
    level = float(quiet @ noise[: len(quiet)]) / float(np.square(noise[: len(quiet)]).sum())
    heard: np.ndarray = (target - level * noise).astype(np.float16)
    return heard


def _losses(
    net: SuppressorNet, listener: TokenizerNet, lessons: _Lessons, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    samples = CROP_S * RATE_HZ
    picked = []
    for _ in range(BATCH):
        scene = int(rng.integers(len(lessons.heard)))
        last = (lessons.heard.shape[-1] - samples) // BLOCK_SAMPLES
        # Every third crop is a scene's beginning, where nothing has been learned yet.
        first = BLOCK_SAMPLES * int(rng.integers(last) if rng.random() < 2 / 3 else 0)
        part = slice(first, first + samples)
        level, far_level = 10 ** (rng.uniform(-_LEVEL_DB, _LEVEL_DB, 2) / 20)
        left, echo, far, suppressed = lessons.signals[scene, :, part].float()
        picked.append(
            torch.stack(
                [
                    level * left,
                    level * echo,
                    level * (left + echo),
                    far_level * far,
                    level * suppressed,
                    level * lessons.heard[scene, part].float(),
                    level * lessons.target[scene, part].float(),
                ]
            )
        )
    batch = torch.stack(picked)
    signals_BSN, heard_BN, target_BN = batch[:, :SIGNALS], batch[:, SIGNALS], batch[:, -1]
    user_BTF, sound_BN = net(signals_BSN)
    with torch.no_grad():
        silence_BT = _agent_only(signals_BSN[:, 2], heard_BN, target_BN)
        wanted_BN = target_BN
        quiet_BN = heard_BN + _NOISE_LEFT * (target_BN - heard_BN)
        wanted_BTF = torch.where(
            silence_BT[..., None], net.spectra(quiet_BN), net.spectra(wanted_BN)
        )
        heard_phones = listener.phone_logits(heard_BN).float().softmax(-1)
    got, wanted = (
        (each.real**2 + each.imag**2 + 1e-8) ** (_COMPRESSION / 2)
        for each in (user_BTF, wanted_BTF)
    )
    weight = torch.where(silence_BT & (got > wanted).any(-1), _SILENCE_WEIGHT, 1.0)[..., None]
    spectrum = (weight * (got - wanted) ** 2).mean()
    # What comes out is one block late; the listener must not learn to expect that.
    in_time_BN = F.pad(sound_BN[:, BLOCK_SAMPLES:], (0, BLOCK_SAMPLES))
    with torch.autocast("cpu", torch.bfloat16):
        logits = listener.phone_logits(in_time_BN)
    logits = logits.float().log_softmax(-1)
    # The first half second hears no past.
    skipped = RATE_HZ // 2 // FRAME_SAMPLES
    phones = F.kl_div(logits[:, skipped:], heard_phones[:, skipped:], reduction="none").sum(-1)
    return 10 * spectrum, _PHONE_WEIGHT * phones.mean()


def _agent_only(near_BN: Tensor, heard_BN: Tensor, target_BN: Tensor) -> Tensor:
    """bool (B, T): there is an echo, and the user is silent."""
    echo, user, noise = (
        sound.unflatten(-1, (-1, BLOCK_SAMPLES)).square().mean(-1)
        for sound in (near_BN - target_BN, heard_BN, target_BN - heard_BN)
    )
    echo = F.max_pool1d(echo, 2 * _ECHO_BLOCKS + 1, 1, _ECHO_BLOCKS)
    user = F.max_pool1d(user, 2 * _USER_BLOCKS + 1, 1, _USER_BLOCKS)
    floor = noise.mean(-1, keepdim=True)
    return (echo > _ECHO_ABOVE_NOISE * floor) & (user < torch.clamp(0.1 * floor, min=_USER_POWER))
