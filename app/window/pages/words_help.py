"""The help on words: everything that one can say, from what is really there.

The words are those of the actions themselves. They are English, as the agent is.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from app.abilities import Abilities
from app.what_to_say import OPEN_QUESTIONS, SCRIPT, requests
from app.window.sentences import translate_sentence
from engine.assistant.own_action import OwnAction


class WordsHelp(QDialog):
    """Opens beside a running conversation, which goes on."""

    def __init__(self, able: Abilities, own: Iterable[OwnAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What you can say"))
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.windowTitle())
        self.text.setOpenLinks(False)
        self.text.setHtml("".join(self._parts(able, own)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(buttons)
        self.resize(620, 520)

    def _parts(self, able: Abilities, own: Iterable[OwnAction]) -> Iterable[str]:
        yield _paragraph(
            self.tr("The agent understands and speaks English. You may interrupt it at any time.")
        )
        if able.script:
            yield _heading(self.tr("Small talk"))
            yield _paragraph(
                self.tr(
                    "The starter knows about 250 simple topics. It is sometimes wrong. Examples:"
                )
            )
            yield _words(SCRIPT)
        yield _heading(self.tr("Requests"))
        if not able.assistant:
            off = self.tr("The assistant is off; switch it on in the settings.")
            yield _paragraph(translate_sentence(able.missing) or off)
        for purpose, words in requests():
            yield _paragraph(translate_sentence(purpose))
            yield _words(words)
        for action in own:
            yield _paragraph(self.tr("Your own action {0}").format(action.file))
            yield _words(action.words)
        yield _heading(self.tr("Questions of any kind"))
        if able.text_model:
            yield _paragraph(
                self.tr("Your text model {0} answers. It may be wrong.").format(able.text_model)
            )
            yield _words(OPEN_QUESTIONS)
        else:
            yield _paragraph(
                self.tr("They need a text model, which you can choose on the page Models.")
            )


def _heading(text: str) -> str:
    return f"<h3>{escape(text)}</h3>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text[:1].upper() + text[1:])}</p>"


def _words(words: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>“{escape(one)}”</li>" for one in words) + "</ul>"
