"""The settings page by clicks and keys: each change is told as whole settings, at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from app.settings import Settings
from app.window import worker
from app.window.pages import settings as settings_page
from app.window.pages.settings import SettingsPage
from engine.card.devices import ChosenDevice, Device, DeviceList, Wanted
from engine.errors import DuologueError


def device(name: str, default: bool = False) -> Device:
    return Device(name, "PulseAudio", name.lower(), 1, 48_000, "clock", default)


CHOSEN_HEADSET = ChosenDevice("headset", "Headset")
_IN = QPoint(10, 12)
DESK, HEADSET, MONITOR = device("Desk", True), device("Headset"), device("Monitor", True)


class Check:
    """A microphone that gives two levels and a complaint."""

    def __init__(self, microphone: Wanted, speaker: Wanted) -> None:
        self.devices = microphone, speaker
        self.news: list[float | str] = [-30.0, -12.0, "The microphone gives digital silence."]
        self.chimes = 0
        self.running = True

    def next(self) -> float | str | None:
        return self.news.pop(0) if self.news else None

    def chime(self) -> None:
        self.chimes += 1

    def stop(self) -> None:
        self.running = False


class Stage:
    def __init__(self, qtbot: QtBot, settings: Settings) -> None:
        self.qtbot = qtbot
        self.listing: DeviceList | DuologueError = DeviceList((DESK, HEADSET), (MONITOR,))
        self.checks: list[Check] = []
        self.changes: list[Settings] = []
        self.page = SettingsPage(settings, self._devices, self._check)
        self.page.changed.connect(self.changes.append)
        qtbot.addWidget(self.page)
        self.page.resize(900, 2400)
        self.page.show()
        qtbot.waitExposed(self.page)
        qtbot.waitUntil(lambda: self.page.sound.microphone.count() == 3)
        qtbot.waitUntil(lambda: "starter" in self.page.bundle.text())

    def _devices(self) -> DeviceList:
        if isinstance(self.listing, DuologueError):
            raise self.listing
        return self.listing

    def _check(self, microphone: Wanted, speaker: Wanted) -> Check:
        self.checks.append(Check(microphone, speaker))
        return self.checks[-1]

    def choose(self, box: QComboBox, text: str) -> None:
        """By the keyboard, as the mouse cannot be told where a list will open."""
        box.setFocus()
        wanted = next(row for row in range(box.count()) if box.itemText(row).startswith(text))
        key = Qt.Key.Key_Down if wanted > box.currentIndex() else Qt.Key.Key_Up
        for _ in range(abs(wanted - box.currentIndex())):
            self.qtbot.keyClick(box, key)
        assert text in box.currentText()


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    yield Stage(qtbot, Settings(language="en"))
    assert worker.wait_for_all()


def test_devices_are_chosen_by_name(stage: Stage) -> None:
    assert "Desk" in stage.page.sound.microphone.itemText(0)  # what the system's default is now
    stage.choose(stage.page.sound.microphone, "Headset")
    stage.choose(stage.page.sound.speaker, "Monitor")
    assert [(one.microphone, one.speaker) for one in stage.changes][-1] == (
        CHOSEN_HEADSET,
        ChosenDevice("monitor", "Monitor"),
    )


def test_a_device_that_went_stays_chosen(stage: Stage) -> None:
    stage.choose(stage.page.sound.microphone, "Headset")
    stage.listing = DeviceList((DESK,), (MONITOR,))
    stage.page.sound.ask_devices()
    stage.qtbot.waitUntil(lambda: "not connected" in stage.page.sound.microphone.currentText())
    assert stage.page.sound.microphone.currentText() == "Headset (not connected)"
    assert stage.page.settings.microphone == CHOSEN_HEADSET
    assert [one.microphone for one in stage.changes][-1] == CHOSEN_HEADSET


def test_a_device_whose_shown_name_changes_stays_chosen(stage: Stage) -> None:
    """As where the desktop's language is another, or the server was updated."""
    stage.choose(stage.page.sound.microphone, "Headset")
    stage.listing = DeviceList((DESK, replace(HEADSET, name="Kopfhörer")), (MONITOR,))
    stage.page.sound.ask_devices()
    stage.qtbot.waitUntil(lambda: stage.page.sound.microphone.currentText() == "Kopfhörer")


def test_a_name_that_an_older_program_kept_is_understood(qtbot: QtBot) -> None:
    stage = Stage(qtbot, Settings(language="en", microphone="Headset", speaker="Gone"))
    assert stage.page.sound.microphone.currentText() == "Headset"
    assert stage.page.sound.microphone.chosen == CHOSEN_HEADSET
    assert stage.page.sound.speaker.currentText() == "Gone (not connected)"
    assert stage.page.sound.speaker.chosen == "Gone"
    assert worker.wait_for_all()


