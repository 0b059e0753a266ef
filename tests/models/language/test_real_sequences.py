"""Stage 3 trains on people's dialogues: both orders of their channels, in the paper's format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.tokens import encode
from models.dialogue.recorded_dialogues import (
    TRAINING,
    VALIDATION,
    CorpusDescription,
    EncodedCall,
    RealDialogues,
    write_description,
    write_shard,
    write_splits,
)
from models.dialogue.unit_store import save_store
from models.language import batches
from models.language import train as train_lm
from models.language.budget import Budget
from models.language.mixed_sequences import all_sequences
from models.language.real_sequences import check_real
from models.language.sequences import Format, SequencePlan, TrainingSequence, training_sequences
from models.language.vocabulary import Vocabulary
from models.script.words import script_words
from tests.models.dialogue.test_composer import own_units_store, toy_store

PAPER = Format(boundary_emit=False, text=False, own_table=False)
STORE = toy_store()
VOCABULARY = Vocabulary(STORE.unit_count, script_words())
FIRST, SECOND = range(20), range(60, 80)
"""The units of both channels in the calls for training; those for validation have others."""
_LATER = 100


def _call(name: str, frames: int, shift: int = 0, seed: int = 0) -> EncodedCall:
    """A call whose units last one to five frames."""
    rng = np.random.default_rng(seed)
    channels = [
        np.repeat(rng.choice(units, frames), rng.integers(1, 6, frames))[:frames] + shift
        for units in (FIRST, SECOND)
    ]
    return EncodedCall(name, ("x", "y"), np.stack(channels).astype(np.int16))


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    folder = tmp_path / "real"
    write_description(folder, CorpusDescription("fisher", "", "0", STORE.unit_count))
    write_shard(folder, [_call("a", 900), _call("short", 90, seed=1), _call("tiny", 2)])
    write_shard(folder, [_call("kept out", 2_000, _LATER)])
    write_splits(folder, {TRAINING: ["a", "short", "tiny"], VALIDATION: ["kept out"]})
    return folder


def _plan(folder: Path, share: float = 1.0, form: Format = PAPER) -> SequencePlan:
    return SequencePlan(3, 256, 8, form, real=RealDialogues((folder,), share))


def _sequences(plan: SequencePlan, count: int, held_out: bool = False) -> list[TrainingSequence]:
    return list(all_sequences(STORE, VOCABULARY, plan, 5, range(count), held_out))


def _units(ids: np.ndarray, tag: int) -> set[int]:
    """The units after a speaker's tag."""
    owner, units = -1, set()
    for token in ids.tolist():
        if token in (VOCABULARY.s0, VOCABULARY.s1):
            owner = token
        elif token < VOCABULARY.unit_count and owner == tag:
            units.add(token)
    return units


@pytest.mark.parametrize("estimate", [True, False])
def test_each_side_is_the_agent_once(dialogues: Path, estimate: bool) -> None:
    plan = _plan(dialogues, form=replace(PAPER, estimate=estimate))
    for number, (ids, weights, said) in enumerate(_sequences(plan, 20)):
        sides = (FIRST, SECOND) if number % 2 == 0 else (SECOND, FIRST)
        for tag, units in zip((VOCABULARY.s0, VOCABULARY.s1), sides, strict=True):
            assert _units(ids, tag) <= set(units) and len(_units(ids, tag)) > 5
        assert ids.shape == weights.shape == said.shape == (257,)
        assert ids[0] in VOCABULARY.bos.values() and ids.max() <= VOCABULARY.text_bos
        assert (said == -1).all() and (weights > 0).all()


def test_a_sequence_is_a_stretch_of_the_call_in_the_papers_format(dialogues: Path) -> None:
    call = _call("a", 900).units
    found = 0
    for number, (ids, _, _) in enumerate(_sequences(_plan(dialogues), 12)):
        chunk_ms = {bos: ms for ms, bos in VOCABULARY.bos.items()}[ids[0]]
        fmt = VOCABULARY.format(chunk_ms, boundary_emit=False, text=False)
        agent = number % 2
        found += any(
            encode(call[agent, at : at + 120], call[1 - agent, at : at + 120], fmt)[:50]
            == ids[:50].tolist()
            for at in range(750)
        )
    # Some begin with the short call.
    assert found >= 6


