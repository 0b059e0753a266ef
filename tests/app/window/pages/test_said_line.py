"""The line under the tracks: one thing at a time, whole for who asks, gone after a while."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.window.language import use_language
from app.window.pages import said_line
from app.window.pages.said_line import SaidLine
from engine.minds.told import Activity

LONG = "Remind me to call Ann about the garden and the shed and the fence at five."


@pytest.fixture
def line(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> SaidLine:
    monkeypatch.setattr(said_line, "EXAMPLE_MS", 60)
    monkeypatch.setattr(said_line, "HEARD_MS", 80)
    monkeypatch.setattr(said_line, "DONE_MS", 160)
    made = SaidLine()
    qtbot.addWidget(made)
    made.resize(300, made.sizeHint().height())
    made.move(300, 300)  # away from the pointer
    made.show()
    qtbot.waitExposed(made)
    return made


def test_what_does_not_fit_is_cut_and_the_tool_tip_has_it(line: SaidLine) -> None:
    height = line.height()
    line.show_activity(Activity("action", LONG))
    assert line.text().startswith("Done: Remind") and line.text().endswith("…")
    assert LONG in line.toolTip() and LONG in line.accessibleName()
    assert line.label.fontMetrics().horizontalAdvance(line.text()) <= line.width()
    line.resize(3000, height)
    assert LONG in line.text()
    assert line.height() == height


def test_of_a_long_turn_the_newest_words_are_shown(line: SaidLine) -> None:
    line.show_activity(Activity("hears", LONG))
    assert line.text().endswith("at five.") and line.text().startswith("…")


def test_a_line_break_does_not_hide_words(line: SaidLine) -> None:
    line.resize(2000, line.height())
    line.show_activity(Activity("answer", "One.\nTwo."))
    assert "One. Two." in line.text()


def test_it_goes_after_a_while(line: SaidLine, qtbot: QtBot) -> None:
    line.show_activity(Activity("thinks", "Why is the sky blue?"))
    assert line.text() == "Thinking about: Why is the sky blue?"
    qtbot.waitUntil(lambda: line.text() == "")
    assert line.accessibleName() == ""


def test_words_that_are_heard_do_not_replace_what_was_just_done(line: SaidLine) -> None:
    line.show_activity(Activity("action", "Your timer is set."))
    line.show_activity(Activity("hears", "thanks"))
    assert line.text() == "Done: Your timer is set."
    line.show_activity(Activity("ring", "Your timer rings."))
    assert line.text() == "It rings: Your timer rings."


def test_what_was_set_says_when_it_rings(line: SaidLine) -> None:
    line.show_activity(Activity("action", "Your timer is set."), rings_later=True)
    assert line.toolTip() == "Done: Your timer is set. It rings only while Duologue runs."


def test_examples_take_turns_but_not_while_something_is_told(line: SaidLine, qtbot: QtBot) -> None:
    line.set_examples(("Tell me a story.", "What time is it?"))
    assert line.text() == "You can say: “Tell me a story.”"
    qtbot.waitUntil(lambda: "What time" in line.text())
    qtbot.waitUntil(lambda: "story" in line.text())
    line.show_activity(Activity("hears", "hello"))
    assert not line._example_timer.isActive()
    qtbot.waitUntil(lambda: "You can say" in line.text())
    assert line._example_timer.isActive()


def test_who_wants_less_motion_sees_one_example(line: SaidLine, qtbot: QtBot) -> None:
    line.set_rotating(False)
    line.set_examples(("Tell me a story.", "What time is it?"))
    assert not line._example_timer.isActive()
    line.hide()
    line.show()  # another visit, another example
    assert "What time" in line.text()


def test_nothing_turns_where_nobody_looks(line: SaidLine) -> None:
    line.set_examples(("Tell me a story.", "What time is it?"))
    assert line._example_timer.isActive()
    line.hide()
    assert not line._example_timer.isActive()


def test_a_problem_is_said_in_the_windows_language(line: SaidLine, qapp: QApplication) -> None:
    use_language(qapp, "de")
    try:
        line.show_activity(
            Activity("problem", "The text server at x does not answer (refused); start it.")
        )
        assert line.toolTip().startswith("Der Textserver unter x antwortet nicht")
    finally:
        use_language(qapp, "en")
