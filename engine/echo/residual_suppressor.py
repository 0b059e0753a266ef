"""The residual echo suppressor: what the linear filter leaves of the agent goes, the user stays.

A small recurrent network (``models/echo/network.py``; resources/echo) gives a gain for each bin
of a spectrum of 20 ms, one every 10 ms, from what the filter left, what it took, what AEC3 makes of
it, and what was played.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.onnx_session import open_session
from engine.resource_files import resources

HOP = 160
"""The sound comes out so many samples later: a spectrum's second half waits for the next one."""
_INPUTS, _BINS = 4, HOP + 1
# Square root of a Hann window: analysis and synthesis together add up to one.
_WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2 * HOP) / (2 * HOP))).astype(np.float32)

# What the network leaves of an echo still stands out of a quiet room, so its gains are cubed. But
# units tolerate a weak echo better than a maimed voice: where the network keeps most of a spectrum,
# the user speaks, and nothing is taken away. Chosen in simulated rooms with people of the training
# (docs/echo.md).
_STRICTNESS = 3.0
# That is judged by milder gains, which do not fall with the number of bins that are doubtful.
_MILDNESS = 0.7
_MIN_USER_SHARE, _MAX_USER_SHARE = 0.2, 0.6
_HELD = 0.8  # of that share goes over to the next spectrum
# Where the filter's echo is not the one heard, what was taken lately tells no more than how loud an
# echo is in each bin: what is not far louder is echo. A jump of the delay is at most so long.
_ECHO_FRAMES = 12
_LOUDER = 10.0
_TINY = 1e-12
# The background is what a bin falls to: it follows down at once, and up by 2 dB a second.
_SMOOTHED = 0.9
_RISE = 10 ** (0.02 / 10)
# Power of a bin, of noise at -75 and -45 dB: below none is heard, above nothing has to be hidden.
_MIN_NOISE, _MAX_NOISE = (10 ** (db / 10) * HOP for db in (-75.0, -45.0))
# The least of what is smoothed lies below its mean.
_MINIMUM_BIAS = 1.25


class ResidualSuppressor:
    """One microphone's suppressor; begins as if all had been silent."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the network, the one that comes with the program without ``path``.

        Raises DuologueError where it is missing or another model.
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
        """Forget what was heard."""
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
        """The user, float32 (160,), 10 ms late; less of him and of the echo if ``strict``, and
        only what is louder than an echo if the filter's estimate of it is ``path_changed``.

        ``blocks`` are what the filter left, its estimate of the echo, AEC3's sound and what was
        played: float32 (160,) each. While there may be an echo (``echoes``), the background counts
        as no louder than it was. Raises DuologueError where the network cannot be run.
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
        """Gains (161,) that spare the user: where he is most of the sound, the filter's is heard.

        ``powers`` (161,) are those of what the filter left; if ``strict``, nobody is spared.
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
        """Noise (161,) in the place of the background that the gains take away with the echo.

        Without it the last scraps of the echo stand alone, however weak, and a tokenizer that
        minds no loudness hears speech in them.
        """
        self._smooth = _SMOOTHED * self._smooth + (1 - _SMOOTHED) * powers
        rise = 1.0 if echoes else _RISE
        risen = np.minimum(self._noise_floor * rise, _MAX_NOISE)
        self._noise_floor = np.minimum(risen, np.maximum(self._smooth, _MIN_NOISE))
        # Spectra drawn apart add up to half the power of those of one sound.
        deviation = np.sqrt(_MINIMUM_BIAS * self._noise_floor * np.maximum(1 - gains**2, 0))
        drawn = self._random.standard_normal((2, _BINS))
        noise: np.ndarray = deviation * (drawn[0] + 1j * drawn[1])
        return noise


def _above(powers: np.ndarray, echoes: np.ndarray) -> np.ndarray:
    """Gains (161,): how far ``powers`` (161,) are above what ``echoes`` (161,) may account for."""
    above: np.ndarray = np.clip(1 - _LOUDER * echoes / (powers + np.float32(_TINY)), 0, 1)
    return above
