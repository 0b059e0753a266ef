"""The page for talking: state, waveforms of both speakers, metrics, and the buttons.

It shows the session's signals and passes the user's commands to the session.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.talk_state import State
from app.timeline import Timeline
from app.window.pages.captions import Captions
from app.window.pages.lamp import Lamp
from app.window.pages.metrics_panel import MetricsPanel
from app.window.pages.remedy_button import RemedyButton
from app.window.pages.said_row import SaidRow
from app.window.session import Session
from app.window.waveform.legend import Legend
from app.window.waveform.view import WaveformView
from engine.talk.live_events import ChunkDone

_FIGURES_EVERY_EVENTS = 13
"""Twice a second: nobody reads faster, and each new text lays out the whole window again."""


class TalkPage(QWidget):
    """Everything about the running conversation."""

    diagnostics_wanted = Signal()
    longer_chunks_wanted = Signal(int)
    """The length in ms; it takes a new conversation."""
    less_drawing_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._events = 0
        self._draws_less = False
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)

        self.lamp = Lamp()
        self.state_label = QLabel()
        self.state_label.setProperty("role", "title")
        self.hint_label = QLabel()
        self.hint_label.setProperty("role", "soft")
        self.hint_label.setWordWrap(True)
        self.hint_label.setMinimumHeight(self.hint_label.fontMetrics().lineSpacing() * 3)
        self.hint_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.state_label)
        words.addWidget(self.hint_label)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self.lamp, alignment=Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, stretch=1)
        self.diagnostics_button = QPushButton(self.tr("&Copy diagnostics"))
        self.diagnostics_button.setToolTip(
            self.tr(
                "Copy versions, devices, settings and measurements for a bug report. It contains "
                "no audio."
            )
        )
        self.diagnostics_button.clicked.connect(self.diagnostics_wanted)
        self.remedy_button = RemedyButton()
        self.remedy_button.longer_chunks_wanted.connect(self.longer_chunks_wanted)
        self.remedy_button.less_drawing_wanted.connect(self.less_drawing_wanted)
        # Below the other button there is room beside the hint: nothing moves when this one comes.
        aside = QVBoxLayout()
        aside.setSpacing(8)
        for button in (self.diagnostics_button, self.remedy_button):
            aside.addWidget(button, alignment=Qt.AlignmentFlag.AlignRight)
        aside.addStretch(1)
        head.addLayout(aside)
        column.addLayout(head)

        self._card = card = QFrame()
        card.setProperty("card", True)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(12, 12, 12, 12)
        self.waveform = WaveformView()
        self.waveform.placeholder = self.tr(
            "Your voice will appear here at the top, and the agent's at the bottom."
        )
        inside.addWidget(self.waveform, stretch=1)
        self.captions = Captions()
        inside.addWidget(self.captions)
        self.said = SaidRow()
        inside.addWidget(self.said)
        below = QHBoxLayout()
        self.legend = Legend(live=True)
        below.addWidget(self.legend, stretch=1)
        self.follow_button = QPushButton(self.tr("Back to &now"))
        self.follow_button.setToolTip(self.tr("Let the picture follow the conversation again."))
        self.follow_button.clicked.connect(lambda: self.waveform.set_follow(True))
        self.follow_button.hide()
        self.waveform.follow_changed.connect(self._show_follow)
        below.addWidget(self.follow_button)
        inside.addLayout(below)
        column.addWidget(card, stretch=1)

        self.metrics_panel = MetricsPanel()
        column.addWidget(self.metrics_panel)
        column.addLayout(self._buttons())

        session.state_changed.connect(self._show_state)
        session.phase_changed.connect(self._show_phase)
        session.began.connect(self._begin)
        session.event_received.connect(self._count)
        session.ended.connect(lambda _recording: self._end())
        self._show_state(session.state)

    def _buttons(self) -> QHBoxLayout:
        self.start_button = QPushButton()
        self.start_button.setProperty("primary", True)
        self.start_button.setMinimumSize(QSize(190, 52))
        self.start_button.clicked.connect(self._start_or_stop)
        self.mute_button = QPushButton()
        self.mute_button.setCheckable(True)
        self.mute_button.setToolTip(self.tr("The agent hears silence until you press M again."))
        self.mute_button.clicked.connect(self._mute)
        self.pause_button = QPushButton()
        self.pause_button.setCheckable(True)
        self.pause_button.setToolTip(
            self.tr("Pause the conversation. The agent forgets nothing. Key: P.")
        )
        self.pause_button.clicked.connect(self._pause)
        self.hold_button = QPushButton(self.tr("Hold to &talk"))
        self.hold_button.setToolTip(
            self.tr("The agent hears you only while you hold this button or the space bar.")
        )
        self.hold_button.pressed.connect(lambda: self._session.hold_talk_key(True))
        self.hold_button.released.connect(lambda: self._session.hold_talk_key(False))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.start_button)
        row.addWidget(self.hold_button)
        row.addWidget(self.mute_button)
        row.addWidget(self.pause_button)
        row.addStretch(1)
        for button in (
            self.start_button,
            self.hold_button,
            self.mute_button,
            self.pause_button,
            self.follow_button,
            self.diagnostics_button,
        ):
            button.setAccessibleName(button.text().replace("&", ""))
            button.setAccessibleDescription(button.toolTip())
        return row

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._session.running:  # nothing is shown on a page that nobody sees
            self.captions.show_newest()
            self._show_metrics()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.fit_to_height(self._card.height())
        self.captions.fit_to_height(self._card.height())

    # --- commands ---------------------------------------------------------------------------------

    def _start_or_stop(self) -> None:
        if self._session.running:
            self._session.stop()
        else:
            self._session.start()

    def _mute(self, muted: bool) -> None:
        self._session.mute(muted)
        self._show_state(self._session.state)  # a more urgent state may hide it

    def _pause(self, paused: bool) -> None:
        self._session.pause(paused)
        self._show_state(self._session.state)

    def copied_diagnostics(self, text: str) -> None:
        """Copy the report to the clipboard."""
        QApplication.clipboard().setText(text)
        self.hint_label.setText(
            self.tr("Copied. Paste it into your bug report. It contains no audio.")
        )

    def draw_less(self, draws_less: bool) -> None:
        """Draw the waveform less often, or as often as is useful."""
        self._draws_less = draws_less
        self.said.line.set_rotating(not draws_less)
        self._show_state(self._session.state)

    # --- what the session tells -------------------------------------------------------------------

    def _begin(self, timeline: Timeline) -> None:
        self.waveform.set_timeline(timeline, live=True)
        self.captions.set_transcript(timeline.transcript)
        self._events = 0
        self._show_metrics()

    def _end(self) -> None:
        self.said.line.clear()
        self.waveform.end_live()
        self._show_metrics()

    def _count(self, event: object) -> None:
        if isinstance(event, ChunkDone) and self.isVisible():
            self.captions.show_newest()
        self._events += 1
        if self._events % _FIGURES_EVERY_EVENTS == 0 and self.isVisible():
            self._show_metrics()

    def _show_metrics(self) -> None:
        self.metrics_panel.show_metrics(self._session.metrics())

    def _show_follow(self, follows: bool) -> None:
        self.follow_button.setVisible(not follows)

    def _show_phase(self, phase: str) -> None:
        self.hint_label.setText(
            {
                "bundle": self.tr("Checking the model files."),
                "models": self.tr("Loading the models."),
                "sound": self.tr("Opening the microphone and the speaker."),
            }.get(phase, "")
        )

    def _show_state(self, state: State) -> None:
        title, hint = self._words(state)
        if state == State.LATE:
            hint = self.remedy_button.offer(self._session.longer_chunk_ms, self._draws_less)
        else:
            self._hide_remedy()
        self.waveform.set_sparing(self._draws_less or state == State.LATE)
        self.state_label.setText(title)
        self.state_label.setAccessibleName(title)
        self.hint_label.setText(hint)
        self.lamp.show_state(state)
        session = self._session
        running = state not in (State.IDLE, State.STOPPING)
        text = self.tr("&Stop  (Esc)") if running else self.tr("&Start talking")
        self.start_button.setText(text)
        self.start_button.setAccessibleName(text.replace("&", ""))
        self.start_button.setEnabled(state != State.STOPPING)
        for button in (self.pause_button, self.hold_button):
            button.setEnabled(running)
        self.hold_button.setVisible(session.hold_to_talk)
        self.mute_button.setChecked(session.muted)
        _rename(self.mute_button, self.tr("Un&mute") if session.muted else self.tr("&Mute"), "M")
        _rename(
            self.pause_button, self.tr("&Continue") if session.paused else self.tr("&Pause"), "P"
        )
        self.pause_button.setChecked(session.paused)

    def _hide_remedy(self) -> None:
        if self.remedy_button.hasFocus():
            # Qt would pass the focus on to another button, and a key meant for this one press it.
            self.waveform.setFocus()
        self.remedy_button.hide()

    def _words(self, state: State) -> tuple[str, str]:
        """The title and the explanation of a state."""
        if state == State.MUTED and self._session.hold_to_talk and not self._session.muted:
            return (
                self.tr("Hold to talk"),
                self.tr(
                    "Hold the space bar while you speak; otherwise the agent hears silence. The "
                    "microphone stays open until you press Stop."
                ),
            )
        if state == State.IDLE and self._session.muted:
            return (
                self.tr("Ready to talk"),
                self.tr("The microphone is muted. The agent will hear silence until you press M."),
            )
        return {
            State.IDLE: (
                self.tr("Ready to talk"),
                self.tr(
                    "Press the button and speak. You do not need headphones, and you may "
                    "interrupt at "
                    "any time. Nothing leaves this computer."
                ),
            ),
            State.LOADING: (self.tr("One moment"), ""),
            State.LISTENING: (self.tr("Listening"), self.tr("Say something.")),
            State.SILENT: (
                self.tr("The microphone gives no sound"),
                self.tr(
                    "It is off or muted, or the system blocks it. Check its switch and the system "
                    "settings, or choose another microphone in the settings here."
                ),
            ),
            State.USER_SPEAKS: (self.tr("You speak"), self.tr("The agent listens.")),
            State.AGENT_SPEAKS: (
                self.tr("The agent speaks"),
                self.tr("You may interrupt it at any time; it hears you."),
            ),
            State.BOTH_SPEAK: (
                self.tr("Both speak"),
                self.tr("The agent hears you while it speaks."),
            ),
            State.LATE: (self.tr("Late"), ""),
            State.PAUSED: (
                self.tr("Paused"),
                self.tr(
                    "Press P to continue. The microphone stays open until you press Stop, but its "
                    "sound is not used or recorded."
                ),
            ),
            State.MUTED: (
                self.tr("Microphone muted"),
                self.tr(
                    "The agent hears silence, and silence is recorded. Press M to unmute. The "
                    "microphone stays open until you press Stop."
                ),
            ),
            State.NO_SOUND: (
                self.tr("No microphone or speaker"),
                self.tr(
                    "Plug one in or choose another in the settings. The conversation then "
                    "continues by itself, and the agent forgets nothing."
                ),
            ),
            State.STOPPING: (self.tr("Stopping"), self.tr("Finishing the recording.")),
        }[state]


def _rename(button: QPushButton, text: str, key: str) -> None:
    if button.text() != text:
        button.setText(text)
        button.setAccessibleName(text.replace("&", ""))
        button.setShortcut(key)  # a new text removes the shortcut
