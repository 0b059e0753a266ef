"""Stages 1 and 2 train on spoken dialogues: sentences as text or units, and the duplex format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.tokens import encode
from models.dialogue.unit_store import save_store
from models.language import batches
from models.language import train as train_lm
from models.language.budget import Budget
from models.language.mixed_sequences import all_sequences, check_dialogues
from models.language.sequences import (
    NOTHING_SAID,
    Format,
    SequencePlan,
    TrainingSequence,
    training_sequences,
)
from models.language.start import Start
from models.language.vocabulary import Spelling, Vocabulary
from models.script.words import script_words
from models.spoken.training_dialogues import SpokenDialogues, shard_dialogues
from tests.models.dialogue.test_composer import own_units_store, toy_store
from tests.models.language.text_models import write_text_model
from tests.models.spoken.made_shards import AGENT_UNITS, USER_UNITS, write_made

pytest.importorskip("pyarrow")

STORE = toy_store()
WORDS = ("a", "bird", "does", "duck", "fly", "is", "it", "me", "no", "not", "tell", "what")
KNOWN = (*WORDS, *map(str, range(6)))
VOCABULARY = Vocabulary(
    STORE.unit_count,
    WORDS,
    0,
    Spelling(tuple(f" {w}" for w in KNOWN), tuple((n,) for n in range(len(WORDS))),
             tuple((str(n), (len(WORDS) + n,)) for n in range(6))),
)  # fmt: skip
"""Knows all words but the xylophone."""
PLAIN = Format(own_table=False)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_made(tmp_path_factory.mktemp("spoken"), shards=3)


def _plan(folder: Path, stage: int, share: float = 1.0, form: Format = PLAIN) -> SequencePlan:
    return SequencePlan(stage, 128, 8, form, spoken=SpokenDialogues((folder,), share))


def _sequences(
    plan: SequencePlan, numbers: range, vocabulary: Vocabulary = VOCABULARY
) -> list[TrainingSequence]:
    return list(all_sequences(STORE, vocabulary, plan, 5, numbers, held_out=False))


def _turns(ids: np.ndarray) -> list[tuple[int, list[int]]]:
    """Speaker's tag and tokens of each turn in a sequence of stage 1."""
    turns: list[tuple[int, list[int]]] = []
    for token in ids.tolist():
        if token in (VOCABULARY.s0, VOCABULARY.s1):
            turns.append((token, []))
        elif token != VOCABULARY.text_bos:
            turns[-1][1].append(token)
    return turns


def _text(tokens: list[int], base: int) -> str:
    pieces = VOCABULARY.pieces
    return "".join(pieces[t - base] for t in tokens if base <= t < base + len(pieces))


def test_stage_1_has_sentences_as_text_or_units(spoken: Path) -> None:
    shares = []
    for ids, weights, said in _sequences(_plan(spoken, 1), range(24)):
        assert ids.shape == weights.shape == said.shape == (129,)
        assert ids[0] == VOCABULARY.text_bos and (said == NOTHING_SAID).all()
        for tag, tokens in _turns(ids)[:-1]:
            agent = tag == VOCABULARY.s0
            base = VOCABULARY.own_base if agent else VOCABULARY.heard_base
            units = {token for token in tokens if token < VOCABULARY.unit_count}
            assert units <= set(AGENT_UNITS if agent else USER_UNITS) | {0, 1, 2}
            text = [token for token in tokens if token >= VOCABULARY.own_base]
            assert all(base <= token < base + len(VOCABULARY.pieces) for token in text)
            assert agent or " does" not in _text(tokens, base)  # "Does a xylophone fly?"
        shares.append(np.mean(ids < VOCABULARY.unit_count))
    # The share of speech rises from epoch to epoch.
    assert np.mean(shares[:8]) < np.mean(shares[16:])


def test_a_sentence_with_an_unknown_word_is_units(spoken: Path) -> None:
    plan = replace(_plan(spoken, 1), epoch_sequences=100)  # little speech
    heard_alone = []
    for ids, _, _ in _sequences(plan, range(24)):
        for tag, tokens in _turns(ids)[1:-1]:
            text = _text(tokens, VOCABULARY.heard_base)
            if tag == VOCABULARY.s1 and "duck" not in text and "tell" not in text:
                heard_alone.append(sum(token < VOCABULARY.unit_count for token in tokens))
    # "Does a xylophone fly?" has four words of one unit each; its number is often written.
    assert heard_alone.count(4) > 10


@pytest.mark.parametrize("estimate", [True, False])
def test_stage_2_is_the_duplex_format_of_the_dialogue(spoken: Path, estimate: bool) -> None:
    plan = _plan(spoken, 2, form=Format(text=False, own_table=False, estimate=estimate))
    plan = replace(plan, context=48)
    dialogues = [
        one.units
        for shard in sorted(spoken.glob("*.parquet"))
        for one in shard_dialogues(shard, STORE.unit_count, held_out=False)
    ]
    for ids, _, _ in _sequences(plan, range(12)):
        chunk_ms = {bos: ms for ms, bos in VOCABULARY.bos.items()}[ids[0]]
        fmt = VOCABULARY.format(chunk_ms, True, text=False)
        late = 0 if estimate else fmt.chunk_frames
        beginnings = [
            encode(units[1, at:], _later(units[0, at:], late), fmt)[:24]
            for units in dialogues
            for at in range(90)
        ]
        assert ids[:24].tolist() in beginnings


