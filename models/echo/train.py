"""Trains the residual echo suppressor on scenes in simulated rooms (``duologue-train echo``).

There are two losses. The output's spectrum must be that of the user and the room's noise at the
microphone, and nearly silence where only the agent speaks. And the frozen tokenizer must find the
same phones in the output as in the user's speech alone.

Shape suffixes: B batch, N samples, T frames of 10 ms, F frequencies.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.echo.export import export_suppressor
from models.echo.network import HOP, INPUTS, EchoSuppressor, spectra, waveform
from models.echo.scenes import Scene, read_scene, scene_paths
from models.speech.rooms import coloured_noise
from models.tokenizer.network import TokenizerNet

HELD_OUT_SCENES = 16
"""The last scenes are held out, for the scores."""
_CROP_S, _BATCH = 6, 8
_RATE, _LAST_RATE = 2e-3, 1e-4
_WARM_STEPS = 50
_SWAPPED_USER_SHARE = 0.6
_HELD_EVERY, _HELD_BATCHES = 250, 6
_COMPRESSION = 0.3
_SILENCE_WEIGHT = 3.0
_SPECTRUM_WEIGHT, _PHONE_WEIGHT = 10.0, 0.5
# Where only the agent speaks, a tenth of the room's noise may stay.
_NOISE_LEFT = 0.1
# The user speaks above this power and 100 ms before and after; 200 ms for the echo.
_USER_POWER, _USER_BLOCKS, _ECHO_BLOCKS = 10 ** (-58 / 10), 10, 20
_ECHO_ABOVE_NOISE = 0.05
_LEVEL_DB = 8.0


@dataclass(frozen=True, eq=False)
class _SceneTensors:
    """Scenes in memory, float16."""

    signals: Tensor
    """(scenes, INPUTS, samples): left, echo, AEC3's output, far; left + echo is the microphone."""
    heard: Tensor
    """(scenes, samples): the user's speech at the microphone, without noise."""
    target: Tensor
    """(scenes, samples): the same with noise."""


