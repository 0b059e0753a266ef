"""The chunk clock: estimates the user's chunk, samples the agent's, then replaces the estimate.

This is the token side of SyncLLM (arXiv 2409.15594, sections 3 and 3.1). Each chunk in the context
is [S0] and the agent's units, then [S1] and the user's. To speak chunk N + 1 the model needs the
user's chunks up to N. Unknown ones are estimated by sampling and replaced by the real ones later.

If the format has a text slot, words come before the agent's units. A roll-back keeps the agent's
words, because they were spoken. It samples the user's words again, because they came from an
estimate. The agent never starts to speak in answer to estimated words, because it could not take
that back. Knows no sound and no threads.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.forced_chunk import ForcedChunk, Opening
from engine.syncllm.llama import Llama
from engine.syncllm.sampling import Allowed, Sampler, Sampling
from engine.syncllm.token_context import TokenContext
from engine.syncllm.tokens import (
    KNOWN_AFTER_CHUNKS,
    TextSlot,
    TokenFormat,
    UnitTable,
    deduplicated_units,
    interpolated_units,
)

MAX_MISSED_CHUNKS = 4
"""Most chunks that ``ChunkClock.miss`` takes at once; ``max_step_tokens`` has room for them."""
MAX_UNKNOWN_CHUNKS = 4
"""A latency of 480 ms in chunks of 160 ms leaves three unknown, and late input one more."""

MAX_FORESEEN_CHUNKS = 2
"""How far the agent's speech is sampled ahead to see how a sentence begins; "sorry" takes two."""

_KEPT, _EARLY = 0.75, 0.8
"""Shares of the context's limit: what a cut keeps, and when it may come early, if all is quiet."""


@dataclass(eq=False)
class _Chunk:
    """One chunk of the context; its [S0] is at position ``start``."""

    start: int
    own: list[int]
    user: list[int] = field(default_factory=list)
    """New units of the user, estimated until they are real."""
    real: bool = False
    estimated: bool = False
    text: list[int] = field(default_factory=list)
    """Tokens of the text slot, between [S0] and the agent's units."""

    @property
    def user_start(self) -> int:
        return self.start + 1 + len(self.text) + len(self.own)


@dataclass(frozen=True)
class ClockStep:
    """The result of one step of the clock."""

    own_units: list[int]
    """New units of the agent's next chunk."""
    own_frames: list[int]
    """The same chunk, one unit per frame."""
    own_text: list[int]
    """Pieces of the agent's words in that chunk."""
    heard_text: list[int]
    """Pieces of the user's words in the chunks that became final in this step."""
    user_estimates: list[list[int]]
    """Estimated new units of the user's unknown chunks, oldest first."""
    hits: int
    """Real chunks that equalled their estimate, so that the cache was kept."""
    misses: int
    """Real chunks that differed from their estimate."""
    tokens_refed: int
    refeed_ms: float
    estimate_ms: float
    own_ms: float
    not_numbers: int = 0
    """Tokens sampled although some scores of the language model were not finite."""
    silence_probability: float = 0.0
    """How likely the model found it that the agent's next chunk begins with silence; 0 where it
    was not asked."""
    forced_frames: list[int] | None = None
    """What was forced, one unit per frame; None if the model chose the chunk."""
    yields: bool = False
    """Whether silence was forced in place of what was to be said."""


@dataclass(frozen=True)
class _OwnChunk:
    """How the agent's next chunk came about."""

    own: list[int]
    silence_probability: float = 0.0
    forced_frames: list[int] | None = None
    yields: bool = False


