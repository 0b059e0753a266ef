"""The chunk clock on a tiny random model: exact roll-back, an unlosable beat, an endless talk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import DuologueError
from engine.syncllm.clock import (
    MAX_MISSED_CHUNKS,
    MAX_UNKNOWN_CHUNKS,
    ChunkClock,
    ClockStep,
    max_chunk_tokens,
    max_step_tokens,
)
from engine.syncllm.llama import Llama
from engine.syncllm.sampling import Sampling
from engine.syncllm.tokens import (
    TextSlot,
    TokenFormat,
    UnitTable,
    deduplicated_units,
    encode,
    interpolated_units,
    parse,
)
from tests.engine.tiny_llama import write_tiny_llama

S0, S1, BOS, SILENCE = 200, 201, 202, 17
WILD = Sampling(temperature=1.5, top_p=1.0)
SURE = Sampling(temperature=0.0, top_p=1.0)
formats = pytest.mark.parametrize(
    "fmt",
    [
        TokenFormat(200, S0, S1, frames, BOS, boundary_emit=emit)
        for frames in (4, 5, 6)
        for emit in (False, True)
    ],
    ids=lambda fmt: f"{fmt.chunk_ms}ms{'-boundary' if fmt.boundary_emit else ''}",
)
FORMAT = TokenFormat(200, S0, S1, 4, BOS)
# With text, sixty of the tiny model's ids are units, so that there are enough for words.
OWN_BASE, HEARD_BASE = 60, 130
SAYING, HEARING = TextSlot(70, OWN_BASE, 2), TextSlot(70, OWN_BASE, 1, HEARD_BASE, 2)


class WitnessedLlama(Llama):
    """Keeps the tokens that the context should hold, and the batches they came in."""

    def __init__(self, path: Path, context_tokens: int) -> None:
        self.tokens: list[int] = []
        self.batches: list[list[int]] = []
        self._starts: list[int] = []
        super().__init__(path, context_tokens)

    @property
    def kept_batches(self) -> list[list[int]]:
        """The tokens as they were fed together, but for those taken back; until one is dropped."""
        return [
            self.tokens[start:stop] for start, stop in pairwise([*self._starts, len(self.tokens)])
        ]

    def feed(self, tokens: list[int]) -> None:  # type: ignore[override]
        super().feed(tokens)
        self._starts.append(len(self.tokens))
        self.tokens += tokens
        self.batches.append(list(tokens))

    def truncate(self, length: int) -> None:
        super().truncate(length)
        del self.tokens[length:]
        self._starts = [start for start in self._starts if start < length]

    def drop(self, start: int, stop: int) -> None:
        super().drop(start, stop)
        del self.tokens[start:stop]


@pytest.fixture(scope="module")
def wild_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("models") / "wild.gguf")


@pytest.fixture(scope="module")
def shared_llama(wild_path: Path) -> Iterator[WitnessedLlama]:
    llama = WitnessedLlama(wild_path, 1024)
    yield llama
    llama.close()


@pytest.fixture
def llama(shared_llama: WitnessedLlama) -> WitnessedLlama:
    shared_llama.truncate(0)
    shared_llama.batches.clear()
    return shared_llama


def stream(llama: WitnessedLlama, clock: ChunkClock) -> list[int]:
    """The talk's tokens, with those that wait to be fed."""
    return llama.tokens + clock._context._waiting


def start(
    llama: Llama, fmt: TokenFormat = FORMAT, seed: int = 0, sampling: Sampling = WILD
) -> ChunkClock:
    return ChunkClock(llama, fmt, sampling, sampling, SILENCE, seed=seed)


def user_chunks(fmt: TokenFormat, count: int, seed: int = 5) -> list[list[int]]:
    """Frames of a user who holds a unit for three frames or so and often falls silent."""
    random = np.random.default_rng(seed)
    units = np.where(random.random(count * 6) < 0.3, SILENCE, random.integers(0, 200, count * 6))
    frames = np.repeat(units, random.integers(1, 9, len(units)))[: count * fmt.chunk_frames]
    return [chunk.tolist() for chunk in frames.reshape(count, fmt.chunk_frames)]


