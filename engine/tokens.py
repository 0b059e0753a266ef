"""The token format: two speakers' units on one line, with the speaker tags as metronome.

Spec: SyncLLM (arXiv 2409.15594) section 3. A dialogue is a row of chunks; in each the agent's tag
[S0] with its new units comes first, then, if the user brought any new unit, [S1] with those. So
[S0] beats once a chunk whatever is said. Pure functions on integers; knows no model and no sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

RATE_HZ = 16_000
FRAME_MS = 40
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
UNIT_RATE_HZ = 1000 // FRAME_MS


@dataclass(frozen=True)
class TokenFormat:
    """Which token id means what, and how long a chunk is."""

    unit_count: int
    s0: int
    """Tag of the agent, the clock."""
    s1: int
    """Tag of the user."""
    chunk_frames: int
    """4, 5 or 6 frames: 160, 200 or 240 ms."""
    bos: int | None = None
    unit_base: int = 0
    """Token id of unit 0."""
    boundary_emit: bool = False
    """Deduplicate inside the chunk only: a carried unit is said again when the chunk also holds a
    new one. Halves the onset error for about 15 % more tokens; the paper's format is False."""

    @property
    def chunk_ms(self) -> int:
        """Length of a chunk in ms."""
        return self.chunk_frames * FRAME_MS

    @property
    def chunk_samples(self) -> int:
        """Length of a chunk in samples at 16 kHz."""
        return self.chunk_frames * FRAME_SAMPLES

    def unit_tokens(self, units: Iterable[int]) -> list[int]:
        """Token ids of units."""
        return [self.unit_base + unit for unit in units]


def novel_units(frames: Sequence[int], last: int | None, fmt: TokenFormat) -> list[int]:
    """The units one speaker's chunk brings, given the speaker's last unit before it.

    ``frames`` are the chunk's units, one per frame; ``last`` is None before the first chunk.
    """
    units: list[int] = []
    previous = None if fmt.boundary_emit else last
    for unit in frames:
        if unit != previous:
            units.append(int(unit))
        previous = unit
    if fmt.boundary_emit and units == [last]:
        return []
    return units


def fill_frames(units: Sequence[int], last: int, fmt: TokenFormat) -> list[int]:
    """Spread a chunk's units evenly over its frames: frame i takes unit floor(i * n / c).

    No unit repeats ``last`` (the tokenizer's silence unit before any); surplus units are cut.
    """
    count = fmt.chunk_frames
    kept = list(units[:count]) or [last]
    return [kept[index * len(kept) // count] for index in range(count)]


def encode(
    own: Sequence[int] | np.ndarray, user: Sequence[int] | np.ndarray, fmt: TokenFormat
) -> list[int]:
    """Tokens of two unit streams of equal length, one unit per frame; a rest short of a chunk is
    left out.

    Raises ValueError where the streams differ in length.
    """
    if len(own) != len(user):
        raise ValueError(f"streams of {len(own)} and {len(user)} frames cannot be interleaved")
    own_units: list[int] = np.asarray(own).tolist()
    user_units: list[int] = np.asarray(user).tolist()
    tokens = [] if fmt.bos is None else [fmt.bos]
    last_own: int | None = None
    last_user: int | None = None
    for start in range(0, len(own_units) - fmt.chunk_frames + 1, fmt.chunk_frames):
        end = start + fmt.chunk_frames
        tokens.append(fmt.s0)
        tokens += fmt.unit_tokens(novel_units(own_units[start:end], last_own, fmt))
        heard = novel_units(user_units[start:end], last_user, fmt)
        if heard:
            tokens.append(fmt.s1)
            tokens += fmt.unit_tokens(heard)
        last_own, last_user = own_units[end - 1], user_units[end - 1]
    return tokens


def decode(
    tokens: Sequence[int], fmt: TokenFormat, silence_unit: int
) -> tuple[list[int], list[int]]:
    """The two unit streams (own, user) that tokens stand for, one unit per frame.

    Raises ValueError at a token outside the format.
    """
    own: list[int] = []
    user: list[int] = []
    chunks: list[tuple[list[int], list[int]]] = []
    for token in tokens:
        if token == fmt.bos:
            continue
        if token == fmt.s0:
            chunks.append(([], []))
            side = 0
        elif not chunks:
            raise ValueError("a dialogue begins with [S0]")
        elif token == fmt.s1:
            side = 1
        elif 0 <= token - fmt.unit_base < fmt.unit_count:
            chunks[-1][side].append(token - fmt.unit_base)
        else:
            raise ValueError(f"token {token} is not in the format")
    for own_units, user_units in chunks:
        own += fill_frames(own_units, own[-1] if own else silence_unit, fmt)
        user += fill_frames(user_units, user[-1] if user else silence_unit, fmt)
    return own, user