class ChunkClock:
    """The endless token stream of one conversation."""

    def __init__(
        self,
        llama: Llama,
        fmt: TokenFormat,
        own: Sampling,
        estimate: Sampling,
        own_silence_unit: int,
        sink_chunks: int = 0,
        seed: int = 0,
    ) -> None:
        """Start a conversation in ``llama``; its earlier content is cleared.

        ``own_silence_unit`` is the agent's. ``sink_chunks``: how many first chunks are never cut
        from the context. Raises DuologueError if the context is too short.
        """
        headroom = max_step_tokens(fmt)
        limit = llama.capacity - headroom
        if limit < 2 * (headroom + sink_chunks * max_chunk_tokens(fmt)):
            raise DuologueError(
                f"A context of {llama.capacity} tokens is too short for a conversation; "
                "raise context_tokens in the bundle's manifest."
            )
        self._fmt = fmt
        self._own_sampling, self._estimate_sampling = own, estimate
        self._sink_chunks = sink_chunks
        self._limit = limit
        self._own_units, self._user_units = fmt.own_units, fmt.user_units
        self._sampler = Sampler(fmt, seed)
        self._own_silence_unit = own_silence_unit
        self._last_own = own_silence_unit
        self._last_heard: int | None = None
        self._chunks: list[_Chunk] = []
        self.elapsed_chunks = 0
        self._context = TokenContext(llama)
        self._context.append([] if fmt.bos is None else [fmt.bos])
        # The first chunk has no unit before it, so even silence is written (spec: both emit).
        self._begin_own()
        self._chunks[0].own = [own_silence_unit]
        self._context.append(fmt.own_tokens([own_silence_unit]))

    @property
    def context_tokens(self) -> int:
        """Tokens in the context, including those that wait to be fed."""
        return self._context.length

    def advance(
        self,
        heard: Sequence[Sequence[int]] | None,
        speak: bool = True,
        prefix: Sequence[int] = (),
        forced: ForcedChunk | None = None,
    ) -> ClockStep:
        """Advance by one chunk and return the agent's next one.

        ``heard``: the user's chunks that became known, oldest first, one unit per frame; None if
        the oldest unknown chunk is lost, so that its estimate becomes final. ``prefix``: the first
        frames of the chunk after those, if known already; its estimate continues from them. All
        other chunks up to the running one are estimated, so the latency in chunks is how far the
        caller lags, at most ``MAX_UNKNOWN_CHUNKS``. Without ``speak`` the agent's next chunk is
        silence, which costs one token: its time has passed. ``forced`` is what the agent says in
        that chunk if its conditions hold; nothing is sampled for it then. Raises ValueError if more
        is heard than has passed, if too many chunks stay unknown, or for a forced chunk of another
        length or with other units than the agent's.
        """
        if forced:
            self._check_forced(forced)
        times = [time.perf_counter()]
        self._shift_context()
        # There always is one: the chunk spoken last is unknown.
        unknown = next(i for i, chunk in enumerate(self._chunks) if not chunk.real)
        lost = self._chunks[unknown] if heard is None else None
        hits, misses, stale = self._take(heard or [])
        running = next((chunk for chunk in self._chunks[unknown:] if not chunk.real), None)
        if prefix and (running is None or len(prefix) >= self._fmt.chunk_frames):
            raise ValueError(f"{len(prefix)} frames have begun no chunk that is unknown")
        refed = 0
        first = len(self._chunks) - 1
        if stale is not None:
            first, refed = self._rewrite(stale)
        elif running and self._must_estimate(running, prefix):
            self._roll_back(running)
            first = self._chunks.index(running)
        if refed and first < len(self._chunks):
            self._context.logits()
        times.append(time.perf_counter())
        for index in range(first, len(self._chunks)):
            chunk = self._chunks[index]
            if index > first:
                refed += self._write_own(chunk, hear_again=stale is not None)
            self._estimate(index, prefix if chunk is running else ())
        if lost:
            lost.real = True
            self._last_heard = lost.user[-1] if lost.user else self._last_heard
        estimates = [list(chunk.user) for chunk in self._chunks if not chunk.real]
        times.append(time.perf_counter())
        chosen = self._next_own(forced) if speak else _OwnChunk(self._keep_silent())
        own = chosen.own
        times.append(time.perf_counter())
        refeed_ms, estimate_ms, own_ms = (np.diff(times) * 1000).tolist()
        frames = interpolated_units(own, self._last_own, self._fmt)
        self._last_own = frames[-1]
        not_numbers, self._sampler.not_numbers = self._sampler.not_numbers, 0
        own_text, _ = self._pieces(self._chunks[-1].text)
        settled = zip(self._chunks[unknown:], self._chunks[unknown + 1 :], strict=False)
        heard_text = [self._pieces(after.text)[1] for chunk, after in settled if chunk.real]
        return ClockStep(
            own_units=own,
            own_frames=frames,
            own_text=own_text,
            heard_text=list(itertools.chain.from_iterable(heard_text)),
            user_estimates=estimates,
            hits=hits,
            misses=misses,
            tokens_refed=refed,
            refeed_ms=refeed_ms,
            estimate_ms=estimate_ms,
            own_ms=own_ms,
            not_numbers=not_numbers,
            silence_probability=chosen.silence_probability,
            forced_frames=chosen.forced_frames,
            yields=chosen.yields,
        )

    def miss(self, heard: Sequence[Sequence[int]], chunks: int) -> tuple[list[list[int]], int]:
        """Let the time of ``chunks`` chunks pass, in which the agent was silent.

        For a caller that is late: nothing is estimated, and all tokens are fed in one batch, so it
        costs little more than one ``advance``. ``heard`` as there, for all of these chunks. Returns
        the new units of the agent's chunks, and how many tokens were fed. Raises ValueError as
        ``advance`` does, and for more than ``MAX_MISSED_CHUNKS``.
        """
        if not 0 < chunks <= MAX_MISSED_CHUNKS:
            raise ValueError(f"{chunks} chunks cannot be missed at once")
        self._shift_context()
        newest = self._chunks[-1]
        own = []
        for _ in range(chunks):
            own.append(self._silence())
            self._chunks.append(_Chunk(0, own[-1]))
            self._last_own = self._own_silence_unit
        self.elapsed_chunks += chunks
        _, _, stale = self._take(heard)
        if stale is None:
            stale = newest
            self._roll_back(newest)
        first, fed = self._rewrite(stale)
        for chunk in self._chunks[first + 1 :]:
            fed += self._write_own(chunk)
        for chunk in self._chunks[first:]:
            chunk.user, chunk.estimated = [], False
        self._context.logits()
        return own, fed

    # --- the user -------------------------------------------------------------------------------

    def _rewrite(self, stale: _Chunk) -> tuple[int, int]:
        """Feed again what follows from the user's part of ``stale`` on, as far as it is known.

        Returns the number of the chunk whose user's part comes next, and how many tokens were fed.
        """
        self._roll_back(stale)
        first, refed = self._chunks.index(stale), 0
        while self._chunks[first].real:
            refed += self._write_user(self._chunks[first])
            first += 1
            if first == len(self._chunks):
                break
            refed += self._write_own(self._chunks[first], hear_again=True)
        return first, refed

    def _must_estimate(self, running: _Chunk, prefix: Sequence[int]) -> bool:
        """Whether the first unknown chunk's estimate is impossible, or missing before others."""
        if not running.estimated:
            return running is not self._chunks[-1]
        return not self._matches_prefix(running.user, prefix)

    def _take(self, heard: Sequence[Sequence[int]]) -> tuple[int, int, _Chunk | None]:
        """Store real chunks; returns hits, misses and the first chunk that must be rewritten."""
        hits = misses = 0
        stale: _Chunk | None = None
        unknown = [chunk for chunk in self._chunks if not chunk.real]
        if len(heard) > len(unknown):
            raise ValueError(f"{len(heard)} chunks heard, {len(unknown)} have passed")
        if len(unknown) - len(heard) > MAX_UNKNOWN_CHUNKS:
            raise ValueError(f"{len(unknown) - len(heard)} chunks of the user are unknown")
        if any(len(frames) != self._fmt.chunk_frames for frames in heard):
            raise ValueError(f"a chunk heard has {self._fmt.chunk_frames} frames")
        for chunk, frames in zip(unknown, heard, strict=False):
            units = deduplicated_units(frames, self._last_heard, self._fmt)
            self._last_heard = int(frames[-1])
            if chunk.estimated and units == chunk.user:
                hits += 1
            else:
                misses += chunk.estimated
                stale = stale or chunk
            chunk.user, chunk.real = units, True
        return hits, misses, stale

    def _roll_back(self, chunk: _Chunk) -> None:
        """Cut the context where the chunk's user part begins."""
        self._context.cut(chunk.user_start)

    def _write_user(self, chunk: _Chunk) -> int:
        if chunk.user:
            self._context.append([self._fmt.s1, *self._fmt.user_tokens(chunk.user)])
        return len(chunk.user) + bool(chunk.user)

    def _write_own(self, chunk: _Chunk, hear_again: bool = False) -> int:
        """Feed again a chunk of the agent that comes after the roll-back; returns its tokens.

        ``hear_again``: an earlier estimate was wrong, so the user's words in it are sampled again.
        """
        chunk.start = self.context_tokens
        self._context.append([self._fmt.s0])
        slot, text = self._fmt.text, chunk.text
        if hear_again and slot and slot.most_heard:
            text = [token for token in text if slot.heard_piece(token) is None]
            chunk.text = self._heard_anew(slot) + text
        self._context.append([*text, *self._fmt.own_tokens(chunk.own)])
        return 1 + len(chunk.text) + len(chunk.own)

    def _heard_anew(self, slot: TextSlot) -> list[int]:
        """Sample the user's words after [S0] and append them to the context."""
        heard: list[int] = []
        tags, sampling = [self._fmt.s0, self._fmt.s1], self._own_sampling
        while len(heard) < slot.most_heard:
            token = self._sample(tags, sampling, self._own_units, heard=True, own=True)
            if slot.heard_piece(token) is None:
                break
            self._context.append([token])
            heard.append(token)
        return heard

    def _prefix_units(self, prefix: Sequence[int]) -> list[int]:
        """The known first new units of the first unknown chunk, if that has new units at all."""
        last = None if self._fmt.boundary_emit else self._last_heard
        return deduplicated_units(prefix, last, self._fmt)

    def _matches_prefix(self, estimate: list[int], prefix: Sequence[int]) -> bool:
        """Whether an estimate of the first unknown chunk is still possible, given its prefix."""
        first = self._prefix_units(prefix)
        if not estimate:
            return first in ([], [self._last_heard])
        room = self._fmt.chunk_frames - len(prefix)
        return estimate[: len(first)] == first and len(estimate) - len(first) <= room

    def _estimate(self, index: int, prefix: Sequence[int]) -> None:
        """Sample the user's part of a chunk; its own part is the end of the context.

        ``prefix``: the frames known already, if it is the first unknown chunk.
        """
        fmt, sampling = self._fmt, self._estimate_sampling
        chunk = self._chunks[index]
        chunk.user, chunk.estimated = [], True
        first = self._prefix_units(prefix)
        nothing_new = first in ([], [self._last_heard])
        if nothing_new and self._sample([fmt.s0, fmt.s1], sampling) == fmt.s0:
            return
        self._context.append([fmt.s1, *fmt.user_tokens(first)])
        carried = None if fmt.boundary_emit else self._last_user(index)
        chunk.user = first + self._sample_units(
            self._user_units,
            first[-1] if first else carried,
            [fmt.s0],
            sampling,
            at_least_one=nothing_new,
            most=fmt.chunk_frames - len(prefix),
        )

    def _last_user(self, index: int) -> int | None:
        """The user's last unit before a chunk; estimated if not known."""
        for chunk in reversed(self._chunks[:index]):
            if chunk.real:
                break
            if chunk.user:
                return chunk.user[-1]
        return self._last_heard

    # --- the agent ------------------------------------------------------------------------------

    def _begin_own(self) -> None:
        self._chunks.append(_Chunk(self.context_tokens, []))
        self._context.append([self._fmt.s0])
        self.elapsed_chunks += 1

    def _next_own(self, forced: ForcedChunk | None) -> _OwnChunk:
        """The agent's next chunk: a forced one, or else the model's own."""
        fmt = self._fmt
        self._begin_own()
        # The same feed that sampling begins with.
        quiet = self._silence_probability(self._context.logits())
        if forced is None:
            return _OwnChunk(self._speak(), quiet)
        if forced.instead_of:
            before, mark = self._sampler.mark(), self._context.mark()
            own = self._speak()
            if not self._opens(forced.instead_of, own):
                return _OwnChunk(own, quiet)
            # Back to where the chunk began, as if it had been forced at once: a replay forces it.
            chunk = self._chunks[-1]
            chunk.own, chunk.text = [], []
            self._context.restore(mark)
            self._sampler.restore(before)
        yields = quiet > forced.yields_above
        frames = list(forced.frames)
        if yields:
            frames = [self._own_silence_unit] * fmt.chunk_frames
        chunk = self._chunks[-1]
        if fmt.text and fmt.text.most_heard:
            chunk.text = self._heard_anew(fmt.text)
        chunk.own = deduplicated_units(frames, self._last_own, fmt)
        self._context.append(fmt.own_tokens(chunk.own))
        return _OwnChunk(chunk.own, quiet, frames, yields)

    def _check_forced(self, forced: ForcedChunk) -> None:
        count = self._own_units.count
        if len(forced.frames) != self._fmt.chunk_frames:
            raise ValueError(f"a forced chunk has {self._fmt.chunk_frames} frames")
        if not all(0 <= unit < count for unit in forced.frames):
            raise ValueError(f"the agent has {count} units, and a forced chunk has others")

    def _silence_probability(self, logits: np.ndarray) -> float:
        """How likely the agent's chunk begins with silence, from the ``logits`` after its tag."""
        tags = (self._fmt.s0, self._fmt.s1)
        silent = self._fmt.own_tokens([self._own_silence_unit])
        if self._last_own == self._own_silence_unit:
            silent += tags  # nothing new is more silence
        allowed = Allowed(tags, self._own_units, *self._room_for_text([]))
        return self._sampler.probability(logits, allowed, silent)

    def _opens(self, opening: Opening, own: list[int]) -> bool:
        """Whether the agent's newest chunk begins so; looks ahead where the chunk alone is not
        enough, and leaves no trace of that."""
        before = self._last_own
        frames = interpolated_units(own, before, self._fmt)
        verdict = opening.verdict(before, frames)
        if verdict is not None:
            return verdict
        newest, count, mark = self._chunks[-1], len(self._chunks), self._context.mark()
        drawn = self._sampler.mark()
        for _ in range(MAX_FORESEEN_CHUNKS):
            if self._context.room < max_chunk_tokens(self._fmt):
                break
            self._last_own = frames[-1]
            self._estimate(len(self._chunks) - 1, ())
            self._begin_own()
            frames += interpolated_units(self._speak(), self._last_own, self._fmt)
            verdict = opening.verdict(before, frames)
            if verdict is not None:
                break
        self.elapsed_chunks -= len(self._chunks) - count
        del self._chunks[count:]
        newest.user, newest.estimated = [], False
        self._context.restore(mark)
        self._last_own = before
        self._sampler.restore(drawn)
        return bool(verdict)

    def _speak(self) -> list[int]:
        """Sample the rest of the agent's chunk, whose tag has been written."""
        fmt = self._fmt
        carried = None if fmt.boundary_emit else self._last_own
        text: list[int] = []
        own = self._sample_units(
            self._own_units, carried, [fmt.s0, fmt.s1], self._own_sampling, text=text
        )
        self._chunks[-1].own, self._chunks[-1].text = own, text
        return own

    def _keep_silent(self) -> list[int]:
        """Append a chunk of silence; returns its new units."""
        self._begin_own()
        own = self._silence()
        self._context.append(self._fmt.own_tokens(own))
        self._chunks[-1].own = own
        return own

    def _silence(self) -> list[int]:
        """The new units of a silent chunk after the agent's last one."""
        silent = [self._own_silence_unit] * self._fmt.chunk_frames
        return deduplicated_units(silent, self._last_own, self._fmt)

    def _pieces(self, text: Sequence[int]) -> tuple[list[int], list[int]]:
        """The pieces of the agent's words and of the user's in tokens of the text slot."""
        slot = self._fmt.text
        if slot is None:
            return [], []
        own, heard = map(slot.own_piece, text), map(slot.heard_piece, text)
        return [p for p in own if p is not None], [p for p in heard if p is not None]

    # --- sampling -------------------------------------------------------------------------------

    def _sample_units(
        self,
        table: UnitTable,
        carried: int | None,
        ends: list[int],
        sampling: Sampling,
        at_least_one: bool = False,
        text: list[int] | None = None,
        most: int | None = None,
    ) -> list[int]:
        """Sample units of ``table`` until one of ``ends`` comes (not consumed), ``most`` at most.

        ``most`` is a full chunk by default. No unit repeats the one before it (``carried`` comes
        before the first), so each is new. If ``text`` is given, tokens of the text slot may come
        before the units; they are added to it.
        """
        units: list[int] = []
        previous = carried
        most = self._fmt.chunk_frames if most is None else most
        while len(units) < most:
            tags = [] if at_least_one and not units else ends
            words = (False, False) if text is None or units else self._room_for_text(text)
            token = self._sample(tags, sampling, table, *words, banned=previous)
            if token in tags:
                break
            self._context.append([token])
            unit = table.unit(token)
            if unit is None:
                assert text is not None
                text.append(token)
                continue
            previous = unit
            units.append(unit)
        return units

    def _room_for_text(self, text: Sequence[int]) -> tuple[bool, bool]:
        """Whether words of the user, and of the agent, may follow a chunk's text so far."""
        slot = self._fmt.text
        if slot is None:
            return False, False
        own, heard = self._pieces(text)
        begins = self._last_own == self._own_silence_unit and not own
        waits = begins and self._guesses_words(text)
        return not own and len(heard) < slot.most_heard, len(own) < slot.most_own and not waits

    def _guesses_words(self, text: Sequence[int]) -> bool:
        """Whether this chunk, or one shortly before, holds words of the user from an estimate.

        Never so at a latency of one chunk: the chunk with these words is known by then.
        """
        unknown = next(i for i, chunk in enumerate(self._chunks) if not chunk.real)
        doubtful = self._chunks[unknown + KNOWN_AFTER_CHUNKS :]
        if not doubtful:
            return False
        return any(self._pieces(told)[1] for told in (text, *(chunk.text for chunk in doubtful)))

    def _sample(
        self,
        tags: list[int],
        sampling: Sampling,
        units: UnitTable | None = None,
        heard: bool = False,
        own: bool = False,
        banned: int | None = None,
    ) -> int:
        """Sample one token from ``tags`` and the table ``units``, if given, except unit ``banned``.

        ``heard`` and ``own`` also allow the text of the user's and of the agent's words.
        """
        allowed = Allowed(tuple(tags), units, heard, own)
        return self._sampler.draw(self._context.logits(), allowed, sampling, banned)

    # --- context shift ----------------------------------------------------------------------------

    def _shift_context(self) -> None:
        """Cut the oldest chunks after the sink, down to ``_KEPT`` of the limit.

        llama.cpp takes about 20 ms to move the rest down. So the cut comes early in a chunk that
        costs little: one in which the agent is silent and the user brought nothing new.
        """
        silent = [[], [self._own_silence_unit]]
        quiet = self._last_own == self._own_silence_unit and not any(
            chunk.user or chunk.own not in silent for chunk in self._chunks[-2:]
        )
        if self.context_tokens <= self._limit * (_EARLY if quiet else 1):
            return
        goal = self.context_tokens - int(self._limit * _KEPT)
        first = self._chunks[self._sink_chunks].start
        kept = next(
            (
                index
                for index, chunk in enumerate(self._chunks)
                if chunk.start - first >= goal or not chunk.real
            ),
            len(self._chunks) - 1,
        )
        cut = self._chunks[kept].start - first
        self._context.drop(first, first + cut)
        del self._chunks[self._sink_chunks : kept]
        for chunk in self._chunks[self._sink_chunks :]:
            chunk.start -= cut


def max_chunk_tokens(fmt: TokenFormat) -> int:
    """The most tokens of a chunk: full of text, and a new unit of both in every frame."""
    return 2 * (fmt.chunk_frames + 1) + (fmt.text.most if fmt.text else 0)


def max_step_tokens(fmt: TokenFormat) -> int:
    """The most tokens that one step may add to the context."""
    return (MAX_UNKNOWN_CHUNKS + 1) * max_chunk_tokens(fmt)