def talk(clock: ChunkClock, user: list[list[int]], unknown_chunks: int) -> list[ClockStep]:
    """Each beat hears the user's chunk of ``unknown_chunks`` beats ago."""
    steps = []
    for beat in range(len(user)):
        known = beat - unknown_chunks
        steps.append(clock.advance([user[known]] if known >= 0 else []))
    return steps


def true_history(
    fmt: TokenFormat, own: list[list[int]], user: list[list[int]], estimates: list[list[int]]
) -> list[int]:
    """Tokens of a talk: real user chunks, then estimates, then the own chunk just spoken."""
    last: int | None = None
    heard = []
    for frames in user:
        heard.append(deduplicated_units(frames, last, fmt))
        last = frames[-1]
    heard += estimates
    tokens = [BOS]
    for index, units in enumerate(own):
        tokens += [S0, *units]
        if index < len(heard) and heard[index]:
            tokens += [S1, *heard[index]]
    return tokens


@formats
@pytest.mark.parametrize("unknown", [0, 1, 2, 3])
def test_the_context_is_always_the_true_history(
    llama: WitnessedLlama, fmt: TokenFormat, unknown: int
) -> None:
    clock = start(llama, fmt)
    user = user_chunks(fmt, 20)
    own: list[list[int]] = [[SILENCE]]  # the first chunk has no carry: silence is said
    for beat in range(len(user)):
        known = beat - unknown
        step = clock.advance([user[known]] if known >= 0 else [])
        own.append(step.own_units)
        assert len(step.user_estimates) == min(unknown, beat + 1)
        expected = true_history(fmt, own, user[: max(known + 1, 0)], step.user_estimates)
        # Tokens sampled last wait to be fed with the next ones.
        assert llama.tokens == expected[: llama.length]
        assert clock.context_tokens == len(expected)
        assert len(own) == clock.elapsed_chunks == expected.count(S0)


@formats
@pytest.mark.parametrize("unknown", [1, 2, 3])
@pytest.mark.parametrize("prefix_frames", [1, 3])
def test_an_estimate_goes_on_from_what_has_begun(
    llama: WitnessedLlama, fmt: TokenFormat, unknown: int, prefix_frames: int
) -> None:
    clock = start(llama, fmt)
    user = user_chunks(fmt, 30)
    own: list[list[int]] = [[SILENCE]]
    for beat in range(unknown, len(user)):
        known = beat - unknown
        prefix = user[known + 1][:prefix_frames]
        heard = user[: known + 1] if beat == unknown else [user[known]]
        if beat == unknown:
            own += [clock.advance([]).own_units for _ in range(unknown)]
        step = clock.advance(heard, prefix=prefix)
        own.append(step.own_units)
        expected = true_history(fmt, own, user[: known + 1], step.user_estimates)
        assert llama.tokens == expected[: llama.length]
        assert clock.context_tokens == len(expected)
        estimate, last = step.user_estimates[0], user[known][-1]
        told = deduplicated_units(prefix, None if fmt.boundary_emit else last, fmt)
        assert estimate[: len(told)] == told or (not estimate and set(prefix) == {last})
        assert len(estimate) <= len(told) + fmt.chunk_frames - prefix_frames
        # What a speaker brings is new in some way: a carried unit alone is written as nothing.
        assert not fmt.boundary_emit or estimate != [last]


