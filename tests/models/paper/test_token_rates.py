"""Token rates and unit changes, counted by hand; shares of speech, against the paper's curves."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sound.turn_taking import Span
from engine.syncllm.tokens import TokenFormat
from engine.timebase import FRAME_SAMPLES
from models.language.vocabulary import Vocabulary
from models.paper.speech_shares import drawn_shares, share_of_units
from models.paper.token_rates import rate_without_deduplication, token_rate, unit_changes
from models.paper.tokens import PAPER_SHARES

_FORMAT = TokenFormat(500, 500, 501, 4, bos=502)
# The paper's Fig. 2.
_OWN = np.array([75, 75, 75, 75, 17, 338, 338, 338, 338, 338, 338, 338])
_USER = np.array([89, 89, 89, 89, 89, 89, 89, 89, 338, 338, 338, 338])


def test_the_papers_example_has_ten_tokens() -> None:
    found = token_rate(_OWN, _USER, _FORMAT)
    # [S0] 75 [S1] 89 | [S0] 17 338 | [S0] [S1] 338
    assert (found.tokens, found.tags) == (10, 5)
    assert found.seconds == pytest.approx(0.48)
    assert found.a_second == pytest.approx(10 / 0.48)


def test_frames_after_the_last_chunk_do_not_count() -> None:
    longer = [np.append(side, [1, 2, 3]) for side in (_OWN, _USER)]
    assert token_rate(*longer, _FORMAT) == token_rate(_OWN, _USER, _FORMAT)


@pytest.mark.parametrize(("chunk_ms", "rate"), [(160, 62.5), (200, 60.0), (240, 58.33)])
def test_without_deduplication_it_is_the_line_of_figure_3(chunk_ms: int, rate: float) -> None:
    assert rate_without_deduplication(chunk_ms) == pytest.approx(rate, abs=0.01)


def test_changes_in_speech_and_in_silence() -> None:
    units = np.array([1, 1, 2, 3, 3, 1, 1, 1, 4, 1])
    # Frames 2 to 4 are speech; a span that begins inside a frame takes all of it.
    found = unit_changes(units, [Span(2 * FRAME_SAMPLES + 5, 5 * FRAME_SAMPLES)])
    assert (found.spoken_frames, found.spoken_changes) == (3, 2)
    assert (found.silent_frames, found.silent_changes) == (7, 4)
    both = found + found
    assert both.speech_share == pytest.approx(0.3)
    assert both.in_speech == pytest.approx(25 * 2 / 3)
    assert both.in_silence == pytest.approx(25 * 4 / 7)


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_drawn_shares_have_the_papers_means(epoch: int) -> None:
    found = drawn_shares(epoch, 4000, 1)
    assert found.min() >= 0
    assert found.max() <= 1
    assert found.mean() == pytest.approx(PAPER_SHARES[epoch], abs=0.015)


def test_a_sentence_counts_by_its_first_token() -> None:
    vocabulary = Vocabulary(20, ("hello",), own_unit_count=9)
    v = vocabulary
    text, theirs, own = v.own_base, 3, v.own_unit_base + 1
    ids = [v.text_bos, v.s1, theirs, theirs, v.s0, text, text, v.s1, v.heard_base, v.s0, own, v.s1]
    assert share_of_units(np.array(ids), vocabulary) == 0.5  # the last tag has no sentence yet
