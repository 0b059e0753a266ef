"""Numbers typed as people type them: what is kept is what was meant, in every language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QLocale, Qt
from pytestqt.qtbot import QtBot

from app.window.pages.number_box import DecimalBox, WholeBox, number_of


@pytest.fixture(params=["de", "en", "fr", "de_CH"])
def language(request: Any) -> Iterator[str]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def typed(qtbot: QtBot, box: Any, text: str) -> Any:
    qtbot.addWidget(box)
    box.setKeyboardTracking(False)
    box.show()
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    return box.value()


@pytest.mark.parametrize(
    ("text", "meant"), [("2.5", 2.5), ("2,5", 2.5), ("0.8", 0.8), ("0,8", 0.8), ("1000", 1000)]
)
def test_a_point_and_a_comma_are_both_understood(
    qtbot: QtBot, language: str, text: str, meant: float
) -> None:
    space = DecimalBox()
    space.setRange(0.1, 10_000)
    space.setDecimals(1)
    space.setSuffix(" GB")
    assert typed(qtbot, space, text) == meant


@pytest.mark.parametrize(
    ("text", "meant"), [("0.05", 0.05), ("0,80", 0.8), ("1.5", 1.5), (".7", 0.7)]
)
def test_a_temperature_with_a_text_for_its_least(
    qtbot: QtBot, language: str, text: str, meant: float
) -> None:
    temperature = DecimalBox()
    temperature.setRange(-0.05, 2.0)
    temperature.setSpecialValueText("the model's own")
    assert typed(qtbot, temperature, text) == meant
    qtbot.keyClick(temperature, Qt.Key.Key_Up)
    assert temperature.value() == pytest.approx(min(meant + 1.0, 2.0))
    temperature.setValue(-0.05)
    assert temperature.text() == "the model's own"
    temperature.interpretText()
    assert temperature.value() == -0.05


@pytest.mark.parametrize(("text", "meant"), [("2.4", 2), ("2,4", 2), ("480", 480), ("80.0", 80)])
def test_whole_numbers_do_not_swallow_the_point(
    qtbot: QtBot, language: str, text: str, meant: int
) -> None:
    latency = WholeBox()
    latency.setRange(-1, 480)
    latency.setSuffix(" ms")
    latency.setSpecialValueText("one chunk")
    assert typed(qtbot, latency, text) == meant


@pytest.mark.parametrize("text", ["2.5", "2,5", "4.9", ".5", "0.05", "0", "-3"])
def test_a_whole_number_below_the_least_becomes_the_least(
    qtbot: QtBot, language: str, text: str
) -> None:
    buffer = WholeBox()
    buffer.setRange(5, 480)
    buffer.setSuffix(" ms")
    buffer.setValue(50)
    assert typed(qtbot, buffer, text) == 5
    assert buffer.text() == "5 ms"


@pytest.mark.parametrize("text", ["0.05", "0,05", ".02", "0", "-2.5", "-2,5"])
def test_a_decimal_below_the_least_becomes_the_least(
    qtbot: QtBot, language: str, text: str
) -> None:
    space = DecimalBox()
    space.setRange(0.1, 10_000)
    space.setDecimals(1)
    space.setSuffix(" GB")
    space.setValue(7.5)
    assert typed(qtbot, space, text) == 0.1


@pytest.mark.parametrize("text", ["-3", "-2.5", "-2,5"])
@pytest.mark.parametrize("kind", [WholeBox, DecimalBox])
def test_below_a_least_value_that_has_a_text(
    qtbot: QtBot, language: str, kind: type[WholeBox] | type[DecimalBox], text: str
) -> None:
    box = kind()
    box.setRange(-1, 480)
    box.setSpecialValueText("one chunk")
    box.setValue(80)
    assert typed(qtbot, box, text) == -1
    assert box.text() == "one chunk"


@pytest.mark.parametrize("text", [" ", "-", ","])
def test_what_is_left_unfinished_changes_nothing(qtbot: QtBot, language: str, text: str) -> None:
    count = WholeBox()
    count.setRange(1, 100_000)
    count.setValue(50)
    assert typed(qtbot, count, text) == 50


def test_thousands_are_marked_by_the_other_sign_before_three_digits() -> None:
    assert number_of("1.000", ",") == 1000
    assert number_of("1,000", ",") == 1
    assert number_of("1,000", ".") == 1000
    assert number_of("10.00", ",") == 10
    assert number_of("0.800", ",") == 0.8
    assert number_of("-3,5", ".") == -3.5


@pytest.mark.parametrize("text", ["", "-", ".", "1.2.3", "1e3", "nan", "inf", "2 5"])
def test_what_is_no_number(text: str) -> None:
    assert number_of(text, ".") is None


def test_too_much_is_refused_as_it_is_typed(qtbot: QtBot) -> None:
    count = WholeBox()
    count.setRange(1, 100_000)
    assert typed(qtbot, count, "1" * 30) == 11_111