def test_an_estimate_that_may_still_come_true_is_kept(llama: WitnessedLlama) -> None:
    clock = start(llama, sampling=SURE)
    clock.advance([])
    clock.advance([[5, 6, 7, 8]])
    first, second = clock.advance([]).user_estimates
    frames = interpolated_units(first, 8, FORMAT)
    step = clock.advance([frames], prefix=interpolated_units(second, frames[-1], FORMAT)[:2])
    assert (step.hits, step.tokens_refed) == (1, 0)
    assert step.user_estimates[0] == second
    third = step.user_estimates[1]
    last = interpolated_units(second, frames[-1], FORMAT)
    prefix = [(third[0] if third else last[-1]) + 1]
    step = clock.advance([last], prefix=prefix)
    assert step.hits == 1
    assert step.user_estimates[0][:1] == prefix


def test_what_has_begun_is_a_part_of_a_chunk_that_is_unknown(llama: WitnessedLlama) -> None:
    clock = start(llama)
    with pytest.raises(ValueError, match="begun no chunk"):
        clock.advance([[1, 2, 3, 4]], prefix=[5])
    with pytest.raises(ValueError, match="begun no chunk"):
        start(llama).advance([], prefix=[1, 2, 3, 4])


def check_against_a_cold_prefill(path: Path, llama: WitnessedLlama) -> None:
    """In the same batches: one long batch adds up in another order, and where that tips the
    rounding of a half-precision key, logits differ by up to 1e-3 of their spread."""
    cold = Llama(path, 1024)
    for batch in llama.kept_batches:
        cold.feed(batch)
    np.testing.assert_allclose(llama.logits(), cold.logits(), atol=5e-4 * cold.logits().std())
    cold.close()


@pytest.mark.parametrize("unknown", [0, 1, 2, 3])
def test_logits_after_replacement_equal_a_cold_prefill(
    wild_path: Path, llama: WitnessedLlama, unknown: int
) -> None:
    steps = talk(start(llama), user_chunks(FORMAT, 25), unknown)
    if unknown:
        assert sum(step.misses for step in steps) > 10
    check_against_a_cold_prefill(wild_path, llama)


def test_the_same_seed_gives_the_same_talk(llama: WitnessedLlama) -> None:
    talks = [
        [(step.own_units, step.user_estimates) for step in talk(clock, user, 1)]
        for seed in (3, 3, 4)
        for clock, user in [(start(llama, seed=seed), user_chunks(FORMAT, 30))]
    ]
    assert talks[0] == talks[1] != talks[2]


def test_a_hit_keeps_the_cache(llama: WitnessedLlama) -> None:
    """A user who does what was estimated costs no token twice."""
    fmt = TokenFormat(200, S0, S1, 4, BOS, boundary_emit=True)
    clock = start(llama, fmt)
    step = clock.advance([])
    last: int | None = None
    fed = 0
    for _ in range(30):
        estimate = step.user_estimates[0]
        while (
            deduplicated_units(interpolated_units(estimate, last or 0, fmt), last, fmt) != estimate
        ):
            # Not what a user can say (all carried, or silence before any unit): begin anew.
            clock = start(llama, fmt, seed=fed)
            step, last = clock.advance([]), None
            estimate, fed = step.user_estimates[0], fed + 1
        frames = interpolated_units(estimate, last or 0, fmt)
        before, batches = llama.length, len(llama.batches)
        step = clock.advance([frames])
        last = frames[-1]
        assert (step.hits, step.misses, step.tokens_refed) == (1, 0, 0)
        assert sum(len(batch) for batch in llama.batches[batches:]) == llama.length - before


def test_a_miss_feeds_truth_and_own_chunk_in_one_batch(llama: WitnessedLlama) -> None:
    clock = start(llama, sampling=SURE)
    own = clock.advance([]).own_units
    llama.batches.clear()
    step = clock.advance([[90, 91, 92, 93]])
    assert (step.hits, step.misses) == (0, 1)
    assert llama.batches[0] == [S1, 90, 91, 92, 93, S0, *own]
    assert step.tokens_refed == len(llama.batches[0])


