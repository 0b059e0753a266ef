"""The settings: each applied as soon as it is changed, with a line on what one will notice.

Emits whole checked settings. While no talk runs the microphone can be tried here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.folders import recordings_folder
from app.settings import MOST_THREADS, Settings
from app.sound_check import SoundCheck
from app.window import worker
from app.window.device_box import DeviceBox
from app.window.form import Card
from app.window.language import LANGUAGES
from app.window.level_bar import LEAST_DB, LevelBar
from app.window.sentences import in_language
from engine.bundle import Bundle, load_bundle
from engine.devices import Listing, list_devices
from engine.duplex import MOST_LATENCY_MS
from engine.errors import DuologueError
from engine.llama_library import BACK_ENDS
from engine.portaudio_card import MOST_CARD_LATENCY_MS

_POLL_MS = 40
_DEVICES_MS = 2000
_GUTTER_PX = 24


class SettingsPage(QWidget):
    """All settings."""

    changed = Signal(Settings)
    models_wanted = Signal()

    def __init__(
        self,
        settings: Settings,
        devices: Callable[[], Listing] = list_devices,
        make_check: Callable[[str | None, str | None], SoundCheck] = SoundCheck,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self._devices, self._make_check = devices, make_check
        self._check: SoundCheck | None = None
        self._talking = self._filling = self._asking = False
        self._listing: Listing | None = None
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(_GUTTER_PX, 20, _GUTTER_PX, 20)
        column.setSpacing(16)
        title = QLabel(self.tr("Settings"))
        title.setProperty("role", "title")
        column.addWidget(title)
        for card in (
            self._sound_card(),
            self._conversation_card(),
            self._recordings_card(),
            self._window_card(),
            self._computing_card(),
        ):
            column.addWidget(card)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)
        self._connect()
        self._poll_timer = QTimer(self)
        self._poll_timer.setInterval(_POLL_MS)
        self._poll_timer.timeout.connect(self._poll)
        self._devices_timer = QTimer(self)
        self._devices_timer.setInterval(_DEVICES_MS)
        self._devices_timer.timeout.connect(self._ask_devices)
        self.show_settings(settings)

    # --- construction -----------------------------------------------------------------------------

    def _sound_card(self) -> Card:
        card = Card(self.tr("Sound"))
        self.microphone, self.speaker = DeviceBox(), DeviceBox()
        card.add_row(
            self.tr("&Microphone"),
            self.microphone,
            self.tr("At once, also in a talk; the agent remembers everything."),
        )
        row = QWidget()
        level = QHBoxLayout(row)
        level.setContentsMargins(0, 0, 0, 0)
        self.level = LevelBar()
        self.check_button = QPushButton(self.tr("&Try"))
        self.check_button.setCheckable(True)
        self.check_button.setAccessibleName(self.tr("Try the microphone"))
        level.addWidget(self.level, stretch=1)
        level.addWidget(self.check_button)
        self.level_text = card.add_row(
            self.tr("Level"), row, self.tr("Speak as you would in a talk: the bar should be green.")
        )
        card.add_row(
            self.tr("S&peaker"),
            self.speaker,
            self.tr("Open loudspeakers will do; headphones are never needed."),
        )
        self.chime_button = QPushButton(self.tr("Play a test &sound"))
        card.add_row(
            self.tr("Test sound"),
            self.chime_button,
            self.tr("Two soft tones through the chosen speaker."),
        )
        self.card_latency = QSpinBox()
        self.card_latency.setRange(5, MOST_CARD_LATENCY_MS)
        self.card_latency.setSuffix(self.tr(" ms"))
        card.add_row(
            self.tr("Sound card's &buffer"),
            self.card_latency,
            self.tr("Smaller answers sooner; larger helps against crackling."),
        )
        self.echo = QCheckBox(self.tr("Take the agent's voice out"))
        card.add_row(
            self.tr("&Echo cancelling"),
            self.echo,
            self.tr("Without it the agent hears itself unless you wear headphones."),
        )
        self.noise = QCheckBox(self.tr("Take steady noise out"))
        card.add_row(
            self.tr("&Noise suppression"),
            self.noise,
            self.tr("For loud fans and streets only: the agent understands clean speech worse."),
        )
        self.gain = QCheckBox(self.tr("Even out how loud you are"))
        card.add_row(
            self.tr("&Gain control"),
            self.gain,
            self.tr("For very faint microphones only: it changes what the agent hears."),
        )
        return card

    def _conversation_card(self) -> Card:
        card = Card(self.tr("Conversation"))
        self.chunk = QComboBox()
        card.add_row(
            self.tr("&Chunk"),
            self.chunk,
            self.tr(
                "How often the agent decides. Shorter reacts sooner, longer suits slow computers. "
                "In a talk the agent begins anew."
            ),
        )
        self.latency = QSpinBox()
        self.latency.setRange(-1, MOST_LATENCY_MS)
        self.latency.setSingleStep(10)
        self.latency.setSuffix(self.tr(" ms"))
        self.latency.setSpecialValueText(self.tr("one chunk"))
        card.add_row(
            self.tr("&Latency cushion"),
            self.latency,
            self.tr(
                "How late your sound is used. One chunk is right for most; half a chunk, on a "
                "fast computer, understands more and waits less in pauses; more forgives a slow "
                "one. In a talk the agent begins anew."
            ),
        )
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(-0.05, 2.0)
        self.temperature.setSingleStep(0.05)
        self.temperature.setSpecialValueText(self.tr("the model's own"))
        card.add_row(
            self.tr("&Temperature"),
            self.temperature,
            self.tr(
                "How freely the agent speaks: 0 always says the likeliest, above 1 it babbles. "
                "In a talk the agent begins anew."
            ),
        )
        self.hold = QCheckBox(self.tr("Only while the space bar is down"))
        card.add_row(
            self.tr("&Hold to talk"),
            self.hold,
            self.tr("For loud rooms: otherwise the agent hears silence. At once."),
        )
        return card

    def _recordings_card(self) -> Card:
        card = Card(self.tr("Recordings"))
        self.record = QCheckBox(self.tr("Keep every conversation"))
        card.add_row(
            self.tr("&Record"),
            self.record,
            self.tr("Both voices and all decisions, on this computer only."),
        )
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.folder = QLineEdit()
        self.folder.setReadOnly(True)
        self.folder_button = QPushButton(self.tr("Ch&ange…"))
        self.folder_button.setAccessibleName(self.tr("Change the recordings' folder"))
        line.addWidget(self.folder, stretch=1)
        line.addWidget(self.folder_button)
        card.add_row(
            self.tr("&Folder"), row, self.tr("What is recorded already stays where it is.")
        )
        self.most_recordings = QSpinBox()
        self.most_recordings.setRange(1, 100_000)
        card.add_row(
            self.tr("Keep at &most"),
            self.most_recordings,
            self.tr("Conversations; the oldest are deleted when a new one begins."),
        )
        self.most_gigabytes = QDoubleSpinBox()
        self.most_gigabytes.setRange(0.1, 10_000)
        self.most_gigabytes.setDecimals(1)
        self.most_gigabytes.setSuffix(self.tr(" GB"))
        card.add_row(
            self.tr("&Disk space"),
            self.most_gigabytes,
            self.tr("Ten hours take about one gigabyte; the oldest are deleted first."),
        )
        return card

    def _window_card(self) -> Card:
        card = Card(self.tr("Window"))
        self.theme = QComboBox()
        for text, value in (
            (self.tr("as the desktop"), "system"),
            (self.tr("light"), "light"),
            (self.tr("dark"), "dark"),
        ):
            self.theme.addItem(text, value)
        card.add_row(self.tr("Colo&urs"), self.theme, self.tr("At once."))
        self.language = QComboBox()
        self.language.addItem(self.tr("as the desktop"), "")
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        card.add_row(
            self.tr("Lan&guage"),
            self.language,
            self.tr("When Duologue is started again. The agent itself speaks English."),
        )
        return card

    def _computing_card(self) -> Card:
        card = Card(self.tr("Models and computing"))
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.bundle = QLineEdit()
        self.bundle.setReadOnly(True)
        self.bundle_button = QPushButton(self.tr("&Models…"))
        self.bundle_button.setAccessibleName(self.tr("Choose another bundle"))
        line.addWidget(self.bundle, stretch=1)
        line.addWidget(self.bundle_button)
        card.add_row(
            self.tr("Bundle"),
            row,
            self.tr("The models that talk. In a talk the agent begins anew."),
        )
        self.threads = QSpinBox()
        self.threads.setRange(1, MOST_THREADS)
        card.add_row(
            self.tr("Th&reads"),
            self.threads,
            self.tr("For large models only; the starter is quickest with one."),
        )
        self.gpu = QSpinBox()
        self.gpu.setRange(-1, 200)
        self.gpu.setSpecialValueText(self.tr("all"))
        offload = BACK_ENDS.has_gpu()
        self.gpu.setEnabled(offload)
        card.add_row(
            self.tr("GP&U layers"),
            self.gpu,
            self.tr("Layers of the language model on the graphics card; helps large models.")
            if offload
            else self.tr("This build of Duologue computes on the processor only."),
        )
        return card

    def _connect(self) -> None:
        for box in (self.microphone, self.speaker, self.chunk, self.theme, self.language):
            box.currentIndexChanged.connect(self._take)
        for spin in (
            self.latency,
            self.temperature,
            self.card_latency,
            self.most_recordings,
            self.most_gigabytes,
            self.threads,
            self.gpu,
        ):
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._take)
        for check in (self.echo, self.noise, self.gain, self.hold, self.record):
            check.toggled.connect(self._take)
        self.folder_button.clicked.connect(self._choose_folder)
        self.bundle_button.clicked.connect(self.models_wanted)
        self.check_button.toggled.connect(self._try)
        self.chime_button.clicked.connect(self._chime)

    # --- values -----------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """Show these; nothing is emitted."""
        self._filling = True
        before, self.settings = self.settings, settings
        self.latency.setValue(-1 if settings.latency_ms is None else settings.latency_ms)
        temperature = settings.temperature
        self.temperature.setValue(-0.05 if temperature is None else temperature)
        self.card_latency.setValue(settings.card_latency_ms)
        self.echo.setChecked(settings.echo_cancelling)
        self.noise.setChecked(settings.noise_suppression)
        self.gain.setChecked(settings.gain_control)
        self.hold.setChecked(settings.hold_to_talk)
        self.record.setChecked(settings.record)
        self.folder.setText(str(settings.recording_folder or recordings_folder()))
        self.most_recordings.setValue(settings.most_recordings)
        self.most_gigabytes.setValue(settings.most_gigabytes)
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.language.setCurrentIndex(self.language.findData(settings.language))
        self.threads.setValue(settings.threads)
        self.gpu.setValue(settings.gpu_layers)
        self._fill_devices()
        self._fill_chunks([160, 200, 240])
        self._enable()
        self._filling = False
        if not self.bundle.text() or before.bundle != settings.bundle:
            self._ask_bundle()

    def _take(self) -> None:
        """A control was changed."""
        if self._filling:
            return
        temperature = round(self.temperature.value(), 2)
        values: dict[str, Any] = {
            "chunk_ms": self.chunk.currentData(),
            "latency_ms": None if self.latency.value() < 0 else self.latency.value(),
            "temperature": None if temperature < 0 else temperature,
            "microphone": self.microphone.chosen,
            "speaker": self.speaker.chosen,
            "card_latency_ms": self.card_latency.value(),
            "echo_cancelling": self.echo.isChecked(),
            "noise_suppression": self.noise.isChecked(),
            "gain_control": self.gain.isChecked(),
            "hold_to_talk": self.hold.isChecked(),
            "record": self.record.isChecked(),
            "most_recordings": self.most_recordings.value(),
            "most_gigabytes": self.most_gigabytes.value(),
            "theme": self.theme.currentData(),
            "language": self.language.currentData(),
            "threads": self.threads.value(),
            "gpu_layers": self.gpu.value(),
        }
        self._use(values)

    def _use(self, values: dict[str, Any]) -> None:
        before = self.settings
        self.settings = Settings.model_validate({**before.model_dump(), **values})
        self._enable()
        devices = self.settings.microphone, self.settings.speaker
        if self._check and devices != (before.microphone, before.speaker):
            self._end_check()
            self._try(self.check_button.isChecked())
        if self.settings != before:
            self.changed.emit(self.settings)

    def _enable(self) -> None:
        for box in (self.noise, self.gain):
            box.setEnabled(self.settings.echo_cancelling)
        for control in (self.folder_button, self.most_recordings, self.most_gigabytes):
            control.setEnabled(self.settings.record)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Folder for recordings"), self.folder.text()
        )
        if chosen:
            self.folder.setText(chosen)
            self._use({"recording_folder": Path(chosen)})

    # --- the bundle -------------------------------------------------------------------------------

    def _ask_bundle(self) -> None:
        path = self.settings.bundle
        worker.run(lambda: load_bundle(path), self._show_bundle, self._show_bad_bundle, self)

    def _show_bundle(self, bundle: Bundle) -> None:
        manifest = bundle.manifest
        self.bundle.setText(f"{manifest.name} {manifest.version}")
        self._filling = True
        self._fill_chunks(manifest.chunks_ms, manifest.default_chunk_ms)
        self._filling = False

    def _show_bad_bundle(self, error: DuologueError) -> None:
        self.bundle.setText(self.tr("cannot be used"))
        self.bundle.setToolTip(in_language(str(error)))

    def _fill_chunks(self, chunks_ms: list[Any], default_ms: int | None = None) -> None:
        self.chunk.clear()
        usual = self.tr("the bundle's")
        if default_ms:
            usual = self.tr("the bundle's ({0} ms)").format(default_ms)
        self.chunk.addItem(usual, None)
        for chunk_ms in chunks_ms:
            self.chunk.addItem(self.tr("{0} ms").format(chunk_ms), chunk_ms)
        self.chunk.setCurrentIndex(max(self.chunk.findData(self.settings.chunk_ms), 0))

    # --- devices ----------------------------------------------------------------------------------

    def _ask_devices(self) -> None:
        if not self._asking:
            self._asking = True
            worker.run(self._devices, self._show_devices, self._miss_devices, self)

    def _show_devices(self, listing: Listing) -> None:
        self._asking = False
        if listing == self._listing:
            return
        self._listing = listing
        self._fill_devices()

    def _miss_devices(self, error: DuologueError) -> None:
        self._asking = False
        self.level_text.setText(in_language(str(error)))

    def _fill_devices(self) -> None:
        listing = self._listing or Listing((), ())
        for box, devices, wanted in (
            (self.microphone, listing.microphones, self.settings.microphone),
            (self.speaker, listing.speakers, self.settings.speaker),
        ):
            box.fill(devices, wanted)

    # --- trying -----------------------------------------------------------------------------------

    def set_talking(self, talking: bool) -> None:
        """While a talk has the devices, its level is shown and nothing is tried."""
        self._talking = talking
        if talking:
            self.check_button.setChecked(False)
            self._end_check()
        self.check_button.setEnabled(not talking)
        self.chime_button.setEnabled(not talking)
        tip = self.tr("Stop the talk to try the devices.") if talking else ""
        self.check_button.setToolTip(tip)
        self.chime_button.setToolTip(tip)

    def show_level(self, level_db: float) -> None:
        """The microphone's level in a talk."""
        self.level.show_level(level_db)

    def _try(self, on: bool) -> None:
        if on and not self._check:
            self._begin_check()
        elif not on:
            self._end_check()

    def _chime(self) -> None:
        check = self._check or self._begin_check()
        check.chime()
        if not self.check_button.isChecked():
            self.check_button.setChecked(True)

    def _begin_check(self) -> SoundCheck:
        self._check = self._make_check(self.settings.microphone, self.settings.speaker)
        self.level_text.setText(self.tr("Speak as you would in a talk: the bar should be green."))
        self._poll_timer.start()
        return self._check

    def _end_check(self) -> None:
        if self._check:
            self._check.stop()
            self._check = None
        self._poll_timer.stop()
        self.level.show_level(LEAST_DB)

    def _poll(self) -> None:
        check = self._check
        while check and (news := check.next()) is not None:
            if isinstance(news, str):
                self.level_text.setText(in_language(news))
            else:
                self.level.show_level(news)
        if check and not check.running:
            self.check_button.setChecked(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_devices()
        self._devices_timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._devices_timer.stop()
        self.check_button.setChecked(False)
