"""The first-run setup: test the microphone, test the speaker, measure, use the suggested settings.

Every step can be skipped, and none needs devices: a missing device is named, and the user can go
on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.settings import Settings
from app.sound_check import SoundCheck
from app.sound_examination import SoundExamination
from app.window import worker
from app.window.pages.device_combo_box import DeviceComboBox
from app.window.pages.level_meter import HEARD_DB, MIN_DB, LevelMeter
from app.window.pages.sound_check_watcher import MakeCheck, SoundCheckWatcher
from app.window.sentences import translate_sentence
from engine.card.devices import DeviceList, list_devices
from engine.errors import DuologueError
from engine.measure.doctor import Advice, Findings, advise, examine_engine
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import default_folder, load_bundle

_HEARD_LEVELS = 6  # 0.3 s of speech
_SPEECH_SECONDS = 20.0
_CARD_PX, _MARGIN_PX = 620, 28
_MIN_LINES = 3

Measure = Callable[[Settings, Callable[[str], None]], Advice]


def measure(settings: Settings, progress: Callable[[str], None]) -> Advice:
    """Measure as `duologue doctor` does, with these settings; raises DuologueError."""
    bundle = load_bundle(settings.bundle)
    speech = read_mono(default_folder().parent / "samples" / "user.flac", _SPEECH_SECONDS)
    examination = SoundExamination(
        settings.microphone, settings.speaker, settings.card_latency_ms, progress
    )
    sound = examination.findings()
    times = examine_engine(bundle, speech, settings.gpu_layers, progress)
    return advise(Findings(sound, times, settings.card_latency_ms))


class FirstRun(QWidget):
    """Four steps, then the page for talking."""

    finished = Signal(Settings)

    def __init__(
        self,
        settings: Settings,
        devices: Callable[[], DeviceList] = list_devices,
        make_check: MakeCheck = SoundCheck,
        measure_machine: Measure = measure,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._devices = devices
        self._measure = measure_machine
        self._heard = 0
        self._advice: Advice | None = None
        self._cancelled = threading.Event()
        self.steps = QStackedWidget()
        self.steps.setProperty("card", True)
        self.steps.setFixedWidth(_CARD_PX)
        for step in (
            self._microphone_step(),
            self._speaker_step(),
            self._measure_step(),
            self._advice_step(),
        ):
            self.steps.addWidget(step)
        middle = QVBoxLayout(self)
        middle.addStretch(2)
        middle.addWidget(self.steps, alignment=Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(3)
        self._sound_check = SoundCheckWatcher(make_check, self)
        self._sound_check.level_changed.connect(self._hear)
        self._sound_check.problem_found.connect(self._show_wrong)
        self._sound_check.ended.connect(lambda: self.level.show_level(MIN_DB))

    # --- construction -----------------------------------------------------------------------------

    def _step(self, where: str, title: str, text: str) -> tuple[QWidget, QVBoxLayout, QLabel]:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(_MARGIN_PX, 24, _MARGIN_PX, 24)
        column.setSpacing(14)
        place = QLabel(where)
        place.setProperty("role", "soft")
        heading = QLabel(title)
        heading.setProperty("role", "title")
        words = QLabel()
        words.setWordWrap(True)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(place)
        column.addWidget(heading)
        column.addWidget(words)
        _say(words, text)
        return page, column, words

    def _device(self, column: QVBoxLayout, name: str) -> DeviceComboBox:
        box = DeviceComboBox()
        box.setAccessibleName(name)
        box.fill((), None)
        column.addWidget(box)
        box.currentIndexChanged.connect(self._choose)
        return box

    def _row(self, *buttons: QPushButton) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        buttons[0].setProperty("primary", True)
        for button in buttons:
            button.setAccessibleName(button.text().replace("&", ""))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _microphone_step(self) -> QWidget:
        page, column, self.microphone_text = self._step(
            self.tr("Step {0} of {1}").format(1, 3),
            self.tr("Welcome to Duologue"),
            self.tr(
                "Duologue is a voice assistant that listens while it speaks. First, test your "
                "microphone: press the button and say a few words. Nothing is recorded, and "
                "nothing leaves this computer."
            ),
        )
        self.microphone = self._device(column, self.tr("Microphone"))
        self.level = LevelMeter()
        column.addWidget(self.level)
        column.addStretch(1)
        self.listen_button = QPushButton(self.tr("&Test the microphone"))
        self.microphone_next = QPushButton(self.tr("&Next"))
        self.skip_button = QPushButton(self.tr("&Skip the setup"))
        column.addLayout(self._row(self.listen_button, self.microphone_next, self.skip_button))
        self.listen_button.clicked.connect(self._listen)
        self.microphone_next.clicked.connect(lambda: self._go(1))
        self.skip_button.clicked.connect(self._finish)
        return page

    def _speaker_step(self) -> QWidget:
        page, column, self.speaker_text = self._step(
            self.tr("Step {0} of {1}").format(2, 3),
            self.tr("The speaker"),
            self.tr(
                "Duologue plays two soft tones. Loudspeakers are fine; you do not need headphones."
            ),
        )
        self.speaker = self._device(column, self.tr("Speaker"))
        column.addStretch(1)
        self.play_button = QPushButton(self.tr("&Play"))
        self.speaker_next = QPushButton(self.tr("I &heard them, next"))
        back = QPushButton(self.tr("&Back"))
        column.addLayout(self._row(self.play_button, self.speaker_next, back))
        self.play_button.clicked.connect(self._play)
        self.speaker_next.clicked.connect(lambda: self._go(2))
        back.clicked.connect(lambda: self._go(0))
        return page

    def _measure_step(self) -> QWidget:
        page, column, self.measure_text = self._step(
            self.tr("Step {0} of {1}").format(3, 3),
            self.tr("How fast is this computer?"),
            self.tr(
                "Duologue can measure your room and your computer, and then suggest settings. You "
                "will hear chirps and speech for about 15 seconds. Please be quiet."
            ),
        )
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Measuring"))
        self.progress.hide()
        column.addWidget(self.progress)
        column.addStretch(1)
        self.measure_button = QPushButton(self.tr("&Measure"))
        self.no_measure_button = QPushButton(self.tr("&Skip this step"))
        self.cancel_button = QPushButton(self.tr("&Cancel"))
        self.cancel_button.hide()
        self.measure_back = QPushButton(self.tr("&Back"))
        column.addLayout(
            self._row(
                self.measure_button,
                self.cancel_button,
                self.no_measure_button,
                self.measure_back,
            )
        )
        self.measure_button.clicked.connect(self._begin_measure)
        self.cancel_button.clicked.connect(self._cancel_measure)
        self.no_measure_button.clicked.connect(self._finish)
        self.measure_back.clicked.connect(lambda: self._go(1))
        return page

    def _advice_step(self) -> QWidget:
        page, column, self.advice_text = self._step(
            self.tr("Measurement finished"), self.tr("Suggested settings"), ""
        )
        column.addStretch(1)
        self.use_button = QPushButton(self.tr("&Use these settings"))
        self.own_button = QPushButton(self.tr("Do not change &my settings"))
        column.addLayout(self._row(self.use_button, self.own_button))
        self.use_button.clicked.connect(self._use_advice)
        self.own_button.clicked.connect(self._finish)
        return page

    # --- devices ----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """List the devices."""
        super().showEvent(event)
        self.listen_button.setFocus()
        worker.run(self._devices, self._show_devices, self._miss_devices, self)

    def _show_devices(self, listing: DeviceList) -> None:
        self.microphone.fill(listing.microphones, self._settings.microphone)
        self.speaker.fill(listing.speakers, self._settings.speaker)

    def _miss_devices(self, error: DuologueError) -> None:
        _say(self.microphone_text, translate_sentence(str(error)))

    def _choose(self) -> None:
        """Use another device, also in a running check."""
        devices = {"microphone": self.microphone.chosen, "speaker": self.speaker.chosen}
        self._settings = self._settings.model_copy(update=devices)
        if self._sound_check.running:
            self._listen()

    # --- steps ------------------------------------------------------------------------------------

    def _go(self, step: int) -> None:
        self.steps.setCurrentIndex(step)
        if step != 0 and step != 1:
            self._sound_check.end()
        page = self.steps.widget(step)
        if page:
            page.findChildren(QPushButton)[0].setFocus()

    def _listen(self) -> None:
        self._heard = 0
        self._sound_check.begin(self._settings.microphone, self._settings.speaker)

    def _play(self) -> None:
        if not self._sound_check.running:
            self._sound_check.begin(self._settings.microphone, self._settings.speaker)
        self._sound_check.chime()

    def _hear(self, level_db: float) -> None:
        self.level.show_level(level_db)
        self._heard += level_db > HEARD_DB
        if self._heard == _HEARD_LEVELS:
            _say(self.microphone_text, self.tr("Your microphone works. Press “Next” to continue."))
            self.microphone_next.setFocus()

    def _show_wrong(self, sentence: str) -> None:
        first = self.steps.currentIndex() == 0
        _say(self.microphone_text if first else self.speaker_text, sentence)

    def _begin_measure(self) -> None:
        self._sound_check.end()
        cancelled = self._cancelled = threading.Event()
        self._show_measuring(True)
        settings = self._settings

        def progress(_what: str) -> None:
            if cancelled.is_set():
                raise DuologueError("cancelled")

        worker.run(lambda: self._measure(settings, progress), self._show_advice, self._fail, self)

    def _cancel_measure(self) -> None:
        """Stop at the next step of the measurement; only then is the sound card free."""
        self._cancelled.set()
        self.cancel_button.setEnabled(False)

    def _show_advice(self, advice: Advice) -> None:
        self._show_measuring(False)
        if self._cancelled.is_set():
            return
        self._advice = advice
        _say(self.advice_text, translate_sentence("\n\n".join(advice.reasons)))
        self._go(3)

    def _fail(self, error: DuologueError) -> None:
        self._show_measuring(False)
        if not self._cancelled.is_set():
            _say(self.measure_text, translate_sentence(str(error)))

    def _show_measuring(self, on: bool) -> None:
        self.progress.setVisible(on)
        self.measure_button.setEnabled(not on)
        for button in (self.no_measure_button, self.measure_back):
            button.setVisible(not on)
        self.cancel_button.setVisible(on)
        self.cancel_button.setEnabled(on)
        (self.cancel_button if on else self.measure_button).setFocus()

    def _use_advice(self) -> None:
        if self._advice:
            self._settings = self._settings.model_copy(
                update={
                    "chunk_ms": self._advice.chunk_ms,
                    "latency_ms": self._advice.latency_ms,
                    "card_latency_ms": self._advice.card_latency_ms,
                }
            )
        self._finish()

    def _finish(self) -> None:
        self._cancelled.set()
        self._sound_check.end()
        self.finished.emit(self._settings.model_copy(update={"first_run_done": True}))

    def hideEvent(self, event: QHideEvent) -> None:
        """Close the microphone when the page is hidden."""
        super().hideEvent(event)
        self._sound_check.end()


def _say(label: QLabel, text: str) -> None:
    """Show a text in full height: a stack of pages ignores the height of wrapped text."""
    label.setText(text)
    least = _MIN_LINES * label.fontMetrics().lineSpacing()
    label.setMinimumHeight(max(label.heightForWidth(_CARD_PX - 2 * _MARGIN_PX), least))
