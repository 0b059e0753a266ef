"""The help on words has all that one can say here, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.abilities import Abilities
from app.what_to_say import OPEN_QUESTIONS
from app.window.language import use_language
from app.window.pages.words_help import WordsHelp
from app.window.sentences import translate_sentence
from engine.assistant.actions import ACTIONS
from engine.assistant.own_action import described


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    use_language(qapp, "de")
    yield
    use_language(qapp, "en")


def shown(able: Abilities, parent: QWidget) -> str:
    own = described("<disk>.py", ["how full is {place} now"], "")
    return WordsHelp(able, (own,), parent).text.toPlainText()


def test_all_words_of_all_actions_are_there(parent: QWidget) -> None:
    text = shown(Abilities(assistant=True, text_model="llama.gguf"), parent)
    for action in ACTIONS.values():
        assert all(f"“{example}”" in text for example in action.examples)
    assert "<disk>.py" in text and "how full is {place} now" in text
    assert "llama.gguf" in text and OPEN_QUESTIONS[0] in text


def test_what_is_missing_is_said(parent: QWidget) -> None:
    assert "switch it on in the settings" in shown(Abilities(), parent)
    assert "Install it." in shown(Abilities(missing="Install it."), parent)
    assert OPEN_QUESTIONS[0] not in shown(Abilities(assistant=True), parent)


@pytest.mark.parametrize("key", ACTIONS)
def test_each_purpose_is_said_in_german(key: str, german: None) -> None:
    purpose = ACTIONS[key].purpose
    assert translate_sentence(purpose) != purpose
