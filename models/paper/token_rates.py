"""How many tokens a dialogue needs a second (Fig. 3), and why. Pure functions over units.

Without deduplication both speakers write a unit for every frame and a tag for every chunk; with it,
only new units, and the user's tag only where there are some. So the rate follows from how often
units change in speech and in silence, and how much of the time somebody speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.sound.turn_taking import Span
from engine.syncllm.tokens import TokenFormat, encode
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ

FRAMES_A_SECOND = SAMPLE_RATE_HZ // FRAME_SAMPLES


@dataclass(frozen=True)
class TokenRate:
    """The tokens of one dialogue, in all, at one length of chunk."""

    seconds: float
    tokens: int
    """With deduplication."""
    tags: int
    """Of these, speaker tags."""

    @property
    def a_second(self) -> float:
        return self.tokens / self.seconds


def token_rate(own: np.ndarray, user: np.ndarray, fmt: TokenFormat) -> TokenRate:
    """Count the tokens of two unit streams (frames,) in whole chunks."""
    tokens = [token for token in encode(own, user, fmt) if token != fmt.bos]
    chunks = len(own) // fmt.chunk_frames
    tags = sum(token in (fmt.s0, fmt.s1) for token in tokens)
    return TokenRate(chunks * fmt.chunk_ms / 1000, len(tokens), tags)


def rate_without_deduplication(chunk_ms: int) -> float:
    """Tokens a second of both speakers: every frame's unit, and both tags in every chunk."""
    return 2 * (FRAMES_A_SECOND + 1000 / chunk_ms)


@dataclass(frozen=True)
class UnitChanges:
    """Why: how often one speaker's unit changes, and how much is speech."""

    spoken_frames: int
    silent_frames: int
    spoken_changes: int
    silent_changes: int

    def __add__(self, other: UnitChanges) -> UnitChanges:
        return UnitChanges(
            self.spoken_frames + other.spoken_frames,
            self.silent_frames + other.silent_frames,
            self.spoken_changes + other.spoken_changes,
            self.silent_changes + other.silent_changes,
        )

    @property
    def speech_share(self) -> float:
        """Share of the speaker's time that is speech."""
        return self.spoken_frames / max(self.spoken_frames + self.silent_frames, 1)

    @property
    def in_speech(self) -> float:
        """New units a second of speech."""
        return FRAMES_A_SECOND * self.spoken_changes / max(self.spoken_frames, 1)

    @property
    def in_silence(self) -> float:
        """New units a second of silence."""
        return FRAMES_A_SECOND * self.silent_changes / max(self.silent_frames, 1)


def unit_changes(units: np.ndarray, spans: Sequence[Span]) -> UnitChanges:
    """Count one speaker's changes of unit (frames,) in and outside the spans of speech."""
    spoken = np.zeros(len(units), bool)
    for span in spans:
        spoken[span.start_sample // FRAME_SAMPLES : -(-span.end_sample // FRAME_SAMPLES)] = True
    changes = np.concatenate([[True], units[1:] != units[:-1]])[: len(units)]
    return UnitChanges(
        int(spoken.sum()),
        int((~spoken).sum()),
        int((changes & spoken).sum()),
        int((changes & ~spoken).sum()),
    )
