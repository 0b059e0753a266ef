"""Boxes for numbers that are typed: a point and a comma both divide off the decimals.

Qt takes the sign that the language does not use for decimals for a mark between thousands, and
drops it: under German "2.5" became 25.
"""

from __future__ import annotations

import re

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

_TYPED = re.compile(r"([+-]?)(\d*)(?:([.,])(\d*))?")
_THOUSANDS = 3


def number_of(text: str, point: str) -> float | None:
    """The number that ``text`` means where ``point`` is the decimal point; None where it is none.

    The other sign before three digits marks thousands, unless a zero stands before it.
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


class WholeBox(QSpinBox):
    """A box for a whole number; one with decimals is rounded."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Qt's question whether this may stand here."""
        return _state(self, text), text, position

    def valueFromText(self, text: str) -> int:
        """Qt's question what this means."""
        return round(_value(self, text))


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
    # More digits may bring it into the range, but not back from beyond the most.
    return QValidator.State.Invalid if number > box.maximum() else QValidator.State.Intermediate


def _bare(box: QDoubleSpinBox | QSpinBox, text: str) -> str:
    return text.removeprefix(box.prefix()).removesuffix(box.suffix()).strip()
