"""What holds for every page: it fits a small window, the keyboard reaches all of it, and in German
nothing is English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.settings import Settings, SettingsFile
from app.talk_state import State, TalkMetrics
from app.window import theme, worker
from app.window.language import LANGUAGES, use_language
from app.window.main_window import MainWindow
from app.window.pages.device_combo_box import DeviceComboBox
from app.window.pages.models import PARTS, TEXT_MODEL
from app.window.waveform.legend import Legend
from app.window.waveform.view import WaveformView
from engine.talk.live_events import Counts
from tests.app.window.test_language import FOLDER, texts

_SMALL = QSize(800, 560)
_STEPS = 4
_MOST_TABS = 60
_CONTROLS = (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QTableView,
    QTextBrowser,
    WaveformView,
)
# Names of things, figures and what models and people have written.
_NO_WORDS = re.compile(
    r"[\W\d_]*|Duologue|starter [\d.]+.*|English|Deutsch|[\d.,]+ (ms|MB|GB)|/.*|owner/name|"
    r"http://[\d.:]+/v1|.*\.gguf",
    re.S,
)


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Callable[[str], MainWindow]]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)  # its letters are larger than Qt's

    def make(language: str) -> MainWindow:
        use_language(app, language)
        settings = Settings.model_validate(
            {"first_run_done": True, "language": language, "hold_to_talk": True}
        )
        SettingsFile().save(settings)
        window = MainWindow(SettingsFile())
        qtbot.addWidget(window)
        window.resize(_SMALL)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        return window

    yield make
    assert worker.wait_for_all()
    use_language(app, "en")


def every_page(window: MainWindow) -> Iterator[str]:
    """Show one after the other; the names of what is shown."""
    for index in range(4):
        window.show_page(index)
        settle()
        yield f"page {index}"
        if window.models.isVisible():
            yield from every_model(window)
    window.show_first_run()
    for step in range(_STEPS):
        window.first_run.steps.setCurrentIndex(step)
        settle()
        yield f"first run {step}"


def every_model(window: MainWindow) -> Iterator[str]:
    """The tabs of the page of models, and the controls for each kind of text model."""
    for index in (PARTS, TEXT_MODEL):
        window.models.tabs.setCurrentIndex(index)
        settle()
        yield f"models {index}"
    window.models.text_model.kind.setCurrentIndex(2)
    settle()
    yield "text server"


def settle() -> None:
    worker.wait_for_all()
    for _ in range(5):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()


def shown(window: MainWindow, kind: type[Any]) -> list[Any]:
    """The visible ones, but for the parts that other controls are made of."""
    return [
        each
        for each in window.findChildren(kind)
        if each.isVisible()
        and not isinstance(each.parent(), (QAbstractSpinBox, QComboBox))
        and not each.objectName().startswith("qt_")
        and type(each).__name__ not in ("QTableCornerButton", "QAbstractButton")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_small_window_shows_all_words(
    open_window: Callable[[str], MainWindow], language: str
) -> None:
    window = open_window(language)
    metrics = TalkMetrics(1250.0, 160, 120.0, 1240.0, 1.0, 1000.0, Counts(late_chunks=99_999))
    window.talk.metrics_panel.show_metrics(metrics)
    for state in State:
        window.talk._show_state(state)
        assert_whole(window, f"{language} {state}")
    window.talk._show_state(State.LISTENING)
    for page in every_page(window):
        assert_whole(window, f"{language} {page}")


def assert_whole(window: MainWindow, where: str) -> None:
    settle()
    assert window.size() == _SMALL, where
    buttons = shown(window, QPushButton)
    for button in buttons:
        assert button.width() >= button.minimumSizeHint().width(), (where, button.text())
    for label in shown(window, QLabel):
        if label.wordWrap():
            needed = label.heightForWidth(label.width())
            assert label.height() >= needed, (where, label.text())
    if window.talk.isVisible():
        for card in window.talk.metrics_panel.cards:
            for label in (card.title, card.value):
                assert label.width() >= label.sizeHint().width(), (where, label.text())
    if window.settings_page.isVisible() or window.models.text_model.isVisible():
        return  # they scroll
    inside = window.rect()
    for button in buttons:
        corner = button.mapTo(window, QPoint(button.width(), button.height()))
        assert inside.contains(corner), (where, button.text())
        around = button.rect().translated(button.mapTo(window, QPoint()))
        for other in buttons:
            if other is not button:
                place = other.rect().translated(other.mapTo(window, QPoint()))
                assert not around.intersects(place), (where, button.text(), other.text())


def test_the_tabulator_reaches_every_control_and_each_has_a_name(
    open_window: Callable[[str], MainWindow], qtbot: QtBot
) -> None:
    window = open_window("en")
    for page in every_page(window):
        controls = {
            control
            for kind in _CONTROLS
            for control in shown(window, kind)
            if control.isEnabled() and not isinstance(control.parent(), QComboBox)
        }
        for control in controls:
            interface = QAccessible.queryAccessibleInterface(control)
            assert interface.text(QAccessible.Text.Name), (page, control)
        reached: set[QWidget] = set()
        for _ in range(_MOST_TABS):
            qtbot.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
            focus = window.focusWidget()
            if focus:
                reached |= {focus, focus.parentWidget()}
        # Of a group the tabulator reaches one, the arrows the others.
        missed = {
            control
            for control in controls - reached
            if not (isinstance(control, QAbstractButton) and control.group())
        }
        assert not missed, (page, missed)


def test_no_text_of_any_page_is_english_in_german(
    open_window: Callable[[str], MainWindow],
) -> None:
    window = open_window("de")
    known = [pattern(text) for text in texts(FOLDER / "duologue_de.ts").values()]
    for state in State:
        window.talk._show_state(state)
        assert_german(window, known, str(state))
    for page in every_page(window):
        assert_german(window, known, page)


def pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", text.replace("&", ""))
    return re.compile(".*".join(map(re.escape, parts)), re.S)


def assert_german(window: MainWindow, known: list[re.Pattern[str]], where: str) -> None:
    for text in visible_texts(window):
        plain = text.replace("&", "").strip()
        assert _NO_WORDS.fullmatch(plain) or any(one.fullmatch(plain) for one in known), (
            where,
            plain,
        )


def visible_texts(window: MainWindow) -> Iterator[str]:
    """All that is read, hovered over or read aloud; not the model cards."""
    for widget in shown(window, QWidget):
        yield from (widget.toolTip(), widget.accessibleName())
        listed = isinstance(widget, Legend)
        described = widget.accessibleDescription()
        yield from described.split(", ") if listed else (described,)
        if (
            isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.RichText
        ) or isinstance(widget, QAbstractButton):
            yield widget.text()
        elif isinstance(widget, QLineEdit):
            yield from (widget.text(), widget.placeholderText())
        elif isinstance(widget, QComboBox):
            rows = range(1 if isinstance(widget, DeviceComboBox) else widget.count())
            yield from (widget.itemText(row) for row in rows)
        elif isinstance(widget, QAbstractSpinBox):
            yield widget.text()


def test_the_pages_leave_room_for_a_notice(open_window: Callable[[str], MainWindow]) -> None:
    window = open_window("de")
    button = window.talk.start_button
    settle()
    before = button.mapTo(window, QPoint())
    window.show_notice(
        "Ein Satz, der nicht in eine Zeile passt, weil er so viel zu sagen hat. " * 3
    )
    assert_whole(window, "notice")
    # Who is about to press it does not miss it.
    assert button.mapTo(window, QPoint()) == before


def test_enter_presses_the_button_that_has_the_focus(
    open_window: Callable[[str], MainWindow], qtbot: QtBot
) -> None:
    window = open_window("en")
    window.show_first_run()
    window.first_run.microphone_next.setFocus()
    qtbot.keyClick(window.first_run.microphone_next, Qt.Key.Key_Return)
    assert window.first_run.steps.currentIndex() == 1
