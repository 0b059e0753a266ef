"""The virtual sound card as tests use it: a sound server of their own, a voice, an ear."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.timebase import SAMPLE_RATE_HZ

ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = ROOT / "script" / "virtual-card"
_CALL_SECONDS = 30

on_one = pytest.mark.parametrize("virtual_card", [""], indirect=True, ids=["one server"])
"""For what the server makes no difference to: each minute counts."""


class VirtualCard:
    """A running server; ``microphone`` and ``speaker`` are its default devices."""

    def __init__(self, folder: Path, server: str = "") -> None:
        """``server`` is pulseaudio, pipewire, or empty for whichever is there."""
        self.folder = folder
        self._command = [str(_SCRIPT), "hold", str(folder), *([server] if server else [])]
        self.environment = ""
        """What leads to it, as the script prints it."""
        self.start()

    def start(self) -> None:
        """Begin; skips the test where no server runs."""
        # The server ends when the pipe to its input does, whatever ends this process.
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        assert self._process.stderr
        self.environment = self._process.stdout.readline()
        if not self.environment:
            pytest.skip(f"no virtual sound card: {self._process.stderr.read().strip()}")

    @property
    def pid(self) -> int:
        """The process whose children are the servers."""
        return self._process.pid

    def stop(self) -> None:
        """End, if it has not; `start` may follow."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        self._process.wait(_CALL_SECONDS)

    def pactl(self, *arguments: str) -> str:
        """Ask the server for something."""
        done = subprocess.run(
            ["pactl", *arguments], capture_output=True, text=True, timeout=_CALL_SECONDS, check=True
        )
        return done.stdout.strip()

    @property
    def is_pipewire(self) -> bool:
        """Whether the server is PipeWire's."""
        return "PipeWire" in self.pactl("info")

    def load(self, *arguments: str) -> str:
        """Load a module; returns its number."""
        return self.pactl("load-module", *arguments)

    def unload(self, number: str) -> None:
        """Unload a module: unplug what it is."""
        self.pactl("unload-module", number)

    def module_of(self, argument: str) -> tuple[str, list[str]]:
        """Number, and what `load` needs, of the module with this argument."""
        for line in self.pactl("list", "short", "modules").splitlines():
            number, name, *arguments = line.split("\t")
            if arguments and argument in arguments[0].split():
                return number, [name, *arguments[0].split()]
        raise LookupError(argument)

    @contextmanager
    def say(self, path: Path, sink: str = "voice") -> Iterator[None]:
        """Play a file into the microphone meanwhile."""
        with subprocess.Popen(["paplay", "-d", sink, str(path)]) as player:
            try:
                yield
            finally:
                player.terminate()

    @contextmanager
    def listen(self, sink: str = "speaker") -> Iterator[list[np.ndarray]]:
        """Record what a speaker gets; the list holds the sound, float32 at 16 kHz, afterwards."""
        heard: list[np.ndarray] = []
        command = ["parec", "-d", f"{sink}.monitor", f"--rate={SAMPLE_RATE_HZ}", "--channels=1"]
        command.append("--latency-msec=50")  # else PipeWire keeps two seconds back
        # Into a file: a pipe that nobody reads is full after two seconds.
        with tempfile.TemporaryFile() as raw:
            with subprocess.Popen([*command, "--format=s16le", "--raw"], stdout=raw) as parec:
                try:
                    yield heard
                finally:
                    parec.terminate()
            raw.seek(0)
            content = raw.read()
        sound = np.frombuffer(content[: len(content) // 2 * 2], np.int16)
        heard.append(sound.astype(np.float32) / 32768)


@contextmanager
def running_card(folder: Path, server: str = "") -> Iterator[VirtualCard]:
    """A server in ``folder``, found by this process and its children; skips where none runs."""
    with pytest.MonkeyPatch.context() as environment:
        card = VirtualCard(folder, server)
        for setting in card.environment.removeprefix("export ").split():
            name, _, value = setting.partition("=")
            environment.setenv(name, value.strip("'"))
        try:
            yield card
        finally:
            card.stop()


def interface(channel_map: str) -> tuple[tuple[str, ...], ...]:
    """An interface: what is played to the sink "wires" is on its inputs."""
    count = channel_map.count(",") + 1
    shape = (f"channels={count}", f"channel_map={channel_map}")
    wires = ("module-null-sink", "sink_name=wires", "norewinds=1", "rate=48000", *shape)
    inputs = ("master=wires.monitor", *shape, f"master_channel_map={channel_map}", "remix=no")
    return wires, ("module-remap-source", "source_name=inputs", *inputs)


def wait_until(check: Any, seconds: float = 30.0) -> None:
    """Poll; fails the test where it never becomes true."""
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.01)