def test_late_input_is_rolled_back_deeper(llama: WitnessedLlama) -> None:
    clock = start(llama)
    user = user_chunks(FORMAT, 6)
    own: list[list[int]] = [[SILENCE]]  # the first chunk has no carry: silence is said
    own += [clock.advance(heard).own_units for heard in ([], [user[0]], [], [])]
    step = clock.advance(user[1:4])
    assert step.hits + step.misses == 3
    own.append(step.own_units)
    expected = true_history(FORMAT, own, user[:4], step.user_estimates)
    assert llama.tokens == expected[: llama.length]
    with pytest.raises(ValueError, match="have passed"):
        clock.advance(user)
    with pytest.raises(ValueError, match="4 frames"):
        clock.advance([[1, 2, 3]])


def test_a_user_who_never_comes_is_an_error(llama: WitnessedLlama) -> None:
    clock = start(llama)
    for _ in range(MAX_UNKNOWN_CHUNKS):
        clock.advance([])
    with pytest.raises(ValueError, match="unknown"):
        clock.advance([])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    frames=st.sampled_from([4, 5, 6]),
    emit=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    temperature=st.sampled_from([0.0, 0.3, 1.0, 5.0, 100.0]),
    top_p=st.sampled_from([0.0, 0.5, 0.95, 1.0]),
    lags=st.lists(st.integers(0, 3), min_size=1, max_size=15),
    slot=st.sampled_from([None, SAYING, HEARING]),
)
def test_the_clock_cannot_be_lost(
    llama: WitnessedLlama,
    frames: int,
    emit: bool,
    seed: int,
    temperature: float,
    top_p: float,
    lags: list[int],
    slot: TextSlot | None,
) -> None:
    unit_count = OWN_BASE if slot else 200
    fmt = TokenFormat(unit_count, S0, S1, frames, BOS, boundary_emit=emit, text=slot)
    clock = start(llama, fmt, seed, Sampling(temperature, top_p))
    user = [[unit % unit_count for unit in heard] for heard in user_chunks(fmt, len(lags), seed)]
    heard = 0
    for beat, lag in enumerate(lags):
        known = max(heard, beat + 1 - lag)
        step = clock.advance(user[heard:known])
        heard = known
        assert len(step.own_frames) == frames
        for units in (step.own_units, *step.user_estimates):
            assert len(units) <= frames
            assert all(0 <= unit < unit_count for unit in units)
            assert all(first != second for first, second in pairwise(units))
        assert clock.elapsed_chunks == beat + 2
    clock._context.logits()  # what waits is part of the talk
    assert llama.tokens.count(S0) == clock.elapsed_chunks
    assert all(first != S1 or second < unit_count for first, second in pairwise(llama.tokens))
    assert len(parse(llama.tokens, fmt)) == clock.elapsed_chunks


def test_own_chunks_never_repeat_the_carried_unit_in_the_papers_format(
    llama: WitnessedLlama,
) -> None:
    steps = talk(start(llama), user_chunks(FORMAT, 60), 1)
    last = SILENCE
    for step in steps:
        assert step.own_units[:1] != [last]
        last = step.own_frames[-1]


@pytest.mark.parametrize(("sink_chunks", "bos"), [(0, BOS), (3, BOS), (2, None)])
def test_an_endless_talk_keeps_its_limit(
    wild_path: Path, sink_chunks: int, bos: int | None
) -> None:
    fmt = TokenFormat(200, S0, S1, 4, bos)
    context_tokens = 200
    capacity = context_tokens + max_step_tokens(fmt)
    llama = WitnessedLlama(wild_path, capacity)
    clock = ChunkClock(llama, fmt, WILD, WILD, SILENCE, sink_chunks)
    user = user_chunks(fmt, 3000)
    sink: list[int] = []
    lengths = []
    for beat in range(len(user)):
        clock.advance([user[beat - 1]] if beat else [])
        lengths.append(clock.context_tokens)
        assert llama.length == len(llama.tokens) <= capacity
        if beat == 10:
            borders = [at for at, token in enumerate(llama.tokens) if token == S0]
            sink = llama.tokens[: borders[sink_chunks]]
            assert sink[:1] == ([bos] if bos is not None else []) or sink_chunks
        if beat >= 10:
            assert llama.tokens[: len(sink) + 1] == [*sink, S0]
        # Each chunk record still points at its [S0].
        assert [chunk.start for chunk in clock._chunks] == [
            at for at, token in enumerate(stream(llama, clock)) if token == S0
        ]
    assert max(lengths) > context_tokens * 0.95
    assert max(lengths) <= capacity
    assert min(lengths[100:]) > context_tokens * 0.6
    assert clock.elapsed_chunks == len(user) + 1
    llama.close()


