"""Training sequences of the three stages: shares, tags, weights, and the sentences to name."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from engine.syncllm.tokens import decode, encode, parse
from models.dialogue.unit_store import MARGIN_FRAMES
from models.dialogue.unit_streams import Dialogue
from models.language import sequences as rows
from models.language.sequences import (
    TEXT_WEIGHT,
    USER_WEIGHT,
    Format,
    SequencePlan,
    TrainingSequence,
    speech_share,
    spoken_texts,
    token_weights,
    training_sequences,
)
from models.language.vocabulary import Vocabulary
from models.script.words import script_words
from tests.models.dialogue.test_composer import own_units_store, toy_store

STORE = toy_store()
VOCABULARY = Vocabulary(STORE.unit_count, script_words())


def some_rows(plan: SequencePlan, count: int, first: int = 0) -> list[TrainingSequence]:
    return list(training_sequences(STORE, VOCABULARY, plan, 1, range(first, first + count)))


@pytest.mark.parametrize(("epoch", "percent"), [(0, 25.8), (1, 50.0), (2, 79.8)])
def test_realised_speech_shares_are_the_papers(epoch: int, percent: float) -> None:
    rng = np.random.default_rng(0)
    drawn = [speech_share(epoch, rng) for _ in range(40_000)]
    assert abs(100 * np.mean(drawn) - percent) < 0.3
    assert min(drawn) >= 0
    assert max(drawn) <= 1


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_a_row_depends_on_its_number_alone(stage: int) -> None:
    plan = SequencePlan(stage, 120, 2)
    whole, later = some_rows(plan, 4), some_rows(plan, 2, 2)
    for first, second in zip(whole[2:], later, strict=True):
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)
    assert all(len(part) == 121 for row in whole for part in row)
    assert not np.array_equal(whole[0][0], whole[1][0])


def test_stage_one_mixes_text_and_units_by_turns() -> None:
    speech = {0: 0, 2: 0}
    sentences = {0: 0, 2: 0}
    for epoch in speech:
        for ids, _, _ in some_rows(SequencePlan(1, 300, 40), 40, 40 * epoch):
            assert ids[0] == VOCABULARY.text_bos
            tags = np.flatnonzero((ids == VOCABULARY.s0) | (ids == VOCABULARY.s1))
            assert ids[tags[0]] == VOCABULARY.s1
            assert (ids[tags[1:]] != ids[tags[:-1]]).all()
            for start, end in itertools.pairwise(tags):
                sentence = ids[start + 1 : end]
                base = VOCABULARY.own_base if ids[start] == VOCABULARY.s0 else VOCABULARY.heard_base
                units = sentence < VOCABULARY.unit_count
                text = (sentence >= base) & (sentence < base + len(VOCABULARY.pieces))
                assert units.all() or text.all()
                assert not (sentence[1:] == sentence[:-1])[units[1:]].any()
                speech[epoch] += units.all()
                sentences[epoch] += 1
    assert 0.1 < speech[0] / sentences[0] < 0.4
    assert 0.65 < speech[2] / sentences[2] < 0.95


@pytest.mark.parametrize("stage", [2, 3])
@pytest.mark.parametrize("boundary_emit", [True, False])
@pytest.mark.parametrize("text", [True, False])
def test_duplex_rows_are_in_the_format(stage: int, boundary_emit: bool, text: bool) -> None:
    for ids, _, _ in some_rows(SequencePlan(stage, 160, 1, Format(boundary_emit, text=text)), 5):
        (chunk_ms,) = (ms for ms, bos in VOCABULARY.bos.items() if bos == ids[0])
        fmt = VOCABULARY.format(chunk_ms, boundary_emit, text)
        own, user = decode(ids.tolist(), fmt, 0)
        assert len(own) == len(user) == (ids == VOCABULARY.s0).sum() * fmt.chunk_frames


def test_without_the_estimate_the_user_comes_a_chunk_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "_FRAMES_A_TOKEN", 4)  # no dialogue is too short at the first try
    usual, late = (some_rows(SequencePlan(3, 200, 1, Format(estimate=e)), 6) for e in (True, False))
    for (first, _, _), (second, _, _) in zip(usual, late, strict=True):
        assert first[0] == second[0]
        (chunk_ms,) = (ms for ms, bos in VOCABULARY.bos.items() if bos == first[0])
        fmt = VOCABULARY.format(chunk_ms, True, True)
        own, user = decode(first.tolist(), fmt, 0)
        own_late, user_late = decode(second.tolist(), fmt, 0)
        count = min(len(own), len(own_late)) - 2 * fmt.chunk_frames
        assert own[:count] == own_late[:count]
        shifted = user_late[fmt.chunk_frames : count]
        assert np.mean(np.array(shifted) == user[: count - fmt.chunk_frames]) > 0.95


def test_some_words_are_mistaken_and_no_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    def heard(share: float) -> tuple[np.ndarray, np.ndarray]:
        monkeypatch.setattr(rows, "_TRANSCRIPT_ERROR_SHARE", share)
        made = some_rows(SequencePlan(2, 400, 1), 20)
        words = [
            (ids[ids >= VOCABULARY.heard_base], w[ids >= VOCABULARY.heard_base])
            for ids, w, _ in made
        ]
        return tuple(np.concatenate(part) for part in zip(*words, strict=True))  # type: ignore

    right, right_weights = heard(0)
    assert (right_weights == TEXT_WEIGHT).all() and len(right) > 100
    _, weights = heard(1)
    assert set(weights) == {0, TEXT_WEIGHT}
    assert 0.3 < (weights == 0).mean() < 0.8


def test_mistaken_words_are_found_again_in_the_row() -> None:
    fmt = VOCABULARY.format(160, True, True)
    said = (("hello", 4, True), ("what", 40, False), ("time", 44, True), ("now", 52, False))
    heard = [rows._TranscribedWord(*word) for word in said]  # the first one lies before the row
    pieces = [VOCABULARY.text_pieces(word)[0] for word, _, _ in said[1:]]
    first, second, third = (VOCABULARY.heard_base + piece for piece in pieces)
    row = np.array([VOCABULARY.s0, first, 5, VOCABULARY.s1, 7, VOCABULARY.s0, second, third, 5])
    mistaken = rows._mistaken(row, heard, VOCABULARY, fmt, 20, 0)
    assert np.flatnonzero(mistaken).tolist() == [6]


def test_words_stand_where_they_begin_or_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy's words take four frames, and each sentence has a unit of its own."""
    monkeypatch.setattr(rows, "_TRANSCRIPT_ERROR_SHARE", 0)
    agents = {text: speech.units[speech.onset] for text, speech in STORE.agent.items()}
    units_of = {text: spoken[0].units[MARGIN_FRAMES] for text, spoken in STORE.user.items()}
    begun = known = 0
    for ids, _, _ in some_rows(SequencePlan(2, 400, 1), 30):
        (chunk_ms,) = (ms for ms, bos in VOCABULARY.bos.items() if bos == ids[0])
        chunks = parse(ids.tolist(), VOCABULARY.format(chunk_ms, True, True))
        for index, chunk in enumerate(chunks[3:-3], 3):
            text = "".join(VOCABULARY.pieces[piece] for piece in chunk.own_text).split()
            near = [unit for other in chunks[index : index + 2] for unit in other.own]
            if text and not chunks[index - 1].own_text:
                assert any(t.split()[0] == text[0] and unit in near for t, unit in agents.items())
                begun += 1
            heard = "".join(VOCABULARY.pieces[piece] for piece in chunk.heard_text).split()
            before = [unit for other in chunks[: index - 1] for unit in other.user]
            if heard:
                assert any(heard[0] in t.split() and unit in before for t, unit in units_of.items())
                known += 1
    assert begun > 30
    assert known > 100


