"""The choice of the text model: none, a GGUF file, or a server on this computer.

An address that is not this computer's is refused at once, and the settings stay as they were.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.abilities import model_name
from app.assistant import small_text_model
from app.settings import MAX_THREADS, Settings
from app.window import worker
from app.window.pages.form import Card, described_button, fill_scrolling
from app.window.pages.number_box import WholeBox
from app.window.sentences import translate_sentence
from engine.assistant.local_server import local_address
from engine.errors import DuologueError
from engine.syncllm.llama import MOST_GPU_LAYERS
from engine.syncllm.llama_library import BACK_ENDS

_LEAST_TOKENS, _MOST_TOKENS, _TOKENS_STEP = 512, 131_072, 512
_MOST_LETTERS = 200
"""Of an address and of a name, as in `app.settings`."""


class TextModel(QWidget):
    """Shows the controls of the chosen kind only."""

    changed = Signal(dict)
    """Settings by name, with their new values."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._file: Path | None = settings.text_file
        self._small: Path | None = None
        self._address = settings.text_server
        self._filling = False
        explanation = QLabel(
            self.tr(
                "A text model answers what the agent does not know. It may be wrong. Duologue "
                "asks only this computer. A server here may pass words on; its settings tell."
            )
        )
        explanation.setProperty("role", "soft")
        explanation.setWordWrap(True)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(12)
        column.addWidget(explanation)
        self._file_card, self._server_card = self._add_file(), self._add_server()
        for card in (self._add_choice(), self._file_card, self._server_card):
            column.addWidget(card)
        column.addStretch(1)
        fill_scrolling(self, inside)
        self._connect()
        self.show_settings(settings)

    # --- construction -----------------------------------------------------------------------------

    def _add_choice(self) -> Card:
        card = Card(self.tr("Open questions"))
        self.kind = QComboBox()
        self.kind.addItem(self.tr("nothing answers them"), "none")
        self.kind.addItem(self.tr("a model from a file"), "file")
        self.kind.addItem(self.tr("a server on this computer"), "server")
        card.add_row(
            self.tr("Ans&wered by"),
            self.kind,
            self.tr("A change takes effect in the next conversation."),
        )
        return card

    def _add_file(self) -> Card:
        card = Card(self.tr("Model from a file"))
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.file = QLineEdit()
        self.file.setReadOnly(True)
        self.file_button = described_button(
            self.tr("Choos&e…"), self.tr("Choose the file of a text model."), self._ask_file
        )
        self.small_button = QPushButton(self.tr("S&mall"))
        self.small_button.clicked.connect(lambda: self._use_file(None))
        line.addWidget(self.file, stretch=1)
        line.addWidget(self.file_button)
        line.addWidget(self.small_button)
        self.file_text = card.add_row(self.tr("File"), row, "")
        self.context = WholeBox()
        self.context.setRange(_LEAST_TOKENS, _MOST_TOKENS)
        self.context.setSingleStep(_TOKENS_STEP)
        card.add_row(
            self.tr("Conte&xt"),
            self.context,
            self.tr("Tokens that it remembers of a conversation. More take more memory."),
        )
        self.threads = WholeBox()
        self.threads.setRange(1, MAX_THREADS)
        card.add_row(
            self.tr("Th&reads"),
            self.threads,
            self.tr("More answer sooner, but may make the conversation late."),
        )
        self.gpu = WholeBox()
        self.gpu.setRange(-1, MOST_GPU_LAYERS)
        self.gpu.setSpecialValueText(self.tr("all"))
        self.gpu.setEnabled(BACK_ENDS.has_gpu())
        card.add_row(
            self.tr("GP&U layers"),
            self.gpu,
            self.tr("Layers on the graphics card.")
            if BACK_ENDS.has_gpu()
            else self.tr("This build of Duologue uses the processor only."),
        )
        return card

    def _add_server(self) -> Card:
        card = Card(self.tr("Server on this computer"))
        self.address = QLineEdit()
        self.address.setMaxLength(_MOST_LETTERS)
        self.address.setPlaceholderText("http://127.0.0.1:11434/v1")
        self._explained = self.tr(
            "Of llama-server, Ollama or LM Studio: 127.0.0.1 or localhost. Other computers are "
            "refused."
        )
        self.address_text = card.add_row(self.tr("A&ddress"), self.address, self._explained)
        self.model = QLineEdit()
        self.model.setMaxLength(_MOST_LETTERS)
        self.model.setPlaceholderText(self.tr("the first that the server lists"))
        card.add_row(self.tr("M&odel's name"), self.model, self.tr("As the server calls it."))
        return card

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._choose_kind)
        for box, name in (
            (self.context, "text_context_tokens"),
            (self.threads, "text_threads"),
            (self.gpu, "text_gpu_layers"),
        ):
            box.setKeyboardTracking(False)
            box.valueChanged.connect(lambda value, name=name: self._tell({name: value}))
        self.address.textEdited.connect(self._check_address)
        self.address.editingFinished.connect(self._take_address)
        self.model.editingFinished.connect(
            lambda: self._tell({"text_server_model": self.model.text().strip()})
        )

    # --- values -----------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """Show these settings; emits no signal."""
        self._filling = True
        self._file, self._address = settings.text_file, settings.text_server
        self.kind.setCurrentIndex(self.kind.findData(settings.text_model))
        self.context.setValue(settings.text_context_tokens)
        self.threads.setValue(settings.text_threads)
        self.gpu.setValue(settings.text_gpu_layers)
        self.address.setText(settings.text_server)
        self.model.setText(settings.text_server_model)
        self._filling = False
        self._show_kind()
        self._show_file()

    def _show_kind(self) -> None:
        kind = self.kind.currentData()
        self._file_card.setVisible(kind == "file")
        self._server_card.setVisible(kind == "server")
        self._check_address()

    def _show_file(self) -> None:
        shown = self._file or self._small
        self.file.setText(model_name(shown) if shown else self.tr("none"))
        self.file.setCursorPosition(0)
        self.file.setToolTip(str(shown or ""))
        self.small_button.setVisible(self._small is not None and self._file is not None)
        if self._small:
            name = model_name(self._small)
            self.small_button.setAccessibleName(self.tr("Use the small model {0}").format(name))
            self.small_button.setToolTip(self.tr("Use the small model {0}").format(name))
        self.file_text.setText(
            self.tr("A chat model in the format GGUF, such as Llama, Qwen or Mistral.")
            if self._file
            else self.tr("The small model is used. It knows little, and is often wrong.")
            if self._small
            else self.tr("Choose a chat model in the format GGUF, such as Llama, Qwen or Mistral.")
        )

    def _choose_kind(self) -> None:
        self._show_kind()
        self._tell({"text_model": self.kind.currentData()})

    def _tell(self, values: dict[str, Any]) -> None:
        if not self._filling:
            self.changed.emit(values)

    # --- file and server --------------------------------------------------------------------------

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("File of a text model"),
            str(self._file.parent) if self._file else "",
            self.tr("Text models") + " (*.gguf)",
        )
        if path:
            self._use_file(Path(path))

    def _use_file(self, path: Path | None) -> None:
        self._file = path
        self._show_file()
        self._tell({"text_file": path})

    def _check_address(self) -> str | None:
        """The address as it is used, and None if it must not be; says why at once."""
        written = self.address.text().strip()
        text, address = self._explained, ""
        try:
            address = local_address(written).shown if written else ""
            bad = False
        except DuologueError as error:
            text, bad = translate_sentence(str(error)), True
        self.address_text.setText(text)
        self.address_text.setProperty("role", "bad" if bad else "soft")
        self.address_text.style().polish(self.address_text)
        self.address.setAccessibleDescription(text)
        return None if bad else address

    def _take_address(self) -> None:
        address = self._check_address()
        if address is not None and address != self._address:
            self._address = address
            self.address.setText(address)
            self._tell({"text_server": address})

    def showEvent(self, event: QShowEvent) -> None:
        """Look for the small model: it may have been installed meanwhile."""
        super().showEvent(event)
        worker.run(small_text_model, self._find_small, lambda _error: None, self)

    def _find_small(self, path: Path | None) -> None:
        self._small = path
        self._show_file()
