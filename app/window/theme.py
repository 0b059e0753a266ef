"""The look of the window: two colour palettes, and one style sheet that refers to palette roles.

Widgets take colours from the palette, or from `current()` if they paint themselves. Knows no
pages. Window's thread only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from engine.resource_files import resources


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb."""

    name: str
    window: str
    """Background of the window."""
    card: str
    """Background of cards."""
    line: str
    """Borders and grids."""
    text: str
    soft_text: str
    """Explanations; contrast at least 4.5 : 1 on ``card`` and ``window``."""
    accent: str
    """Main buttons and selections."""
    on_accent: str
    user: str
    """The user's track."""
    agent: str
    overlap: str
    good: str
    warning: str
    bad: str


LIGHT = Theme(
    name="light",
    window="#f6f5f2",
    card="#ffffff",
    line="#dedbd4",
    text="#23262b",
    soft_text="#656a73",
    accent="#0b6e72",
    on_accent="#ffffff",
    user="#2f6fb3",
    agent="#b3552f",
    overlap="#8a5fb8",
    good="#2e7d4f",
    warning="#946200",
    bad="#b3261e",
)
DARK = Theme(
    name="dark",
    window="#17191d",
    card="#202329",
    line="#363b44",
    text="#e9e7e2",
    soft_text="#a3a8b2",
    accent="#4fb3b0",
    on_accent="#0c1b1b",
    user="#74aee8",
    agent="#eb9a74",
    overlap="#b993e6",
    good="#6fc58f",
    warning="#e2b455",
    bad="#f28b82",
)
_current = LIGHT
_STYLED = "duologue styled"
_STEP_SECONDS = 0.003
"""How long widgets are restyled in one step."""


def current() -> Theme:
    """The theme that was applied last."""
    return _current


def chosen(name: str) -> Theme:
    """The theme for a setting: "light", "dark", anything else for the desktop's."""
    if name in (LIGHT.name, DARK.name):
        return DARK if name == DARK.name else LIGHT
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def apply(app: QApplication, theme: Theme) -> None:
    """Apply a theme to the whole program; finished when this returns."""
    _restyling.take(app, theme)
    _restyling.finish()


def change(app: QApplication, theme: Theme) -> None:
    """Apply a theme in short steps: visible widgets first, and shown all at once.

    When a style sheet changes, Qt restyles all widgets in one call of some 50 ms. So the sheet
    never changes: it refers to palette roles, and each widget is told to look them up again.
    """
    _restyling.take(app, theme)
    _restyling.begin()


class _Restyling:
    """Restyles all widgets after a change; a later change starts again."""

    def __init__(self) -> None:
        self._timer: QTimer | None = None
        self._steps: Iterator[None] = iter(())
        self._frozen: list[QWidget] = []

    def take(self, app: QApplication, theme: Theme) -> None:
        global _current
        _current = theme
        if app.property(_STYLED) is None:
            app.setProperty(_STYLED, True)
            app.setStyle("Fusion")
            # A widget reads the palette when the sheet is set, so the palette comes first.
            app.setPalette(_palette(theme))
            app.setStyleSheet(_style_sheet())
        self._steps = self._go_through(app, theme)

    def begin(self) -> None:
        if self._timer is None:
            self._timer = QTimer(QGuiApplication.instance())
            self._timer.timeout.connect(self._step)
        self._timer.start(0)

    def finish(self) -> None:
        for _ in self._steps:
            pass
        if self._timer:
            self._timer.stop()

    def _step(self) -> None:
        """Restyle some widgets, then return to the event loop."""
        end = time.perf_counter() + _STEP_SECONDS
        while time.perf_counter() < end:
            try:
                next(self._steps)
            except StopIteration:
                assert self._timer
                self._timer.stop()
                return

    def _go_through(self, app: QApplication, theme: Theme) -> Iterator[None]:
        windows = [each for each in app.topLevelWidgets() if each.isWindow()]
        for window in windows:
            window.setProperty("look", theme.name)
            if window.isVisible() and window.updatesEnabled():
                window.setUpdatesEnabled(False)  # never paint two themes at once
                self._frozen.append(window)
        yield
        app.setPalette(_palette(theme))
        yield
        hidden = []
        for widget in app.allWidgets():
            if not isValid(widget):
                continue
            if not widget.isVisible():
                hidden.append(widget)
                continue
            widget.style().polish(widget)
            yield
        while self._frozen:
            window = self._frozen.pop()
            if isValid(window):
                window.setUpdatesEnabled(True)
            yield
        for widget in hidden:
            if isValid(widget):
                widget.style().polish(widget)
                widget.update()  # it may be visible by now
                yield


_restyling = _Restyling()


def _palette(theme: Theme) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, colour in {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.card,
        roles.AlternateBase: theme.window,
        roles.Text: theme.text,
        roles.Button: theme.card,
        roles.ButtonText: theme.text,
        roles.BrightText: theme.bad,
        roles.ToolTipBase: theme.card,
        roles.ToolTipText: theme.text,
        roles.PlaceholderText: theme.soft_text,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.on_accent,
        roles.Link: theme.accent,
        roles.LinkVisited: theme.warning,
        roles.Mid: theme.line,
        roles.Accent: theme.accent,
    }.items():
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.soft_text))
    return palette


