"""The residual echo suppressor: removes the echo that the linear canceller leaves.

A small recurrent network (``models/echo/network.py``; resources/echo) gives a gain for each bin of
a 20 ms spectrum, every 10 ms. Its inputs are the residual, the estimated echo, AEC3's output and
the far end. Runs in its caller's thread.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from engine.echo.spectrum import spectrum, waveform
from engine.errors import DuologueError
from engine.onnx_session import open_session
from engine.resource_files import resources

HOP = 160
"""Step between spectra, and output delay: a spectrum's second half waits for the next one."""
_INPUTS, _BINS = 4, HOP + 1
# Square root of a Hann window, so that analysis and synthesis together add up to one.
_WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2 * HOP) / (2 * HOP))).astype(np.float32)

# The echo that the network leaves is still audible in a quiet room, so its gains are cubed. But the
# tokenizer tolerates a weak echo better than distorted speech: if the network keeps most of a
# spectrum, the user speaks, and nothing is removed. Both were chosen in simulated rooms with
# speakers of the training set (docs/echo.md).
# Whether the user speaks is judged by milder gains, on which doubtful bins have less effect.
_MILDNESS = 0.7
_MIN_USER_SHARE, _MAX_USER_SHARE = 0.2, 0.6
_HELD = 0.8  # part of the user's share that the next spectrum keeps
# After a path change the recent echo estimates only show how loud an echo may be in each bin;
# sound that is not far louder counts as echo. A delay jump is no longer than these frames.
_ECHO_FRAMES = 12
_LOUDER = 10.0
_TINY = 1e-12
# The noise floor is the minimum of a bin: it falls at once and rises by 2 dB a second.
_SMOOTHED = 0.9
_RISE = 10 ** (0.02 / 10)
# Power of a bin for noise at -75 and -45 dB: less is inaudible, and more needs no comfort noise.
_MIN_NOISE, _MAX_NOISE = (10 ** (db / 10) * HOP for db in (-75.0, -45.0))
# The minimum of the smoothed power is lower than its mean.
_MINIMUM_BIAS = 1.25


