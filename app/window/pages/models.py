"""The page of all models: bundles, parts, and the text model, a tab each."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget

from app.settings import Settings
from app.window.pages.bundles import Bundles
from app.window.pages.parts import Parts
from app.window.pages.text_model import TextModel

BUNDLES, PARTS, TEXT_MODEL = range(3)


class ModelsPage(QWidget):
    """The tabs; each tells by its own signals what the user wants."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel(self.tr("Models"))
        title.setProperty("role", "title")
        self.bundles = Bundles(settings.bundle)
        self.parts = Parts()
        self.text_model = TextModel(settings)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.bundles, self.tr("&Bundles"))
        self.tabs.addTab(self.parts, self.tr("&Parts"))
        self.tabs.addTab(self.text_model, self.tr("&Text model"))
        self.tabs.tabBar().setAccessibleName(self.tr("Kinds of models"))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(self.tabs, stretch=1)

    def cancel(self) -> None:
        """Stop what is being installed."""
        self.bundles.cancel()
        self.parts.cancel()
