"""The tokenizer is a stream with a fixed delay, is the same in ONNX, and its training resumes."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from engine.hearing.log_mel import BANDS
from engine.syncllm.unit_encoder import Tokenizer, UnitEncoder, measure_agreement
from engine.timebase import FRAME_SAMPLES
from models.speech.corpus import UNKNOWN, CorpusWriter, pad_to_frames, phone_labels
from models.speech.voices import speak
from models.tokenizer import train as training
from models.tokenizer.dataset import WINDOW_SAMPLES, SpeechWindows
from models.tokenizer.export import export_tokenizer
from models.tokenizer.log_mel import LogMelFrontEnd
from models.tokenizer.network import TokenizerNet, load_tokenizer, save_tokenizer
from models.tokenizer.quantizer import fit_quantizer
from models.tokenizer.starter_0_9 import Starter09Config, Starter09Tokenizer
from models.tokenizer.streaming_encoder import StreamingConfig, StreamingTokenizer
from models.tokenizer.train import Teacher, total_loss, view_losses
from models.tokenizer.whisper_weights import OfflineEncoder, Weights

WEIGHTS = Path(training.__file__).parent / "weights"
SMALL = StreamingConfig(width=24, heads=6, past_steps=10)


def sound(frames: int, seed: int = 0) -> torch.Tensor:
    """(1, N) noise of changing loudness."""
    torch.manual_seed(seed)
    loudness = torch.rand(1, frames).repeat_interleave(FRAME_SAMPLES, 1)
    return torch.randn(1, frames * FRAME_SAMPLES) * 0.3 * loudness


@torch.no_grad()
def with_units(net: Starter09Tokenizer | StreamingTokenizer) -> None:
    """Let a random network give several phones, and five units."""
    audio = sound(200)
    logits = net.phone_logits(audio)[0].flatten(0, 1)
    # A random network always gives the same phone; normalised logits give many.
    if isinstance(net, Starter09Tokenizer):
        logits = net.phone_logits(audio).flatten(2)[0]
    spread = 3 / logits.std(0)
    net.head.weight *= spread[:, None]
    net.head.bias.copy_((net.head.bias - logits.mean(0)) * spread)
    net.centroids = net.features(audio)[0, ::20].contiguous()
    net.unit_of_centroid = torch.arange(10) // 2


def small_net() -> StreamingTokenizer:
    torch.manual_seed(0)
    net = StreamingTokenizer(SMALL).eval()
    for block in net.body():
        torch.nn.init.normal_(block.distance_bias)
    with_units(net)
    return net


def old_net() -> Starter09Tokenizer:
    torch.manual_seed(0)
    config = Starter09Config(bands=16, width=16, layers=2, heads=2, past_frames=5)
    net = Starter09Tokenizer(config).eval()
    with_units(net)
    return net


@pytest.mark.parametrize("net", [small_net(), old_net()])
def test_later_sound_changes_nothing_before_it(net: TokenizerNet) -> None:
    audio = sound(20)
    changed = audio.clone()
    changed[:, 12 * FRAME_SAMPLES :] = 0
    with torch.no_grad():
        first, second = net.phone_logits(audio), net.phone_logits(changed)
    torch.testing.assert_close(first[:, :12], second[:, :12])
    assert not torch.allclose(first[:, 12:], second[:, 12:])


def test_a_frame_depends_on_the_sound_up_to_80_ms_after_it() -> None:
    """Unit 10 uses the last sample of frame 10, and describes frame 8."""
    net = small_net()
    audio = sound(20)
    changed = audio.clone()
    changed[:, 11 * FRAME_SAMPLES - 100 : 11 * FRAME_SAMPLES] += 0.5
    with torch.no_grad():
        first, second = net.phone_logits(audio), net.phone_logits(changed)
    differ = (first - second).abs().amax((2, 3))[0] > 1e-5
    assert int(differ.int().argmax()) == 10


@pytest.mark.parametrize("frames", [1, 3, 4])
@pytest.mark.parametrize("net", [small_net(), old_net()])
def test_the_pieces_of_a_stream_give_what_the_whole_gives(net: TokenizerNet, frames: int) -> None:
    audio = sound(60)
    with torch.no_grad():
        whole, _ = net.features_on(audio, net.begin(1))
        state, pieces = net.begin(1), []
        for piece in audio.split(frames * FRAME_SAMPLES, 1):
            features, state = net.features_on(piece, state)
            pieces.append(features)
        assert state.shape == (1, net.state_size)
        torch.testing.assert_close(torch.cat(pieces, 1), whole, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("make", [small_net, old_net])
def test_onnx_gives_the_units_of_torch(
    make: type[Starter09Tokenizer | StreamingTokenizer], tmp_path: Path
) -> None:
    save_tokenizer(make(), tmp_path / "net.pt")
    export_tokenizer(tmp_path / "net.pt", tmp_path / "net.onnx", half=False)
    audio = sound(300, 1)[0].numpy()
    with torch.no_grad():
        expected = load_tokenizer(tmp_path / "net.pt")(torch.from_numpy(audio)[None])[0].numpy()
    units = Tokenizer(tmp_path / "net.onnx").units(audio)
    assert units.shape == (300,)
    assert (units == expected).mean() > 0.98
    assert len(np.unique(expected)) > 2


@pytest.mark.parametrize("net", [small_net(), old_net()])
def test_a_conversation_has_the_units_of_the_whole_sound(
    net: Starter09Tokenizer | StreamingTokenizer, tmp_path: Path
) -> None:
    save_tokenizer(net, tmp_path / "net.pt")
    export_tokenizer(tmp_path / "net.pt", tmp_path / "net.onnx")
    tokenizer = Tokenizer(tmp_path / "net.onnx")
    audio = sound(80, 2)[0].numpy()
    assert measure_agreement(tokenizer, audio, 4, 0, 0).share == 1
    encoder = UnitEncoder(tokenizer, 4, 2000, prefix_frames=2)
    chunks = encoder.push(audio)
    np.testing.assert_array_equal(encoder.prefix, tokenizer.units(audio)[76:78])
    assert len(chunks) == 19
    # What is not finite is forgotten: the chunk after it is as the first.
    encoder.push(np.full(8 * FRAME_SAMPLES, np.nan, np.float32))
    np.testing.assert_array_equal(encoder.push(audio)[1:], chunks)


def test_loudness_changes_nothing() -> None:
    front_end = LogMelFrontEnd(8, 16)
    loud = 0.1 * torch.randn(1, 50 * FRAME_SAMPLES)
    past_sound, past_power, *_ = (torch.zeros(1, *shape) for shape in front_end.past_shapes())
    heard, softer, quiet = (
        front_end.log_mel(gain * loud, past_sound, past_power)[0] for gain in (1, 0.3, 1e-4)
    )
    torch.testing.assert_close(heard, softer, atol=0.02, rtol=0)
    assert float(quiet.mean()) < float(heard.mean()) - 0.5


def test_a_unit_is_as_near_as_its_nearest_centroid() -> None:
    net = small_net()
    audio = sound(30)
    with torch.no_grad():
        logits = net.unit_logits(audio)
        assert logits.shape == (1, 30, 5)
        assert torch.equal(logits.argmax(-1), net(audio))
    distances = net.unit_distances()
    assert distances.shape == (5, 5)
    assert torch.equal(distances, distances.T)


def small_whisper() -> Weights:
    """Random weights of an encoder as wide as ``SMALL``."""
    torch.manual_seed(3)
    width = SMALL.width
    weights = {
        "conv1/weight": torch.randn(width, BANDS, 3) * 0.05,
        "conv1/bias": torch.zeros(width),
        "conv2/weight": torch.randn(width, width, 3) * 0.1,
        "conv2/bias": torch.zeros(width),
        "position_encodings/encodings": torch.randn(1500, width),
    }
    for layer in range(4):
        for name, rows, columns in (
            ("self_attention/linear_0", 3 * width, width),
            ("self_attention/linear_1", width, width),
            ("ffn/linear_0", 4 * width, width),
            ("ffn/linear_1", width, 4 * width),
        ):
            weights[f"layer_{layer}/{name}/weight"] = torch.randn(rows, columns) * columns**-0.5
            weights[f"layer_{layer}/{name}/bias"] = torch.zeros(rows)
        for name in ("self_attention", "ffn"):
            weights[f"layer_{layer}/{name}/layer_norm/gamma"] = torch.ones(width)
            weights[f"layer_{layer}/{name}/layer_norm/beta"] = torch.zeros(width)
    return weights


def test_steps_down_the_loss_name_phones_and_follow_the_teacher() -> None:
    torch.manual_seed(0)
    net = StreamingTokenizer(SMALL)
    recorded = sound(20).repeat(2, 1) + 0.02 * torch.randn(2, 20 * FRAME_SAMPLES)
    disturbed = recorded + 0.02 * torch.randn_like(recorded)
    # The "phone" of a frame tells whether it is loud.
    loud = recorded.view(2, 20, FRAME_SAMPLES).std(-1) > 0.15
    labels = torch.full((2, 40), UNKNOWN)
    labels[:, 4:] = loud.long().repeat_interleave(2, 1)[:, :-4]
    teacher = Teacher(OfflineEncoder(small_whisper()), [sound(20, seed) for seed in range(8)])
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    losses = []
    for _ in range(120):
        each = view_losses(net, teacher, recorded, disturbed, labels)
        losses.append((each.phones.item(), each.teacher.item()))
        optimizer.zero_grad()
        total_loss(each).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert losses[-1][0] < 0.2 * losses[0][0]
    assert losses[-1][1] < 0.8 * losses[0][1]
    assert each.right[0] > 0.8
    nothing = torch.full_like(labels, UNKNOWN)
    assert view_losses(net, teacher, recorded, disturbed, nothing).phones.item() == 0


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
    stream = io.BytesIO()
    soundfile.write(stream, np.random.default_rng(0).normal(0, 0.1, 160_000), 16_000, format="WAV")
    with tarfile.open(noise / "noise.tar", "w") as tar:
        member = tarfile.TarInfo("noise.wav")
        member.size = len(stream.getvalue())
        tar.addfile(member, io.BytesIO(stream.getvalue()))
    rooms = tmp_path / "rooms.npz"
    np.savez(rooms, np.r_[1.0, 0.1 * np.ones(800)].astype(np.float32))
    windows = iter(SpeechWindows({corpus: 1.0}, noise, rooms, 0))
    likeness = []
    for _ in range(10):
        recorded, disturbed, labels = next(windows)
        assert recorded.shape == disturbed.shape == (WINDOW_SAMPLES,)
        assert recorded.dtype == disturbed.dtype == np.float32
        assert labels.shape == (WINDOW_SAMPLES // 320,)
        lengths = np.linalg.norm(recorded) * np.linalg.norm(disturbed) + 1e-9
        likeness.append(abs(float(recorded @ disturbed)) / lengths)
    assert np.median(likeness) > 0.3
    for name, value in (
        ("BATCH", 1),
        ("HELD_OUT_BATCHES", 1),
        ("HELD_OUT_STEPS", 2),
        ("LOG_STEPS", 2),
        ("CENTRE_BATCHES", 4),
    ):
        monkeypatch.setattr(training, name, value)
    work = tmp_path / "work"
    shares, whisper = {corpus: 1.0}, small_whisper()
    training.train_tokenizer(shares, noise, rooms, whisper, work, 6, 1, 0, 4, SMALL)
    begun = load_tokenizer(work / "tokenizer.pt")
    torch.testing.assert_close(
        begun.get_parameter("first.weight"), whisper["conv1/weight"], atol=0.02, rtol=0
    )
    first = (work / "tokenizer.csv").read_text().splitlines()
    path = training.train_tokenizer(shares, noise, rooms, whisper, work, 6, 1, 0)
    rows = (work / "tokenizer.csv").read_text().splitlines()
    assert rows[: len(first)] == first
    assert [int(row.split(",")[0]) for row in rows[1:]] == [2, 4, 6]
    assert all(np.isfinite([float(cell) for row in rows[1:] for cell in row.split(",")]))
    fit_quantizer(path, [corpus], noise, rooms, 4, 3, 0)
    assert load_tokenizer(path).unit_count == 4
    # From the weights alone a training begins anew, with a small rate and no units.
    (work / "tokenizer_state.pt").unlink()
    before = load_tokenizer(path).get_parameter("first.weight").detach().clone()
    training.train_tokenizer(shares, noise, rooms, whisper, work, 2, 1, 0, None, SMALL)
    again = load_tokenizer(path)
    assert again.unit_count == 0
    torch.testing.assert_close(again.get_parameter("first.weight"), before, atol=2e-3, rtol=0)


def test_the_ears_in_the_tree_are_a_stream_of_128_units() -> None:
    ears = load_tokenizer(WEIGHTS / "ears_1.pt")
    assert isinstance(ears, StreamingTokenizer)
    assert (ears.unit_count, ears.config) == (128, StreamingConfig())
    with torch.no_grad():
        units, _ = ears.stream(torch.randn(1, 16_000) * 0.01, ears.begin(1))
    assert units.shape == (1, 25)
