"""The settings' file: round trip, damage, other versions, full disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import (
    CAUTIOUS,
    MIGRATIONS,
    NO_LIMITS,
    VERSION,
    Settings,
    SettingsFile,
    recording_limits,
    settings_of_options,
)
from engine.card.devices import ChosenDevice
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
        assert settings == Settings(**CAUTIOUS)
        aside = tmp_path / f"settings.broken-{count}.json"
        assert notice is not None
        assert str(aside) in notice
        assert aside.read_text("utf8") == content
        assert SettingsFile(path).load() == (Settings(**CAUTIOUS), None)


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
    assert settings == Settings(**CAUTIOUS)
    assert notice is not None
    assert "newer Duologue" in notice
    file.save(settings.model_copy(update={"theme": "light"}))
    assert file.load() == (Settings(theme="light", **CAUTIOUS), None)
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


def test_a_linked_file_stays_linked(tmp_path: Path) -> None:
    """Settings that lie in a folder of their own, with a link where the program looks."""
    kept = tmp_path / "dotfiles" / "mine.json"
    kept.parent.mkdir()
    file = SettingsFile(tmp_path / "settings.json")
    file.path.symlink_to(kept)
    file.save(Settings(theme="dark"))
    assert file.path.is_symlink()
    assert file.load() == (Settings(theme="dark"), None)
    kept.write_text("{broken")
    _, notice = file.load()
    assert notice is not None
    assert (kept.parent / "settings.broken-1.json").read_text() == "{broken"
    file.save(Settings(theme="light"))
    assert file.path.is_symlink()
    assert json.loads(kept.read_text())["theme"] == "light"


def test_limits_that_cannot_be_read_delete_nothing(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_text('{"most_recordings": "1000 or so", "most_gigabytes": 7}')
    settings, notice = file.load()
    assert notice is not None
    assert (settings.most_recordings, settings.most_gigabytes) == (100_000, 7)
    file.path.write_text('{"most_recordings": 7, "theme": "green"}')
    assert file.load()[0].most_recordings == 7


def test_a_file_with_bad_values_is_kept_once(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    content = '{"chunk_ms": 170}'
    file.path.write_text(content)
    for _ in range(3):
        _, notice = file.load()
        assert notice is not None
        assert "settings.invalid-1.json" in notice
    file.save(Settings())
    assert file.load() == (Settings(), None)
    assert (tmp_path / "settings.invalid-1.json").read_text() == content
    assert len(list(tmp_path.iterdir())) == 2


def test_limits_are_those_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    mine = tmp_path / "mine"
    SettingsFile().save(Settings(recording_folder=mine, most_recordings=1000, most_gigabytes=20))
    limits = {"most_recordings": 1000, "most_gigabytes": 20}
    assert recording_limits(mine) == limits
    assert recording_limits(mine / ".." / "mine") == limits
    for other in (None, tmp_path, mine / "more"):
        assert recording_limits(other) == NO_LIMITS
    SettingsFile().path.write_text("{broken")
    assert recording_limits(mine) == NO_LIMITS


# --- bad files ------------------------------------------------------------------------------------

BAD_FILES: dict[str, bytes] = {
    "empty": b"",
    "a blank": b" \n",
    "half": b'{"version": 1, "chunk_ms": 2',
    "a list": b"[1, 2]",
    "null": b"null",
    "a number": b"17",
    "a text": b'"dark"',
    "zeros, as after a power cut": bytes(4096),
    "UTF-16": '{"theme": "dark"}'.encode("utf-16"),
    "Latin-1": '{"microphone": "Küche"}'.encode("latin-1"),
    "a comment": b'{"theme": "dark"} // mine',
    "single quotes": b"{'theme': 'dark'}",
    "a comma too many": b'{"theme": "dark",}',
    "two objects": b'{"theme": "dark"}{"theme": "light"}',
    "lists 100,000 deep": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "lists 900 deep": b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}",
    "2 MB": b'{"a": "' + b"x" * 2_000_000 + b'"}',
    "half a surrogate": b'{"microphone": "\\ud800"}',
    "a number of 5000 digits": b'{"threads": ' + b"9" * 5000 + b"}",
    "version 2^70": b'{"version": 1180591620717411303424}',
    "a version of 4000 digits": b'{"version": ' + b"9" * 4000 + b"}",
    "version -1": b'{"version": -1, "chunk_ms": 170}',
    "version as text": b'{"version": "1", "chunk_ms": 170}',
    "GPU layers beyond 2^31": b'{"gpu_layers": 4294967296}',
    "GPU layers beyond 2^64": b'{"gpu_layers": 36893488147419103232}',
    "no threads": b'{"threads": 0}',
    "threads as a list": b'{"threads": [1]}',
    "half a thread": b'{"threads": 1.5}',
    "chunks of 170 ms": b'{"chunk_ms": 170}',
    "chunks in seconds": b'{"chunk_ms": "0.2 s"}',
    "a latency of a minute": b'{"latency_ms": 60000}',
    "NaN": b'{"temperature": NaN}',
    "endless gigabytes": b'{"most_gigabytes": Infinity}',
    "gigabytes of 1e400": b'{"most_gigabytes": 1e400}',
    "gigabytes below none": b'{"most_gigabytes": -4}',
    "no recordings": b'{"most_recordings": 0}',
    "recordings as text": b'{"most_recordings": "many"}',
    "record as text": b'{"record": "perhaps"}',
    "a microphone's number": b'{"microphone": 3}',
    "a folder with a zero": b'{"recording_folder": "/tmp/a\\u0000b"}',
    "an empty folder": b'{"recording_folder": ""}',
    "a folder from where one stands": b'{"recording_folder": "talks"}',
    "a folder as a number": b'{"recording_folder": 5}',
    "a bundle with a zero": b'{"bundle": "/tmp/a\\u0000b"}',
    "a bundle as an object": b'{"bundle": {"path": "/b"}}',
    "a language of its own": b'{"language": "Deutsch"}',
    "a theme of its own": b'{"theme": "green"}',
    "all wrong": b'{"chunk_ms": {}, "record": [], "theme": 1, "threads": null, "language": {}}',
}


@pytest.mark.bad_input("settings")
@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_one_sentence_and_nothing_is_lost(tmp_path: Path, content: bytes) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_bytes(content)
    settings, notice = file.load()
    assert notice is not None
    assert notice.endswith(".")
    assert len(notice) < 500
    if "Some settings" not in notice:
        assert settings == Settings(**CAUTIOUS)
    file.save(settings.model_copy(update={"theme": "dark"}))
    again, notice = file.load()
    assert (again.theme, notice) == ("dark", None)
    assert content in [path.read_bytes() for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"theme": "dark"}',
        b'{"theme": "light", "theme": "dark"}',
        b'{"theme": "dark", "model_dump": 1, "": 2, "__class__": 3, "x": 1e400}',
        b'{"theme": "dark", "deep": ' + b"[" * 150 + b"]" * 150 + b"}",
        b'{"theme": "dark", "bundle": "/tmp/\\udce4"}',
    ],
    ids=[
        "a mark of Windows editors",
        "a key twice",
        "odd keys",
        "a deep list",
        "a folder of no text",
    ],
)
def test_an_odd_file_is_taken_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_bytes(content)
    for _ in range(2):
        settings, notice = file.load()
        assert (settings.theme, notice) == ("dark", None)
        file.save(settings)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders there")
@pytest.mark.bad_input("settings")
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_keeps_nobody_waiting(tmp_path: Path, make: Callable[[Path], None]) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    make(file.path)
    settings, notice = file.load()
    assert settings == Settings(**CAUTIOUS)
    assert notice is not None
    assert "cannot be read" in notice


def test_a_link_to_itself_is_one_sentence(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.symlink_to(file.path)
    settings, notice = file.load()
    assert settings == Settings(**CAUTIOUS)
    assert notice is not None
    assert "cannot be read" in notice


@pytest.mark.parametrize(("name", "cautious"), [("record", False), ("hold_to_talk", True)])
def test_whoever_closed_something_is_not_opened_by_a_damaged_value(
    tmp_path: Path, name: str, cautious: bool
) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_text(json.dumps({name: "perhaps", "theme": "dark"}))
    settings, notice = file.load()
    assert getattr(settings, name) is cautious
    assert settings.theme == "dark"
    assert notice and name in notice


@pytest.mark.parametrize("content", ['{"record": false', '{"version": 99, "record": false}'])
def test_a_file_of_no_use_leaves_cautious_settings_for_the_next_start_too(
    tmp_path: Path, content: str
) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_text(content)
    assert file.read() == Settings(**CAUTIOUS)
    assert file.path.read_text() == content  # whoever only looks changes nothing
    _, notice = file.load()
    assert notice is not None
    for _ in range(2):
        assert file.load() == (Settings(**CAUTIOUS), None)
