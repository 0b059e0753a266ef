"""The choice of the text model: what is chosen is told, and other computers are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from app.assistant import text_models_folder
from app.settings import Settings
from app.window import worker
from app.window.pages.text_model import TextModel

SMALL = "SmolLM2-135M-Instruct.Q4_1.gguf"


class Stage:
    def __init__(self, qtbot: QtBot, settings: Settings) -> None:
        self.qtbot = qtbot
        self.page = TextModel(settings)
        self.told: list[dict[str, Any]] = []
        self.page.changed.connect(self.told.append)
        qtbot.addWidget(self.page)
        self.page.resize(900, 700)
        self.page.show()
        qtbot.waitExposed(self.page)
        qtbot.waitUntil(lambda: self.page._small is not None)

    def choose(self, kind: str) -> None:
        self.page.kind.setCurrentIndex(self.page.kind.findData(kind))

    def write(self, box: QLineEdit, text: str) -> None:
        box.setFocus()
        box.selectAll()
        self.qtbot.keyClicks(box, text)


@pytest.fixture
def stage(qtbot: QtBot, profile: Path) -> Stage:
    text_models_folder().mkdir(parents=True)
    (text_models_folder() / SMALL).write_bytes(b"GGUF")
    made = Stage(qtbot, Settings())
    assert worker.wait_for_all()
    return made


def test_each_kind_shows_its_own_controls(stage: Stage) -> None:
    page = stage.page
    assert page.file.isVisible() and not page.address.isVisible()
    stage.choose("server")
    assert page.address.isVisible() and not page.file.isVisible()
    stage.choose("none")
    assert not page.address.isVisible() and not page.file.isVisible()
    assert stage.told == [{"text_model": "server"}, {"text_model": "none"}]


def test_a_file_is_chosen_and_given_up_for_the_small_model(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, other = stage.page, tmp_path / "llama.gguf"
    assert page.file.text() == SMALL and not page.small_button.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(other), ""))
    stage.qtbot.mouseClick(page.file_button, Qt.MouseButton.LeftButton)
    assert page.file.text() == other.name and SMALL in page.small_button.toolTip()
    stage.qtbot.mouseClick(page.small_button, Qt.MouseButton.LeftButton)
    assert stage.told == [{"text_file": other}, {"text_file": None}]
    assert page.file.text() == SMALL


def test_numbers_are_told(stage: Stage) -> None:
    page = stage.page
    for box, name, value in (
        (page.context, "text_context_tokens", 4096),
        (page.gpu, "text_gpu_layers", 3),
    ):
        box.setValue(value)
        assert stage.told[-1] == {name: value}


def test_an_address_is_taken_when_it_is_finished(stage: Stage) -> None:
    stage.choose("server")
    stage.write(stage.page.address, "localhost:11434")
    assert {"text_server": "http://localhost:11434/v1"} not in stage.told
    stage.qtbot.keyClick(stage.page.address, Qt.Key.Key_Return)
    assert stage.told[-1] == {"text_server": "http://localhost:11434/v1"}
    Settings.model_validate(stage.told[-1])
    stage.write(stage.page.model, "llama3")
    stage.qtbot.keyClick(stage.page.model, Qt.Key.Key_Return)
    assert stage.told[-1] == {"text_server_model": "llama3"}


@pytest.mark.parametrize(
    "address", ["http://example.com/v1", "192.168.1.5:8080", "https://127.0.0.1", "http://[::1"]
)
def test_another_computer_is_refused_at_once(stage: Stage, address: str) -> None:
    stage.choose("server")
    before = list(stage.told)
    explained = stage.page.address_text.text()
    stage.write(stage.page.address, address)
    told = stage.page.address_text.text()
    assert told != explained and stage.page.address_text.property("role") == "bad"
    assert stage.page.address.accessibleDescription() == told
    stage.qtbot.keyClick(stage.page.address, Qt.Key.Key_Return)
    assert stage.told == before
    stage.write(stage.page.address, "127.0.0.1:8080")
    assert stage.page.address_text.text() == explained


def test_settings_that_are_shown_are_not_told(stage: Stage) -> None:
    stage.page.show_settings(
        Settings(text_model="server", text_server="http://127.0.0.1:1/v1", text_threads=1)
    )
    assert stage.told == [] and stage.page.address.text() == "http://127.0.0.1:1/v1"