def test_a_microphone_that_the_system_cancels_is_marked(stage: Stage) -> None:
    stage.listing = DeviceList((DESK, replace(HEADSET, canceller="9")), (MONITOR,))
    stage.page.sound.ask_devices()
    box = stage.page.sound.microphone
    stage.qtbot.waitUntil(lambda: "echo cancelled by the system" in box.itemText(2))
    stage.choose(box, "Headset")
    assert stage.page.sound.microphone_text.text().startswith("The system removes the echo")
    stage.choose(box, "system default")
    assert stage.page.sound.microphone_text.text().startswith("Takes effect immediately")


def test_no_devices_are_explained(stage: Stage) -> None:
    stage.listing = DuologueError("There is no PortAudio; install it.")
    stage.page.sound.ask_devices()
    stage.qtbot.waitUntil(lambda: "install it" in stage.page.sound.level_text.text())


def test_each_control_changes_its_setting(stage: Stage) -> None:
    page = stage.page
    stage.choose(page.chunk, "200")
    stage.choose(page.theme, "dark")
    stage.choose(page.language, "Deutsch")
    for box in (page.sound.gain, page.sound.noise, page.hold, page.record):
        stage.qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=_IN)
    for spin, text in (
        (page.latency, "240"),
        (page.sound.card_latency, "20"),
        (page.temperature, "0.5"),
    ):
        spin.setFocus()
        spin.selectAll()
        stage.qtbot.keyClicks(spin, text)
        stage.qtbot.keyClick(spin, Qt.Key.Key_Return)
    last = stage.changes[-1]
    assert (last.chunk_ms, last.latency_ms, last.card_latency_ms) == (200, 240, 20)
    assert (last.theme, last.language, last.temperature) == ("dark", "de", 0.5)
    assert (last.gain_control, last.noise_suppression) == (True, True)
    assert (last.hold_to_talk, last.record) == (True, False)
    assert not page.folder_button.isEnabled()  # nothing is recorded
    stage.qtbot.mouseClick(page.sound.echo, Qt.MouseButton.LeftButton, pos=_IN)
    assert not page.sound.noise.isEnabled()


def test_the_wheel_scrolls_and_changes_nothing(stage: Stage) -> None:

    stage.page.sound.echo.setFocus()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(stage.page.chunk, wheel)
    assert not stage.changes


def test_the_microphone_is_tried_and_the_speaker_heard(stage: Stage) -> None:
    page = stage.page
    stage.qtbot.mouseClick(page.sound.check_button, Qt.MouseButton.LeftButton)
    stage.qtbot.waitUntil(lambda: "digital silence" in page.sound.level_text.text())
    (check,) = stage.checks
    stage.qtbot.mouseClick(page.sound.chime_button, Qt.MouseButton.LeftButton)
    assert check.chimes == 1
    stage.choose(page.sound.microphone, "Headset")
    assert not check.running and stage.checks[-1].devices == (CHOSEN_HEADSET, None)
    page.sound.set_talking(True)
    assert not stage.checks[-1].running and not page.sound.check_button.isEnabled()
    page.sound.set_talking(False)
    assert page.sound.check_button.isEnabled()


def test_the_microphone_is_not_kept_open_unseen(stage: Stage) -> None:
    stage.qtbot.mouseClick(stage.page.sound.check_button, Qt.MouseButton.LeftButton)
    assert stage.checks[-1].running
    stage.page.hide()
    assert not stage.checks[-1].running and not stage.page.sound.check_button.isChecked()


def test_devices_that_fail_end_the_trial(stage: Stage) -> None:
    stage.qtbot.mouseClick(stage.page.sound.check_button, Qt.MouseButton.LeftButton)
    stage.checks[-1].running = False
    stage.qtbot.waitUntil(lambda: not stage.page.sound.check_button.isChecked())
    assert "digital silence" in stage.page.sound.level_text.text()


def test_a_folder_for_recordings(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        settings_page.QFileDialog, "getExistingDirectory", lambda *_args: str(tmp_path)
    )
    assert settings_page.QFileDialog is QFileDialog
    stage.qtbot.mouseClick(stage.page.folder_button, Qt.MouseButton.LeftButton)
    assert stage.changes[-1].recording_folder == tmp_path
    assert stage.page.folder.text() == str(tmp_path)
