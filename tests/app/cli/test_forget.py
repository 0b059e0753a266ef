"""`duologue forget` deletes only what is Duologue's, and only after a yes."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from app.cli.forget import forget
from app.folders import config_folder, data_folder, log_folder, notes_folder, recordings_folder
from app.recording_library import entries
from app.settings import Settings, SettingsFile
from engine.assistant.state_files import FILE_NAMES
from engine.errors import DuologueError
from engine.record.recorder import Recorder
from engine.record.retention import Hold
from engine.syncllm.duplex import Duplex
from tests.engine.recorded_talks import content, write_talk
from tests.engine.tiny_bundle import write_tiny_bundle


@pytest.fixture
def belongings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile with settings, a bundle, a log, a recording, and a folder that is none."""
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    SettingsFile().save(Settings(theme="dark"))
    (data_folder() / "bundles" / "mine").mkdir(parents=True)
    log_folder().mkdir()
    (recordings_folder() / "holiday").mkdir(parents=True)
    duplex = Duplex(write_tiny_bundle(tmp_path / "bundle"))
    recorder = Recorder(recordings_folder(), duplex)
    sound = np.zeros(duplex.format.chunk_samples, np.float32)
    recorder.write(sound, sound, duplex.step(sound), {"late_ms": 0})
    recorder.close()
    duplex.close()
    return tmp_path


def test_nothing_goes_without_a_yes(belongings: Path) -> None:
    told: list[str] = []
    forget(lambda question: False, told.append)
    assert SettingsFile().load()[0].theme == "dark"
    assert (data_folder() / "bundles" / "mine").is_dir()
    assert len(entries(recordings_folder())) == 1
    assert str(config_folder()) in told[0]


def test_all_goes_but_what_is_not_ours(belongings: Path) -> None:
    asked: list[str] = []
    forget(lambda question: bool(asked.append(question)) or True, lambda text: None)
    assert sorted(path.name for path in belongings.iterdir()) == ["bundle", "recordings"]
    assert [path.name for path in recordings_folder().iterdir()] == ["holiday"]
    assert len(asked) == 2


def test_notes_and_text_models_go_too_and_another_file_stays(belongings: Path) -> None:
    notes_folder().mkdir(parents=True)
    for name in (*FILE_NAMES, "of my own.txt"):
        (notes_folder() / name).write_text("milk", "utf8")
    model = data_folder() / "text-models" / "chat.gguf"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"GGUF")
    told: list[str] = []
    forget(lambda question: "shopping list" not in question, told.append)
    assert not model.exists() and len([*notes_folder().iterdir()]) == 4
    assert "reminders stay in" in told[-1]
    forget(lambda question: True, told.append)
    assert [path.name for path in notes_folder().iterdir()] == ["of my own.txt"]


def test_where_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    told: list[str] = []
    forget(lambda question: pytest.fail("asked"), told.append)
    assert told == ["Duologue has stored nothing of yours."]


def test_nobody_answers(
    belongings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(SystemExit) as ended:
        main(["forget"])
    assert not ended.value.code
    assert "stay in" in capsys.readouterr().out
    assert config_folder().is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="left behind on Linux")
@pytest.mark.parametrize("answer", [True, False])
def test_what_onnx_runtime_left_goes_only_when_asked(
    answer: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("XDG_DOCUMENTS_DIR", str(tmp_path / "documents"))
    monkeypatch.delenv("DUOLOGUE_PROFILE", raising=False)
    folder = tmp_path / "Microsoft" / "DeveloperTools" / ".onnxruntime"
    folder.mkdir(parents=True)
    (folder / "deviceid").write_text("8a1f", "utf8")
    (folder.parent / "of another program").touch()
    asked: list[str] = []
    forget(lambda question: bool(asked.append(question)) or answer, lambda text: None)
    assert len(asked) == 1 and str(folder) in asked[0] and "another program" in asked[0]
    assert folder.exists() is not answer
    assert (folder.parent / "of another program").exists()


@pytest.mark.parametrize(
    "place", ["data", "data/talks", "data/bundles", "data/bundles/mine", "log"]
)
def test_recordings_inside_stay(belongings: Path, place: str) -> None:
    """The folder of recordings may be, or lie in, a folder of the program's."""
    folder = belongings / place
    talk = write_talk(folder)
    export = folder / "exported" / "talk.wav"
    export.parent.mkdir()
    kept = [folder / "note.txt", export]
    if place != "data/bundles":
        kept.append(export.with_name("manifest.json"))  # a name that others use, too
    for other in kept:
        other.write_text("keep this")
    bundles = data_folder() / "bundles"
    shutil.copytree(belongings / "bundle", bundles / "another")
    (bundles / ".pull-someone--tiny").mkdir()
    SettingsFile().save(Settings(recording_folder=folder))
    before = content(talk)
    told: list[str] = []
    forget(lambda question: "settings" in question, told.append)
    assert content(talk) == before
    assert f"Your recordings stay in {folder}." in told
    assert not SettingsFile().path.exists()
    assert not (bundles / "another").exists()
    assert not (bundles / ".pull-someone--tiny").exists()
    assert all(other.read_text() == "keep this" for other in kept)
    asked: list[str] = []
    SettingsFile().save(Settings(recording_folder=folder))
    forget(lambda question: bool(asked.append(question)) or True, told.append)
    assert "1 recorded conversations" in asked[1]
    assert not talk.exists()
    assert all(other.read_text() == "keep this" for other in kept)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_a_link_to_the_folder_of_recordings_stays(belongings: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "elsewhere", data_folder() / "bundles" / "talks"
    talk = write_talk(real)
    link.symlink_to(real)
    SettingsFile().save(Settings(recording_folder=link))
    forget(lambda question: "settings" in question, lambda text: None)
    assert link.is_symlink() and talk.is_dir()


def test_what_lies_beside_ours_stays(belongings: Path) -> None:
    """A profile may be a folder in which there were others of these names."""
    others = [config_folder() / "mine.json", data_folder() / "thesis.txt", log_folder() / "x.log"]
    for other in others:
        other.write_text("keep this")
    noted = next(recordings_folder().glob("conversation-*"))
    (noted / "note.txt").write_text("keep this")
    forget(lambda question: True, lambda text: None)
    kept = [*others, noted / "note.txt"]
    found = [path for path in belongings.rglob("*") if path.is_file()]
    assert sorted(path for path in found if belongings / "bundle" not in path.parents) == sorted(
        kept
    )


def test_a_talk_that_is_being_recorded_is_named(belongings: Path) -> None:
    pytest.importorskip("fcntl")
    folder = write_talk(recordings_folder())
    running = Hold(folder)
    with pytest.raises(DuologueError, match=folder.name):
        forget(lambda question: True, lambda text: None)
    running.release()
    assert [entry.folder for entry in entries(recordings_folder())] == [folder]
