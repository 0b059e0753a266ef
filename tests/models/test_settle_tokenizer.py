"""A tokenizer learns from itself to hear the same through noise and rooms."""

from __future__ import annotations

import csv
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

pytest.importorskip("pyroomacoustics")

from engine.audio_file import read_mono
from engine.bundle import load_bundle
from engine.resource_files import resources
from engine.tokens import FRAME_SAMPLES, RATE_HZ
from models import settle_tokenizer as settling
from models.corpus import held_out_order, more_people, write_real
from models.tokenizer import load_tokenizer
from models.unpack import tokenizer_of_onnx
from tests.models.test_tokenizer import small_net


def sound(seconds: float, seed: int) -> np.ndarray:
    """Noise, of which a random net hears much."""
    random = np.random.default_rng(seed)
    return random.normal(0, 0.3, round(seconds * RATE_HZ)).astype(np.float32)


def tar_of(path: Path, sounds: dict[str, np.ndarray], folder: Path) -> None:
    with tarfile.open(path, "w") as tar:
        for name, samples in sounds.items():
            file = folder / name.replace("/", "-")
            soundfile.write(file.with_suffix(".wav"), samples, RATE_HZ)
            tar.add(file.with_suffix(".wav"), name)


@pytest.fixture
def materials(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A corpus, a folder of noise, and rooms."""
    corpus = tmp_path / "corpus"
    write_real(corpus, iter([("someone", "", sound(8, seed)) for seed in range(3)]))
    noise = tmp_path / "noise"
    noise.mkdir()
    tar_of(noise / "rain.tar", {"rain.wav": sound(6, 9)}, tmp_path)
    rooms = tmp_path / "rooms.npz"
    np.savez(rooms, np.array([1, 0, 0.3, 0.1], np.float32), np.ones(1, np.float32))
    return corpus, noise, rooms


def test_pairs_are_the_same_moment(materials: tuple[Path, Path, Path]) -> None:
    corpus, noise, rooms = materials
    pairs = iter(settling.Pairs([corpus], noise, rooms, 0))
    likeness = []
    for _ in range(12):
        clean, disturbed = next(pairs)
        assert clean.shape == disturbed.shape == (settling.WINDOW_SAMPLES,)
        assert np.abs(disturbed).max() <= 1
        likeness.append(abs(float(np.corrcoef(clean, disturbed)[0, 1])))
    assert np.median(likeness) > 0.5
    assert min(likeness) < 0.999


def test_an_undisturbed_student_has_nothing_to_learn() -> None:
    net = small_net()
    clean = torch.randn(2, 20 * FRAME_SAMPLES) * 0.3
    other = torch.randn(2, 20 * FRAME_SAMPLES) * 0.3
    same, differ = settling.settling_loss(net, net, clean, clean)
    worse, more = settling.settling_loss(net, net, clean, other)
    assert differ == 0
    assert more > 0.1
    assert worse > same


def test_steps_down_the_loss_bring_units_nearer() -> None:
    path = load_bundle().tokenizer
    teacher, net = tokenizer_of_onnx(path).requires_grad_(False), tokenizer_of_onnx(path)
    speech = read_mono(resources() / "samples" / "user.flac")[: 100 * FRAME_SAMPLES]
    clean = torch.from_numpy(speech).view(2, -1)
    torch.manual_seed(0)
    disturbed = clean + 0.02 * torch.randn_like(clean)
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)
    losses = []
    for _ in range(8):
        loss, differ = settling.settling_loss(net, teacher, clean, disturbed)
        losses.append((loss.item(), differ))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert losses[-1][0] < 0.7 * losses[0][0]
    assert losses[-1][1] < losses[0][1]


def test_the_training_keeps_the_teacher_and_its_units(
    materials: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, noise, rooms = materials
    for name, value in (("BATCH", 2), ("_HELD_BATCHES", 1), ("_HELD_STEPS", 10)):
        monkeypatch.setattr(settling, name, value)
    teacher = small_net()
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    path = settling.settle_tokenizer(
        teacher, [corpus], noise, rooms, tmp_path / "work", 0.1, threads=1, seed=0
    )
    for name, value in teacher.state_dict().items():
        assert torch.equal(value, before[name])
    settled = load_tokenizer(path)
    assert torch.equal(settled.centroids, teacher.centroids)
    assert not torch.equal(settled.head.weight, teacher.head.weight)
    with (path.parent / "settle.csv").open() as lines:
        assert any(row["held_out_loss"] for row in csv.DictReader(lines))


def test_the_test_split_of_orders_is_left_out(tmp_path: Path) -> None:
    assert held_out_order("0abc.opus") and held_out_order("folder/2abc.opus")
    assert not held_out_order("3abc.opus")
    for name, column in (("picovoice-commands", "intent"), ("picovoice-words", "word_spoken")):
        sounds = {"1a.wav": sound(1, 0), "7b.wav": sound(2, 1)}
        tar_of(tmp_path / f"{name}.tar", sounds, tmp_path)
        rows = [f"path\t{column}", *(f"{path}\tx" for path in sounds)]
        (tmp_path / f"{name}.tsv").write_text("\n".join(rows) + "\n")
    found = [(voice, len(audio) // RATE_HZ) for voice, _, audio in more_people(tmp_path)]
    assert found == [("picovoice-commands", 2), ("picovoice-words", 1), ("picovoice-words", 2)]
