"""Cards of settings, each row with a name, a control and an explanation; buttons with one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

_CONTROL_PX, _CONTROL_HEIGHT_PX, _TEXT_MARGIN_PX = 300, 34, 6


def fill_scrolling(page: QWidget, inside: QWidget) -> None:
    """Let a page show ``inside``, which scrolls where it is longer than the window."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(inside)
    whole = QVBoxLayout(page)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(area)


class Card(QFrame):
    """A group of settings under a heading."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 20)
        column.setSpacing(12)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnMinimumWidth(1, _CONTROL_PX)
        self._grid.setColumnStretch(0, 1)
        column.addLayout(self._grid)

    def add_row(self, name: str, control: QWidget, explanation: str) -> QLabel:
        """Add a setting; ``name`` may contain a mnemonic. Returns the label of the explanation."""
        row = self._grid.rowCount()
        label = QLabel(name)
        first = _focusable(control)
        label.setBuddy(first)
        for each in {control, first}:
            each.setAccessibleName(each.accessibleName() or name.replace("&", ""))
            each.setAccessibleDescription(explanation)
        control.setMinimumHeight(max(control.sizeHint().height(), _CONTROL_HEIGHT_PX))
        more = QLabel(explanation)
        more.setProperty("role", "soft")
        more.setWordWrap(True)
        more.setContentsMargins(0, 0, 0, 10)
        more.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(control, row, 1, 2, 1, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(more, row + 1, 0)
        self._grid.setRowStretch(row + 1, 1)  # beside a high control, both stay together
        if isinstance(control, (QComboBox, QAbstractSpinBox)):
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            if isinstance(control, QAbstractSpinBox):
                control.lineEdit().setTextMargins(_TEXT_MARGIN_PX, 0, 0, 0)
            control.installEventFilter(_wheel_guard(control))
        return more


class _WheelGuard(QObject):
    """Lets the wheel scroll the page instead of changing the value under the pointer."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        wheel = event.type() == QEvent.Type.Wheel
        if wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def _wheel_guard(owner: QWidget) -> QObject:
    return _WheelGuard(owner)


def _focusable(control: QWidget) -> QWidget:
    """The control itself, or the first widget inside it that takes the keyboard focus."""
    if control.focusPolicy() != Qt.FocusPolicy.NoFocus:
        return control
    inside = [
        child
        for child in control.findChildren(QWidget)
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    return inside[0] if inside else control


def described_button(text: str, explanation: str, pressed: Callable[[], None]) -> QPushButton:
    """A button whose explanation is its tool tip, and what a screen reader says of it."""
    button = QPushButton(text)
    button.setToolTip(explanation)
    button.setAccessibleName(text.replace("&", ""))
    button.setAccessibleDescription(explanation)
    button.clicked.connect(lambda: pressed())
    return button
