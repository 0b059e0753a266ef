"""The vocoder: causal, streaming = whole file, torch = ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from engine.timebase import FRAME_SAMPLES
from models.vocoder.export import export_vocoder_network
from models.vocoder.network import (
    BIN_COUNT,
    CausalVocoder,
    VocoderConfig,
    overlap_add,
    synthesis_matrix,
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