def _style_sheet() -> str:
    sheet = _SHEET
    for name, role in _ROLES.items():
        sheet = sheet.replace(f"@{name};", f"palette({role});")
    for look in (LIGHT, DARK):
        for icon in ("check", "down", "up"):
            path = resources() / "icons" / f"{icon}-{look.name}.svg"
            sheet = sheet.replace(f"@{icon}-{look.name};", path.as_posix())
    return sheet


# Names of the theme's colours, and the palette roles that the sheet uses for them.
_ROLES = {
    "window": "window",
    "card": "base",
    "line": "mid",
    "text": "window-text",
    "soft_text": "placeholder-text",
    "accent": "highlight",
    "on_accent": "highlighted-text",
    "warning": "link-visited",
    "bad": "bright-text",
}
# Dynamic properties that widgets may carry: card (frame), role = title | soft | warning | bad
# (labels), primary (buttons), navigation (the buttons at the side). Windows carry look = light |
# dark, since icons cannot take colours from the palette.
_SHEET = """
QToolTip { color: @text; background: @card; border: 1px solid @line; padding: 6px; }
QFrame[card="true"] { background: @card; border: 1px solid @line; border-radius: 12px; }
QLabel[role="title"] { font-size: 20pt; font-weight: 600; }
QLabel[role="heading"] { font-size: 12pt; font-weight: 600; }
QLabel[role="soft"] { color: @soft_text; }
QLabel[role="warning"] { color: @warning; }
QLabel[role="bad"] { color: @bad; }
QPushButton { background: @card; border: 1px solid @line; border-radius: 8px;
    padding: 7px 16px; }
QPushButton:hover { border-color: @accent; }
QPushButton:focus { border: 2px solid @accent; padding: 6px 15px; }
QPushButton:pressed, QPushButton:checked { background: @line; }
QPushButton:disabled { color: @soft_text; }
QPushButton[primary="true"] { background: @accent; color: @on_accent; font-weight: 600;
    border: 1px solid @accent; }
QPushButton[primary="true"]:focus { border: 2px solid @text; }
QPushButton[primary="true"]:disabled { background: @line; border-color: @line; color: @soft_text; }
QPushButton[navigation="true"] { text-align: left; background: transparent; border: none;
    padding: 10px 16px; border-radius: 8px; }
QPushButton[navigation="true"]:hover { background: @line; }
QPushButton[navigation="true"]:checked { background: @card; color: @accent; font-weight: 600; }
QPushButton[navigation="true"]:focus { border: 2px solid @accent; padding: 8px 14px; }
QLineEdit { background: @card; border: 1px solid @line; border-radius: 6px; padding: 5px 8px;
    min-height: 20px; }
QLineEdit:focus { border: 2px solid @accent; padding: 4px 7px; }
QComboBox, QAbstractSpinBox { background: @card; border: 1px solid @line; border-radius: 6px;
    padding: 5px 8px; min-height: 20px; }
QComboBox:hover, QAbstractSpinBox:hover { border-color: @accent; }
QComboBox:focus, QAbstractSpinBox:focus { border: 2px solid @accent; padding: 4px 7px; }
QComboBox:disabled, QAbstractSpinBox:disabled { color: @soft_text; background: @window; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox::down-arrow { image: url(@down-light;); width: 16px; height: 16px; }
QComboBox QAbstractItemView { background: @card; border: 1px solid @line; padding: 4px;
    selection-background-color: @accent; selection-color: @on_accent; }
QAbstractSpinBox QLineEdit { background: transparent; border: none; padding: 0 0 0 4px;
    min-height: 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { subcontrol-origin: border;
    width: 26px; border: none; background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url(@up-light;); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url(@down-light;); width: 12px; height: 12px; }
QListView, QTreeView, QTableView, QTextBrowser, QPlainTextEdit { background: @card;
    border: 1px solid @line; border-radius: 8px; padding: 4px; outline: 0; }
QListView:focus, QTreeView:focus, QTableView:focus { border: 1px solid @accent; }
QListView::item { padding: 8px; border-radius: 6px; }
QListView::item:selected { background: @accent; color: @on_accent; }
QHeaderView::section { background: @card; color: @soft_text; border: none; padding: 4px 3px;
    text-align: left; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid @soft_text; border-radius: 4px;
    background: @card; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent;
    image: url(@check-light;); }
QCheckBox::indicator:focus { border: 2px solid @accent; }
QPlainTextEdit:focus, QTextBrowser:focus { border: 1px solid @accent; }
QTabWidget::pane { border: none; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: @soft_text; padding: 7px 14px; border: none;
    border-bottom: 2px solid @line; }
QTabBar::tab:selected { color: @accent; font-weight: 600; border-bottom-color: @accent; }
QTabBar::tab:selected:focus { background: @line; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: @line; border-radius: 4px; margin: 2px; min-height: 32px;
    min-width: 32px; }
QScrollBar::handle:hover { background: @soft_text; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget { background: transparent; }
QProgressBar { background: @line; border: none; border-radius: 4px; max-height: 8px; }
QProgressBar::chunk { background: @accent; border-radius: 4px; }
QSplitter::handle { background: transparent; }
*[look="dark"] QComboBox::down-arrow { image: url(@down-dark;); }
*[look="dark"] QAbstractSpinBox::up-arrow { image: url(@up-dark;); }
*[look="dark"] QAbstractSpinBox::down-arrow { image: url(@down-dark;); }
*[look="dark"] QCheckBox::indicator:checked { image: url(@check-dark;); }
"""