class ResidualSuppressor:
    """The suppressor of one microphone; starts as if there had been silence."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the network; without ``path``, the one that comes with the program.

        Raises DuologueError if it is missing or not such a model.
        """
        self.path = path or resources() / "echo" / "suppressor.onnx"
        floats = "tensor(float)"
        self._session = open_session(
            self.path,
            [("powers", floats), ("state", floats)],
            [("gains", floats), ("next_state", floats)],
        )
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._before = np.zeros((_INPUTS, HOP), np.float32)
        self._state = np.zeros(self._session.get_inputs()[1].shape, np.float32)
        self._overlap = np.zeros(HOP, np.float32)
        self._user = 0.0
        self._echoes: deque[np.ndarray] = deque(maxlen=_ECHO_FRAMES)
        self._smooth: np.ndarray = np.full(_BINS, _MAX_NOISE, np.float32)
        self._noise_floor: np.ndarray = self._smooth
        self._random = np.random.default_rng(0)

    def process(
        self,
        *sounds: np.ndarray,
        strict: np.ndarray,
        path_changed: np.ndarray,
        echoes: np.ndarray,
    ) -> np.ndarray:
        """The user's sound, float32 (n,), 10 ms late.

        ``sounds`` are the residual, the echo estimate, AEC3's output and the far end, float32 (n,)
        each, in T blocks of 10 ms. The others are bool (T,), for each block: ``strict`` removes
        more of the echo and also of the user; ``path_changed``: the estimate is wrong, so only
        sound that is louder than an echo is kept; while ``echoes``, the noise floor does not rise.
        Raises DuologueError if the network cannot be run.
        """
        spectra = self._spectra(np.stack(sounds))
        powers = spectra.real**2 + spectra.imag**2
        gains = self._gains(powers)
        gentle = self._gentle(gains, powers[:, 0], strict | path_changed)
        for frame, changed in enumerate(path_changed):
            self._echoes.append(powers[frame, 1])
            if changed:
                gentle[frame] *= _above(powers[frame, 0], np.max(self._echoes, axis=0))
        kept = spectra[:, 0] * gentle + self._comfort_noise(powers[:, 0], gentle, echoes)
        frames = waveform(kept, 2 * HOP) * _WINDOW
        finished = frames[:, :HOP].copy()
        finished[0] += self._overlap
        finished[1:] += frames[:-1, HOP:]
        self._overlap = frames[-1, HOP:]
        return finished.reshape(-1)

    def listen(self, *sounds: np.ndarray) -> None:
        """Only follow the background; for sound of the same kinds, without any echo."""
        spectra = self._spectra(np.stack(sounds))[:, 0]
        self._overlap = np.zeros(HOP, np.float32)
        self._follow_noise(spectra.real**2 + spectra.imag**2, np.zeros(len(spectra), bool))

    def _spectra(self, sounds: np.ndarray) -> np.ndarray:
        """complex64 (T, _INPUTS, _BINS): each spectrum covers a block and the one before it."""
        joined = np.concatenate([self._before, sounds], axis=1)
        self._before = sounds[:, -HOP:]
        frames = np.lib.stride_tricks.sliding_window_view(joined, 2 * HOP, axis=1)[:, ::HOP]
        return spectrum(frames.swapaxes(0, 1) * _WINDOW)

    def _gains(self, powers: np.ndarray) -> np.ndarray:
        """The network's gains (T, _BINS)."""
        try:
            gains, self._state = self._session.run(
                ["gains", "next_state"],
                {"powers": powers.reshape(1, len(powers), -1), "state": self._state},
            )
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise DuologueError(f"{self.path} cannot be run; install Duologue again.") from error
        found: np.ndarray = gains[0]
        return found

    def _gentle(self, gains: np.ndarray, powers: np.ndarray, strict: np.ndarray) -> np.ndarray:
        """Gains (T, _BINS) that protect the user: if most of the sound is speech, they approach 1.

        ``powers`` (T, _BINS) are the residual's. Where ``strict`` (T,), there is no protection.
        """
        kept = (powers * gains ** (2 * _MILDNESS)).sum(axis=1) / (powers.sum(axis=1) + _TINY)
        shares = np.zeros((len(kept), 1), np.float32)
        for frame, now in enumerate(kept.tolist()):
            self._user = 0.0 if strict[frame] else max(now, _HELD * self._user)
            share = (self._user - _MIN_USER_SHARE) / (_MAX_USER_SHARE - _MIN_USER_SHARE)
            shares[frame] = min(max(share, 0.0), 1.0)
        # Not less than -240 dB: processors are slow with the tiniest numbers.
        strictly = np.maximum(gains, np.float32(1e-4))
        strictly = strictly * strictly * strictly
        gentle: np.ndarray = strictly + shares * (1 - strictly)
        return gentle

    def _follow_noise(self, powers: np.ndarray, echoes: np.ndarray) -> np.ndarray:
        """The noise floor (T, _BINS) after each of the residual's ``powers`` (T, _BINS)."""
        floors = np.empty_like(powers)
        for frame, power in enumerate(powers):
            self._smooth = _SMOOTHED * self._smooth + (1 - _SMOOTHED) * power
            rise = 1.0 if echoes[frame] else _RISE
            risen = np.minimum(self._noise_floor * rise, _MAX_NOISE)
            self._noise_floor = np.minimum(risen, np.maximum(self._smooth, _MIN_NOISE))
            floors[frame] = self._noise_floor
        return floors

    def _comfort_noise(
        self, powers: np.ndarray, gains: np.ndarray, echoes: np.ndarray
    ) -> np.ndarray:
        """Comfort noise (T, _BINS) that replaces the background removed together with the echo.

        Without it the last remains of the echo stand alone, however weak, and the tokenizer, which
        ignores loudness, hears speech in them.
        """
        floors = self._follow_noise(powers, echoes)
        # Independent spectra overlap-add to half the power of those of one sound.
        deviation = np.sqrt(_MINIMUM_BIAS * floors * np.maximum(1 - gains * gains, 0))
        drawn = self._random.standard_normal((len(powers), 2 * _BINS), np.float32)
        noise: np.ndarray = drawn.view(np.complex64)
        noise *= deviation
        return noise


def _above(powers: np.ndarray, echoes: np.ndarray) -> np.ndarray:
    """Gains (161,): the part of ``powers`` (161,) that ``echoes`` (161,) cannot explain."""
    above: np.ndarray = np.clip(1 - _LOUDER * echoes / (powers + np.float32(_TINY)), 0, 1)
    return above
