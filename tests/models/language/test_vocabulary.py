"""Ids of units and tags stay as bundles have them; text has the ids above and comes back whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syncllm.tokens import UnitTable
from models import script
from models.language.vocabulary import Vocabulary
from models.script.words import script_words

VOCABULARY = Vocabulary(200, script_words())
letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)


def test_units_and_tags_keep_their_ids() -> None:
    assert (VOCABULARY.s0, VOCABULARY.s1) == (200, 201)
    assert VOCABULARY.bos == {160: 202, 200: 203, 240: 204}
    assert VOCABULARY.text_bos == 205
    assert VOCABULARY.own_base == 208
    assert VOCABULARY.size % 8 == 0
    assert VOCABULARY.size >= 208 + 2 * len(VOCABULARY.pieces)
    assert VOCABULARY.size < 3000


@pytest.mark.parametrize("units", [100, 200, 501])
def test_no_two_ids_meet(units: int) -> None:
    vocabulary = Vocabulary(units, ("hello",))
    special = [vocabulary.s0, vocabulary.s1, *vocabulary.bos.values(), vocabulary.text_bos]
    assert len(set(special)) == len(special)
    assert units <= min(special) and max(special) < vocabulary.own_base
    slot = vocabulary.slot
    assert slot.own_base + slot.piece_count <= vocabulary.heard_base
    assert vocabulary.heard_base + slot.piece_count <= vocabulary.size
    assert len(set(vocabulary.pieces)) == len(vocabulary.pieces)


@given(st.lists(letters, max_size=6))
def test_any_words_come_back(words: list[str]) -> None:
    pieces = VOCABULARY.text_pieces(" ".join(words))
    assert "".join(VOCABULARY.pieces[piece] for piece in pieces).strip() == " ".join(words)


def test_a_word_of_the_script_is_one_piece() -> None:
    for text in script.agent_sentences()[::50]:
        assert len(VOCABULARY.text_pieces(text)) == len(text.split())


def test_the_agents_own_units_come_after_all_others() -> None:
    """A model that gets them keeps the ids that it had."""
    own = Vocabulary(200, script_words(), 140)
    assert own.own_unit_base == VOCABULARY.size
    assert own.size >= own.own_unit_base + 140 and own.size % 8 == 0
    table = UnitTable(140, own.own_unit_base)
    for text in (False, True):
        plain, two = VOCABULARY.format(160, True, text), own.format(160, True, text)
        assert plain.own_table is None
        assert two == replace(plain, own_table=table)
