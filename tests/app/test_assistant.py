"""The assistant that the settings describe, and the settings that must not be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import assistant
from app.folders import notes_folder
from app.part_store import import_part
from app.settings import Settings, SettingsFile
from engine.assistant.request import State
from engine.errors import DuologueError
from engine.part import GGUF_NAME, PART_FILES, describe_part, write_part_manifest
from tests.engine.tiny_llama import write_tiny_llama


@pytest.fixture(autouse=True)
def _profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))


def test_nothing_is_opened_for_who_wants_no_assistant() -> None:
    assert assistant.open_assistant(Settings(assistant=False)) is None


def test_actions_work_without_any_text_model() -> None:
    mind = assistant.open_assistant(Settings(text_model="none"))
    assert mind and not mind.can_think and mind.own_actions is None and mind.state == State()
    mind.close()
    assert not notes_folder().exists()  # nothing is written before something is set


def test_a_file_or_a_server_is_the_text_model(tmp_path: Path) -> None:
    model = write_tiny_llama(tmp_path / "tiny.gguf", template="")
    for settings in (
        Settings(text_file=model),
        Settings(text_model="server", text_server="http://localhost:8080"),
    ):
        mind = assistant.open_assistant(settings)
        assert mind and mind.can_think
        mind.close()


def test_a_server_without_an_address_is_none() -> None:
    assert assistant.text_mind(Settings(text_model="server")) is None
    elsewhere = Settings.model_construct(**{**dict(Settings()), "text_model": "server",
                                            "text_server": "http://192.168.0.2"})  # fmt: skip
    with pytest.raises(DuologueError, match="not this computer"):
        assistant.text_mind(elsewhere)


def test_the_small_model_is_found_in_our_folder_first() -> None:
    folder = assistant.text_models_folder()
    folder.mkdir(parents=True)
    model = folder / "SmolLM2-135M-Instruct.Q4_1.gguf"
    model.write_bytes(b"GGUF")
    assert assistant.small_text_model() == model


def test_the_part_is_the_small_model_before_all_others(tmp_path: Path) -> None:
    folder = assistant.text_models_folder()
    folder.mkdir(parents=True)
    (folder / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF")
    part = tmp_path / "part"
    part.mkdir()
    for name in PART_FILES["text-model"]:
        (part / name).write_bytes(b"GGUF")
    write_part_manifest(part, describe_part(part, "text-model", "tiny", "1", "MIT"))
    installed = import_part(part, lambda *_: None)
    assert assistant.small_text_model() == installed.folder / GGUF_NAME


def test_every_setting_of_the_assistant_is_a_setting() -> None:
    assert set(assistant.MIND_SETTINGS) <= set(Settings.model_fields)


@pytest.mark.bad_input("settings")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text_server", "http://192.168.0.2/v1"), ("text_server", "http://example.org"),
        ("text_model", "cloud"), ("own_actions", "relative/folder"), ("text_file", "model.gguf"),
        ("text_context_tokens", 1), ("most_sentences", 0), ("system_prompt", "x" * 5000),
    ],
)  # fmt: skip
def test_a_wrong_value_falls_back_to_the_careful_default(
    tmp_path: Path, name: str, value: object
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 1, name: value}))
    settings, notice = SettingsFile(path).load()
    assert settings == Settings() and notice and name in notice
    assert settings.own_actions is None and settings.text_server == ""