def test_the_context_is_cut_early_where_nobody_speaks(wild_path: Path) -> None:
    """Moving the rest down takes time, of which there is most when both are silent."""
    headroom = max_step_tokens(FORMAT)
    llama = WitnessedLlama(wild_path, 240 + headroom)
    clock = ChunkClock(llama, FORMAT, SURE, SURE, SILENCE)
    user = user_chunks(FORMAT, 200)
    cuts = []
    for beat in range(len(user)):
        silent = beat % 20 >= 10
        before = clock.context_tokens
        clock.advance([[SILENCE] * 4 if silent else user[beat]], speak=not silent)
        if clock.context_tokens < before:
            cuts.append((silent, before))
    assert all(before > 240 for silent, before in cuts if not silent)
    early = [before for silent, before in cuts if silent]
    assert len(early) > 5
    assert all(before > 0.8 * 240 for before in early)
    assert min(early) <= 240
    llama.close()


def test_a_context_too_short_for_a_talk(wild_path: Path) -> None:
    llama = Llama(wild_path, 100)
    with pytest.raises(DuologueError, match="context_tokens"):
        start(llama)
    llama.close()


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_scores_that_are_no_numbers_are_counted_and_the_beat_is_kept(
    tmp_path: Path, share: float
) -> None:
    random = np.random.default_rng(0)

    class Broken(Llama):
        def logits(self) -> np.ndarray:
            logits = super().logits()
            if self.breaks:
                wrong = random.choice([np.nan, np.inf, -np.inf], len(logits))
                return np.where(random.random(len(logits)) < share, wrong, logits)
            return logits

        breaks = False

    llama = Broken(write_tiny_llama(tmp_path / "model.gguf"), 400)
    clock = ChunkClock(llama, FORMAT, WILD, WILD, SILENCE)
    user = user_chunks(FORMAT, 20)
    assert sum(clock.advance([chunk]).not_numbers for chunk in user) == 0
    llama.breaks = True
    for chunk in user:
        step = clock.advance([chunk])
        assert step.not_numbers > 0
        assert len(step.own_frames) == FORMAT.chunk_frames
        assert all(0 <= unit < 200 for unit in step.own_frames)
    llama.breaks = False
    clock.advance([user[0]])
    assert sum(clock.advance([chunk]).not_numbers for chunk in user) == 0
    llama.close()


@formats
@pytest.mark.parametrize("unknown_chunks", [0, 1, 3])
def test_lost_and_silent_chunks_leave_a_true_history(
    llama: WitnessedLlama, fmt: TokenFormat, unknown_chunks: int
) -> None:
    clock = start(llama, fmt)
    user = user_chunks(fmt, 24)
    for index in range(len(user)):
        known = index - unknown_chunks
        heard = [user[known]] if known >= 0 else []
        lost = known >= 0 and index % 5 == 3
        step = clock.advance(None if lost else heard, speak=index % 4 != 2)
        if index % 4 == 2:
            assert step.own_frames == [SILENCE] * fmt.chunk_frames
        if lost:
            assert step.hits == step.misses == 0
        assert len(step.user_estimates) == min(unknown_chunks, index + 1)
        assert len(stream(llama, clock)) == clock.context_tokens
        assert stream(llama, clock).count(S0) == clock.elapsed_chunks