def train_echo(
    scenes: Path, tokenizer: TokenizerNet, out: Path, minutes: float, threads: int, seed: int
) -> None:
    """Train for ``minutes``; write ``out`` (ONNX) and a log beside it (``.jsonl``).

    ``tokenizer`` is the one whose units the echo must not change. Raises DuologueError where there
    are too few scenes.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    paths = list(scene_paths(scenes))
    if len(paths) <= HELD_OUT_SCENES:
        raise DuologueError(
            f"{scenes} holds {len(paths)} scenes; write more than {HELD_OUT_SCENES}."
        )
    training, held = _read(paths[:-HELD_OUT_SCENES]), _read(paths[-HELD_OUT_SCENES:])
    tokenizer.eval().requires_grad_(False)
    net = EchoSuppressor()
    optimizer = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=1e-3)
    begin_s, step = time.monotonic(), 0
    out.parent.mkdir(parents=True, exist_ok=True)
    log = out.with_suffix(".jsonl")
    log.write_text("", "utf-8")
    while (share := (time.monotonic() - begin_s) / (60 * minutes)) < 1:
        rate = _LAST_RATE + (_RATE - _LAST_RATE) * 0.5 * (1 + np.cos(np.pi * share))
        for group in optimizer.param_groups:
            group["lr"] = min(1.0, (step + 1) / _WARM_STEPS) * rate
        spectrum, phones = _losses(net, tokenizer, training, rng, _SWAPPED_USER_SHARE)
        loss: Tensor = _SPECTRUM_WEIGHT * spectrum + _PHONE_WEIGHT * phones
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 20 == 0:
            _log(log, {"step": step, "spectrum": spectrum.item(), "phones": phones.item()})
        if step % _HELD_EVERY == 0:
            export_suppressor(net, out)
            _log(log, {"step": step, **held_out_losses(net, tokenizer, held)})
    export_suppressor(net, out)
    _log(log, {"step": step, **held_out_losses(net, tokenizer, held)})


def held_out_losses(
    net: EchoSuppressor, tokenizer: TokenizerNet, held: _SceneTensors
) -> dict[str, float]:
    """Both losses on held-out scenes, always on the same crops."""
    rng = np.random.default_rng(0)
    with torch.no_grad():
        losses = [_losses(net, tokenizer, held, rng) for _ in range(_HELD_BATCHES)]
    spectrum, phones = (torch.stack(each).mean().item() for each in zip(*losses, strict=True))
    return {"held_spectrum": spectrum, "held_phones": phones}


def _log(path: Path, row: dict[str, float]) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)


def _read(paths: list[Path]) -> _SceneTensors:
    signals, heard, target = [], [], []
    for path in paths:
        scene = read_scene(path)
        tracks = scene.tracks
        signals.append(np.stack([tracks[n] for n in ("left", "echo", "suppressed", "far")]))
        target.append(tracks["target"])
        heard.append(_without_noise(scene, int(path.stem)))
    return _SceneTensors(*(torch.from_numpy(np.stack(each)) for each in (signals, heard, target)))


def _without_noise(scene: Scene, seed: int) -> np.ndarray:
    """The user's speech alone: the room's noise is known except for its level."""
    target = scene.tracks["target"].astype(np.float32)
    noise = coloured_noise(seed, len(target))
    quiet = target[: 2 * SAMPLE_RATE_HZ - FRAME_SAMPLES]  # nobody speaks yet
    known = noise[: len(quiet)]
    level = float(np.dot(quiet, known)) / float(np.dot(known, known))
    heard: np.ndarray = (target - level * noise).astype(np.float16)
    return heard


def _losses(
    net: EchoSuppressor,
    tokenizer: TokenizerNet,
    training: _SceneTensors,
    rng: np.random.Generator,
    swapped_user_share: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """(spectrum loss, phone loss) of a random batch.

    ``swapped_user_share`` is the share of crops whose user comes from another scene.
    """
    batch = torch.stack([_crop(training, rng, swapped_user_share) for _ in range(_BATCH)])
    signals_BSN, heard_BN, target_BN = batch[:, :INPUTS], batch[:, INPUTS], batch[:, -1]
    left_BTF, *others = (spectra(signals_BSN[:, index]) for index in range(INPUTS))
    powers_BTF = torch.cat([_power(each) for each in (left_BTF, *others)], dim=-1)
    gains_BTF, _ = net(powers_BTF, net.begin(_BATCH))
    user_BTF = left_BTF * gains_BTF
    with torch.no_grad():
        near_BN = signals_BSN[:, 0] + signals_BSN[:, 1]
        silence_BT = _agent_only(near_BN, heard_BN, target_BN)
        quiet_BN = heard_BN + _NOISE_LEFT * (target_BN - heard_BN)
        wanted_BTF = torch.where(silence_BT[..., None], spectra(quiet_BN), spectra(target_BN))
        with torch.autocast("cpu", torch.bfloat16):
            heard_phones = tokenizer.phone_logits(heard_BN)
        heard_phones = heard_phones.float().softmax(-1)
    got, wanted = ((_power(each) + 1e-8) ** (_COMPRESSION / 2) for each in (user_BTF, wanted_BTF))
    weight = torch.where(silence_BT & (got > wanted).any(-1), _SILENCE_WEIGHT, 1.0)[..., None]
    spectrum = (weight * (got - wanted) ** 2).mean()
    sound_BN = functional.pad(waveform(user_BTF), (0, HOP))
    with torch.autocast("cpu", torch.bfloat16):
        logits = tokenizer.phone_logits(sound_BN)
    logits = logits.float().log_softmax(-1)
    skipped = SAMPLE_RATE_HZ // 2 // FRAME_SAMPLES  # the tokenizer has no past there
    phones = functional.kl_div(
        logits[:, skipped:], heard_phones[:, skipped:], reduction="none"
    ).sum(-1)
    return spectrum, phones.mean()


def _power(spectra_BTF: Tensor) -> Tensor:
    return spectra_BTF.real**2 + spectra_BTF.imag**2


def _crop(training: _SceneTensors, rng: np.random.Generator, swapped_user_share: float) -> Tensor:
    """(INPUTS + 2, N): the inputs, the user, and the user with noise, at a random level."""
    samples = _CROP_S * SAMPLE_RATE_HZ
    scene, other = (int(number) for number in rng.integers(len(training.heard), size=2))
    last = (training.heard.shape[-1] - samples) // HOP
    # Every third crop is a scene's beginning, where the filter has not adapted yet.
    first = HOP * int(rng.integers(last) if rng.random() < 2 / 3 else 0)
    part = slice(first, first + samples)
    signals, heard = training.signals[scene, :, part].float(), training.heard[scene, part]
    target = training.target[scene, part]
    if rng.random() < swapped_user_share:
        # Another user with the same residual echo; AEC3's output for that is unknown.
        first = HOP * int(rng.integers(last))
        part = slice(first, first + samples)
        residual_echo = signals[0] - target
        heard, target = training.heard[other, part], training.target[other, part]
        signals[0], signals[2] = residual_echo + target, 0.0
    level, far_level = 10 ** (rng.uniform(-_LEVEL_DB, _LEVEL_DB, 2) / 20)
    rows = torch.cat([signals, heard[None].float(), target[None].float()])
    levels = torch.full((len(rows), 1), level)
    levels[INPUTS - 1] = far_level
    return rows * levels


def _agent_only(near_BN: Tensor, heard_BN: Tensor, target_BN: Tensor) -> Tensor:
    """bool (B, T): where there is echo and the user is silent."""
    echo, user, noise = (
        sound.unflatten(-1, (-1, HOP)).square().mean(-1)
        for sound in (near_BN - target_BN, heard_BN, target_BN - heard_BN)
    )
    echo = functional.max_pool1d(echo, 2 * _ECHO_BLOCKS + 1, 1, _ECHO_BLOCKS)
    user = functional.max_pool1d(user, 2 * _USER_BLOCKS + 1, 1, _USER_BLOCKS)
    floor = noise.mean(-1, keepdim=True)
    return (echo > _ECHO_ABOVE_NOISE * floor) & (user < torch.clamp(0.1 * floor, min=_USER_POWER))
