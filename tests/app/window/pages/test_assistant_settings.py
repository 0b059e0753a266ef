"""The assistant's settings by clicks: a missing part is told, and the wish for it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.abilities import Abilities
from app.settings import Settings
from app.window.pages.assistant_settings import AssistantSettings
from engine.assistant.talk_history import DEFAULT_PROMPT

_IN = QPoint(10, 12)
_LEFT = Qt.MouseButton.LeftButton
MISSING = (
    "The assistant needs the part for hearing, which is not installed; install it on the page "
    "Models."
)


@pytest.fixture
def card(qtbot: QtBot) -> AssistantSettings:
    made = AssistantSettings(Settings())
    qtbot.addWidget(made)
    made.show_settings(Settings())
    made.show_able(Abilities(assistant=True), ())
    made.resize(900, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_switch_and_its_wish(card: AssistantSettings, qtbot: QtBot) -> None:
    with qtbot.waitSignal(card.changed):
        qtbot.mouseClick(card.switch, _LEFT, pos=_IN)
    assert card.values()["assistant"] is False
    assert not card.most_sentences.isEnabled() and not card.prompt.isEnabled()
    with qtbot.waitSignal(card.changed):
        qtbot.mouseClick(card.switch, _LEFT, pos=_IN)
    assert card.values()["assistant"] is True


def test_a_missing_part_is_told_and_leads_to_the_models(
    card: AssistantSettings, qtbot: QtBot
) -> None:
    assert not card.parts_button.isVisible()
    card.show_able(Abilities(missing=MISSING), ())
    assert not card.switch.isChecked() and not card.switch.isEnabled()
    assert card.switch_text.text() == card.switch.accessibleDescription() == MISSING
    assert card.values()["assistant"] is True
    with qtbot.waitSignal(card.parts_wanted):
        qtbot.mouseClick(card.parts_button, _LEFT)
    card.show_able(Abilities(assistant=True), ())
    assert card.switch.isChecked() and card.switch.isEnabled()


def test_the_prompt_is_taken_when_it_is_finished(card: AssistantSettings, qtbot: QtBot) -> None:
    told: list[str] = []
    card.changed.connect(lambda: told.append(card.values()["system_prompt"]))
    card.activateWindow()
    card.prompt.setFocus()
    card.prompt.selectAll()
    qtbot.keyClicks(card.prompt, "Be short.")
    assert told == []
    card.show_settings(Settings())  # another setting has changed; who writes is not disturbed
    assert card.prompt.toPlainText() == "Be short."
    qtbot.keyClick(card.prompt, Qt.Key.Key_Tab)
    assert told == ["Be short."] and not card.prompt.hasFocus()
    card.prompt.setPlainText("  ")
    card.prompt.finish()
    assert told[-1] == DEFAULT_PROMPT == card.prompt.toPlainText()
    card.prompt.setPlainText("x" * 5000)
    card.prompt.finish()
    assert Settings(system_prompt=told[-1])  # not longer than the settings take


def test_each_own_file_is_named(
    card: AssistantSettings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(tmp_path))
    with qtbot.waitSignal(card.changed):
        qtbot.mouseClick(card.folder_button, _LEFT)
    assert card.values()["own_actions"] == tmp_path and card.folder.text() == str(tmp_path)
    card.show_able(Abilities(assistant=True, own_files=("disk.py", "moon.py")), ())
    assert "Files: disk.py, moon.py." in card.own_text.text()
    card.show_able(
        Abilities(assistant=True, own_files=("disk.py",)),
        ("The action disk.py has no function answer.",),
    )
    assert "no function answer" in card.own_text.text()
    card.show_able(Abilities(assistant=True), ())
    assert "no such files" in card.own_text.text()
    with qtbot.waitSignal(card.changed):
        qtbot.mouseClick(card.no_folder_button, _LEFT)
    assert card.values()["own_actions"] is None and not card.no_folder_button.isEnabled()


def test_the_text_model_is_named(card: AssistantSettings, qtbot: QtBot) -> None:
    assert card.text_model.text() == "none"
    card.show_able(Abilities(assistant=True, text_model="llama.gguf"), ())
    assert card.text_model.text() == "llama.gguf"
    with qtbot.waitSignal(card.text_model_wanted):
        qtbot.mouseClick(card.text_model_button, _LEFT)
