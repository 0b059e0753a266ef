"""A combo box for the microphone or the speaker; the first entry is the system default."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox

from engine.card.devices import ChosenDevice, Device, Wanted, choose
from engine.errors import DuologueError

_MIN_CHARACTERS = 12


class DeviceComboBox(QComboBox):
    """Keeps a chosen device in the list while it is not connected, since it may come back."""

    def __init__(self) -> None:
        super().__init__()
        # Long names must not widen the window.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(_MIN_CHARACTERS)
        self._offered: list[Wanted] = [None]
        self._cancelled: list[bool] = [False]

    @property
    def chosen(self) -> Wanted:
        """The chosen device, or None for the system default."""
        return self._offered[max(self.currentIndex(), 0)]

    @property
    def echo_cancelled(self) -> bool:
        """Whether the system already cancels the echo of this device."""
        return self._cancelled[max(self.currentIndex(), 0)]

    def fill(self, devices: Sequence[Device], wanted: Wanted) -> None:
        """Offer these devices; emits no signal."""
        before = self.blockSignals(True)
        self.clear()
        default = next((device for device in devices if device.is_default), None)
        usual = self.tr("system default")
        if default:
            usual = self.tr("system default ({0})").format(default.name)
        self.addItem(usual)
        self._offered = [None]
        self._cancelled = [bool(default and default.canceller)]
        for device in devices:
            name = device.name
            if device.canceller:
                name = self.tr("{0} (echo cancelled by the system)").format(name)
            self.addItem(name)
            self._offered.append(ChosenDevice(device.key, device.name))
            self._cancelled.append(bool(device.canceller))
        if wanted is not None:
            try:
                found = choose(devices, wanted, "microphone")
                wanted = ChosenDevice(found.key, found.name)
            except DuologueError:
                self.addItem(self.tr("{0} (not connected)").format(wanted))
                self._offered.append(wanted)
                self._cancelled.append(False)
        self.setCurrentIndex(self._offered.index(wanted))
        self.blockSignals(before)
