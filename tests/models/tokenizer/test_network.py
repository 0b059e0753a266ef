"""The tokenizer is causal, has its delay, is the same in ONNX, and its training resumes."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch

from engine.timebase import FRAME_SAMPLES
from models.speech.corpus import UNKNOWN, CorpusWriter, pad_to_frames, phone_labels
from models.speech.voices import speak
from models.tokenizer import train as training
from models.tokenizer.dataset import WINDOW_SAMPLES, SpeechWindows
from models.tokenizer.export import export_tokenizer
from models.tokenizer.log_mel import LogMelFrontEnd
from models.tokenizer.network import TokenizerConfig, TokenizerNet, load_tokenizer, save_tokenizer
from models.tokenizer.quantizer import fit_quantizer, merge_confused_clusters
from models.tokenizer.train import view_losses

SMALL = TokenizerConfig(bands=16, width=16, layers=2, heads=2, past_frames=5)


def small_net() -> TokenizerNet:
    torch.manual_seed(0)
    net = TokenizerNet(SMALL).eval()
    audio = (
        torch.randn(1, 200 * FRAME_SAMPLES)
        * 0.3
        * torch.rand(1, 200).repeat_interleave(FRAME_SAMPLES, 1)
    )
    with torch.no_grad():
        # A random network always gives the same phone; normalised logits give many.
        logits = net.phone_logits(audio).flatten(2)[0]
        spread = 3 / logits.std(0)
        net.head.weight *= spread[:, None]
        net.head.bias.copy_((net.head.bias - logits.mean(0)) * spread)
        net.centroids = net.features(audio)[0, ::20].contiguous()
        net.unit_of_centroid = torch.arange(10) // 2
    return net


def test_later_sound_changes_nothing_before_it() -> None:
    net = small_net()
    audio = torch.randn(1, 20 * FRAME_SAMPLES)
    changed = audio.clone()
    changed[:, 12 * FRAME_SAMPLES :] = 0
    with torch.no_grad():
        first, second = net.phone_logits(audio), net.phone_logits(changed)
    torch.testing.assert_close(first[:, :12], second[:, :12])
    assert not torch.allclose(first[:, 12:], second[:, 12:])


def test_onnx_gives_the_units_of_torch(tmp_path: Path) -> None:
    net = small_net()
    save_tokenizer(net, tmp_path / "net.pt")
    export_tokenizer(tmp_path / "net.pt", tmp_path / "net.onnx", half=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    audio = np.random.default_rng(1).normal(size=(1, 70 * FRAME_SAMPLES)).astype(np.float32)
    with torch.no_grad():
        expected = load_tokenizer(tmp_path / "net.pt")(torch.from_numpy(audio)).numpy()
    (units,) = session.run(["units"], {"audio": audio})
    assert units.shape == (1, 70)
    assert (units == expected).mean() > 0.98
    assert len(np.unique(expected)) > 2


def test_loudness_changes_nothing() -> None:
    front_end = LogMelFrontEnd(8, 16)
    loud = 0.1 * torch.randn(1, 50 * FRAME_SAMPLES)
    heard, softer = front_end.log_mel(loud), front_end.log_mel(0.3 * loud)
    torch.testing.assert_close(heard, softer, atol=0.02, rtol=0)
    assert float(front_end.log_mel(1e-4 * loud).mean()) < float(heard.mean()) - 0.5


def test_clusters_that_noise_confuses_become_one_unit() -> None:
    confused = np.diag([50.0, 40.0, 30.0, 60.0])
    confused[0, 2], confused[3, 1] = 20, 5
    assert merge_confused_clusters(confused, 3).tolist() == [0, 1, 0, 2]
    assert len(set(merge_confused_clusters(confused, 2).tolist())) == 2


def test_a_unit_is_as_near_as_its_nearest_centroid() -> None:
    net = small_net()
    audio = torch.randn(1, 30 * FRAME_SAMPLES)
    with torch.no_grad():
        logits = net.unit_logits(audio)
        assert logits.shape == (1, 30, 5)
        assert torch.equal(logits.argmax(-1), net(audio))
    distances = net.unit_distances()
    assert distances.shape == (5, 5)
    assert torch.equal(distances, distances.T)


def test_steps_down_the_loss_name_phones_and_bring_the_views_nearer() -> None:
    torch.manual_seed(0)
    net = TokenizerNet(SMALL)
    recorded = 0.1 * torch.randn(2, 20 * FRAME_SAMPLES)
    augmented = recorded + 0.05 * torch.randn_like(recorded)
    labels = torch.randint(0, 4, (2, 40))
    labels[:, :4] = UNKNOWN
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    losses = []
    for _ in range(150):
        phones, unlike, right = view_losses(net, recorded, augmented, labels)
        losses.append(phones.item())
        optimizer.zero_grad()
        (phones + unlike).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert losses[-1] < 0.4 * losses[0]
    assert right[0] > 0.5
    nothing, _, _ = view_losses(net, recorded, augmented, torch.full_like(labels, UNKNOWN))
    assert nothing.item() == 0


def test_windows_come_in_two_views_and_the_training_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, noise = tmp_path / "corpus", tmp_path / "noise"
    with CorpusWriter(corpus) as writer:
        for index in range(3):
            speech = speak("one two three four", "flite:slt", random.Random(index))
            audio = pad_to_frames(speech.audio)
            writer.add(np.tile(audio, 4), np.tile(phone_labels(speech, len(audio)), 4), "slt", "")
    noise.mkdir()
    sound = io.BytesIO()
    soundfile.write(sound, np.random.default_rng(0).normal(0, 0.1, 160_000), 16_000, format="WAV")
    with tarfile.open(noise / "noise.tar", "w") as tar:
        member = tarfile.TarInfo("noise.wav")
        member.size = len(sound.getvalue())
        tar.addfile(member, io.BytesIO(sound.getvalue()))
    rooms = tmp_path / "rooms.npz"
    np.savez(rooms, np.r_[1.0, 0.1 * np.ones(800)].astype(np.float32))
    windows = iter(SpeechWindows([corpus], noise, rooms, 0))
    likeness = []
    for _ in range(10):
        recorded, augmented, labels = next(windows)
        assert recorded.shape == augmented.shape == (WINDOW_SAMPLES,)
        assert labels.shape == (WINDOW_SAMPLES // 320,)
        lengths = np.linalg.norm(recorded) * np.linalg.norm(augmented) + 1e-9
        likeness.append(abs(float(recorded @ augmented)) / lengths)
    assert np.median(likeness) > 0.3
    for name, value in (
        ("BATCH", 1),
        ("HELD_OUT_BATCHES", 1),
        ("HELD_OUT_STEPS", 2),
        ("LOG_STEPS", 2),
    ):
        monkeypatch.setattr(training, name, value)
    monkeypatch.setattr(training, "TokenizerNet", lambda: TokenizerNet(SMALL))
    work = tmp_path / "work"
    training.train_tokenizer([corpus], noise, rooms, work, 0.05, 1, 0)
    first = (work / "tokenizer.csv").read_text().splitlines()
    path = training.train_tokenizer([corpus], noise, rooms, work, 0.1, 1, 0)
    rows = (work / "tokenizer.csv").read_text().splitlines()
    assert rows[: len(first)] == first
    steps = [int(row.split(",")[0]) for row in rows[1:]]
    assert steps == list(range(2, 2 * len(steps) + 1, 2))
    fit_quantizer(path, [corpus], noise, rooms, 4, 3, 0)
    assert load_tokenizer(path).unit_count == 4