def test_a_short_call_is_followed_by_another(dialogues: Path) -> None:
    write_splits(dialogues, {TRAINING: ["short", "tiny"], VALIDATION: []})
    for ids, _, _ in _sequences(_plan(dialogues), 6):
        assert len(ids) == 257
        assert np.isin(ids, [*VOCABULARY.bos.values()]).sum() > 1


def test_the_mixture_has_its_share_and_does_not_change_what_is_composed(dialogues: Path) -> None:
    plan = _plan(dialogues, 0.4)
    mixed = _sequences(plan, 24)
    composed = list(training_sequences(STORE, VOCABULARY, plan, 5, range(24)))
    same = [np.array_equal(one[0], other[0]) for one, other in zip(mixed, composed, strict=True)]
    assert 6 <= sum(same) <= 20
    # Both orders of a stretch or neither.
    assert same[::2] == same[1::2]
    again = list(all_sequences(STORE, VOCABULARY, plan, 5, range(15, 24), False))
    assert all(np.array_equal(one[0], two[0]) for one, two in zip(mixed[15:], again, strict=True))


def test_held_out_sequences_are_of_calls_for_validation(dialogues: Path) -> None:
    for ids, _, _ in _sequences(_plan(dialogues), 4, held_out=True):
        spoken = _units(ids, VOCABULARY.s0) | _units(ids, VOCABULARY.s1)
        assert min(spoken) >= _LATER


@pytest.mark.parametrize(
    ("form", "own"),
    [(Format(text=True), 0), (Format(text=False), 140)],
)
def test_other_formats_are_refused(dialogues: Path, form: Format, own: int) -> None:
    vocabulary = Vocabulary(STORE.unit_count, (), own)
    with pytest.raises(DuologueError, match="--no-own-table --no-text"):
        check_real(_plan(dialogues, form=form), vocabulary)


def test_stores_that_cannot_be_used_are_refused(dialogues: Path) -> None:
    with pytest.raises(DuologueError, match="another tokenizer"):
        check_real(_plan(dialogues), Vocabulary(64))
    (dialogues / "00000.npy").write_bytes(b"")
    with pytest.raises(DuologueError, match=r"00000\.npy is damaged"):
        check_real(_plan(dialogues), VOCABULARY)
    write_splits(dialogues, {TRAINING: [], VALIDATION: ["kept out"]})
    (dialogues / "00000.json").unlink()
    with pytest.raises(DuologueError, match="no call for training"):
        check_real(_plan(dialogues), VOCABULARY)


def test_dialogues_without_stage_3_are_refused(dialogues: Path, tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="stage 3"):
        train_lm.train_lm(
            tmp_path / "none", tmp_path, Budget(steps=1), 1, 3, "tiny", [1, 2], PAPER,
            real=RealDialogues((dialogues,)),
        )  # fmt: skip


def test_stage_3_trains_on_dialogues(
    dialogues: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "HELD_OUT_SEQUENCES", 2)
    # Of an agent with units of its own: in the single table there are only the tokenizer's.
    save_store(own_units_store(), tmp_path / "speech.pkl.gz")
    weights = []
    for real in (RealDialogues(), RealDialogues((dialogues,), 0.5)):
        path = train_lm.train_lm(
            tmp_path / "speech.pkl.gz", tmp_path / f"{len(real.folders)}", Budget(steps=4), 1, 3,
            "tiny", [3], PAPER, compiled=False, workers=0, real=real,
        )  # fmt: skip
        saved = torch.load(path, weights_only=True)
        assert saved["step"] == 4 and not saved["own_unit_count"]
        weights.append(saved["net"]["embedding.weight"])
    assert torch.isfinite(weights[1]).all() and not torch.equal(*weights)
