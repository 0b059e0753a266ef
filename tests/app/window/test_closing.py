"""Closing the window ends the program soon, whatever still goes on behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app import bundle_store
from tests.engine.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).parents[3]
_END_SECONDS = 10

# The program as it is, with a hand that pulls and, once something has come, closes the window.
_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.window import start
from app.window.main_window import MainWindow

class Hand(MainWindow):
    def showEvent(self, event):
        super().showEvent(event)
        self.models.bundles.repository.setText("someone/tiny")
        self.models.bundles.pull()
        self.models.bundles._moved.connect(self.end)

    def end(self, done):
        if done:
            print("pulling", flush=True)
            if "close" in sys.argv:
                self.close()

start.MainWindow = Hand
sys.exit(start.open_window())
"""


class _SlowHub(ThreadingHTTPServer):
    """Sends a third of a bundle's largest file and then nothing more, without hanging up."""

    def __init__(self, bundle: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files = {path.name: path.read_bytes() for path in bundle.iterdir()}
        self.spans: list[str] = []
        self.slow = threading.Event()
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    server: _SlowHub

    def do_GET(self) -> None:
        content = self.server.files.get(self.path.rpartition("/")[2])
        if content is None:
            self.send_error(404)
            return
        span = self.headers.get("Range", "")
        first, size = int(span[6:-1]) if span else 0, len(content)
        self.server.spans.append(span)
        self.send_response(206 if span else 200)
        self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - first))
        self.end_headers()
        largest = max(map(len, self.server.files.values()))
        if self.server.slow.is_set() and size == largest:
            self.wfile.write(content[first : size // 3])
            self.server.over.wait()
        else:
            self.wfile.write(content[first:])

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_SlowHub]:
    folder = tmp_path / "tiny"
    folder.mkdir()
    write_tiny_bundle(folder)
    server = _SlowHub(folder)
    server.slow.set()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(sys.platform == "win32", reason="ended by a signal")
@pytest.mark.parametrize("by", ["close", "signal"])
def test_a_pull_does_not_outlive_its_window(hub: _SlowHub, by: str) -> None:
    """The server keeps it waiting; what has come stays, and the next pull goes on with it."""
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, by], cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE
    )
    try:
        assert program.stdout and program.stdout.readline() == b"pulling\n"
        if by == "signal":
            program.send_signal(signal.SIGTERM)
        assert program.wait(_END_SECONDS) == 0
    finally:
        program.kill()
        program.wait()
    (part,) = bundle_store.bundles_folder().glob(".pull-*/*.part")
    kept = part.stat().st_size
    assert kept > 0
    hub.slow.clear()
    hub.spans.clear()
    bundle_store.pull("someone/tiny", lambda done, total: None)
    assert [span for span in hub.spans if span] == [f"bytes={kept}-"]