@formats
@pytest.mark.parametrize("unknown", [0, 1, 3])
def test_missed_chunks_are_true_silences(
    wild_path: Path, llama: WitnessedLlama, fmt: TokenFormat, unknown: int
) -> None:
    """All that was missed comes in one batch; what follows is a talk like any other."""
    clock = start(llama, fmt)
    user = user_chunks(fmt, 40)
    own: list[list[int]] = [[SILENCE]]
    beat = 0
    for missed in (0, 0, 0, 2, 0, 1, 4, 3, 0, 4, 0, 0):
        known = range(max(beat - unknown, 0), max(beat - unknown + max(missed, 1), 0))
        heard = [user[number] for number in known]
        batches = len(llama.batches)
        if missed:
            said, _ = clock.miss(heard, missed)
            own += said
            beat += missed
            assert len(llama.batches) == batches + 1
            # The user's part of the last chunks is not estimated before it is needed.
            history = true_history(fmt, own, user[: max(beat - unknown, 0)], [])
            assert clock.context_tokens <= len(history) + max(unknown - 1, 0) * (
                fmt.chunk_frames + 1
            )
        else:
            step = clock.advance(heard)
            own.append(step.own_units)
            beat += 1
            expected = true_history(fmt, own, user[: max(beat - unknown, 0)], step.user_estimates)
            assert llama.tokens == expected[: llama.length]
            assert clock.context_tokens == len(expected)
        assert clock.elapsed_chunks == len(own)
    check_against_a_cold_prefill(wild_path, llama)


def test_a_lost_chunk_after_missed_ones_is_estimated(llama: WitnessedLlama) -> None:
    clock = start(llama)
    user = user_chunks(FORMAT, 8)
    for beat in range(3):
        clock.advance([user[beat - 1]] if beat else [])
    clock.miss(user[2:5], 3)
    assert clock.advance(None).user_estimates
    step = clock.advance([user[6]])
    assert len(stream(llama, clock)) == clock.context_tokens
    assert stream(llama, clock).count(S0) == clock.elapsed_chunks
    assert len(step.user_estimates) == 1


def test_more_chunks_than_fit_cannot_be_missed(llama: WitnessedLlama) -> None:
    for chunks in (0, MAX_MISSED_CHUNKS + 1):
        with pytest.raises(ValueError, match="cannot be missed"):
            start(llama).miss([], chunks)


# --- the text slot --------------------------------------------------------------------------------

text_formats = pytest.mark.parametrize(
    "fmt",
    [
        TokenFormat(60, S0, S1, 4, BOS, boundary_emit=emit, text=slot)
        for emit in (False, True)
        for slot in (SAYING, HEARING)
    ],
    ids=lambda fmt: f"heard{fmt.text.most_heard}{'-boundary' if fmt.boundary_emit else ''}",
)


def speakers(fmt: TokenFormat, count: int, seed: int = 5) -> list[list[int]]:
    """As ``user_chunks``, of fewer units."""
    return [[unit % 60 for unit in frames] for frames in user_chunks(fmt, count, seed)]


@text_formats
@pytest.mark.parametrize("unknown", [0, 1, 3])
def test_a_context_with_words_is_the_true_history(
    llama: WitnessedLlama, fmt: TokenFormat, unknown: int
) -> None:
    clock = start(llama, fmt)
    user = speakers(fmt, 25)
    steps: list[ClockStep] = []
    for beat in range(len(user)):
        known = beat - unknown
        steps.append(clock.advance([user[known]] if known >= 0 else []))
        clock._context.logits()
        chunks = parse(llama.tokens, fmt)  # every token stands where the format wants it
        assert len(chunks) == clock.elapsed_chunks
        for chunk, step in zip(chunks[1:], steps, strict=True):
            # What was spoken stays, whatever became of the estimate it was spoken upon.
            assert chunk.own_text == step.own_text
            assert chunk.own == step.own_units
        # The user's words are told when the chunk before theirs is known, and stay from then on.
        settled = [piece for chunk in chunks[1 : max(known, -1) + 2] for piece in chunk.heard_text]
        assert settled == [piece for step in steps for piece in step.heard_text]
    assert any(step.own_text for step in steps)
    assert any(step.heard_text for step in steps) == (fmt.text == HEARING)


