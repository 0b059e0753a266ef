"""The token format: the paper's example, its rates, and what survives a round trip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syncllm.tokens import (
    TextSlot,
    TokenFormat,
    UnitTable,
    decode,
    deduplicated_units,
    encode,
    interpolated_units,
    parse,
    place_text,
)
from engine.timebase import FRAME_MS

S0, S1, SILENCE = 1000, 1001, 17
CHUNK_FRAMES = (4, 5, 6)


def make_format(chunk_frames: int = 4, boundary_emit: bool = False) -> TokenFormat:
    return TokenFormat(500, S0, S1, chunk_frames, boundary_emit=boundary_emit)


@st.composite
def dialogues(draw: st.DrawFn) -> tuple[TokenFormat, list[int], list[int]]:
    """A format and two streams of whole chunks; few units, so that many are carried."""
    fmt = make_format(draw(st.sampled_from(CHUNK_FRAMES)), draw(st.booleans()))
    count = draw(st.integers(0, 12)) * fmt.chunk_frames
    stream = st.lists(st.integers(0, 3), min_size=count, max_size=count)
    return fmt, draw(stream), draw(stream)


def test_figure_2_of_the_paper() -> None:
    own = [75] * 4 + [17, 338, 338, 338] + [338] * 4
    user = [89] * 8 + [338] * 4
    tokens = encode(own, user, make_format())
    assert tokens == [S0, 75, S1, 89, S0, 17, 338, S0, S1, 338]
    assert decode(tokens, make_format(), SILENCE) == (
        [75] * 4 + [17, 17, 338, 338] + [338] * 4,
        user,
    )


@pytest.mark.parametrize(("chunk_frames", "tokens_per_s"), [(4, 62.5), (5, 60.0), (6, 58.33)])
def test_rates_where_every_frame_is_new(chunk_frames: int, tokens_per_s: float) -> None:
    frames = np.arange(25 * 60) % 500
    tokens = encode(frames, frames[::-1], make_format(chunk_frames))
    assert len(tokens) / 60 == pytest.approx(tokens_per_s, abs=0.005)


def test_lengths_of_a_chunk() -> None:
    assert [make_format(c).chunk_ms for c in CHUNK_FRAMES] == [160, 200, 240]
    assert [make_format(c).chunk_samples for c in CHUNK_FRAMES] == [2560, 3200, 3840]


def test_bos_and_unit_base() -> None:
    fmt = TokenFormat(200, s0=0, s1=1, chunk_frames=4, bos=2, unit_base=3)
    tokens = encode([5] * 4, [6] * 4, fmt)
    assert tokens == [2, 0, 8, 1, 9]
    assert decode(tokens, fmt, SILENCE) == ([5] * 4, [6] * 4)


def test_a_rest_short_of_a_chunk_is_left_out() -> None:
    assert encode([1] * 7, [2] * 7, make_format()) == encode([1] * 4, [2] * 4, make_format())


@pytest.mark.parametrize(
    ("units", "frames"),
    [
        ([], [SILENCE] * 4),
        ([5], [5] * 4),
        ([1, 2, 3], [1, 1, 2, 3]),
        ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4]),
    ],
)
def test_interpolation(units: list[int], frames: list[int]) -> None:
    assert interpolated_units(units, SILENCE, make_format()) == frames


def test_boundary_emit_says_a_carried_unit_again_only_beside_a_new_one() -> None:
    paper, ours = make_format(), make_format(boundary_emit=True)
    assert deduplicated_units([3, 3, 7, 7], 3, paper) == [7]
    assert deduplicated_units([3, 3, 7, 7], 3, ours) == [3, 7]
    assert deduplicated_units([3, 3, 3, 3], 3, ours) == []
    assert deduplicated_units([3, 3, 3, 3], None, ours) == [3]


@pytest.mark.parametrize("chunk_frames", CHUNK_FRAMES)
def test_boundary_emit_halves_the_onset_error(chunk_frames: int) -> None:
    random = np.random.default_rng(1)
    # Units of 1 to 9 frames, never two alike in a row: about eight new units per second.
    units = np.cumsum(random.integers(1, 499, 4000)) % 500
    frames = np.repeat(units, random.integers(1, 10, 4000)).tolist()
    frames = frames[: len(frames) // chunk_frames * chunk_frames]
    onsets = np.flatnonzero(np.diff(frames))
    error_ms, count = {}, {}
    for flag in (False, True):
        fmt = make_format(chunk_frames, flag)
        tokens = encode(frames, frames, fmt)
        own, user = decode(tokens, fmt, SILENCE)
        assert own == user
        rebuilt = np.flatnonzero(np.diff(own))
        assert len(rebuilt) == len(onsets)
        error_ms[flag] = np.abs(rebuilt - onsets).mean() * FRAME_MS
        count[flag] = len(tokens)
    assert error_ms[True] < 0.65 * error_ms[False]
    assert count[False] < count[True] < 1.35 * count[False]


@given(dialogues())
def test_round_trip(dialogue: tuple[TokenFormat, list[int], list[int]]) -> None:
    fmt, own, user = dialogue
    tokens = encode(own, user, fmt)
    assert tokens.count(S0) == len(own) // fmt.chunk_frames
    own_back, user_back = decode(tokens, fmt, SILENCE)
    assert encode(own_back, user_back, fmt) == tokens
    for frames, back in ((own, own_back), (user, user_back)):
        assert len(back) == len(frames)
        last, last_back = None, SILENCE
        for start in range(0, len(frames), fmt.chunk_frames):
            chunk = frames[start : start + fmt.chunk_frames]
            rebuilt = back[start : start + fmt.chunk_frames]
            assert rebuilt == interpolated_units(
                deduplicated_units(chunk, last, fmt), last_back, fmt
            )
            assert rebuilt[-1] == chunk[-1]
            last = last_back = chunk[-1]


@given(dialogues())
def test_grammar(dialogue: tuple[TokenFormat, list[int], list[int]]) -> None:
    fmt, own, user = dialogue
    units_in_a_row = 0
    previous = None
    for token in encode(own, user, fmt):
        if token == S1:
            assert previous not in (None, S1)
        units_in_a_row = units_in_a_row + 1 if token < S0 else 0
        assert units_in_a_row <= fmt.chunk_frames
        assert not (token == S0 and previous == S1), "a tag of the user without a unit"
        previous = token


@given(st.lists(st.sampled_from([0, 1, 2, S0, S1]), max_size=80), st.sampled_from(CHUNK_FRAMES))
def test_any_row_of_tokens_keeps_the_clock(tokens: list[int], chunk_frames: int) -> None:
    fmt = make_format(chunk_frames)
    own, user = decode([S0, *tokens], fmt, SILENCE)
    assert len(own) == len(user) == (1 + tokens.count(S0)) * chunk_frames


@pytest.mark.parametrize("tokens", [[3], [S1, 3], [S0, 700], [S0, -1]])
def test_tokens_outside_the_format(tokens: list[int]) -> None:
    with pytest.raises(ValueError, match="format|begins"):
        decode(tokens, make_format(), SILENCE)


def test_streams_of_different_length() -> None:
    with pytest.raises(ValueError, match="interleaved"):
        encode([1] * 4, [1] * 8, make_format())


# --- the text slot --------------------------------------------------------------------------------

OWN, HEARD = 1100, 1200
SLOT = TextSlot(piece_count=100, own_base=OWN, most_own=2, heard_base=HEARD, most_heard=1)


def text_format(slot: TextSlot = SLOT, boundary_emit: bool = False) -> TokenFormat:
    return TokenFormat(500, S0, S1, 4, boundary_emit=boundary_emit, text=slot)


@st.composite
def spoken_dialogues(
    draw: st.DrawFn,
) -> tuple[TokenFormat, list[int], list[int], list[list[int]], list[list[int]]]:
    """A dialogue with text in its chunks."""
    plain, own, user = draw(dialogues())
    heard = draw(st.integers(0, 2))
    slot = TextSlot(5, OWN, draw(st.integers(1, 3)), HEARD if heard else None, heard)
    fmt = TokenFormat(500, S0, S1, plain.chunk_frames, boundary_emit=plain.boundary_emit, text=slot)
    count = len(own) // fmt.chunk_frames

    def text(most: int) -> list[list[int]]:
        pieces = st.lists(st.integers(0, 4), max_size=most)
        return draw(st.lists(pieces, min_size=count, max_size=count))

    return fmt, own, user, text(slot.most_own), text(slot.most_heard)


def test_words_stand_between_the_tag_and_the_units() -> None:
    own, user = [75] * 4 + [17, 338, 338, 338], [89] * 8
    tokens = encode(own, user, text_format(), own_text=[[], [3, 4]], heard_text=[[], [7]])
    assert tokens == [S0, 75, S1, 89, S0, HEARD + 7, OWN + 3, OWN + 4, 17, 338]
    assert decode(tokens, text_format(), SILENCE) == decode(
        [S0, 75, S1, 89, S0, 17, 338], make_format(), SILENCE
    )


@given(spoken_dialogues())
def test_round_trip_with_text(
    dialogue: tuple[TokenFormat, list[int], list[int], list[list[int]], list[list[int]]],
) -> None:
    fmt, own, user, own_text, heard_text = dialogue
    tokens = encode(own, user, fmt, own_text, heard_text)
    chunks = parse(tokens, fmt)
    assert [chunk.own_text for chunk in chunks] == own_text
    assert [chunk.heard_text for chunk in chunks] == heard_text
    # Without its text it is the dialogue that it would have been.
    silent = TokenFormat(500, S0, S1, fmt.chunk_frames, boundary_emit=fmt.boundary_emit)
    assert [token for token in tokens if token < OWN] == encode(own, user, silent)
    own_back, user_back = decode(tokens, fmt, SILENCE)
    assert (own_back, user_back) == decode(encode(own, user, silent), silent, SILENCE)
    assert encode(own_back, user_back, fmt, own_text, heard_text) == tokens


@pytest.mark.parametrize(
    "tokens",
    [
        [S0, 5, OWN],  # behind a unit
        [S0, S1, 5, OWN],  # in the user's part
        [S0, S1, HEARD],
        [S0, OWN, HEARD],  # understood after spoken
        [S0, OWN, OWN, OWN],  # more than the clock allows
        [S0, HEARD, HEARD],
        [S0, HEARD + 100],
        [OWN],
    ],
)
def test_text_outside_its_place(tokens: list[int]) -> None:
    with pytest.raises(ValueError, match="format|begins"):
        parse(tokens, text_format())


@pytest.mark.parametrize(
    ("own_text", "heard_text"), [([[1, 1, 1]], []), ([], [[1, 1]]), ([[100]], []), ([], [[-1]])]
)
def test_text_that_has_no_room(own_text: list[list[int]], heard_text: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="pieces of text"):
        encode([1] * 4, [1] * 4, text_format(), own_text, heard_text)
    with pytest.raises(ValueError, match="pieces of text"):
        encode([1] * 4, [1] * 4, make_format(), [[0]])


def test_words_stand_in_their_chunk_or_as_soon_as_there_is_room() -> None:
    words = [(-3, [1]), (4, [2, 3, 4]), (6, [5]), (17, [6]), (20, [7, 8, 9])]
    assert place_text(words, 6, 2, make_format()) == [[1], [2, 3], [4, 5], [], [6], [7, 8]]


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.lists(st.integers(0, 9), min_size=1, max_size=4)),
        max_size=20,
    ),
    st.integers(1, 3),
)
def test_no_piece_comes_early_or_out_of_order(
    words: list[tuple[int, list[int]]], most: int
) -> None:
    words = sorted(words, key=lambda word: word[0])
    chunks = place_text(words, 100, most, make_format())
    assert max(map(len, chunks)) <= most
    assert [piece for chunk in chunks for piece in chunk] == [p for _, ps in words for p in ps]
    where = [index for index, chunk in enumerate(chunks) for _ in chunk]
    begun = [frame // 4 for frame, pieces in words for _ in pieces]
    assert all(index >= chunk for index, chunk in zip(where, begun, strict=True))


# --- a unit table of the agent's own --------------------------------------------------------------

OWN_UNIT_BASE, OWN_SILENCE = 2000, 2
TWO_TABLES = replace(make_format(), own_table=UnitTable(40, OWN_UNIT_BASE))


def test_each_speaker_has_the_ids_of_its_table() -> None:
    own, user = [5] * 4 + [5, 6, 6, 6] + [6] * 4, [5] * 8 + [338] * 4
    tokens = encode(own, user, TWO_TABLES)
    five, six = OWN_UNIT_BASE + 5, OWN_UNIT_BASE + 6
    assert tokens == [S0, five, S1, 5, S0, six, S0, S1, 338]
    assert decode(tokens, TWO_TABLES, SILENCE, OWN_SILENCE)[1] == user
    assert TWO_TABLES.own_tokens([5, 6]) == [five, six]
    assert TWO_TABLES.user_tokens([5, 338]) == [5, 338]
    assert make_format().own_tokens([5, 6]) == make_format().user_tokens([5, 6]) == [5, 6]


def test_each_speaker_begins_with_its_silence() -> None:
    assert decode([S0], TWO_TABLES, SILENCE, OWN_SILENCE) == ([OWN_SILENCE] * 4, [SILENCE] * 4)
    assert decode([S0], make_format(), SILENCE) == ([SILENCE] * 4, [SILENCE] * 4)


@given(dialogues())
def test_two_tables_are_one_with_other_ids(
    dialogue: tuple[TokenFormat, list[int], list[int]],
) -> None:
    one, own, user = dialogue
    two = replace(one, own_table=UnitTable(4, OWN_UNIT_BASE))
    tokens = encode(own, user, two)
    assert [token % OWN_UNIT_BASE for token in tokens] == encode(own, user, one)
    assert decode(tokens, two, SILENCE, SILENCE) == decode(encode(own, user, one), one, SILENCE)
    same = replace(one, own_table=UnitTable(500, 0))
    assert encode(own, user, same) == encode(own, user, one)


@pytest.mark.parametrize(
    "tokens",
    [
        [S0, 5],  # the user's unit in the agent's part
        [S0, S1, OWN_UNIT_BASE + 5],
        [S0, OWN_UNIT_BASE + 40],
        [S0, OWN_UNIT_BASE - 1],
    ],
)
def test_units_of_the_other_table(tokens: list[int]) -> None:
    with pytest.raises(ValueError, match="not in the format"):
        parse(tokens, TWO_TABLES)
