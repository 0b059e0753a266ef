"""The echo canceller: takes the agent's own voice out of what the microphone hears.

WebRTC's AEC3, which finds the delay between card and microphone itself (up to half a second), so
nothing here knows devices or latencies. The reference is what was really written to the card; it
must not come later than its echo. The microphone is never muted: whoever speaks into the agent's
words is heard, only their echo is subtracted. Belongs to the thread that feeds the engine.
"""

from __future__ import annotations

import numpy as np

from engine.errors import DuologueError
from engine.tokens import RATE_HZ

BLOCK_SAMPLES = RATE_HZ // 100
"""What AEC3 works on: 10 ms."""


class EchoCanceller:
    """One microphone's canceller, with noise suppression and gain control behind it if asked."""

    def __init__(self, noise_suppression: bool = False, gain_control: bool = False) -> None:
        """Both extras are off, since both change the units of clean speech.

        Raises DuologueError where the WebRTC package is missing or does not load.
        """
        try:
            from pywebrtc_audio import AudioProcessor
        except ImportError as error:
            raise DuologueError(
                "The echo canceller cannot be loaded (pywebrtc-audio is missing or damaged); "
                "install Duologue again, or talk with headphones and echo cancellation off."
            ) from error
        self._processor = AudioProcessor(
            sample_rate=RATE_HZ,
            echo_cancellation=True,
            noise_suppression=noise_suppression,
            auto_gain_control=gain_control,
        )

    def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        """The user without the agent: float32 (160,), 8 ms later than ``near``.

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
        cleaned: np.ndarray = self._processor.process(_finite(near), _finite(far))
        return cleaned

    def reset(self) -> None:
        """Forget the room; after a device has changed."""
        self._processor.reset()


def _finite(block: np.ndarray) -> np.ndarray:
    if np.isfinite(block).all():
        return np.ascontiguousarray(block)
    return np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
