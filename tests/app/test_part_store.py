"""Optional parts are installed whole or not at all, without a network."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app import part_store
from engine.errors import DuologueError
from engine.part import (
    PART_FILES,
    PART_KINDS,
    PART_MANIFEST_NAME,
    PartKind,
    check_part,
    describe_part,
    write_part_manifest,
)

FILES = {"model.bin": b"weights", "config.json": b"{}", "vocabulary.txt": b"a", "LICENSE": b"MIT"}


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return made(tmp_path / "part", "1")


def made(folder: Path, version: str, kind: PartKind = "hearing") -> Path:
    folder.mkdir()
    for name in PART_FILES[kind]:
        (folder / name).write_bytes(FILES.get(name, b"content"))
    write_part_manifest(folder, describe_part(folder, kind, f"Tiny {kind}", version, "MIT"))
    (folder / "secret.txt").write_text("no part of it", "utf8")
    return folder


def quiet(_done: int, _total: int) -> None:
    pass


def zipped(part: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in part.iterdir():
            archive.write(path, f"inner/{path.name}")
    return target


def taped(part: Path, target: Path) -> Path:
    with tarfile.open(target, "w:gz") as tape:
        tape.add(part, "inner")
    return target


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_it_is_installed_from_each_form(part: Path, tmp_path: Path, form: str) -> None:
    source = {
        "folder": lambda: part,
        "zip": lambda: zipped(part, tmp_path / "part.zip"),
        "tar": lambda: taped(part, tmp_path / "part.tgz"),
    }[form]()
    told: list[tuple[int, int]] = []
    installed = part_store.import_part(source, lambda done, total: told.append((done, total)))
    assert installed.title == "Tiny hearing 1" and installed.licence == "MIT"
    assert told[-1] == (installed.size_bytes, installed.size_bytes)
    names = {path.name for path in installed.folder.iterdir()}
    assert names == {*FILES, PART_MANIFEST_NAME}
    assert part_store.part_for_hearing() == installed.folder
    assert [path.name[0] for path in part_store.parts_folder().iterdir()] == ["T"]


def test_a_newer_one_is_used_and_the_same_one_replaced(part: Path, tmp_path: Path) -> None:
    assert part_store.part_for_hearing() is None
    part_store.import_part(part, quiet)
    part_store.import_part(part, quiet)
    newer = part_store.import_part(made(tmp_path / "newer", "2"), quiet)
    assert len(part_store.installed_parts()) == 2
    assert part_store.part_for_hearing() == newer.folder
    part_store.delete_part(newer)
    assert [one.title for one in part_store.installed_parts()] == ["Tiny hearing 1"]


def test_each_kind_is_found_for_what_it_is(tmp_path: Path) -> None:
    for kind in PART_KINDS:
        assert part_store.part_for(kind) is None
        installed = part_store.import_part(made(tmp_path / kind, "1", kind), quiet)
        assert installed.kind == kind
        assert part_store.part_for(kind) == installed.folder
        assert {path.name for path in installed.folder.iterdir()} == {
            *PART_FILES[kind],
            PART_MANIFEST_NAME,
        }
    assert {part.kind for part in part_store.installed_parts()} == set(PART_KINDS)


def test_one_without_a_kind_hears(part: Path) -> None:
    path = part / PART_MANIFEST_NAME
    content = json.loads(path.read_text("utf8"))
    del content["kind"]
    path.write_text(json.dumps(content), "utf8")
    installed = part_store.import_part(part, quiet)
    assert installed.kind == "hearing"
    assert part_store.part_for_hearing() == installed.folder


def test_one_of_another_kind_is_not_taken(part: Path) -> None:
    assert check_part(part).kind == check_part(part, "hearing").kind == "hearing"
    with pytest.raises(DuologueError, match="hearing, not voice"):
        check_part(part, "voice")


def _changed(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"weightz")


def _longer(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"weights and more")


def _left_out(folder: Path) -> None:
    (folder / "LICENSE").unlink()


def _spoilt(place: str, value: object) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / PART_MANIFEST_NAME
        content = json.loads(path.read_text("utf8"))
        *above, last = place.split(".")
        inner = content
        for key in above:
            inner = inner[int(key) if key.isdecimal() else key]
        inner[last] = value
        path.write_text(json.dumps(content), "utf8")

    return spoil


def _no_manifest(folder: Path) -> None:
    (folder / PART_MANIFEST_NAME).write_text("[]", "utf8")


def _too_large(folder: Path) -> None:
    (folder / PART_MANIFEST_NAME).write_text(" " * 200_000, "utf8")


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.bad_input("hearing")
@pytest.mark.parametrize(
    "damage",
    [
        _changed,
        _longer,
        _left_out,
        _no_manifest,
        _too_large,
        _gone,
        _spoilt("part_version", 2),
        _spoilt("kind", "bundle"),
        _spoilt("kind", "voice"),
        _spoilt("kind", None),
        _spoilt("name", "../../x"),
        _spoilt("version", ".."),
        _spoilt("files.0.path", "/etc/passwd"),
        _spoilt("files.0.path", "LICENSE"),
        _spoilt("files.0.bytes", 10**12),
        _spoilt("files.0.sha256", "0" * 64),
    ],
)
def test_a_damaged_one_is_refused_and_the_older_stays(
    part: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    before = part_store.import_part(part, quiet)
    bad = tmp_path / "bad"
    shutil.copytree(part, bad)
    damage(bad)
    with pytest.raises(DuologueError) as error:
        part_store.import_part(bad, quiet)
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence and ".import" not in sentence
    assert part_store.installed_parts() == [before]
    assert len(list(part_store.parts_folder().iterdir())) == 1


def test_one_that_was_damaged_later_is_not_used(part: Path) -> None:
    installed = part_store.import_part(part, quiet)
    _longer(installed.folder)
    assert part_store.part_for_hearing() is None
    assert "damaged" in part_store.installed_parts()[0].damage
