"""The vocoder: causal, streaming = whole file, torch = ONNX, and training that resumes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from engine.timebase import FRAME_SAMPLES
from models.vocoder.dataset import Recording, VocoderStore, load_store, save_store
from models.vocoder.export import export_vocoder_network
from models.vocoder.network import (
    AUDIO_DELAY_FRAMES,
    BIN_COUNT,
    CausalVocoder,
    VocoderConfig,
    load_vocoder,
    overlap_add,
    synthesis_matrix,
)
from models.vocoder.train import (
    LOG_NAME,
    Recipe,
    SegmentSampler,
    reexpanded,
    train_with,
)

TINY = {"width": 16, "expansion": 2}
PAST_FRAMES = 40  # what the engine carries


@pytest.fixture
def vocoder() -> CausalVocoder:
    torch.manual_seed(1)
    return CausalVocoder(VocoderConfig(unit_count=20, silence_unit=3, **TINY)).eval()


def random_units(frames: int) -> torch.Tensor:
    return torch.randint(0, 20, (1, frames), generator=torch.Generator().manual_seed(2))


def test_full_size_is_about_four_million_parameters_and_looks_back_at_most_40_frames() -> None:
    config = VocoderConfig()
    count = sum(p.numel() for p in CausalVocoder(config).parameters())
    assert 3.5e6 < count < 5e6
    assert config.past_frames <= PAST_FRAMES


def test_synthesis_inverts_a_short_time_fourier_transform() -> None:
    sound = torch.randn(4000, generator=torch.Generator().manual_seed(0))
    pieces = sound.unfold(0, 640, 160) * torch.hann_window(640)
    spectrum = torch.fft.rfft(pieces)
    assert spectrum.shape[1] == BIN_COUNT
    rebuilt = overlap_add(torch.cat([spectrum.real, spectrum.imag], -1)[None] @ synthesis_matrix())
    whole = slice(480, rebuilt.shape[1])
    torch.testing.assert_close(rebuilt[0, whole], sound[whole], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_audio_of_a_frame_ignores_later_units_and_units_beyond_the_past(
    vocoder: CausalVocoder,
) -> None:
    units = random_units(60)
    audio = vocoder(units)
    later = units.clone()
    later[0, 50:] = (later[0, 50:] + 1) % 20
    torch.testing.assert_close(
        vocoder(later)[:, : 50 * FRAME_SAMPLES], audio[:, : 50 * FRAME_SAMPLES]
    )
    assert not torch.allclose(vocoder(later)[:, 50 * 640 : 51 * 640], audio[:, 50 * 640 : 51 * 640])
    early = units.clone()
    seen = 5 + vocoder.config.past_frames
    early[0, :5] = (early[0, :5] + 1) % 20
    torch.testing.assert_close(
        vocoder(early)[:, seen * FRAME_SAMPLES :], audio[:, seen * FRAME_SAMPLES :]
    )


@torch.no_grad()
def test_warm_up_of_training_gives_the_same_sound_as_the_whole(vocoder: CausalVocoder) -> None:
    units = random_units(70)
    whole = vocoder(units)[:, -20 * FRAME_SAMPLES :]
    config = vocoder.config
    slot_past = config.past_frames - config.unit_blocks * 6
    warmed = vocoder(units, 50 - slot_past, slot_past)
    torch.testing.assert_close(warmed, whole)


@pytest.mark.parametrize("chunk_frames", [4, 5, 6])
def test_onnx_equals_torch_and_streaming_equals_whole_file(
    vocoder: CausalVocoder, tmp_path: Path, chunk_frames: int
) -> None:
    vocoder.half().float()  # the precision that the file keeps
    path = tmp_path / "vocoder.onnx"
    export_vocoder_network(vocoder, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    silence = torch.full((1, PAST_FRAMES), vocoder.config.silence_unit)
    units = torch.cat([silence, random_units(60)], dim=1)
    with torch.no_grad():
        expected = vocoder(units)[0, PAST_FRAMES * FRAME_SAMPLES :].clamp(-1, 1).numpy()
    whole = session.run(["audio"], {"units": units.numpy()})[0][0]
    assert len(whole) == units.shape[1] * FRAME_SAMPLES
    unread = vocoder.config.unit_past_frames * FRAME_SAMPLES
    assert not whole[:unread].any()  # frames that only lend their past
    np.testing.assert_allclose(whole[PAST_FRAMES * FRAME_SAMPLES :], expected, atol=1e-4)
    streamed = []
    for start in range(PAST_FRAMES, units.shape[1], chunk_frames):
        window = units[:, start - PAST_FRAMES : start + chunk_frames].numpy()
        streamed.append(session.run(["audio"], {"units": window})[0][0, -chunk_frames * 640 :])
    np.testing.assert_allclose(np.concatenate(streamed), expected, atol=1e-4)


# ---------------------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------------------


class TinyHearing:
    """A stand-in for the tokenizer: frames projected onto a few fixed directions."""

    def __init__(self) -> None:
        self.directions = torch.randn(640, 20, generator=torch.Generator().manual_seed(4))

    def unit_logits(self, audio_BN: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = audio_BN.reshape(len(audio_BN), -1, 640) @ self.directions
        return logits


def tiny_store() -> VocoderStore:
    rng = np.random.default_rng(0)
    recordings = [
        Recording(
            f"r{i}",
            rng.integers(-9000, 9000, 30 * FRAME_SAMPLES).astype(np.int16),
            rng.integers(0, 20, 30).astype(np.int16),
        )
        for i in range(6)
    ]
    sentences = [rng.integers(0, 20, n).astype(np.int16) for n in (18, 40)]
    return VocoderStore(recordings, sentences, silence_unit=3, unit_count=20)


def test_store_round_trip(tmp_path: Path) -> None:
    store = tiny_store()
    save_store(store, tmp_path / "store.npz")
    again = load_store(tmp_path / "store.npz")
    assert [r.name for r in again.recordings] == [r.name for r in store.recordings]
    for a, b in zip(again.recordings, store.recordings, strict=True):
        np.testing.assert_array_equal(a.audio_N, b.audio_N)
        np.testing.assert_array_equal(a.units_T, b.units_T)
    for c, d in zip(again.sentences, store.sentences, strict=True):
        np.testing.assert_array_equal(c, d)
    assert (again.silence_unit, again.unit_count) == (3, 20)


def test_target_sound_is_late_by_the_audio_delay() -> None:
    store = tiny_store()
    sampler = SegmentSampler(store, Recipe(), seed=0)
    recording = store.recordings[0]
    units, audio = sampler.aligned(recording)
    assert len(audio) == len(units) * FRAME_SAMPLES
    first = SegmentSampler.SILENCE_BEFORE
    assert list(units[first : first + 30]) == list(recording.units_T)
    start = (first + AUDIO_DELAY_FRAMES) * FRAME_SAMPLES
    assert not audio[:start].any()
    length = min(len(recording.audio_N), len(audio) - start)
    np.testing.assert_array_equal(audio[start : start + length], recording.audio_N[:length])


def test_retold_units_keep_their_order_inside_each_chunk() -> None:
    units = np.array([9, 1, 1, 1, 2, 2, 2, 2, 2, 3])
    np.testing.assert_array_equal(reexpanded(units, 4, 1), [9, 1, 1, 2, 2, 2, 2, 2, 2, 3])


def test_training_resumes_and_exports(tmp_path: Path) -> None:
    recipe = Recipe(network=TINY, batch=4, discriminator_width=4, evaluation_items=1)
    threads = torch.get_num_threads()
    try:
        checkpoint = train_with(
            tiny_store(), TinyHearing(), tmp_path, steps=4, seed=5, recipe=recipe
        )
        train_with(tiny_store(), TinyHearing(), tmp_path, steps=6, seed=5, recipe=recipe)
    finally:
        torch.set_num_threads(threads)
    with (tmp_path / LOG_NAME).open() as log:
        rows = list(csv.DictReader(log))
    assert [row["step"] for row in rows] == ["4", "6"]
    assert all(float(row["held_out_mel"]) > 0 for row in rows)
    assert rows[-1]["critic"] and rows[-1]["hearing"]
    assert load_vocoder(checkpoint).config.unit_count == 20
