"""Windows are those dialogues that the composer makes, frame by frame, and people's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from models.dgslm import batches
from models.dgslm.batches import WindowDataset, check_real, held_out_batch
from models.dgslm.losses import run_lengths
from models.dgslm.sequences import TrainingWindow, WindowPlan, training_windows
from models.dialogue.composer import Composer
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
from models.dialogue.timing import ALTERNATING
from models.dialogue.unit_store import UnitUtterance, save_store
from models.dialogue.unit_streams import Dialogue
from tests.models.dialogue.test_composer import own_units_store, toy_store

STORE = toy_store()
PLAN = WindowPlan(120)


def _windows(plan: WindowPlan, numbers: range) -> list[TrainingWindow]:
    return list(training_windows(STORE, plan, 1, numbers, []))


def test_a_window_depends_on_its_number_alone() -> None:
    whole, later = _windows(PLAN, range(4)), _windows(PLAN, range(2, 4))
    for first, second in zip(whole[2:], later, strict=True):
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)
    assert all(part.shape == (2, 120) for window in whole for part in window)
    assert not np.array_equal(whole[0][0], whole[1][0])


def test_windows_are_both_streams_of_composed_dialogues(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Dialogue] = []
    honest = Composer.compose

    def told(self: Composer, frames: int) -> Dialogue:
        made.append(honest(self, frames))
        return made[-1]

    monkeypatch.setattr(Composer, "compose", told)
    windows = _windows(WindowPlan(120, ALTERNATING), range(6))
    late = 0
    for (units, runs), dialogue in zip(windows, made, strict=True):
        streams = np.stack([dialogue.own, dialogue.user])
        starts = [
            start for start in range(60) if np.array_equal(streams[:, start : start + 120], units)
        ]
        # Frames after the window tell how long its last units last.
        assert any(np.array_equal(run_lengths(streams[:, start:], 120), runs) for start in starts)
        late += not np.array_equal(run_lengths(units, 120), runs)
    assert late


def test_what_the_agent_is_not_to_learn_is_no_edge() -> None:
    long = [said for text, said in STORE.agent.items() if len(text.split()) > 10]
    free = replace(STORE, free_answers=long[:4], fillers=long[4:5])
    masked = 0
    for units, runs in training_windows(free, WindowPlan(400), 1, range(12), []):
        edges = np.c_[[True, True], units[:, 1:] != units[:, :-1]]
        assert not (runs[~edges] > 0).any()
        assert (runs[1][edges[1]] > 0).all()
        masked += int((runs[0][edges[0]] == 0).sum())
    assert masked > 0


def test_one_table_of_units_serves_both_speakers(tmp_path: Path) -> None:
    own = own_units_store()
    save_store(own, tmp_path / "speech.pkl.gz")
    dataset = iter(WindowDataset(tmp_path / "speech.pkl.gz", PLAN, 1, 2, 0))
    agents = np.concatenate([next(dataset)[0][0] for _ in range(4)])
    # In the toy store the ears hear the agent as 0 and from 100 on.
    assert set(np.unique(agents)) - {0} <= set(range(100, 200))
    assert agents.max() >= 140


def test_a_dataset_goes_on_from_a_batch(tmp_path: Path) -> None:
    save_store(STORE, tmp_path / "speech.pkl.gz")
    whole = iter(WindowDataset(tmp_path / "speech.pkl.gz", PLAN, 1, 2, 0))
    expected = [next(whole)[0] for _ in range(6)][4:]
    later = iter(WindowDataset(tmp_path / "speech.pkl.gz", PLAN, 1, 2, 2))
    for units in expected:
        np.testing.assert_array_equal(next(later)[0], units)


def _corpus(folder: Path, split: str, frames: int = 90) -> RealDialogues:
    """Two calls, in whose first channel units count up and in whose second they stay."""
    units = np.stack([np.arange(frames) % 150, np.full(frames, 199)]).astype(np.int16)
    calls = [EncodedCall(name, (f"{name}1", f"{name}2"), units) for name in "ab"]
    write_description(folder, CorpusDescription("two-channel", "Ours.", "0", STORE.unit_count))
    write_splits(folder, {split: ["a", "b"]})
    write_shard(folder, calls)
    return RealDialogues((folder,), 1.0)


def test_people_s_calls_are_cut_and_joined(tmp_path: Path) -> None:
    plan = replace(PLAN, real=_corpus(tmp_path, TRAINING))
    check_real(plan, STORE.unit_count)
    calls = batches._calls(plan, TRAINING, STORE.unit_count)
    for units, runs in training_windows(STORE, plan, 1, range(5), calls):
        assert units.shape == runs.shape == (2, 120)
        assert set(units[1]) == {199}
        assert runs[1, 0] == 256 and not runs[1, 1:].any()
        assert (np.diff(units[0]) == 1).sum() == 118
    save_store(STORE, tmp_path / "speech.pkl.gz")
    dataset = iter(WindowDataset(tmp_path / "speech.pkl.gz", plan, 1, 2, 0))
    assert set(next(dataset)[0][1]) == {199}


def test_calls_without_one_for_training_are_refused(tmp_path: Path) -> None:
    plan = replace(PLAN, real=_corpus(tmp_path, VALIDATION))
    with pytest.raises(DuologueError, match="no call for training"):
        check_real(plan, STORE.unit_count)
    with pytest.raises(DuologueError, match="another tokenizer"):
        check_real(plan, 64)
    units, _ = held_out_batch(STORE, plan)
    assert set(units[:, 1].flatten().tolist()) == {199}


def test_held_out_windows_have_held_out_utterances() -> None:
    def said(unit: int, one: UnitUtterance) -> UnitUtterance:
        return replace(one, units=np.where(one.units == 1, 1, unit).astype(np.int16))

    user = {text: [said(91, one), said(95, one)] for text, (one,) in STORE.user.items()}
    store = replace(STORE, user=user)
    held_out, _ = held_out_batch(store, PLAN)
    assert held_out.shape == (batches.HELD_OUT_WINDOWS, 2, 120)
    assert {91, 95} & set(held_out[:, 1].flatten().tolist()) == {95}
