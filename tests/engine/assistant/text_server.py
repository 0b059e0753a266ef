"""A real HTTP server on this computer that speaks as OpenAI-compatible servers do."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class TextServer(ThreadingHTTPServer):
    """Answers with ``pieces``, and behaves as ``manner`` says."""

    daemon_threads = True

    def __init__(
        self, pieces: tuple[str, ...] = ("It is ", "Paris", "."), manner: str = ""
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pieces, self.manner = pieces, manner
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.gone = threading.Event()
        """A client went away in the middle of an answer."""
        self.may_go_on = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def end(self) -> None:
        self.may_go_on.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: TextServer

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        models = [] if self.server.manner == "no model" else [{"id": "tiny"}, {"id": "other"}]
        self._plain(200, json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(json.loads(body))
        manner = self.server.manner
        if manner == "redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            return
        if manner == "refuse":
            self._plain(404, b'{"error": {"message": "no such model"}}')
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self._stream(manner)
        except OSError:
            self.server.gone.set()

    def _stream(self, manner: str) -> None:
        if manner == "nonsense":
            self.wfile.write(b"data: {not json\n\n")
            return
        if manner == "fails":
            self.wfile.write(b'data: {"error": {"message": "out of memory"}}\n\n')
            return
        self.wfile.write(b": a comment\n\n")
        self._piece({"role": "assistant"})
        self._piece({"reasoning_content": "Let me think."})
        for piece in self.server.pieces:
            self._piece({"content": piece})
            if manner == "slow":
                self.server.may_go_on.wait(0.02)
        if manner == "slow":
            while not self.server.may_go_on.wait(0.02):
                self._piece({"content": " more"})
        self.wfile.write(b'data: {"choices": []}\n\ndata: [DONE]\n\n')

    def _piece(self, delta: dict[str, str]) -> None:
        line = json.dumps({"choices": [{"index": 0, "delta": delta}]})
        self.wfile.write(f"data: {line}\n\n".encode())
        self.wfile.flush()

    def _plain(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
