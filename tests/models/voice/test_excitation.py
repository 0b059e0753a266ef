"""The pulse train has its pitch and a running phase; the noise is fixed, and white."""

from __future__ import annotations

import pytest
import torch

from models.vocoder.network import SLOT_SAMPLES
from models.voice.excitation import NOISE_SAMPLES, fixed_noise, noise_from, pulse_train

ZERO = torch.zeros(1)


@pytest.mark.parametrize("pitch_hz", [80.0, 200.0, 400.0])
def test_pulses_come_at_the_pitch_and_have_all_harmonics_alike(pitch_hz: float) -> None:
    sound_BN, _ = pulse_train(torch.full((1, 100), pitch_hz), torch.tensor([pitch_hz]), ZERO)
    spectrum = torch.fft.rfft(sound_BN[0]).abs() / 8000  # one second: bins of 1 Hz
    harmonics = spectrum[torch.arange(1, int(7600 / pitch_hz) + 1) * int(pitch_hz)]
    torch.testing.assert_close(harmonics, torch.ones_like(harmonics), atol=0.01, rtol=0)
    assert spectrum[7700:].max() < 0.01
    assert spectrum[int(pitch_hz * 1.5)] < 0.01


def test_the_phase_runs_on_through_cuts_and_changes_of_pitch() -> None:
    pitch_BS = 190 + 40 * torch.sin(torch.arange(60) / 7)[None]
    whole_BN, phase_B = pulse_train(pitch_BS, ZERO, ZERO)
    before_B, running_B, parts = ZERO, ZERO, []
    for start in range(0, 60, 5):
        part_BS = pitch_BS[:, start : start + 5]
        sound_BN, running_B = pulse_train(part_BS, before_B, running_B)
        before_B = part_BS[:, -1]
        parts.append(sound_BN)
    torch.testing.assert_close(torch.cat(parts, 1), whole_BN, atol=2e-3, rtol=0)
    torch.testing.assert_close(running_B, phase_B)
    # A pulse each time that the phase is whole: as many as the pitch has cycles.
    peaks = whole_BN[0] > 0.4 * whole_BN.max()
    count = int((peaks[1:] & ~peaks[:-1]).sum())
    assert abs(count - float(pitch_BS.sum()) / 100) <= 2


def test_unvoiced_slots_are_silent_and_voiced_neighbours_keep_their_pitch() -> None:
    pitch_BS = torch.tensor([[0.0, 200.0, 200.0, 0.0]])
    sound_BSN = pulse_train(pitch_BS, ZERO, ZERO)[0].unflatten(1, (-1, SLOT_SAMPLES))
    assert not sound_BSN[:, [0, 3]].any()
    apart = torch.argmax(sound_BSN[0, 2]) - torch.argmax(sound_BSN[0, 1])
    assert apart == 0  # two cycles a slot


def test_noise_is_the_same_at_a_position_white_and_long() -> None:
    table = fixed_noise()
    assert torch.equal(table, fixed_noise())
    assert abs(float(table.square().mean()) - 1) < 0.02
    power = torch.fft.rfft(table).abs().square()[1:]
    spectrum = power.reshape(64, -1).mean(1)
    assert spectrum.std() < 0.15 * spectrum.mean()
    noise_BN, index_BN = noise_from(table, torch.tensor([NOISE_SAMPLES - 3.0]), 6)
    assert index_BN.tolist() == [[NOISE_SAMPLES - 3, NOISE_SAMPLES - 2, NOISE_SAMPLES - 1, 0, 1, 2]]
    assert torch.equal(noise_BN[0], torch.cat([table[-3:], table[:3]]))
