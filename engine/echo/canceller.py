"""The echo canceller: takes the agent's own voice out of what the microphone hears.

Three parts. The linear half (``linear_canceller``) subtracts what it has learned of the room and
leaves the user's speech as it is. WebRTC's AEC3 works on what is left; alone, it would remove much
of a user who speaks at the same time. A small network (``residual_suppressor``) sees both and tells
the user from the rest of the echo. It is heard while the agent speaks; where nothing was played,
the microphone itself. It is never muted. Knows no devices and no latencies; what was written to the
card must not come later than its echo. Belongs to the thread that feeds the engine.
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
"""What is worked on: 10 ms."""

_NOISE_SUPPRESSION_DELAY_SAMPLES = 96  # WebRTC's noise suppression delays by 6 ms
# A room echoes for so long after the agent's last sound.
_ECHO_BLOCKS = 80


class EchoCanceller:
    """One microphone's canceller, with noise suppression and gain control behind it if asked."""

    def __init__(self, noise_suppression: bool = False, gain_control: bool = False) -> None:
        """Both extras are off, since both change the units of clean speech.

        Raises DuologueError where the WebRTC package or the network is missing or does not load.
        """
        self._aec3 = webrtc(echo_cancellation=True)
        self._suppressor = ResidualSuppressor()
        self._post_processor = PostProcessor(noise_suppression, gain_control)
        self._linear = LinearCanceller()
        self._begin()

    @property
    def delay_samples(self) -> int:
        """How much later than the microphone's the sound comes out."""
        return HOP + self._post_processor.delay_samples

    def _begin(self) -> None:
        self._last_residual = np.zeros(BLOCK_SAMPLES, np.float32)
        self._echo_blocks = 0
        self._share = 0.0

    def reset(self) -> None:
        """Forget the room; after a device has changed."""
        self._aec3.reset()
        self._suppressor.reset()
        self._post_processor.reset()
        self._linear.reset()
        self._begin()

    def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        """The user without the agent: float32 (160,), ``delay_samples`` later than ``near``.

        ``near`` is 10 ms from the microphone, ``far`` the 10 ms written to the card meanwhile;
        both float32 (160,) at 16 kHz. Values that are not finite count as silence, for one of
        them would stay in the filters. Raises ValueError on another type or shape.
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
        """How much of the network is to be heard, 0 or 1: there may be an echo."""
        self._echo_blocks -= 1
        if float(np.square(far).mean()) > ACTIVE_POWER:
            self._echo_blocks = _ECHO_BLOCKS
        return float(self._echo_blocks > 0)


class PostProcessor:
    """WebRTC's noise suppression and gain control, each if asked; nothing without both."""

    def __init__(self, noise_suppression: bool, gain_control: bool) -> None:
        self._processor = None
        self.delay_samples = _NOISE_SUPPRESSION_DELAY_SAMPLES if noise_suppression else 0
        """How much later the sound comes out."""
        if noise_suppression or gain_control:
            self._processor = webrtc(
                noise_suppression=noise_suppression, auto_gain_control=gain_control
            )

    def process(self, sound: np.ndarray) -> np.ndarray:
        """Whole blocks of sound, float32 (n,)."""
        if self._processor is None:
            return sound
        changed: np.ndarray = self._processor.process(sound)
        return changed

    def reset(self) -> None:
        """Forget the noise and the loudness."""
        if self._processor:
            self._processor.reset()


def webrtc(**parts: bool) -> AudioProcessor:
    """WebRTC's audio processing with these parts; DuologueError where it is missing."""
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
