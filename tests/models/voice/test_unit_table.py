"""A corpus of the agent's voice tells whose units it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.voice.corpus import write_shard
from models.voice.unit_table import OWN_UNITS, begin_units, heard_units_of, units_of
from tests.models.voice.test_corpus import utterance


def test_a_corpus_keeps_to_its_units(tmp_path: Path) -> None:
    heard = heard_units_of(load_bundle(), boundary_emit=False)
    assert (heard.count, heard.silence_unit) == (64, 1)
    assert units_of(tmp_path) == OWN_UNITS  # as corpora from before
    begin_units(tmp_path, heard)
    begin_units(tmp_path, OWN_UNITS)  # there is no speech yet
    assert units_of(tmp_path) == OWN_UNITS
    begin_units(tmp_path, heard)
    write_shard(tmp_path, 0, [utterance(0)])
    begin_units(tmp_path, heard)
    assert units_of(tmp_path) == heard
    for other in (OWN_UNITS, heard_units_of(load_bundle(), boundary_emit=True)):
        with pytest.raises(DuologueError, match="holds speech in other units; give another --work"):
            begin_units(tmp_path, other)


@pytest.mark.parametrize("damage", ["{", "[]", '{"count": 3}'])
def test_a_damaged_table_is_refused(tmp_path: Path, damage: str) -> None:
    (tmp_path / "units.json").write_text(damage)
    with pytest.raises(DuologueError, match="make the speech again"):
        units_of(tmp_path)
