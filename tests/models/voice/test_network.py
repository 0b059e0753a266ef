"""The voice: a stream equals the whole file, also in ONNX; what it filters comes through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.syncllm.vocoder import StreamingVocoder, Vocoder
from engine.timebase import FRAME_SAMPLES
from models.vocoder.network import BIN_COUNT, CausalBlock
from models.voice.excitation import pulse_train
from models.voice.export import export_voice
from models.voice.network import (
    OVERLAP_SAMPLES,
    Memory,
    Spectra,
    Voice,
    VoiceConfig,
    pieces,
)

TINY = {"width": 16, "expansion": 2}
FRAMES = 46
ROUNDING = 1e-3
"""Another chunk rounds the pitch otherwise, and the phase adds that up; the peak is near 1."""


@pytest.fixture
def voice() -> Voice:
    torch.manual_seed(1)
    made = Voice(VoiceConfig(20, **TINY)).eval()
    with torch.no_grad():
        made.f0_head.bias[1] = 0.3  # both voiced and unvoiced slots
        made.f0_head.weight *= 3
    return made


def random_units(frames: int = FRAMES) -> torch.Tensor:
    return torch.randint(0, 20, (1, frames), generator=torch.Generator().manual_seed(2))


@torch.no_grad()
def whole_sound(voice: Voice, units: torch.Tensor) -> torch.Tensor:
    sound: torch.Tensor = voice(units, voice.empty_state())[0]
    return sound


def test_the_tiny_voice_has_voiced_and_unvoiced_slots(voice: Voice) -> None:
    with torch.no_grad():
        pitch = voice.spectra(random_units(), Memory(voice.empty_state())).pitch_BS
    assert 0.1 < float((pitch > 0).float().mean()) < 0.95


def test_units_become_sound_of_speech_level(voice: Voice) -> None:
    sound = whole_sound(voice, random_units())
    assert sound.shape == (1, FRAMES * FRAME_SAMPLES)
    assert 1e-3 < float(sound.square().mean().sqrt()) < 0.5
    assert torch.equal(sound, whole_sound(voice, random_units()))


@pytest.mark.parametrize("chunk_frames", [1, 2, 3, 4, 5, 6, 7, 45])
def test_a_stream_equals_the_whole_file(voice: Voice, chunk_frames: int) -> None:
    units, state, streamed = random_units(), voice.empty_state(), []
    with torch.no_grad():
        for start in range(0, FRAMES, chunk_frames):
            sound, state = voice(units[:, start : start + chunk_frames], state)
            streamed.append(sound)
    assert state.shape == (1, voice.config.state_size)
    expected = whole_sound(voice, units)
    torch.testing.assert_close(torch.cat(streamed, 1), expected, atol=ROUNDING, rtol=0)


def test_sound_of_a_frame_ignores_later_units(voice: Voice) -> None:
    units = random_units()
    later = units.clone()
    later[0, 30:] = (later[0, 30:] + 1) % 20
    before, after = whole_sound(voice, units), whole_sound(voice, later)
    known = 30 * FRAME_SAMPLES
    torch.testing.assert_close(after[:, :known], before[:, :known], atol=ROUNDING, rtol=0)
    assert not torch.allclose(after[:, known:], before[:, known:], atol=ROUNDING)


def test_silence_brings_the_state_to_rest_within_the_past_frames(voice: Voice) -> None:
    silence = torch.zeros(1, voice.config.past_frames, dtype=torch.int64)
    with torch.no_grad():
        _, state = voice(silence, voice.empty_state())
        _, later = voice(silence, state)
    changing = 2 * OVERLAP_SAMPLES + 3  # pulses, noise and their tail go on
    torch.testing.assert_close(later[:, :-changing], state[:, :-changing])


@torch.no_grad()
def test_a_flat_filter_gives_the_pulses_back(voice: Voice) -> None:
    slots = 40
    pitch = torch.full((1, slots + 3), 150.0)
    pulses, _ = pulse_train(pitch, pitch[:, 0], torch.zeros(1))
    none = torch.full((1, slots, BIN_COUNT), -30.0)
    flat = torch.full_like(none, 2.0)
    spectra = Spectra(none[..., :2], pitch[:, 3:], flat, none, none, none)
    sound, _ = voice.sound(spectra, pulses, torch.zeros_like(pulses), pulses.new_zeros(1, 480))
    inside = slice(OVERLAP_SAMPLES, slots * 160)
    expected = pulses[:, inside] * np.exp(2.0) / 160
    torch.testing.assert_close(sound[:, inside], expected, atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_without_strength_it_is_silent_whatever_is_filtered(voice: Voice) -> None:
    voice.head.weight.zero_()
    voice.head.bias[: 3 * BIN_COUNT] = -12.0
    assert whole_sound(voice, random_units()).abs().max() < 1e-3


def test_pieces_overlap_by_three_quarters() -> None:
    sound = torch.arange(1600.0)[None]
    made = pieces(sound)
    assert made.shape == (1, 7, 640)
    assert torch.equal(made[0, 3], sound[0, 480:1120])


@torch.no_grad()
def test_a_block_after_zeros_is_the_block_of_a_whole_file() -> None:
    torch.manual_seed(2)
    block, x = CausalBlock(8, 2), torch.randn(1, 12, 8)
    first, past = block.continued(x[:, :5], torch.zeros(1, 6, 8))
    second, _ = block.continued(x[:, 5:], past)
    torch.testing.assert_close(torch.cat([first, second], 1), block(x))


def test_onnx_equals_torch_in_chunks_of_every_length_through_the_engine(
    voice: Voice, tmp_path: Path
) -> None:
    voice.half().float()  # the precision that the file keeps
    path = tmp_path / "voice.onnx"
    export_voice(voice, path)
    past = voice.config.past_frames
    units = random_units()
    after_silence = torch.cat([torch.zeros(1, past, dtype=torch.int64), units], 1)
    expected = whole_sound(voice, after_silence)[0, past * FRAME_SAMPLES :].numpy()
    stream = StreamingVocoder(Vocoder(path), past, silence_unit=0)
    for chunk_frames in (1, 4, 5, 6):
        stream.reset()
        streamed = [
            stream.push(units[0, start : start + chunk_frames].tolist())
            for start in range(0, FRAMES, chunk_frames)
        ]
        sound = np.concatenate(streamed)
        np.testing.assert_allclose(sound, expected.clip(-1, 1), atol=2 * ROUNDING)
