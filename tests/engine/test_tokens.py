"""The token format: the paper's example, its rates, and what survives a round trip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tokens import FRAME_MS, TokenFormat, decode, encode, fill_frames, novel_units

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
    assert fill_frames(units, SILENCE, make_format()) == frames


def test_boundary_emit_says_a_carried_unit_again_only_beside_a_new_one() -> None:
    paper, ours = make_format(), make_format(boundary_emit=True)
    assert novel_units([3, 3, 7, 7], 3, paper) == [7]
    assert novel_units([3, 3, 7, 7], 3, ours) == [3, 7]
    assert novel_units([3, 3, 3, 3], 3, ours) == []
    assert novel_units([3, 3, 3, 3], None, ours) == [3]


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
            assert rebuilt == fill_frames(novel_units(chunk, last, fmt), last_back, fmt)
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
