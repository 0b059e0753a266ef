"""The settings page: each setting has an explanation and is applied as soon as it is changed.

Emits complete, validated settings.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.folders import recordings_folder
from app.settings import MAX_THREADS, Settings
from app.sound_check import SoundCheck
from app.window import worker
from app.window.language import LANGUAGES
from app.window.pages.assistant_settings import AssistantSettings
from app.window.pages.form import Card, fill_scrolling
from app.window.pages.number_box import DecimalBox, WholeBox
from app.window.pages.sound_check_watcher import MakeCheck
from app.window.pages.sound_settings import SoundSettings
from app.window.sentences import translate_sentence
from engine.card.devices import DeviceList, list_devices
from engine.errors import DuologueError
from engine.onnx_providers import best_accelerator
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.duplex import MAX_LATENCY_MS
from engine.syncllm.llama import MOST_GPU_LAYERS
from engine.syncllm.llama_library import BACK_ENDS

_GUTTER_PX = 24


class SettingsPage(QWidget):
    """All settings."""

    changed = Signal(Settings)
    models_wanted = Signal()

    def __init__(
        self,
        settings: Settings,
        devices: Callable[[], DeviceList] = list_devices,
        make_check: MakeCheck = SoundCheck,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self._filling = False
        self._chunks: tuple[list[Any], int | None] = [160, 200, 240], None
        """Lengths in ms that the bundle has, and its default as far as that is known."""
        self.sound = SoundSettings(settings, devices, make_check)
        self.assistant = AssistantSettings(settings)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(_GUTTER_PX, 20, _GUTTER_PX, 20)
        column.setSpacing(16)
        title = QLabel(self.tr("Settings"))
        title.setProperty("role", "title")
        column.addWidget(title)
        for card in (
            self.sound,
            self._conversation_card(),
            self.assistant,
            self._recordings_card(),
            self._window_card(),
            self._computing_card(),
        ):
            column.addWidget(card)
        column.addStretch(1)
        fill_scrolling(self, inside)
        self._connect()
        self.show_settings(settings)

    # --- construction -----------------------------------------------------------------------------

    def _conversation_card(self) -> Card:
        card = Card(self.tr("Conversation"))
        self.chunk = QComboBox()
        card.add_row(
            self.tr("&Chunk length"),
            self.chunk,
            self.tr(
                "How often the agent decides what to do. Short chunks react faster; long chunks "
                "suit slow computers. Changing this restarts the conversation."
            ),
        )
        self.latency = WholeBox()
        self.latency.setRange(-1, MAX_LATENCY_MS)
        self.latency.setSingleStep(10)
        self.latency.setSuffix(self.tr(" ms"))
        self.latency.setSpecialValueText(self.tr("one chunk"))
        card.add_row(
            self.tr("&Latency"),
            self.latency,
            self.tr(
                "How late the agent uses your sound. One chunk suits most computers. With half a "
                "chunk, a fast computer understands more and waits less in pauses. A slow "
                "computer may need more. Changing this restarts the conversation."
            ),
        )
        self.temperature = DecimalBox()
        self.temperature.setRange(-0.05, 2.0)
        self.temperature.setSingleStep(0.05)
        self.temperature.setSpecialValueText(self.tr("model default"))
        card.add_row(
            self.tr("&Temperature"),
            self.temperature,
            self.tr(
                "How freely the agent speaks. At 0 it always says what is most likely; above 1 it "
                "babbles. Changing this restarts the conversation."
            ),
        )
        self.hold = QCheckBox(self.tr("Only while you hold the space bar"))
        card.add_row(
            self.tr("&Hold to talk"),
            self.hold,
            self.tr(
                "For loud rooms. While the key is up, the agent hears silence. Takes effect "
                "immediately."
            ),
        )
        return card

    def _recordings_card(self) -> Card:
        card = Card(self.tr("Recordings"))
        self.record = QCheckBox(self.tr("Record every conversation"))
        card.add_row(
            self.tr("&Record"),
            self.record,
            self.tr(
                "Both voices and all decisions of the agent. Recordings stay on this computer."
            ),
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
        card.add_row(self.tr("&Folder"), row, self.tr("Existing recordings stay where they are."))
        self.most_recordings = WholeBox()
        self.most_recordings.setRange(1, 100_000)
        card.add_row(
            self.tr("Keep at &most"),
            self.most_recordings,
            self.tr("Number of conversations. The oldest are deleted when a new one begins."),
        )
        self.most_gigabytes = DecimalBox()
        self.most_gigabytes.setRange(0.1, 10_000)
        self.most_gigabytes.setDecimals(1)
        self.most_gigabytes.setSuffix(self.tr(" GB"))
        card.add_row(
            self.tr("&Disk space"),
            self.most_gigabytes,
            self.tr("Ten hours take about one gigabyte. The oldest recordings are deleted first."),
        )
        return card

    def _window_card(self) -> Card:
        card = Card(self.tr("Window"))
        self.theme = QComboBox()
        for text, value in (
            (self.tr("same as the desktop"), "system"),
            (self.tr("light"), "light"),
            (self.tr("dark"), "dark"),
        ):
            self.theme.addItem(text, value)
        card.add_row(self.tr("Colo&urs"), self.theme, self.tr("Takes effect immediately."))
        self.language = QComboBox()
        self.language.addItem(self.tr("same as the desktop"), "")
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        card.add_row(
            self.tr("Lan&guage"),
            self.language,
            self.tr("Takes effect when Duologue is restarted. The agent itself speaks English."),
        )
        self.draw_less = QCheckBox(self.tr("Move the waveform in steps"))
        card.add_row(
            self.tr("Dra&w less"),
            self.draw_less,
            self.tr("Leaves a slow computer more time for the models. Takes effect immediately."),
        )
        return card

    def _computing_card(self) -> Card:
        card = Card(self.tr("Models and performance"))
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
            self.tr("The models that the agent uses. Changing this restarts the conversation."),
        )
        self.threads = WholeBox()
        self.threads.setRange(1, MAX_THREADS)
        card.add_row(
            self.tr("Th&reads"),
            self.threads,
            self.tr("Useful for large models only. The starter is fastest with one thread."),
        )
        self.gpu = WholeBox()
        self.gpu.setRange(-1, MOST_GPU_LAYERS)
        self.gpu.setSpecialValueText(self.tr("all"))
        offload = BACK_ENDS.has_gpu() or best_accelerator() is not None
        self.gpu.setEnabled(offload)
        card.add_row(
            self.tr("GP&U layers"),
            self.gpu,
            self.tr(
                "Number of language model layers on the graphics card. With 0 the agent does not "
                "use it. Helps with large models."
            )
            if offload
            else self.tr("This build of Duologue uses the processor only."),
        )
        return card

    def _connect(self) -> None:
        self.sound.changed.connect(self._take)
        self.assistant.changed.connect(self._take)
        for box in (self.chunk, self.theme, self.language):
            box.currentIndexChanged.connect(self._take)
        for spin in (
            self.latency,
            self.temperature,
            self.most_recordings,
            self.most_gigabytes,
            self.threads,
            self.gpu,
        ):
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._take)
        for check in (self.hold, self.record, self.draw_less):
            check.toggled.connect(self._take)
        self.folder_button.clicked.connect(self._choose_folder)
        self.bundle_button.clicked.connect(self.models_wanted)

    # --- values -----------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """Show these settings; emits no signal."""
        self._filling = True
        before, self.settings = self.settings, settings
        self.latency.setValue(-1 if settings.latency_ms is None else settings.latency_ms)
        temperature = settings.temperature
        self.temperature.setValue(-0.05 if temperature is None else temperature)
        self.hold.setChecked(settings.hold_to_talk)
        self.record.setChecked(settings.record)
        self.draw_less.setChecked(settings.draw_less)
        self.folder.setText(str(settings.recording_folder or recordings_folder()))
        self.most_recordings.setValue(settings.most_recordings)
        self.most_gigabytes.setValue(settings.most_gigabytes)
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.language.setCurrentIndex(self.language.findData(settings.language))
        self.threads.setValue(settings.threads)
        self.gpu.setValue(settings.gpu_layers)
        self.sound.show_settings(settings)
        self.assistant.show_settings(settings)
        self._fill_chunks()
        self._enable()
        self._filling = False
        if not self.bundle.text() or before.bundle != settings.bundle:
            self._ask_bundle()

    def _take(self) -> None:
        """Take the values of all controls after one was changed."""
        if self._filling:
            return
        temperature = round(self.temperature.value(), 2)
        values: dict[str, Any] = {
            **self.sound.values(),
            **self.assistant.values(),
            "chunk_ms": self.chunk.currentData(),
            "latency_ms": None if self.latency.value() < 0 else self.latency.value(),
            "temperature": None if temperature < 0 else temperature,
            "hold_to_talk": self.hold.isChecked(),
            "record": self.record.isChecked(),
            "draw_less": self.draw_less.isChecked(),
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
        self.sound.use(self.settings)
        if self.settings != before:
            self.changed.emit(self.settings)

    def _enable(self) -> None:
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
        self._chunks = manifest.chunks_ms, manifest.default_chunk_ms
        self._fill_chunks()
        self._filling = False

    def _show_bad_bundle(self, error: DuologueError) -> None:
        self.bundle.setText(self.tr("cannot be used"))
        self.bundle.setToolTip(translate_sentence(str(error)))

    def _fill_chunks(self) -> None:
        chunks_ms, default_ms = self._chunks
        self.chunk.clear()
        usual = self.tr("bundle default")
        if default_ms:
            usual = self.tr("bundle default ({0} ms)").format(default_ms)
        self.chunk.addItem(usual, None)
        for chunk_ms in chunks_ms:
            self.chunk.addItem(self.tr("{0} ms").format(chunk_ms), chunk_ms)
        self.chunk.setCurrentIndex(max(self.chunk.findData(self.settings.chunk_ms), 0))
