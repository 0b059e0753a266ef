"""The sound settings, and a check of the devices while no conversation uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QWidget

from app.settings import Settings
from app.window import worker
from app.window.pages.device_combo_box import DeviceComboBox
from app.window.pages.form import Card
from app.window.pages.level_meter import MIN_DB, LevelMeter
from app.window.pages.number_box import WholeBox
from app.window.pages.sound_check_watcher import MakeCheck, SoundCheckWatcher
from app.window.sentences import translate_sentence
from engine.card.devices import DeviceList
from engine.card.portaudio_card import MAX_CARD_LATENCY_MS
from engine.errors import DuologueError

_DEVICES_MS = 2000


class SoundSettings(Card):
    """Devices, processing of the microphone's sound, and a level meter."""

    changed = Signal()
    """One of ``values`` has changed."""

    def __init__(
        self, settings: Settings, devices: Callable[[], DeviceList], make_check: MakeCheck
    ) -> None:
        super().__init__(QCoreApplication.translate("SoundSettings", "Sound"))
        self._settings = settings
        self._devices = devices
        self._asking = False
        self._listing = DeviceList((), ())
        self._add_devices()
        self._add_treatment()
        self._sound_check = SoundCheckWatcher(make_check, self)
        self._connect()
        self._devices_timer = QTimer(self)
        self._devices_timer.setInterval(_DEVICES_MS)
        self._devices_timer.timeout.connect(self.ask_devices)

    # --- construction -----------------------------------------------------------------------------

    def _add_devices(self) -> None:
        self.microphone, self.speaker = DeviceComboBox(), DeviceComboBox()
        self.microphone_text = self.add_row(self.tr("&Microphone"), self.microphone, "")
        row = QWidget()
        level = QHBoxLayout(row)
        level.setContentsMargins(0, 0, 0, 0)
        self.level = LevelMeter()
        self.check_button = QPushButton(self.tr("&Test"))
        self.check_button.setCheckable(True)
        self.check_button.setAccessibleName(self.tr("Test the microphone"))
        level.addWidget(self.level, stretch=1)
        level.addWidget(self.check_button)
        self.level_text = self.add_row(
            self.tr("Level"),
            row,
            self.tr("Speak as you would in a conversation. The bar should be green."),
        )
        self.add_row(
            self.tr("S&peaker"),
            self.speaker,
            self.tr("Loudspeakers are fine; you do not need headphones."),
        )
        self.chime_button = QPushButton(self.tr("Play a test &sound"))
        self.add_row(
            self.tr("Test sound"),
            self.chime_button,
            self.tr("Plays two soft tones through the chosen speaker."),
        )

    def _add_treatment(self) -> None:
        self.card_latency = WholeBox()
        self.card_latency.setRange(5, MAX_CARD_LATENCY_MS)
        self.card_latency.setSuffix(self.tr(" ms"))
        self.add_row(
            self.tr("Sound card &buffer"),
            self.card_latency,
            self.tr("A small buffer answers sooner; a large one helps against crackling."),
        )
        self.echo = QCheckBox(self.tr("Remove the agent's voice"))
        self.add_row(
            self.tr("&Echo cancellation"),
            self.echo,
            self.tr("Without it, the agent hears itself unless you wear headphones."),
        )
        self.noise = QCheckBox(self.tr("Remove steady noise"))
        self.add_row(
            self.tr("&Noise suppression"),
            self.noise,
            self.tr(
                "Only for loud fans and streets. With it, the agent understands clean speech less "
                "well."
            ),
        )
        self.gain = QCheckBox(self.tr("Even out your volume"))
        self.add_row(
            self.tr("Automatic &gain control"),
            self.gain,
            self.tr("Only for very quiet microphones. It changes what the agent hears."),
        )

    def _connect(self) -> None:
        for box in (self.microphone, self.speaker):
            box.currentIndexChanged.connect(self.changed)
        self.microphone.currentIndexChanged.connect(self._explain_microphone)
        self.card_latency.setKeyboardTracking(False)
        self.card_latency.valueChanged.connect(self.changed)
        for check in (self.echo, self.noise, self.gain):
            check.toggled.connect(self.changed)
        self.check_button.toggled.connect(self._try)
        self.chime_button.clicked.connect(self._chime)
        self._sound_check.level_changed.connect(self.level.show_level)
        self._sound_check.problem_found.connect(self.level_text.setText)
        self._sound_check.ended.connect(self._show_end)

    # --- values -----------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """The values of the controls."""
        return {
            "microphone": self.microphone.chosen,
            "speaker": self.speaker.chosen,
            "card_latency_ms": self.card_latency.value(),
            "echo_cancelling": self.echo.isChecked(),
            "noise_suppression": self.noise.isChecked(),
            "gain_control": self.gain.isChecked(),
        }

    def show_settings(self, settings: Settings) -> None:
        """Show these settings."""
        self.card_latency.setValue(settings.card_latency_ms)
        self.echo.setChecked(settings.echo_cancelling)
        self.noise.setChecked(settings.noise_suppression)
        self.gain.setChecked(settings.gain_control)
        self.use(settings)
        self._fill_devices()

    def use(self, settings: Settings) -> None:
        """Use these settings, which are already shown; also in a running check."""
        before, self._settings = self._settings, settings
        for box in (self.noise, self.gain):
            box.setEnabled(settings.echo_cancelling)
        devices = settings.microphone, settings.speaker
        if self._sound_check.running and devices != (before.microphone, before.speaker):
            self._begin()

    # --- devices ----------------------------------------------------------------------------------

    def ask_devices(self) -> None:
        """List the devices again."""
        if not self._asking:
            self._asking = True
            worker.run(self._devices, self._show_devices, self._miss_devices, self)

    def _show_devices(self, listing: DeviceList) -> None:
        self._asking = False
        if listing != self._listing:
            self._listing = listing
            self._fill_devices()

    def _miss_devices(self, error: DuologueError) -> None:
        self._asking = False
        self.level_text.setText(translate_sentence(str(error)))

    def _fill_devices(self) -> None:
        self.microphone.fill(self._listing.microphones, self._settings.microphone)
        self.speaker.fill(self._listing.speakers, self._settings.speaker)
        self._explain_microphone()

    def _explain_microphone(self) -> None:
        text = self.tr(
            "Takes effect immediately, also during a conversation. The agent forgets nothing."
        )
        if self.microphone.echo_cancelled:
            text = self.tr(
                "The system removes the echo from this microphone, and with it much of your voice "
                "while the agent speaks. Choose the microphone itself instead."
            )
        self.microphone_text.setText(text)
        self.microphone.setAccessibleDescription(text)

    # --- trying -----------------------------------------------------------------------------------

    def set_talking(self, talking: bool) -> None:
        """During a conversation, show its level and disable the check."""
        if talking:
            self._sound_check.end()
        tip = self.tr("Stop the conversation to test the devices.") if talking else ""
        for button in (self.check_button, self.chime_button):
            button.setEnabled(not talking)
            button.setToolTip(tip)

    def _try(self, on: bool) -> None:
        if on:
            self._begin()
        else:
            self._sound_check.end()

    def _chime(self) -> None:
        self.check_button.setChecked(True)
        self._sound_check.chime()

    def _begin(self) -> None:
        self.level_text.setText(
            self.tr("Speak as you would in a conversation. The bar should be green.")
        )
        self._sound_check.begin(self._settings.microphone, self._settings.speaker)

    def _show_end(self) -> None:
        self.check_button.setChecked(False)
        self.level.show_level(MIN_DB)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask_devices()
        self._devices_timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._devices_timer.stop()
        self._sound_check.end()