def test_units_of_the_user_weigh_less_and_words_more() -> None:
    v = Vocabulary(200, ("hello",))
    ids = np.array([v.bos[160], v.s0, 5, 6, v.s1, 7, 8, v.s0, v.s1, 9, v.s0, v.own_base, 1])
    expected = np.ones(len(ids))
    expected[[5, 6, 9]] = USER_WEIGHT
    expected[11] = TEXT_WEIGHT
    np.testing.assert_allclose(token_weights(ids, v), expected)


def test_the_users_sentence_is_to_be_named_once_it_is_over() -> None:
    texts = spoken_texts(STORE)
    named = others = 0
    for ids, _, said in some_rows(SequencePlan(3, 100, 1), 60):
        for number in set(said[said >= 0].tolist()):
            if texts[number] not in STORE.user:
                continue  # a real person's order, known by its reply
            # The toy store says every sentence in one unit of its own.
            units = STORE.user[texts[number]][0].units
            first = np.flatnonzero(said == number)[0]
            if first == 0:
                continue  # over before the row began
            heard = ids[:first][ids[:first] < VOCABULARY.unit_count]
            assert ids[first] == VOCABULARY.s0
            named += units[len(units) // 2] in heard[-6:]
            others += units[len(units) // 2] not in heard[-6:]
    assert named > 40
    # A unit may be misheard, and the agent may speak meanwhile.
    assert others < named / 4


@pytest.mark.parametrize("boundary_emit", [True, False])
def test_what_the_agent_says_too_late_is_no_lesson(boundary_emit: bool) -> None:
    fmt = VOCABULARY.format(160, boundary_emit, False)
    own = np.array([9] * 4 + [5, 6, 6, 7] + [7] * 4 + [7, 7, 8, 8] + [0] * 4 + [0] * 4, np.int16)
    user = np.array([1, 2, 3] * 8, np.int16)
    dialogue = Dialogue(own, user, [], [(7, 16)])
    row = np.array(encode(own[4:], user[4:], fmt))
    masked = rows._units_in(dialogue.masked, row, own, VOCABULARY.s0, 0, VOCABULARY, fmt, 4)
    # The chunk that goes on with 7 alone brings nothing.
    assert row[masked].tolist() == ([7, 7, 8] if boundary_emit else [7, 8])
    theirs = np.flatnonzero(row == VOCABULARY.s1)
    assert not masked[theirs].any()


@pytest.mark.parametrize("late", [0, 4])
def test_what_is_no_lesson_is_found_in_the_users_place_too(late: int) -> None:
    fmt = VOCABULARY.format(160, False, False)
    own = np.array([9] * 4 + [5, 6, 6, 7] + [7] * 4 + [7, 7, 8, 8] + [0] * 8, np.int16)
    user = np.array([1, 2, 3] * 8, np.int16)
    second = rows.delayed(own, late)
    row = np.array(encode(user[4:], second[4:], fmt))
    masked = rows._units_in([(7, 16)], row, second, VOCABULARY.s1, late, VOCABULARY, fmt, 4)
    assert row[masked].tolist() == [7, 8]
    assert (rows.token_owners(row, VOCABULARY)[masked] == VOCABULARY.s1).all()


@pytest.mark.parametrize("stage", [2, 3])
@pytest.mark.parametrize("estimate", [True, False])
def test_in_both_orders_every_other_dialogue_changes_sides(
    stage: int, estimate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_FRAMES_A_TOKEN", 9)  # no dialogue is too short at the first try
    form = Format(boundary_emit=False, estimate=estimate, text=False, own_table=False)
    usual = some_rows(SequencePlan(stage, 200, 1, form), 8)
    both = some_rows(SequencePlan(stage, 200, 1, replace(form, both_orders=True)), 8)
    named = 0
    for number, (one, other) in enumerate(zip(usual, both, strict=True)):
        assert one[0][0] == other[0][0]
        (chunk_ms,) = (ms for ms, bos in VOCABULARY.bos.items() if bos == one[0][0])
        fmt = VOCABULARY.format(chunk_ms, False, False)
        streams = [decode(ids.tolist(), fmt, 0) for ids, _, _ in (one, other)]
        count = min(len(own) for own, _ in streams) - 2 * fmt.chunk_frames
        (own, user), (first, second) = ([np.array(s)[:count] for s in two] for two in streams)
        turned = number % 2 == 1
        late = 0 if estimate else fmt.chunk_frames
        if turned:
            # What stood second, a chunk later where there is no estimate, stands first.
            assert np.mean(first[: count - late] == user[late:]) > 0.9
            assert np.mean(second[late:] == own[: count - late]) > 0.9
        else:
            np.testing.assert_array_equal(one[0], other[0])
        assert set(other[1]) <= {np.float32(0), np.float32(1)}
        named += (other[2] >= 0).any() * turned
    assert named


def test_rows_of_stage_three_hold_what_is_no_lesson() -> None:
    made = some_rows(SequencePlan(3, 600, 1, Format(text=False)), 40)
    skipped = np.concatenate([ids[w == 0] for ids, w, _ in made])
    assert len(skipped)  # few: a story is one unit in this store
    assert (skipped < VOCABULARY.unit_count).all()


@pytest.mark.parametrize("stage", [1, 3])
def test_own_units_have_ids_of_their_own(stage: int) -> None:
    store = own_units_store()
    vocabulary = Vocabulary(store.unit_count, script_words(), store.own_unit_count)
    plan = SequencePlan(stage, 300, 2, Format(text=False))
    for ids, weights, _ in training_sequences(store, vocabulary, plan, 1, range(4, 10)):
        own = ids >= vocabulary.own_unit_base
        heard = ids < vocabulary.unit_count
        sides = rows.token_owners(ids, vocabulary)
        assert own.any()
        assert heard.any()
        assert set(sides[own]) == {vocabulary.s0}
        assert set(sides[heard]) == {vocabulary.s1}
        assert set(weights[heard]) == {np.float32(USER_WEIGHT)}
        assert set(weights[own]) <= {np.float32(0), np.float32(1)}
        if stage == 3:
            fmt = vocabulary.format(160, True, False)
            own_units, _ = decode(ids[1:].tolist(), fmt, 1, 0)
            assert max(own_units) < store.own_unit_count
