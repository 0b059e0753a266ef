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

from engine.echo.linear_canceller import ECHO_BLOCKS, LinearCanceller
from engine.echo.residual_suppressor import HOP, ResidualSuppressor
from engine.errors import DuologueError
from engine.sound.level import ACTIVE_POWER
from engine.timebase import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from pywebrtc_audio import AudioProcessor

BLOCK_SAMPLES = SAMPLE_RATE_HZ // 100
"""The block size: 10 ms."""

_NOISE_SUPPRESSION_DELAY_SAMPLES = 96  # WebRTC's noise suppression delays by 6 ms
_FADE = np.linspace(0, 1, BLOCK_SAMPLES, dtype=np.float32)


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
        self._echoes = False

    def reset(self) -> None:
        """Forget the echo path, after a device has changed."""
        self._aec3.reset()
        self._suppressor.reset()
        self._post_processor.reset()
        self._linear.reset()
        self._begin()

    def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        """The user's sound without echo, float32 (n,), ``delay_samples`` later than ``near``.

        ``near`` is sound from the microphone in blocks of 10 ms, ``far`` what was written to the
        card meanwhile; both float32 (n,) at 16 kHz. Whole frames of 40 ms are cheapest. Values that
        are not finite count as silence, because one of them would stay in the filters. Raises
        ValueError on another type or shape.
        """
        for sound in (near, far):
            if sound.dtype != np.float32 or sound.ndim != 1 or len(sound) % BLOCK_SAMPLES:
                raise ValueError(
                    f"an echo canceller takes float32 (n,) in blocks of {BLOCK_SAMPLES}, "
                    f"not {sound.dtype} {sound.shape}"
                )
        near, far = _finite(near), _finite(far)
        residual, echo, converging, path_changed = self._linear.process(near, far)
        # In time with the network's output.
        joined = np.concatenate([self._last_residual, residual])
        linear, self._last_residual = joined[:-HOP], joined[-HOP:]
        before = self._echoes
        echoes = self._may_echo(far)
        if not (before or echoes.any()):
            self._suppressor.listen(residual, echo, residual, far)
            return self._post_processor.process(np.clip(linear, -1.0, 1.0))
        suppressed = self._aec3.process(np.clip(residual, -1.0, 1.0), far)
        user = self._suppressor.process(
            residual,
            echo,
            suppressed,
            far,
            strict=converging,
            path_changed=path_changed,
            echoes=echoes,
        )
        # The network's output fades in and out within a block.
        edges = np.concatenate([[before], echoes]).astype(np.float32)
        share = edges[:-1, None] + np.diff(edges)[:, None] * _FADE
        mixed = linear + share.reshape(-1) * (user - linear)
        return self._post_processor.process(np.clip(mixed, -1.0, 1.0))

    def _may_echo(self, far: np.ndarray) -> np.ndarray:
        """bool (blocks,): whether there may be an echo, so that the network's output is used."""
        powers = np.square(far).reshape(-1, BLOCK_SAMPLES).mean(axis=1)
        echoes = np.zeros(len(powers), bool)
        for block, power in enumerate(powers):
            self._echo_blocks = ECHO_BLOCKS if power > ACTIVE_POWER else self._echo_blocks - 1
            echoes[block] = self._echoes = self._echo_blocks > 0
        return echoes


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
