"""The echo canceller: takes the agent's own voice out of what the microphone hears.

Two halves. The linear filter (``adaptive_filter``) subtracts what it has learned of the room and
leaves the user's speech as it is. WebRTC's AEC3 works on what is left: its suppressor removes the
rest, but also much of a user who speaks at the same time. So where a user speaks into the agent's
words, the linear half is heard, and where only the agent speaks, or the linear half has not learned
the room yet, both; where nothing was played, the microphone itself. It is never muted. Knows no
devices and no latencies; what was written to the card must not come later than its echo. Belongs to
the thread that feeds the engine.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from engine.adaptive_filter import ACTIVE_POWER, AdaptiveFilter
from engine.errors import DuologueError
from engine.tokens import RATE_HZ

if TYPE_CHECKING:
    from pywebrtc_audio import AudioProcessor

BLOCK_SAMPLES = RATE_HZ // 100
"""What is worked on: 10 ms."""
DELAY_SAMPLES = 128
"""The sound comes out this much later, which is AEC3's delay."""

# The user speaks where more is left than this many times what the filter usually leaves ...
_USER_ABOVE_LEAK = 20.0
# ... and than the noise, over 40 ms, ...
_USER_ABOVE_NOISE = 4.0
_SMOOTHING = 0.75
# ... and for so many blocks afterwards.
_USER_BLOCKS = 25
# What the filter usually leaves: this quantile of the last eight seconds.
_LEAK_BLOCKS, _LEAK_RANK = 800, 0.35
_NOISE_BLOCKS = 300
# A room echoes for so long after the agent's last sound.
_ECHO_BLOCKS = 80
# What AEC3 leaves of the agent alone is lowered by 16 dB more; but with headphones, where nothing
# is ever learned, AEC3 is heard as it is.
_ALONE_GAIN = 0.16


class EchoCanceller:
    """One microphone's canceller, with noise suppression and gain control behind it if asked."""

    def __init__(self, noise_suppression: bool = False, gain_control: bool = False) -> None:
        """Both extras are off, since both change the units of clean speech.

        Raises DuologueError where the WebRTC package is missing or does not load.
        """
        self._suppressor = webrtc(echo_cancellation=True)
        self._extras = Extras(noise_suppression, gain_control)
        self._filter = AdaptiveFilter()
        self._begin()

    def _begin(self) -> None:
        self._late = np.zeros(DELAY_SAMPLES, np.float32)
        self._left_power = self._echo_power = 0.0
        self._leaks = np.zeros(_LEAK_BLOCKS)
        self._leak_count = 0
        self._noises: deque[float] = deque(maxlen=_NOISE_BLOCKS)
        self._user_blocks = self._far_blocks = 0
        self._linear_share = 1.0

    def reset(self) -> None:
        """Forget the room; after a device has changed."""
        self._suppressor.reset()
        self._extras.reset()
        self._filter.reset()
        self._begin()

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
        near, far = _finite(near), _finite(far)
        left, echo = self._filter.process(near, far)
        suppressed = self._suppressor.process(np.clip(left, -1.0, 1.0), far)
        held = np.concatenate([self._late, left])
        self._late = held[BLOCK_SAMPLES:]
        before, self._linear_share = self._linear_share, self._share(left, echo, far)
        share = np.linspace(before, self._linear_share, BLOCK_SAMPLES, dtype=np.float32)
        gain = _ALONE_GAIN if self._filter.learned else 1.0
        mixed = share * held[:BLOCK_SAMPLES] + (1 - share) * (gain * suppressed)
        return self._extras.process(np.clip(mixed, -1.0, 1.0).astype(np.float32))

    def _share(self, left: np.ndarray, echo: np.ndarray, far: np.ndarray) -> float:
        """How much of the linear half is to be heard, 0 to 1."""
        self._left_power = _smoothed(self._left_power, left)
        self._echo_power = _smoothed(self._echo_power, echo)
        self._noises.append(self._left_power)
        noise = min(self._noises)
        self._far_blocks -= 1
        if float(np.square(far).mean()) > ACTIVE_POWER:
            self._far_blocks = _ECHO_BLOCKS
        if self._far_blocks <= 0:
            self._user_blocks = 0
            return 1.0
        if not self._filter.learned:
            return 0.0
        leak = self._left_power / (self._echo_power + 0.01 * noise + 1e-12)
        self._leaks[self._leak_count % _LEAK_BLOCKS] = leak
        self._leak_count += 1
        leaks = self._leaks[: self._leak_count]
        rank = int(_LEAK_RANK * len(leaks))
        usual = float(np.partition(leaks, rank)[rank])
        self._user_blocks -= 1
        if leak > _USER_ABOVE_LEAK * usual and self._left_power > _USER_ABOVE_NOISE * noise:
            self._user_blocks = _USER_BLOCKS
        return float(self._user_blocks > 0)


class Extras:
    """WebRTC's noise suppression and gain control, each if asked; nothing without both."""

    def __init__(self, noise_suppression: bool, gain_control: bool) -> None:
        self._processor = None
        if noise_suppression or gain_control:
            self._processor = webrtc(
                noise_suppression=noise_suppression, auto_gain_control=gain_control
            )

    def process(self, sound: np.ndarray) -> np.ndarray:
        """Whole blocks of sound, float32 (n,); noise suppression makes it 6 ms later."""
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
            "install Duologue again, or talk with headphones and echo cancellation off."
        ) from error
    return AudioProcessor(sample_rate=RATE_HZ, **parts)


def _smoothed(power: float, sound: np.ndarray) -> float:
    return _SMOOTHING * power + (1 - _SMOOTHING) * float(np.square(sound).mean())


def _finite(block: np.ndarray) -> np.ndarray:
    if np.isfinite(block).all():
        return np.ascontiguousarray(block)
    return np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
