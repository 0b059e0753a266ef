"""The residual echo suppressor: removes the echo that the linear canceller leaves.

A small recurrent network (``models/echo/network.py``; resources/echo) gives a gain for each bin of
a 20 ms spectrum, every 10 ms. Its inputs are the residual, the estimated echo, AEC3's output and
the far end. Runs in its caller's thread.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

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
_STRICTNESS = 3.0
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
        self._blocks = np.zeros((_INPUTS, HOP), np.float32)
        self._state = np.zeros(self._session.get_inputs()[1].shape, np.float32)
        self._overlap = np.zeros(HOP, np.float32)
        self._user = 0.0
        self._echoes: deque[np.ndarray] = deque(maxlen=_ECHO_FRAMES)
        self._smooth: np.ndarray = np.full(_BINS, _MAX_NOISE, np.float32)
        self._noise_floor: np.ndarray = self._smooth
        self._random = np.random.default_rng(0)

    def process(
        self,
        *blocks: np.ndarray,
        strict: bool = False,
        path_changed: bool = False,
        echoes: bool = False,
    ) -> np.ndarray:
        """The user's sound, float32 (160,), 10 ms late.

        ``blocks`` are the residual, the echo estimate, AEC3's output and the far end, float32
        (160,) each. ``strict`` removes more of the echo and also of the user. ``path_changed``: the
        estimate is wrong, so only sound that is louder than an echo is kept. While ``echoes``, the
        noise floor does not rise. Raises DuologueError if the network cannot be run.
        """
        now = np.stack(blocks)
        frames = np.concatenate([self._blocks, now], axis=1) * _WINDOW
        self._blocks = now
        spectra = np.fft.rfft(frames)
        powers = (spectra.real**2 + spectra.imag**2).astype(np.float32).reshape(1, 1, -1)
        try:
            gains, self._state = self._session.run(
                ["gains", "next_state"], {"powers": powers, "state": self._state}
            )
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise DuologueError(f"{self.path} cannot be run; install Duologue again.") from error
        power, echo = powers.reshape(_INPUTS, _BINS)[:2]
        self._echoes.append(echo)
        gentle = self._gentle(gains.reshape(_BINS), power, strict or path_changed)
        if path_changed:
            gentle = gentle * _above(power, np.max(self._echoes, axis=0))
        kept = spectra[0] * gentle + self._comfort_noise(power, gentle, echoes)
        sound = (np.fft.irfft(kept) * _WINDOW).astype(np.float32)
        finished: np.ndarray = self._overlap + sound[:HOP]
        self._overlap = sound[HOP:]
        return finished

    def _gentle(self, gains: np.ndarray, powers: np.ndarray, strict: bool = False) -> np.ndarray:
        """Gains (161,) that protect the user: if most of the sound is speech, they approach 1.

        ``powers`` (161,) are the residual's. With ``strict`` there is no protection.
        """
        strictly: np.ndarray = gains**_STRICTNESS
        if strict:
            self._user = 0.0
            return strictly
        kept = float((powers * gains ** (2 * _MILDNESS)).sum() / (powers.sum() + _TINY))
        self._user = max(kept, _HELD * self._user)
        share = min(
            max((self._user - _MIN_USER_SHARE) / (_MAX_USER_SHARE - _MIN_USER_SHARE), 0.0), 1.0
        )
        return strictly + np.float32(share) * (1 - strictly)

    def _comfort_noise(self, powers: np.ndarray, gains: np.ndarray, echoes: bool) -> np.ndarray:
        """Comfort noise (161,) that replaces the background removed together with the echo.

        Without it the last remains of the echo stand alone, however weak, and the tokenizer, which
        ignores loudness, hears speech in them.
        """
        self._smooth = _SMOOTHED * self._smooth + (1 - _SMOOTHED) * powers
        rise = 1.0 if echoes else _RISE
        risen = np.minimum(self._noise_floor * rise, _MAX_NOISE)
        self._noise_floor = np.minimum(risen, np.maximum(self._smooth, _MIN_NOISE))
        # Independent spectra overlap-add to half the power of those of one sound.
        deviation = np.sqrt(_MINIMUM_BIAS * self._noise_floor * np.maximum(1 - gains**2, 0))
        drawn = self._random.standard_normal((2, _BINS))
        noise: np.ndarray = deviation * (drawn[0] + 1j * drawn[1])
        return noise


def _above(powers: np.ndarray, echoes: np.ndarray) -> np.ndarray:
    """Gains (161,): the part of ``powers`` (161,) that ``echoes`` (161,) cannot explain."""
    above: np.ndarray = np.clip(1 - _LOUDER * echoes / (powers + np.float32(_TINY)), 0, 1)
    return above
