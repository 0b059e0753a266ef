"""The token format: both speakers' units in one sequence, with speaker tags that mark the time.

Specification: SyncLLM (arXiv 2409.15594), section 3. A dialogue is a sequence of chunks. Each chunk
is the agent's tag [S0] with its new units, then, if the user has new units, [S1] with those. So
[S0] comes once per chunk, whatever is said. An optional text slot puts words between the tag and
the units; the paper has none, but later systems do (SCoT, arXiv 2510.02066; TurnGuide, 2508.07375):

    chunk := [S0] heard* own* own_unit{0..c} ([S1] user_unit{1..c})?

``own`` are pieces of the agent's words, ``heard`` pieces of the user's words as the agent
understood them. The latter are in the agent's chunk because they are known only after the user's
units. In the paper both speakers' units are of one table. The agent may have one of its own,
because what is heard must be steady and what is said must be exact. Pure functions on integers;
knows no model and no sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.timebase import FRAME_MS, FRAME_SAMPLES

KNOWN_AFTER_CHUNKS = 2
"""A word that the user ends in chunk N can be written in the agent's chunk N + 2 at the earliest,
because the user's chunk N is unknown while the agent's chunk N + 1 is composed."""


@dataclass(frozen=True)
class TextSlot:
    """Which token ids are word pieces, and how many of them a chunk may hold."""

    piece_count: int
    own_base: int
    """Token id of piece 0 in the agent's words."""
    most_own: int
    """Most pieces of the agent's words in a chunk; the clock needs a bound."""
    heard_base: int | None = None
    """Token id of piece 0 in the user's words; None if these are not written."""
    most_heard: int = 0
    """Most pieces of the user's words in a chunk."""

    @property
    def most(self) -> int:
        """Most text tokens in a chunk."""
        return self.most_own + self.most_heard

    def own_piece(self, token: int) -> int | None:
        """The piece of the agent's words for this token; None for other tokens."""
        return _piece(token, self.own_base, self.piece_count)

    def heard_piece(self, token: int) -> int | None:
        """The piece of the user's words for this token; None for other tokens."""
        return _piece(token, self.heard_base, self.piece_count)

    def tokens(self, heard: Iterable[int], own: Iterable[int]) -> list[int]:
        """Token ids of pieces, in the order of a chunk; ``heard`` needs a ``heard_base``."""
        heard_ids = [(self.heard_base or 0) + piece for piece in heard]
        return heard_ids + [self.own_base + piece for piece in own]


def _piece(token: int, base: int | None, count: int) -> int | None:
    return token - base if base is not None and 0 <= token - base < count else None


@dataclass(frozen=True)
class UnitTable:
    """The units of a speaker, numbered from 0, and their token ids."""

    count: int
    base: int
    """Token id of unit 0."""

    def tokens(self, units: Iterable[int]) -> list[int]:
        """Token ids of units."""
        return [self.base + unit for unit in units]

    def unit(self, token: int) -> int | None:
        """The unit for this token; None for other tokens."""
        return token - self.base if 0 <= token - self.base < self.count else None


@dataclass(frozen=True)
class TokenFormat:
    """The meaning of token ids, and the length of a chunk."""

    unit_count: int
    """How many units the user has, and the agent without an ``own_table``."""
    s0: int
    """Tag of the agent; it comes once per chunk."""
    s1: int
    """Tag of the user."""
    chunk_frames: int
    """4, 5 or 6 frames: 160, 200 or 240 ms."""
    bos: int | None = None
    """First token of a dialogue, if there is one."""
    unit_base: int = 0
    """Token id of unit 0."""
    boundary_emit: bool = False
    """Deduplicate only inside the chunk: a unit that continues from the chunk before is written
    again if the chunk also has a new one. Halves the onset error for about 15 % more tokens. The
    paper's format is False."""
    text: TextSlot | None = None
    """The text slot; the paper's format has None."""
    own_table: UnitTable | None = None
    """The agent's own units; in the paper's format, None, both speakers have the same."""

    @property
    def user_units(self) -> UnitTable:
        """The user's units."""
        return UnitTable(self.unit_count, self.unit_base)

    @property
    def own_units(self) -> UnitTable:
        """The agent's units."""
        return self.own_table or self.user_units

    @property
    def chunk_ms(self) -> int:
        return self.chunk_frames * FRAME_MS

    @property
    def chunk_samples(self) -> int:
        """Length of a chunk in samples at 16 kHz."""
        return self.chunk_frames * FRAME_SAMPLES

    def user_tokens(self, units: Iterable[int]) -> list[int]:
        """Token ids of the user's units."""
        return self.user_units.tokens(units)

    def own_tokens(self, units: Iterable[int]) -> list[int]:
        """Token ids of the agent's units."""
        return self.own_units.tokens(units)


