"""What is offered follows from what is installed and chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import part_store
from app.abilities import abilities
from app.settings import Settings
from tests.app.tiny_part import quiet, write_tiny_part

NAME = "SmolLM2-135M-Instruct.gguf"


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))


@pytest.fixture
def part(tmp_path: Path) -> part_store.InstalledPart:
    return part_store.import_part(write_tiny_part(tmp_path / "part"), quiet)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(b"GGUF")
    return path


def test_without_the_part_it_is_told_what_is_missing(model: Path) -> None:
    able = abilities(Settings(text_file=model))
    assert "the part for hearing" in able.missing
    assert not able.assistant and not able.text_model and able.script


def test_with_the_part_it_can_be_used(part: part_store.InstalledPart, model: Path) -> None:
    able = abilities(Settings(text_file=model))
    assert (able.missing, able.assistant, able.text_model) == ("", True, NAME)
    off = abilities(Settings(assistant=False, text_file=model))
    assert (off.missing, off.assistant, off.text_model) == ("", False, "")


def test_a_damaged_part_is_none(part: part_store.InstalledPart) -> None:
    (part.folder / "model.bin").write_bytes(b"short")
    assert abilities(Settings()).missing


def test_a_model_that_is_gone_answers_nothing(
    part: part_store.InstalledPart, tmp_path: Path
) -> None:
    assert abilities(Settings(text_file=tmp_path / "gone.gguf")).text_model == ""


def test_a_server_is_named_by_its_address(part: part_store.InstalledPart) -> None:
    chosen = Settings(text_model="server", text_server="localhost:11434")
    able = abilities(chosen)
    assert able.server == able.text_model == "http://localhost:11434/v1"
    assert abilities(chosen.model_copy(update={"text_model": "none"})).server == ""


def test_own_actions_are_named_as_they_are_loaded(
    part: part_store.InstalledPart, tmp_path: Path
) -> None:
    for name in ("disk.py", "_shared.py", "notes.txt", "about.py"):
        (tmp_path / name).write_text("")
    assert abilities(Settings(own_actions=tmp_path)).own_files == ("about.py", "disk.py")
    assert abilities(Settings(own_actions=tmp_path / "gone")).own_files == ()


def test_another_bundle_does_not_know_the_script(tmp_path: Path) -> None:
    assert not abilities(Settings(bundle=tmp_path)).script
