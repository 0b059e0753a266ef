"""The suppressor learns, and the engine's streaming run equals the trained network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.echo.residual_suppressor import ResidualSuppressor
from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from models.echo import train as training
from models.echo.export import export_suppressor
from models.echo.network import HOP, EchoSuppressor, spectra, waveform
from models.echo.scenes import SCENE_S, TRACKS
from models.tokenizer.starter_0_9 import Starter09Config, Starter09Tokenizer


def test_the_windows_add_up_to_the_sound() -> None:
    sound = torch.randn(2, 20 * HOP)
    again = waveform(spectra(sound))
    torch.testing.assert_close(again, sound[:, : again.shape[1]], atol=1e-5, rtol=1e-5)


def test_the_engine_runs_the_network_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ResidualSuppressor, "_gentle", lambda self, gains, *others: gains)
    monkeypatch.setattr(ResidualSuppressor, "_comfort_noise", lambda *_: 0)
    torch.manual_seed(0)
    net = EchoSuppressor()
    path = tmp_path / "suppressor.onnx"
    export_suppressor(net, path)
    tracks = np.random.default_rng(0).normal(0, 0.1, (4, 30 * HOP)).astype(np.float32)
    engine = ResidualSuppressor(path)

    def run(first: int, end: int) -> np.ndarray:
        never = np.zeros(end - first, bool)
        part = tracks[:, first * HOP : end * HOP]
        return engine.process(*part, strict=never, path_changed=never, echoes=never)

    streamed = np.concatenate([run(0, 1), run(1, 7), run(7, 30)])
    left, *others = (spectra(torch.from_numpy(track)[None]) for track in tracks)
    powers = torch.cat([each.abs() ** 2 for each in (left, *others)], dim=-1)
    with torch.no_grad():
        gains, _ = net.eval()(powers, net.begin(1))
    wanted = waveform(left * gains)[0].numpy()
    # Weights are stored as float16.
    np.testing.assert_allclose(streamed[HOP:], wanted, atol=3e-3)
    engine.reset()
    np.testing.assert_array_equal(run(0, 1), streamed[:HOP])


def write_scene(path: Path, seed: int) -> None:
    """A user and an echo, both of noise, the user's with a rhythm like speech."""
    random = np.random.default_rng(seed)
    samples = SCENE_S * SAMPLE_RATE_HZ
    phase = np.arange(samples) / SAMPLE_RATE_HZ
    user = random.normal(0, 0.05, samples) * (np.sin(2 * np.pi * 1.3 * phase) > 0) * (phase > 2)
    far = random.normal(0, 0.05, samples)
    echo, noise = 0.5 * far, random.normal(0, 1e-4, samples)
    tracks = dict(
        zip(TRACKS, (user + echo / 4 + noise, echo, user, far, user + noise), strict=True)
    )
    np.savez(path, **{n: t.astype(np.float16) for n, t in tracks.items()})


def test_a_minute_teaches_and_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "HELD_OUT_SCENES", 1)
    monkeypatch.setattr(training, "_BATCH", 2)
    monkeypatch.setattr(training, "_HELD_BATCHES", 2)
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    for seed in range(3):
        write_scene(scenes / f"{1_000_000 + seed}.npz", seed)
    torch.manual_seed(0)
    small = Starter09Config(bands=16, width=16, heads=2, layers=1)
    tokenizer = Starter09Tokenizer(small)
    out = tmp_path / "out" / "suppressor.onnx"
    with pytest.raises(DuologueError, match="write more"):
        training.train_echo(tmp_path, tokenizer, out, 0.1, 1, 0)
    training.train_echo(scenes, tokenizer, out, 0.4, 1, 0)
    ResidualSuppressor(out)
    rows = [json.loads(line) for line in out.with_suffix(".jsonl").read_text("utf8").splitlines()]
    torch.manual_seed(0)
    held = training._read(sorted(scenes.iterdir())[-1:])
    untaught = training.held_out_losses(EchoSuppressor(), tokenizer, held)
    assert rows[-1]["held_spectrum"] < 0.9 * untaught["held_spectrum"]
