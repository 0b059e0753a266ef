"""A choice of microphone or speaker by name; the first entry follows the system's default."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox

from engine.devices import Device

_LEAST_CHARACTERS = 12


class DeviceBox(QComboBox):
    """Remembers a device that is not there, since it may come back."""

    def __init__(self) -> None:
        super().__init__()
        # Names may be long; they must not widen the window.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(_LEAST_CHARACTERS)

    @property
    def chosen(self) -> str | None:
        """A device's name, or None for the system's default."""
        name = self.currentData()
        return None if name is None else str(name)

    def fill(self, devices: Sequence[Device], wanted: str | None) -> None:
        """Offer these; nothing is emitted."""
        before = self.blockSignals(True)
        self.clear()
        default = next((device.name for device in devices if device.is_default), None)
        usual = self.tr("the system's default")
        if default:
            usual = self.tr("the system's default ({0})").format(default)
        self.addItem(usual, None)
        for device in devices:
            self.addItem(device.name, device.name)
        if wanted is not None and self.findData(wanted) < 0:
            self.addItem(self.tr("{0} (not there)").format(wanted), wanted)
        self.setCurrentIndex(self.findData(wanted) if wanted is not None else 0)
        self.blockSignals(before)