def test_words_of_the_user_are_drawn_from_what_was_really_said(
    wild_path: Path, llama: WitnessedLlama
) -> None:
    fmt = TokenFormat(60, S0, S1, 4, BOS, text=HEARING)
    assert fmt.text and fmt.text.heard_base is not None
    steps = talk(start(llama, fmt, sampling=SURE), speakers(fmt, 60), 1)
    assert sum(step.misses for step in steps) > 20
    said = range(fmt.text.heard_base, fmt.text.heard_base + fmt.text.piece_count)
    settled = llama.tokens[: len(llama.tokens) - [*reversed(llama.tokens)].index(S0) - 1]
    cold, words = Llama(wild_path, 1024), 0
    for token, after in pairwise(settled):
        cold.feed([token])
        if after in said:
            assert cold.logits()[:BOS].argmax() == after
            words += 1
    cold.close()
    assert words > 5


@pytest.mark.parametrize("unknown", [1, 2, 3])
def test_the_agent_does_not_begin_upon_words_that_are_guesses(
    llama: WitnessedLlama, unknown: int
) -> None:
    fmt = TokenFormat(60, S0, S1, 4, BOS, text=HEARING)
    clock = start(llama, fmt)
    user = speakers(fmt, 400)
    prefix = Counter[bool]()
    silent = True
    for beat in range(len(user)):
        speak = beat % 2 == 0  # every other chunk is silence, so that the agent begins often
        step = clock.advance([user[beat - unknown]] if beat >= unknown else [], speak)
        guessed = any(clock._pieces(chunk.text)[1] for chunk in clock._chunks[2 - unknown - 1 :])
        if silent and step.own_text:
            prefix[guessed and unknown > 1] += 1
        silent = step.own_frames[-1] == SILENCE
    assert prefix[False] > 20
    assert not prefix[True]


def test_what_the_clock_writes_is_what_training_encodes(llama: WitnessedLlama) -> None:
    """In the paper's format; with ``boundary_emit`` the model may carry a unit in its own way."""
    fmt = TokenFormat(60, S0, S1, 4, BOS, text=HEARING)
    user = speakers(fmt, 25)
    steps = talk(start(llama, fmt), user, 0)
    own = [SILENCE] * 4 + [unit for step in steps for unit in step.own_frames]
    heard = [unit for frames in user for unit in frames]
    own_text = [[], *(step.own_text for step in steps)]
    heard_text = [[], *(step.heard_text for step in steps)]
    encoded = encode(own[: len(heard)], heard, fmt, own_text, heard_text)
    assert llama.tokens[: len(encoded)] == encoded


@text_formats
def test_logits_after_replacement_equal_a_cold_prefill_with_words(
    wild_path: Path, llama: WitnessedLlama, fmt: TokenFormat
) -> None:
    steps = talk(start(llama, fmt), speakers(fmt, 25), 1)
    assert sum(step.misses for step in steps) > 10
    check_against_a_cold_prefill(wild_path, llama)


@text_formats
@pytest.mark.parametrize("temperature", [0.0, 100.0])
def test_words_cannot_stop_the_clock(
    llama: WitnessedLlama, fmt: TokenFormat, temperature: float
) -> None:
    clock = start(llama, fmt, sampling=Sampling(temperature, 1.0))
    user = speakers(fmt, 30)
    for beat in range(len(user)):
        before = clock.context_tokens
        step = clock.advance([user[beat]], speak=beat % 5 != 3)
        assert clock.context_tokens - before <= max_chunk_tokens(fmt)
        assert fmt.text
        assert len(step.own_text) <= fmt.text.most_own
        assert len(step.heard_text) <= fmt.text.most_heard
        if beat % 5 == 3:
            assert not step.own_text and not step.heard_text
        assert clock.elapsed_chunks == beat + 2


