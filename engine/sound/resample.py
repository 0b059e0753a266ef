"""Sample-rate conversion for the sound card: a windowed sinc, 1.25 ms of delay, any ratio.

soxr's streams delay sound by 11 to 40 ms (measured; 12.5 ms with a variable rate), which is too
much for a conversation. The same interpolation corrects the clock drift between two cards. Each
object belongs to one thread; `DriftBuffer` belongs to two, one that pushes and one that pulls.
"""

from __future__ import annotations

import threading

import numpy as np

DELAY_MS = 1.25
"""Delay of each conversion: half the kernel's length."""
_PHASES = 256  # with linear interpolation between them the error is below -90 dB
_KAISER_BETA = 7.0
# Pass band as a share of the lower rate's Nyquist frequency; the short kernel rolls off above it.
_PASSBAND = 0.9
_MAX_CORRECTION = 1e-3
"""Largest drift correction. Cards differ by at most 200 ppm; the rest lets the fill settle."""


class SincInterpolator:
    """Interpolates sound at fractional positions, band-limited to ``cutoff``."""

    def __init__(self, half_samples: int, cutoff: float) -> None:
        """``cutoff`` is the share of the input's Nyquist frequency that is kept."""
        self.half = half_samples
        taps = np.arange(1 - half_samples, half_samples + 1)
        distance = taps - np.arange(_PHASES + 1)[:, None] / _PHASES
        inside = np.clip(1 - (distance / half_samples) ** 2, 0, None)
        window = np.i0(_KAISER_BETA * np.sqrt(inside)) * (inside > 0)
        table = np.sinc(distance * cutoff) * window
        self._table = (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
        self._taps = taps

    def at(self, sound: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """float32 (n,): ``sound`` at float64 ``positions`` (n,), each at least ``half`` samples
        away from its ends."""
        base = np.floor(positions).astype(np.int64)
        phase, weight = np.divmod((positions - base) * _PHASES, 1.0)
        low = phase.astype(np.int64)
        part = weight.astype(np.float32)[:, None]
        coefficients = self._table[low] * (1 - part) + self._table[low + 1] * part
        found: np.ndarray = np.einsum("nt,nt->n", sound[base[:, None] + self._taps], coefficients)
        return found


class Resampler:
    """Converts a stream to another rate; each 10 ms in gives 10 ms out, from the first block on."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._step = from_hz / to_hz
        half = max(round(DELAY_MS * from_hz / 1000), 1)
        self._kernel = SincInterpolator(half, min(1.0, to_hz / from_hz) * _PASSBAND)
        self._sound = np.zeros(2 * half, np.float32)
        # Between the samples of both rates, so that rounding cannot add a sample to a block.
        self._position = half + min(self._step, 1.0) / 2

    def process(self, audio: np.ndarray) -> np.ndarray:
        """Convert the next sound, float32 (n,)."""
        self._sound = np.concatenate([self._sound, audio])
        end = len(self._sound) - self._kernel.half
        count = max(int(np.ceil((end - self._position) / self._step)), 0)
        positions = self._position + np.arange(count) * self._step
        converted = self._kernel.at(self._sound, positions)
        self._position += count * self._step
        used = int(self._position) - self._kernel.half
        self._sound = self._sound[used:]
        self._position -= used
        return converted


class DriftBuffer:
    """Corrects the drift between two cards: a queue that is read at a rate that keeps its fill.

    One thread pushes at the first card's clock, another pulls at the second card's. The averaged
    fill changes the read rate by up to 0.1 %.
    """

    def __init__(self, rate_hz: int, fill_ms: float = 40.0) -> None:
        """``fill_ms`` is the delay that the queue adds."""
        self._kernel = SincInterpolator(max(round(DELAY_MS * rate_hz / 1000), 1), 1.0)
        self._target = fill_ms * rate_hz / 1000
        self._rate_hz = rate_hz
        self._lock = threading.Lock()
        self._sound = np.zeros(0, np.float32)
        self._position = self._average = self._integral = 0.0
        self._waiting = True
        self._restart()
        self.ppm = 0.0
        """How much faster than nominal the queue is read, in parts per million."""
        self.xruns = 0
        """How often the queue ran empty or overflowed; each is audible."""

    def push(self, audio: np.ndarray) -> None:
        """Add sound, float32 (n,)."""
        with self._lock:
            self._sound = np.concatenate([self._sound, audio])
            if self._fill() > 4 * self._target:
                self.xruns += 1
                self._restart()

    def pull(self, count: int) -> np.ndarray:
        """The next samples, float32 (count,); silence until the queue has its fill."""
        with self._lock:
            if self._waiting and self._fill() < self._target:
                return np.zeros(count, np.float32)
            self._waiting = False
            self._steer(count)
            positions = self._position + np.arange(count) * (1 + self.ppm / 1e6)
            if positions[-1] + self._kernel.half >= len(self._sound):
                self.xruns += 1
                self._restart()
                return np.zeros(count, np.float32)
            pulled = self._kernel.at(self._sound, positions)
            self._position = float(positions[-1]) + 1 + self.ppm / 1e6
            used = int(self._position) - self._kernel.half
            self._sound = self._sound[used:]
            self._position -= used
            return pulled

    def _fill(self) -> float:
        return len(self._sound) - self._position

    def _restart(self) -> None:
        self._sound = np.zeros(2 * self._kernel.half, np.float32)
        self._position = float(self._kernel.half)
        self._average = self._target
        self._integral = 0.0
        self._waiting = True

    def _steer(self, count: int) -> None:
        """A slow proportional-integral controller: more fill than wanted is read faster."""
        seconds = count / self._rate_hz
        # Blocks of 10 ms make the fill jump; the controller uses its mean over two seconds.
        self._average += (self._fill() - self._average) * min(seconds / 2, 1.0)
        surplus = (self._average - self._target) / self._rate_hz
        self._integral = float(
            np.clip(self._integral + surplus * seconds * 0.01, -_MAX_CORRECTION, _MAX_CORRECTION)
        )
        wanted = surplus * 0.1 + self._integral
        self.ppm = float(np.clip(wanted, -_MAX_CORRECTION, _MAX_CORRECTION)) * 1e6
