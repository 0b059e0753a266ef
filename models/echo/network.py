"""The residual echo suppressor: a network that removes the echo that the linear filter leaves.

It is a small recurrent network over spectra of 20 ms, 10 ms apart. It gets four signals: the linear
filter's output, the filter's echo estimate, AEC3's output, and the far end. It gives a gain for
each bin of the first. Shapes: B batch, T frames, S samples, F bins, H hidden.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

HOP = 160
FFT = 2 * HOP
BINS = HOP + 1
INPUTS = 4
_FLOOR = 1e-9
_LOG_MEAN, _LOG_SCALE = -4.0, 2.0


def window() -> Tensor:
    """Square root of a Hann window, so that analysis and synthesis together add up to one."""
    return torch.hann_window(FFT, periodic=True).sqrt()


def spectra(sound_BS: Tensor) -> Tensor:
    """complex (B, T, F): frame t covers the 10 ms blocks t - 1 and t; before block 0 is silence."""
    padded_BS = nn.functional.pad(sound_BS, (HOP, 0))
    frames_BTS = padded_BS.unfold(-1, FFT, HOP)
    return torch.fft.rfft(frames_BTS * window().to(sound_BS.device))


def waveform(spectra_BTF: Tensor) -> Tensor:
    """Sound (B, S), in time with the input of ``spectra``; the last block is missing."""
    frames_BTS = torch.fft.irfft(spectra_BTF, n=FFT) * window().to(spectra_BTF.device)
    first, second = frames_BTS[..., :HOP], frames_BTS[..., HOP:]
    blocks_BTS = first[:, 1:] + second[:, :-1]
    return blocks_BTS.flatten(1)


class EchoSuppressor(nn.Module):
    """Log powers (B, T, 4 F) and a state (1, B, H) to gains (B, T, F) and the next state."""

    def __init__(self, hidden: int = 320, inner: int = 192) -> None:
        super().__init__()
        self.hidden = hidden
        self.enter = nn.Linear(INPUTS * BINS, inner)
        self.memory = nn.GRU(inner, hidden, batch_first=True)
        self.leave = nn.Linear(hidden + inner, BINS)

    def forward(self, powers_BTF: Tensor, state_1BH: Tensor) -> tuple[Tensor, Tensor]:
        """``powers_BTF``: squared magnitudes of left, echo, suppressed and far, side by side."""
        logs = (torch.log10(powers_BTF + _FLOOR) - _LOG_MEAN) / _LOG_SCALE
        entered = torch.relu(self.enter(logs))
        remembered, state = self.memory(entered, state_1BH)
        gains = torch.sigmoid(self.leave(torch.cat([remembered, entered], dim=-1)))
        return gains, state

    def begin(self, batch: int) -> Tensor:
        """A state that remembers nothing."""
        return torch.zeros(1, batch, self.hidden)