def _later(units: np.ndarray, frames: int) -> np.ndarray:
    return np.r_[[units[0]] * frames, units][: len(units)]


def test_stage_2_writes_words_beside_their_units(spoken: Path) -> None:
    slot_words: set[str] = set()
    for ids, _, _ in _sequences(_plan(spoken, 2), range(30)):
        own = _text(ids.tolist(), VOCABULARY.own_base)
        heard = _text(ids.tolist(), VOCABULARY.heard_base)
        slot_words |= {*own.split()} | {*heard.split()}
        # A word of the agent's stands in the chunk in which its unit begins.
        tokens = ids.tolist()
        for place, token in enumerate(tokens[:-1]):
            if VOCABULARY.own_base <= token < VOCABULARY.own_base + len(VOCABULARY.pieces):
                rest = tokens[place + 1 :]
                rest = rest[: rest.index(VOCABULARY.s0)] if VOCABULARY.s0 in rest else []
                if rest:
                    assert any(one in AGENT_UNITS for one in rest)
    assert {"bird", "duck", "not"} <= slot_words
    assert "fly" not in slot_words  # a sentence with an unknown word is not written


def test_the_mixture_has_its_share_and_does_not_change_what_is_composed(spoken: Path) -> None:
    vocabulary = Vocabulary(STORE.unit_count, script_words())
    for stage in (1, 2):
        plan = _plan(spoken, stage, 0.4)
        mixed = _sequences(plan, range(20), vocabulary)
        composed = list(training_sequences(STORE, vocabulary, plan, 5, range(20)))
        same = [np.array_equal(one[0], two[0]) for one, two in zip(mixed, composed, strict=True)]
        assert 6 <= sum(same) <= 18
        again = _sequences(plan, range(13, 20), vocabulary)
        assert all(
            np.array_equal(one[0], two[0]) for one, two in zip(mixed[13:], again, strict=True)
        )


def test_held_out_sequences_are_of_held_out_dialogues(tmp_path: Path) -> None:
    folder = write_made(tmp_path, shards=1, dialogues=400)
    shard = next(folder.glob("*.parquet"))
    numbers = {
        word.text
        for dialogue in shard_dialogues(shard, STORE.unit_count, held_out=True)
        for turn in dialogue.turns
        for word in turn.sentences[-1]
    }
    assert numbers
    vocabulary = Vocabulary(
        STORE.unit_count, (), 0, Spelling(tuple(f" {n}" for n in range(400)), (),
        tuple((str(n), (n,)) for n in range(400))),
    )  # fmt: skip
    plan = SequencePlan(1, 128, 8, PLAIN, spoken=SpokenDialogues((folder,), 1.0))
    found: set[str] = set()
    for ids, _, _ in all_sequences(STORE, vocabulary, plan, 5, range(8), held_out=True):
        for base in (vocabulary.own_base, vocabulary.heard_base):
            found |= {str(t - base) for t in ids.tolist() if base <= t < base + 400}
    assert found and found <= numbers


def test_an_agent_with_units_of_its_own_is_refused(spoken: Path) -> None:
    with pytest.raises(DuologueError, match="add --no-own-table"):
        check_dialogues(_plan(spoken, 1), Vocabulary(STORE.unit_count, (), 140))
    with pytest.raises(DuologueError, match="has other units"):
        check_dialogues(_plan(spoken, 1), Vocabulary(64))


def test_dialogues_for_stage_3_alone_are_refused(spoken: Path, tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="for stages 1 and 2"):
        train_lm.train_lm(
            tmp_path / "none", tmp_path, Budget(steps=1), 1, 3, "tiny", [3], PLAIN,
            spoken=SpokenDialogues((spoken,)),
        )  # fmt: skip


def test_stages_train_on_spoken_dialogues_and_a_text_model_writes_their_words(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "HELD_OUT_SEQUENCES", 2)
    save_store(own_units_store(), tmp_path / "speech.pkl.gz")
    write_text_model(tmp_path / "text")

    def train(stages: list[int], folders: tuple[Path, ...]) -> Path:
        return train_lm.train_lm(
            tmp_path / "speech.pkl.gz", tmp_path / "lm", Budget(steps=1), 1, 3, "tiny", stages,
            PLAIN, compiled=False, workers=0, start=Start(tmp_path / "text"),
            spoken=SpokenDialogues(folders, 1.0),
        )  # fmt: skip

    saved = torch.load(train([1, 2], (spoken,)), weights_only=True)
    assert saved["step"] == 1 and torch.isfinite(saved["net"]["embedding.weight"]).all()
    assert {*"012345"} <= {piece.strip() for piece in saved["pieces"]}  # the script has none
    with pytest.raises(DuologueError, match="give the options that it was begun with"):
        train([3], ())
