"""Which bundles' agents can say a text, and in which units."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DuologueError
from engine.minds.bundle_voice import bundle_voice
from engine.syncllm.bundle import load_bundle
from tests.engine.tiny_bundle import UNIT_COUNT, write_tiny_bundle


def test_the_starter_says_texts_in_its_own_units() -> None:
    voice, lines, remark = bundle_voice(load_bundle())
    assert not remark
    (sentence,) = voice.say("sorry i do not know that")
    assert sentence == lines.unknown


def test_a_bundle_of_one_table_hears_the_synthesiser(tmp_path: Path) -> None:
    voice, lines, remark = bundle_voice(write_tiny_bundle(tmp_path / "bundle"))
    assert "may sound different" in remark
    (sentence,) = voice.say("let me think")
    assert sentence == lines.fillers[0]
    assert all(0 <= unit < UNIT_COUNT for unit in sentence.frames)
    assert sentence.text == "let me think"


def test_unknown_units_of_its_own_are_refused(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle", own_units=True)
    with pytest.raises(DuologueError, match="choose another bundle"):
        bundle_voice(bundle)
