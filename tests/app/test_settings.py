"""The settings' file: round trip, damage, other versions, full disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import MIGRATIONS, VERSION, Settings, SettingsFile, settings_of_options
from engine.devices import ChosenDevice
from engine.errors import DuologueError
from tests.engine.full_disk import file_limit


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "new" / "settings.json")
    assert file.load() == (Settings(), None)
    chosen = Settings(chunk_ms=240, microphone="Desk", bundle=Path("/b"), temperature=0.4)
    file.save(chosen)
    assert file.load() == (chosen, None)
    assert json.loads(file.path.read_text())["version"] == VERSION


def test_a_device_is_kept_by_what_stays_and_an_older_name_is_understood(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    chosen = Settings(speaker=ChosenDevice("alsa_output.usb", "Küche"))
    file.save(chosen)
    assert file.load() == (chosen, None)
    file.path.write_text(json.dumps({"version": 1, "speaker": "Küche", "microphone": {"key": 1}}))
    settings, notice = file.load()
    assert settings == Settings(speaker="Küche")
    assert notice is not None
    assert "microphone" in notice


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "\ufeff nonsense", "null"])
def test_a_broken_file_is_set_aside(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    for count in (1, 2):
        path.write_text(content, "utf8")
        settings, notice = SettingsFile(path).load()
        assert settings == Settings()
        aside = tmp_path / f"settings.broken-{count}.json"
        assert notice is not None
        assert str(aside) in notice
        assert aside.read_text("utf8") == content
        assert not path.exists()


def test_a_bad_value_alone_falls_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 1, "chunk_ms": 170, "threads": 0, "theme": "dark"}))
    settings, notice = SettingsFile(path).load()
    assert settings == Settings(theme="dark")
    assert notice is not None
    assert "chunk_ms, threads" in notice


def test_what_a_newer_program_wrote_is_set_aside(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    content = json.dumps({"version": VERSION + 1, "voice": "new", "theme": "dark"})
    file.path.write_text(content)
    settings, notice = file.load()
    assert settings == Settings()
    assert notice is not None
    assert "newer Duologue" in notice
    file.save(settings.model_copy(update={"theme": "light"}))
    assert file.load() == (Settings(theme="light"), None)
    aside = tmp_path / f"settings.version-{VERSION + 1}-1.json"
    assert str(aside) in notice
    assert aside.read_text() == content


def test_unknown_settings_of_this_version_stay(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_text(json.dumps({"version": VERSION, "voice": "new", "theme": "dark"}))
    settings, _ = file.load()
    file.save(settings.model_copy(update={"theme": "light"}))
    kept = json.loads(file.path.read_text())
    assert (kept["voice"], kept["theme"]) == ("new", "light")


def test_every_version_has_a_migration(tmp_path: Path) -> None:
    assert len(MIGRATIONS) == VERSION
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_text(json.dumps({"chunk_ms": 200}))
    assert file.load() == (Settings(chunk_ms=200), None)


@pytest.mark.parametrize(
    "wrong", [{"latency_ms": 481}, {"temperature": 2.1}, {"card_latency_ms": 1}, {"gpu_layers": -2}]
)
def test_limits(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(DuologueError, match=r"settings\.json"):
        SettingsFile(blocked / "settings.json").save(Settings())


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.save(Settings(theme="dark"))
    with file_limit(100), pytest.raises(DuologueError):
        file.save(Settings())
    assert file.load() == (Settings(theme="dark"), None)
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


def test_an_option_that_cannot_be_is_named() -> None:
    assert settings_of_options(chunk_ms=200, latency_ms=None).chunk_ms == 200
    with pytest.raises(DuologueError, match="--chunk-ms: .*160, 200 or 240"):
        settings_of_options(chunk_ms=180)
    with pytest.raises(DuologueError, match="--latency-ms"):
        settings_of_options(latency_ms=9999)
