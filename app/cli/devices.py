"""The command `devices` lists microphones and speakers; a hidden one watches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from engine.card.devices import DeviceList


def devices() -> None:
    """List your microphones and speakers.

    --microphone and --speaker of other commands take these names.
    An asterisk marks the system's default.
    """
    from engine.card.devices import list_devices

    show_devices(Console(), list_devices())


def watch_devices() -> None:
    """Print the devices whenever they change.

    In an installed program, a running conversation starts this command.
    """
    from engine.card.device_watch import watch_portaudio

    watch_portaudio()


def show_devices(console: Console, listing: DeviceList) -> None:
    """Print microphones and speakers; an asterisk marks the system's defaults."""
    for kind, found in (("Microphones", listing.microphones), ("Speakers", listing.speakers)):
        table = Table(title=kind, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for column in ("", "name", "through", "rate", "channels", ""):
            table.add_column(column)
        for device in found:
            mark = "*" if device.is_default else ""
            rate = f"{device.rate_hz / 1000:g} kHz"
            cancelled = "echo-cancelled by the system" if device.canceller else ""
            shape = (rate, str(device.channels), cancelled)
            table.add_row(mark, escape(device.name), device.host_api, *shape)
        if found:
            console.print(table)
        else:
            console.print(f"{kind}: none. Plug one in or switch it on.")