def deduplicated_units(frames: Sequence[int], last: int | None, fmt: TokenFormat) -> list[int]:
    """The new units of one speaker's chunk, without repetitions.

    ``frames`` are the chunk's units, one per frame; ``last`` is the speaker's last unit before the
    chunk, None before the first one.
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


def interpolated_units(units: Sequence[int], last: int, fmt: TokenFormat) -> list[int]:
    """Spread a chunk's new units evenly over its frames: frame i takes unit floor(i * n / c).

    Without new units all frames take ``last``, the unit before the chunk (the speaker's silence
    unit at the beginning). Surplus units are dropped.
    """
    count = fmt.chunk_frames
    kept = list(units[:count]) or [last]
    return [kept[index * len(kept) // count] for index in range(count)]


def place_text(
    words: Iterable[tuple[int, Sequence[int]]], chunks: int, most: int, fmt: TokenFormat
) -> list[list[int]]:
    """Distribute the pieces of words over ``chunks`` chunks, at most ``most`` in each.

    ``words`` are (frame, pieces) in order of time. A word's pieces start in the chunk of its frame,
    or later if earlier pieces fill that. Pieces that do not fit before the end are dropped.
    """
    placed: list[list[int]] = [[] for _ in range(chunks)]
    index = 0
    for frame, pieces in words:
        index = max(index, frame // fmt.chunk_frames)
        for piece in pieces:
            while index < chunks and len(placed[index]) == most:
                index += 1
            if index >= chunks:
                return placed
            placed[index].append(piece)
    return placed


def encode(
    own: Sequence[int] | np.ndarray,
    user: Sequence[int] | np.ndarray,
    fmt: TokenFormat,
    own_text: Sequence[Sequence[int]] = (),
    heard_text: Sequence[Sequence[int]] = (),
) -> list[int]:
    """The tokens of two unit streams of equal length, one unit per frame.

    Frames after the last full chunk are left out. ``own_text`` and ``heard_text`` are the pieces in
    each of the agent's chunks; both may be shorter. Raises ValueError if the streams differ in
    length or if text does not fit.
    """
    if len(own) != len(user):
        raise ValueError(f"streams of {len(own)} and {len(user)} frames cannot be interleaved")
    own_units: list[int] = np.asarray(own).tolist()
    user_units: list[int] = np.asarray(user).tolist()
    tokens = [] if fmt.bos is None else [fmt.bos]
    last_own: int | None = None
    last_user: int | None = None
    for index in range(len(own_units) // fmt.chunk_frames):
        start = index * fmt.chunk_frames
        end = start + fmt.chunk_frames
        tokens.append(fmt.s0)
        tokens += _text_tokens(
            heard_text[index] if index < len(heard_text) else (),
            own_text[index] if index < len(own_text) else (),
            fmt,
        )
        tokens += fmt.own_tokens(deduplicated_units(own_units[start:end], last_own, fmt))
        heard = deduplicated_units(user_units[start:end], last_user, fmt)
        if heard:
            tokens.append(fmt.s1)
            tokens += fmt.user_tokens(heard)
        last_own, last_user = own_units[end - 1], user_units[end - 1]
    return tokens


def _text_tokens(heard: Sequence[int], own: Sequence[int], fmt: TokenFormat) -> list[int]:
    slot = fmt.text or TextSlot(0, 0, 0)
    if len(heard) > slot.most_heard or len(own) > slot.most_own:
        raise ValueError(f"no room for {len(heard)} and {len(own)} pieces of text in a chunk")
    if any(not 0 <= piece < slot.piece_count for piece in (*heard, *own)):
        raise ValueError(f"there are only {slot.piece_count} pieces of text")
    return slot.tokens(heard, own)


@dataclass
class ChunkTokens:
    """The content of one chunk."""

    heard_text: list[int]
    """Pieces of the user's words."""
    own_text: list[int]
    """Pieces of the agent's words."""
    own: list[int]
    """New units of the agent."""
    user: list[int]
    """New units of the user."""


def parse(tokens: Sequence[int], fmt: TokenFormat) -> list[ChunkTokens]:
    """The chunks in a token sequence.

    Raises ValueError for a token outside the format, a unit of the other speaker's table, text
    after units, or too much text.
    """
    own_units, user_units = fmt.own_units, fmt.user_units
    slot = fmt.text or TextSlot(0, 0, 0)
    chunks: list[ChunkTokens] = []
    theirs = False
    for token in tokens:
        if token == fmt.bos:
            continue
        if token == fmt.s0:
            chunks.append(ChunkTokens([], [], [], []))
            theirs = False
        elif not chunks:
            raise ValueError("a dialogue begins with [S0]")
        elif token == fmt.s1:
            theirs = True
        elif (unit := (user_units if theirs else own_units).unit(token)) is not None:
            (chunks[-1].user if theirs else chunks[-1].own).append(unit)
        else:
            _add_text(chunks[-1], token, slot, theirs)
    return chunks


def _add_text(chunk: ChunkTokens, token: int, slot: TextSlot, theirs: bool) -> None:
    own, heard = slot.own_piece(token), slot.heard_piece(token)
    if own is not None:
        chunk.own_text.append(own)
    elif heard is not None:
        chunk.heard_text.append(heard)
    else:
        raise ValueError(f"token {token} is not in the format")
    behind = theirs or chunk.own or (heard is not None and chunk.own_text)
    full = len(chunk.own_text) > slot.most_own or len(chunk.heard_text) > slot.most_heard
    if behind or full:
        raise ValueError(f"text token {token} has no place there in the format")


def decode(
    tokens: Sequence[int],
    fmt: TokenFormat,
    silence_unit: int,
    own_silence_unit: int | None = None,
) -> tuple[list[int], list[int]]:
    """The two unit streams (own, user) in a token sequence, one unit per frame.

    ``silence_unit`` is the user's, and the agent's too where its ``own_silence_unit`` is None.
    Raises ValueError for a token outside the format.
    """
    if own_silence_unit is None:
        own_silence_unit = silence_unit
    own: list[int] = []
    user: list[int] = []
    for chunk in parse(tokens, fmt):
        own += interpolated_units(chunk.own, own[-1] if own else own_silence_unit, fmt)
        user += interpolated_units(chunk.user, user[-1] if user else silence_unit, fmt)
    return own, user
