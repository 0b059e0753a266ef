"""What a report of a fault holds of the devices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import diagnostics
from app.settings import Settings
from engine.card.devices import PIPEWIRE, Device, DeviceList


def test_devices_are_told_with_server_channels_and_canceller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Device("Desk", PIPEWIRE, "desk", 8, 48_000, "", True)
    listing = DeviceList((desk, replace(desk, name="Clean", canceller="echo-cancel-1")), ())
    monkeypatch.setattr(diagnostics, "list_devices", lambda: listing)
    said = diagnostics.diagnostics(Settings(), None, [], None)
    assert "microphone: Desk (PipeWire, 48000 Hz, channels: 8)\n" in said
    assert "channels: 8, echo-cancelled by the system)\n" in said
