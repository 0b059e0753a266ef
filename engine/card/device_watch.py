"""Notices when devices come and go while a stream is open, with the help of a child process.

PortAudio can only list devices anew while no stream is open. So the child is PulseAudio's own
client where a sound server has the devices, and elsewhere this module, run as a program. One thread
reads the child's output. With a server, a second thread asks it for the list, once for all changes
reported meanwhile.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from engine.card.devices import (
    Device,
    DeviceList,
    ask_server,
    bound_to_this_process,
    client_environment,
    list_devices,
    refresh,
)
from engine.errors import DuologueError
from engine.own_program import own_program

_WATCH_SECONDS = 1.0
_RESTART_SECONDS = 0.5
_END_SECONDS = 1.0


class DeviceWatch:
    """Keeps the list of devices up to date while a stream is open."""

    def __init__(self, listing: DeviceList, served: bool) -> None:
        """Start the threads. ``served``: a sound server has the devices and reports changes."""
        self.listing = listing
        """The devices that are present now; set by a thread of this object."""
        self._served = served
        self._over = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._changed = threading.Event()
        self._threads = [threading.Thread(target=self._run, name="devices", daemon=True)]
        if served:
            asking = threading.Thread(target=self._ask, name="device list", daemon=True)
            self._threads.append(asking)
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the child and the threads."""
        self._over.set()
        self._changed.set()
        child = self._child
        if child:
            child.kill()  # it has nothing to save, and may wait for a server that hangs
        for thread in self._threads:
            thread.join(_END_SECONDS)

    def _run(self) -> None:
        # pactl does not read its input, so closing that would not end it.
        command = (
            [*bound_to_this_process(), "pactl", "subscribe"]
            if self._served
            else own_program("watch-devices", "engine.card.device_watch")
        )
        while not self._over.is_set():
            try:
                # The pipe to its input closes when this process ends, which ends the child.
                self._child = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=client_environment(),
                    text=True,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            except OSError:
                return
            with self._child as child:
                if self._over.is_set():
                    child.kill()
                self._follow(child)
            # The server is gone; its devices return with it.
            self._over.wait(_RESTART_SECONDS)

    def _follow(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout
        self._changed.set()
        for line in child.stdout:
            if self._over.is_set():
                return
            if not self._served:
                self.listing = _from_json(line)
            elif re.search(" on (sink|source|server) ", line):
                self._changed.set()

    def _ask(self) -> None:
        """Ask the server after changes; one question for many, as a volume slider causes."""
        while self._changed.wait():
            self._changed.clear()
            if self._over.is_set():
                return
            self.listing = ask_server() or self.listing


def _from_json(line: str) -> DeviceList:
    content = json.loads(line)
    return DeviceList(
        tuple(_device(entry) for entry in content["microphones"]),
        tuple(_device(entry) for entry in content["speakers"]),
    )


def _device(entry: dict[str, Any]) -> Device:
    return Device(**{**entry, "channel_map": tuple(entry["channel_map"])})


def watch_portaudio() -> None:
    """Print the devices whenever they change, one JSON object a line, until the input ends."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    shown: DeviceList | None = None
    while True:
        listing = shown
        with suppress(DuologueError):  # try again in a second
            refresh()
            listing = list_devices()
        if listing != shown and listing:
            print(json.dumps(asdict(listing)), flush=True)
            shown = listing
        if ended.wait(_WATCH_SECONDS):
            return


if __name__ == "__main__":
    watch_portaudio()
