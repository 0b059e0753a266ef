"""The echo canceller: removes the agent's voice from the microphone's sound.

It has three parts. The linear canceller (``linear_canceller``) subtracts the echo that it has
learned, and leaves the user's speech unchanged. WebRTC's AEC3 works on the residual; alone it would
remove much of the user's speech in double talk. A small network (``residual_suppressor``) gets both
and separates the user from the residual echo. Its output is used while there may be an echo,
otherwise the linear canceller's. The microphone is never muted. Knows no devices and no latencies;
the far end must not come later than its echo. Runs in the thread that feeds the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.echo.linear_canceller import LinearCanceller
from engine.echo.residual_suppressor import HOP, ResidualSuppressor
from engine.errors import DuologueError
from engine.sound.level import ACTIVE_POWER
from engine.timebase import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from pywebrtc_audio import AudioProcessor

BLOCK_SAMPLES = SAMPLE_RATE_HZ // 100
"""The block size: 10 ms."""

_NOISE_SUPPRESSION_DELAY_SAMPLES = 96  # WebRTC's noise suppression delays by 6 ms
# An echo may last this long after the agent's last sound: 0.8 s.
_ECHO_BLOCKS = 80


class EchoCanceller:
    """The canceller of one microphone, with optional noise suppression and gain control."""

    def __init__(self, noise_suppression: bool = False, gain_control: bool = False) -> None:
        """Load all parts. Both options are off by default: they change the units of clean speech.

        Raises DuologueError if the WebRTC package or the network is missing or does not load.
        """
        self._aec3 = webrtc(echo_cancellation=True)
        self._suppressor = ResidualSuppressor()
        self._post_processor = PostProcessor(noise_suppression, gain_control)
        self._linear = LinearCanceller()
        self._begin()

    @property
    def delay_samples(self) -> int:
        """Delay of the output after the microphone's sound."""
        return HOP + self._post_processor.delay_samples

    def _begin(self) -> None:
        self._last_residual = np.zeros(BLOCK_SAMPLES, np.float32)
        self._echo_blocks = 0
        self._share = 0.0

    def reset(self) -> None:
        """Forget the echo path, after a device has changed."""
        self._aec3.reset()
        self._suppressor.reset()
        self._post_processor.reset()
        self._linear.reset()
        self._begin()

    def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        """The user's sound without echo, float32 (160,), ``delay_samples`` later than ``near``.

        ``near`` is 10 ms from the microphone, ``far`` the 10 ms written to the card meanwhile; both
        float32 (160,) at 16 kHz. Values that are not finite count as silence, because one of them
        would stay in the filters. Raises ValueError on another type or shape.
        """
        for block in (near, far):
            if block.dtype != np.float32 or block.shape != (BLOCK_SAMPLES,):
                raise ValueError(
                    f"an echo canceller's block is float32 ({BLOCK_SAMPLES},), "
                    f"not {block.dtype} {block.shape}"
                )
        near, far = _finite(near), _finite(far)
        residual, echo = self._linear.process(near, far)
        suppressed = self._aec3.process(np.clip(residual, -1.0, 1.0), far)
        before, self._share = self._share, self._network_share(far)
        user = self._suppressor.process(
            residual,
            echo,
            suppressed,
            far,
            strict=self._linear.converging,
            path_changed=self._linear.path_changed,
            echoes=self._share > 0,
        )
        linear, self._last_residual = self._last_residual, residual
        share = np.linspace(before, self._share, BLOCK_SAMPLES, dtype=np.float32)
        mixed = share * user + (1 - share) * linear
        return self._post_processor.process(np.clip(mixed, -1.0, 1.0))

    def _network_share(self, far: np.ndarray) -> float:
        """1 if there may be an echo, so that the network's output is used; otherwise 0."""
        self._echo_blocks -= 1
        if float(np.square(far).mean()) > ACTIVE_POWER:
            self._echo_blocks = _ECHO_BLOCKS
        return float(self._echo_blocks > 0)


class PostProcessor:
    """WebRTC's noise suppression and gain control, each optional; without both, no change."""

    def __init__(self, noise_suppression: bool, gain_control: bool) -> None:
        self._processor = None
        self.delay_samples = _NOISE_SUPPRESSION_DELAY_SAMPLES if noise_suppression else 0
        """Delay of the output."""
        if noise_suppression or gain_control:
            self._processor = webrtc(
                noise_suppression=noise_suppression, auto_gain_control=gain_control
            )

    def process(self, sound: np.ndarray) -> np.ndarray:
        """Process whole blocks of 10 ms, float32 (n,); returns as much."""
        if self._processor is None:
            return sound
        changed: np.ndarray = self._processor.process(sound)
        return changed

    def reset(self) -> None:
        """Forget the noise and the level."""
        if self._processor:
            self._processor.reset()


def webrtc(**parts: bool) -> AudioProcessor:
    """WebRTC's audio processing with these parts; DuologueError if it is missing."""
    try:
        from pywebrtc_audio import AudioProcessor
    except ImportError as error:
        raise DuologueError(
            "The echo canceller cannot be loaded (pywebrtc-audio is missing or damaged); "
            "install Duologue again, or wear headphones and switch echo cancellation off."
        ) from error
    return AudioProcessor(sample_rate=SAMPLE_RATE_HZ, **parts)


def _finite(block: np.ndarray) -> np.ndarray:
    if np.isfinite(block).all():
        return np.ascontiguousarray(block)
    return np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
