"""Boxes for typed numbers that accept both a point and a comma as decimal separator.

Qt treats the separator that the language does not use as a thousands separator and drops it: in
German, "2.5" became 25.
"""

from __future__ import annotations

import re

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

_TYPED = re.compile(r"([+-]?)(\d*)(?:([.,])(\d*))?")
_THOUSANDS = 3


def number_of(text: str, point: str) -> float | None:
    """The number in ``text``, with ``point`` as the decimal separator; None if it is not a number.

    The other separator before three digits marks thousands, unless a zero precedes it.
    """
    found = _TYPED.fullmatch(text)
    if not found or not (found[2] or found[4]):
        return None
    sign, whole, divider, decimals = (part or "" for part in found.groups())
    marks = divider not in ("", point) and len(decimals) == _THOUSANDS and whole.strip("0")
    number = float(f"{whole}{decimals}" if marks else f"{whole or 0}.{decimals or 0}")
    return -number if sign == "-" else number


class DecimalBox(QDoubleSpinBox):
    """A box for a number with decimals."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Qt's question whether this may stand here."""
        return _state(self, text), text, position

    def valueFromText(self, text: str) -> float:
        """Qt's question what this means."""
        return round(_value(self, text), self.decimals())

    def fixup(self, text: str) -> str:
        """Qt's question what to make of a text that `validate` calls unfinished."""
        return _fixed(self, text)


class WholeBox(QSpinBox):
    """A box for a whole number; decimals are rounded."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Qt's question whether this may stand here."""
        return _state(self, text), text, position

    def valueFromText(self, text: str) -> int:
        """Qt's question what this means."""
        return round(_value(self, text))

    def fixup(self, text: str) -> str:
        """Qt's question what to make of a text that `validate` calls unfinished."""
        return _fixed(self, text)


def _value(box: QDoubleSpinBox | QSpinBox, text: str) -> float:
    if text == box.specialValueText():
        return box.minimum()
    return number_of(_bare(box, text), box.locale().decimalPoint()) or 0.0


def _state(box: QDoubleSpinBox | QSpinBox, text: str) -> QValidator.State:
    bare = _bare(box, text)
    if text and text == box.specialValueText():
        return QValidator.State.Acceptable
    number = number_of(bare, box.locale().decimalPoint())
    if number is None:
        return QValidator.State.Intermediate if _TYPED.fullmatch(bare) else QValidator.State.Invalid
    if box.minimum() <= number <= box.maximum():
        return QValidator.State.Acceptable
    # More digits may raise a number into the range, but not lower one that is too large.
    return QValidator.State.Invalid if number > box.maximum() else QValidator.State.Intermediate


def _fixed(box: DecimalBox | WholeBox, text: str) -> str:
    """The text of the least value for a number below it; Qt's own answer drops the point."""
    number = number_of(_bare(box, text), box.locale().decimalPoint())
    if number is None or number >= box.minimum():
        return text
    least = box.textFromValue(box.minimum())  # type: ignore[arg-type] # each box has its own type
    return box.specialValueText() or f"{box.prefix()}{least}{box.suffix()}"


def _bare(box: QDoubleSpinBox | QSpinBox, text: str) -> str:
    return text.removeprefix(box.prefix()).removesuffix(box.suffix()).strip()
