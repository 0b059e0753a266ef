"""A tiny dGSLM adds itself to a folder of continuations."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from models.cli import app
from models.dgslm.checkpoints import save_dgslm
from models.dgslm.network import Towers
from models.paper.continuations import Prompts, true_dialogues
from models.paper.dgslm_continuations import add_dgslm
from models.paper.rating_study import recordings
from tests.bad_input import check_sentence
from tests.engine.tiny_bundle import UNIT_COUNT, write_tiny_bundle
from tests.models.dgslm.test_network import TINY
from tests.models.paper.test_continuations import stereo

pytest.importorskip("hibari")


def test_dgslm_goes_on_from_the_same_prompt(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle").folder
    checkpoint = tmp_path / "dgslm.pt"
    save_dgslm(Towers(TINY, UNIT_COUNT), checkpoint)
    folder = tmp_path / "talks"
    true_dialogues(folder, Prompts(dialogues=1, prompt_seconds=2.0, seconds=1.0))
    call = ["dgslm-continuations", str(folder), str(checkpoint), "--bundle", str(bundle)]
    assert CliRunner().invoke(app, call).exit_code == 0
    found = recordings(folder)
    assert sorted(found) == ["dgslm", "truth"]
    true, told = (stereo(found[system]["000"]) for system in ("truth", "dgslm"))
    assert told.shape == true.shape == (2, 3 * SAMPLE_RATE_HZ)
    border = 2 * SAMPLE_RATE_HZ
    assert (told[:, :border] == true[:, :border]).all()
    assert (told[:, border:] != true[:, border:]).any()


def test_a_bundle_of_other_units_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "dgslm.pt"
    save_dgslm(Towers(TINY, UNIT_COUNT - 1), checkpoint)
    bundle = write_tiny_bundle(tmp_path / "bundle").folder
    with pytest.raises(DuologueError, match="cannot speak the 199 units") as raised:
        add_dgslm(tmp_path, checkpoint, bundle)
    check_sentence(str(raised.value) + "\n")