def test_an_endless_talk_with_words_keeps_its_limit(wild_path: Path) -> None:
    fmt = TokenFormat(60, S0, S1, 4, BOS, text=HEARING)
    llama = WitnessedLlama(wild_path, 250 + max_step_tokens(fmt))
    clock = ChunkClock(llama, fmt, WILD, WILD, SILENCE, sink_chunks=2)
    user = speakers(fmt, 600)
    for beat in range(len(user)):
        clock.advance([user[beat - 1]] if beat else [])
        tokens = stream(llama, clock)
        assert [chunk.start for chunk in clock._chunks] == [
            at for at, token in enumerate(tokens) if token == S0
        ]
        parse(tokens, fmt)
    llama.close()


# --- a unit table of the agent's own --------------------------------------------------------------

OWN_SILENCE = 3
TABLE = UnitTable(40, 60)
table_formats = pytest.mark.parametrize(
    "fmt",
    [
        TokenFormat(60, S0, S1, 4, BOS, boundary_emit=emit, text=slot, own_table=TABLE)
        for emit in (False, True)
        for slot in (None, TextSlot(40, 100, 1, 145, 2))
    ],
    ids=lambda fmt: f"{'text' if fmt.text else 'plain'}{'-boundary' if fmt.boundary_emit else ''}",
)


@table_formats
@pytest.mark.parametrize("unknown", [0, 1, 3])
def test_each_speaker_keeps_to_its_table(
    llama: WitnessedLlama, fmt: TokenFormat, unknown: int
) -> None:
    clock = ChunkClock(llama, fmt, WILD, WILD, OWN_SILENCE)
    user = speakers(fmt, 30)
    steps: list[ClockStep] = []
    for beat in range(len(user)):
        known = beat - unknown
        speak = beat % 7 != 3
        steps.append(clock.advance([user[known]] if known >= 0 else [], speak))
        if not speak:
            assert steps[-1].own_frames == [OWN_SILENCE] * 4
        clock._context.logits()
        chunks = parse(llama.tokens, fmt)  # every unit is of its speaker's table
        assert [chunk.own for chunk in chunks] == [[OWN_SILENCE], *(s.own_units for s in steps)]
    assert max(unit for step in steps for unit in step.own_units) < TABLE.count
    last: int | None = None
    for chunk, frames in zip(chunks, user[: len(user) - unknown], strict=False):
        assert chunk.user == deduplicated_units(frames, last, fmt)
        last = frames[-1]


@table_formats
def test_a_table_that_is_the_users_changes_nothing(llama: WitnessedLlama, fmt: TokenFormat) -> None:
    talks = []
    for table in (None, UnitTable(60, 0)):
        clock = start(llama, replace(fmt, own_table=table), seed=4)
        steps = talk(clock, speakers(fmt, 30), 2)
        talks.append([(step.own_units, step.user_estimates, step.own_text) for step in steps])
    assert talks[0] == talks[1]


def test_a_talk_with_two_tables_has_no_end(wild_path: Path) -> None:
    fmt = TokenFormat(60, S0, S1, 4, BOS, own_table=TABLE)
    llama = WitnessedLlama(wild_path, 200 + max_step_tokens(fmt))
    clock = ChunkClock(llama, fmt, WILD, WILD, OWN_SILENCE, sink_chunks=2)
    user = speakers(fmt, 600)
    longest = 0
    for beat in range(len(user)):
        clock.advance([user[beat - 1]] if beat else [])
        longest = max(longest, clock.context_tokens)
        clock._context.logits()
        parse(llama.tokens, fmt)
    assert 150 < longest <= llama.capacity
    assert clock.elapsed_chunks == len(user) + 1
    assert len(clock._chunks) < 100
    llama.close()
