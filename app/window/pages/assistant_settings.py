"""The settings of the assistant: whether it takes part, how it answers, and own actions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.abilities import Abilities
from app.settings import Settings
from app.window.pages.form import Card, described_button
from app.window.pages.number_box import WholeBox
from app.window.pages.prompt_box import PromptBox
from app.window.sentences import translate_sentence

_MOST_SENTENCES = 10


class AssistantSettings(Card):
    """Shows why the assistant cannot be used, where that is so."""

    changed = Signal()
    """One of ``values`` has changed."""
    parts_wanted = Signal()
    """The user wants to install what is missing."""
    text_model_wanted = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__(QCoreApplication.translate("AssistantSettings", "Assistant"))
        self._own_actions: Path | None = settings.own_actions
        self._wanted = settings.assistant
        self._able = Abilities()
        self._filling = False
        self._add_switch()
        self._add_answers()
        self._add_own_actions()

    # --- construction -----------------------------------------------------------------------------

    def _add_switch(self) -> None:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.switch = QCheckBox(self.tr("Hear words of any kind"))
        self.switch.toggled.connect(self._switch)
        self.parts_button = described_button(
            self.tr("&Install…"),
            self.tr("Show the page Models, where parts are installed."),
            self.parts_wanted.emit,
        )
        line.addWidget(self.switch, stretch=1)
        line.addWidget(self.parts_button)
        self._does = self.tr(
            "Acts on requests (time, timers, sums, notes), and lets a text model answer what the "
            "agent does not know. Changing this restarts the conversation."
        )
        self.switch_text = self.add_row(self.tr("Ass&istant"), row, self._does)

    def _add_answers(self) -> None:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.text_model = QLineEdit()
        self.text_model.setReadOnly(True)
        self.text_model_button = QPushButton(self.tr("Text m&odel…"))
        self.text_model_button.setAccessibleName(self.tr("Choose another text model"))
        self.text_model_button.clicked.connect(self.text_model_wanted)
        line.addWidget(self.text_model, stretch=1)
        line.addWidget(self.text_model_button)
        self.add_row(
            self.tr("Open questions"),
            row,
            self.tr("What answers them. Takes effect in the next conversation."),
        )
        self.most_sentences = WholeBox()
        self.most_sentences.setRange(1, _MOST_SENTENCES)
        self.most_sentences.setKeyboardTracking(False)
        self.most_sentences.valueChanged.connect(self._tell)
        self.add_row(
            self.tr("Length o&f answers"),
            self.most_sentences,
            self.tr("Sentences of the text model at most. Takes effect in the next conversation."),
        )
        self.prompt = PromptBox()
        self.prompt.edited.connect(self._tell)
        self.add_row(
            self.tr("System pr&ompt"),
            self.prompt,
            self.tr(
                "What the text model is told before each conversation; {date} becomes the day. "
                "Leave it empty for the usual one."
            ),
        )

    def _add_own_actions(self) -> None:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.folder = QLineEdit()
        self.folder.setReadOnly(True)
        self.folder.setPlaceholderText(self.tr("no folder"))
        self.folder_button = QPushButton(self.tr("Choos&e…"))
        self.folder_button.setAccessibleName(self.tr("Choose the folder of own actions"))
        self.folder_button.clicked.connect(self._choose_folder)
        self.no_folder_button = QPushButton(self.tr("No&ne"))
        self.no_folder_button.setAccessibleName(self.tr("Run no own actions"))
        self.no_folder_button.clicked.connect(lambda: self._use_folder(None))
        line.addWidget(self.folder, stretch=1)
        line.addWidget(self.folder_button)
        line.addWidget(self.no_folder_button)
        self._own = self.tr(
            "Folder of Python files that add requests of your own. They are run and may do "
            "anything that you may; choose only what you trust."
        )
        self.own_text = self.add_row(self.tr("Own actions"), row, self._own)

    # --- values -----------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """The values of the controls."""
        return {
            "assistant": self._wanted,
            "most_sentences": self.most_sentences.value(),
            "system_prompt": self.prompt.prompt(),
            "own_actions": self._own_actions,
        }

    def show_settings(self, settings: Settings) -> None:
        """Show these settings; the caller takes no ``changed`` meanwhile."""
        self._wanted, self._own_actions = settings.assistant, settings.own_actions
        self.most_sentences.setValue(settings.most_sentences)
        self.prompt.show_prompt(settings.system_prompt)
        self.folder.setText(str(settings.own_actions or ""))
        self._show_switch()

    def show_able(self, able: Abilities, problems: Iterable[str]) -> None:
        """Show what is missing, the text model's name, and each file of own actions."""
        self._able = able
        self.text_model.setText(able.text_model or self.tr("none"))
        self.text_model.setCursorPosition(0)
        self.text_model.setToolTip(able.text_model)
        lines = [self._own]
        if able.own_files:
            lines.append(self.tr("Files: {0}.").format(", ".join(able.own_files)))
        told = [translate_sentence(problem) for problem in problems]
        if self._own_actions and able.assistant and not (able.own_files or told):
            told.append(self.tr("There are no such files in it."))
        lines += told
        self.own_text.setText("\n".join(lines))
        self._show_switch()

    def _show_switch(self) -> None:
        missing = self._able.missing
        self._filling = True
        # The wish is kept, and comes true when the part is there.
        self.switch.setChecked(self._wanted and not missing)
        self._filling = False
        self.switch.setEnabled(not missing)
        self.parts_button.setVisible(bool(missing))
        told = translate_sentence(missing) or self._does
        self.switch_text.setText(told)
        self.switch.setAccessibleDescription(told)
        for control in (
            self.text_model_button, self.most_sentences, self.prompt, self.folder_button,
            self.no_folder_button,
        ):  # fmt: skip
            control.setEnabled(self.switch.isChecked())
        if self._own_actions is None:
            self.no_folder_button.setEnabled(False)

    def _switch(self, on: bool) -> None:
        if not self._filling:
            self._wanted = on
            self._tell()

    def _tell(self) -> None:
        self._show_switch()
        self.changed.emit()

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Folder of own actions"), self.folder.text()
        )
        if chosen:
            self._use_folder(Path(chosen))

    def _use_folder(self, folder: Path | None) -> None:
        self._own_actions = folder
        self.folder.setText(str(folder or ""))
        self._tell()
