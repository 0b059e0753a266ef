"""The first run: microphone, speaker, measurement, advice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.settings import Settings
from app.window import worker
from app.window.pages.first_run import FirstRun
from engine.card.devices import ChosenDevice, DeviceList, Wanted
from engine.errors import DuologueError
from engine.measure.doctor import Advice
from tests.app.window.pages.test_settings import DESK, HEADSET, MONITOR, Check

ADVICE = Advice(200, 240, 80, ("This computer takes its time.",))


class Stage:
    def __init__(
        self, qtbot: QtBot, measure: Callable[[Settings, Callable[[str], None]], Advice]
    ) -> None:
        self.qtbot = qtbot
        self.checks: list[Check] = []
        self.finished: list[Settings] = []
        listing = DeviceList((DESK, HEADSET), (MONITOR,))
        self.page = FirstRun(Settings(language="en"), lambda: listing, self._check, measure)
        self.page.finished.connect(self.finished.append)
        qtbot.addWidget(self.page)
        self.page.resize(900, 700)
        self.page.show()
        qtbot.waitExposed(self.page)
        qtbot.waitUntil(lambda: self.page.microphone.count() == 3)

    def _check(self, microphone: Wanted, speaker: Wanted) -> Check:
        check = Check(microphone, speaker)
        check.news = [-20.0] * 10
        self.checks.append(check)
        return check

    def click(self, button: QPushButton) -> None:
        assert button.isVisible() and button.isEnabled()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def to_measurement(self) -> None:
        self.click(self.page.listen_button)
        self.qtbot.waitUntil(lambda: "microphone works" in self.page.microphone_text.text())
        self.click(self.page.microphone_next)
        self.click(self.page.play_button)
        assert self.checks[-1].chimes == 1
        self.click(self.page.speaker_next)
        assert not self.checks[-1].running


def test_all_steps_to_the_advice(qtbot: QtBot) -> None:
    stage = Stage(qtbot, lambda _settings, _progress: ADVICE)
    stage.to_measurement()
    stage.click(stage.page.measure_button)
    qtbot.waitUntil(stage.page.use_button.isVisible)
    assert "takes its time" in stage.page.advice_text.text()
    stage.click(stage.page.use_button)
    (settings,) = stage.finished
    assert (settings.chunk_ms, settings.latency_ms, settings.card_latency_ms) == (200, 240, 80)
    assert settings.first_run_done


def test_the_advice_need_not_be_taken(qtbot: QtBot) -> None:
    stage = Stage(qtbot, lambda _settings, _progress: ADVICE)
    stage.to_measurement()
    stage.click(stage.page.measure_button)
    qtbot.waitUntil(stage.page.own_button.isVisible)
    stage.click(stage.page.own_button)
    assert stage.finished == [Settings(language="en", first_run_done=True)]


def test_a_measurement_that_fails_or_is_cancelled_leaves_a_way_on(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_settings: Settings, _progress: Callable[[str], None]) -> Advice:
        raise DuologueError("There is no speaker; plug one in.")

    stage = Stage(qtbot, fail)
    stage.to_measurement()
    stage.click(stage.page.measure_button)
    qtbot.waitUntil(lambda: "plug one in" in stage.page.measure_text.text())

    def endless(_settings: Settings, progress: Callable[[str], None]) -> Advice:
        while True:
            progress("noise")

    monkeypatch.setattr(stage.page, "_measure", endless)
    stage.click(stage.page.measure_button)
    assert stage.page.progress.isVisible()
    # One would expect to stay: only what was begun is cancelled.
    stage.click(stage.page.cancel_button)
    qtbot.waitUntil(stage.page.measure_button.isEnabled)
    assert not stage.finished and stage.page.measure_text.isVisible()
    stage.click(stage.page.no_measure_button)
    assert stage.finished
    assert worker.wait_for_all()


def test_another_microphone_is_chosen_and_kept(qtbot: QtBot) -> None:
    stage = Stage(qtbot, lambda _settings, _progress: ADVICE)
    stage.click(stage.page.listen_button)
    stage.page.microphone.setFocus()
    for _ in range(2):
        qtbot.keyClick(stage.page.microphone, Qt.Key.Key_Down)
    chosen = ChosenDevice("headset", "Headset")
    assert stage.checks[-1].devices == (chosen, None) and not stage.checks[0].running
    stage.click(stage.page.skip_button)
    assert stage.finished[0].microphone == chosen


def test_a_long_advice_is_shown_whole(qtbot: QtBot) -> None:
    long = Advice(200, 240, 80, ("A long reason, which goes on and on. " * 6,) * 4)
    stage = Stage(qtbot, lambda _settings, _progress: long)
    stage.to_measurement()
    stage.click(stage.page.measure_button)
    qtbot.waitUntil(stage.page.use_button.isVisible)
    label = stage.page.advice_text
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))
