"""A text mind from an OpenAI-compatible server on this computer: llama-server, Ollama, LM Studio.

Only loopback addresses are taken, and no name is looked up: "localhost" is ::1 or 127.0.0.1 here.
The connection is made by this module, so no proxy and no redirect can lead anywhere else. One
thread for each answer; a stop closes its connection.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine.assistant.text_mind import ANSWER_TOKENS, Message, Piece, Tell
from engine.errors import DuologueError

CONNECT_SECONDS = 3.0
STALL_SECONDS = 60.0
"""Most between two pieces; a server loads its model at the first question."""
_WHOLE_SECONDS = 180.0
_MOST_LINE_BYTES = 65_536
_MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class Address:
    """Where the server listens."""

    hosts: tuple[str, ...]
    """Loopback addresses to try in turn."""
    port: int
    path: str
    """Before "/chat/completions"."""
    shown: str
    """As the window shows it."""


def local_address(text: str) -> Address:
    """The address of a server on this computer, as a user writes it ("localhost:11434/v1").

    Raises DuologueError for every other address, and for one that is not plain HTTP.
    """
    written = text.strip()
    try:
        parts = urlsplit(written if "//" in written else f"//{written}")
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    except ValueError as error:
        raise DuologueError(
            f"{written} is no address; write one like http://127.0.0.1:8080/v1."
        ) from error
    if (
        parts.scheme not in ("", "http")
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        raise DuologueError(
            f"{written} is no plain address; write one like http://127.0.0.1:8080/v1."
        )
    hosts = ("127.0.0.1", "::1") if host == "localhost" else (host,)
    if not all(_is_loopback(one) for one in hosts):
        raise DuologueError(
            f"{host or written} is not this computer; "
            "the text server must be at 127.0.0.1 or localhost."
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    if not path.isascii() or any(letter.isspace() or ord(letter) < 33 for letter in path):
        raise DuologueError(f"{written} is no address; write one like http://127.0.0.1:8080/v1.")
    number = port if port is not None else 80
    bracketed = f"[{host}]" if ":" in host else host
    return Address(hosts, number, path, f"http://{bracketed}:{number}{path}")


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback and "%" not in host


class _Connection(http.client.HTTPConnection):
    """Connects to numeric loopback addresses only, and looks no name up."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.hosts[0], address.port, timeout=STALL_SECONDS)
        self._hosts = address.hosts
        self.opened: socket.socket | None = None
        """Our own reference: http.client forgets its socket where an answer has no length."""

    def connect(self) -> None:
        failure: OSError | None = None
        for host in self._hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            opened = None
            try:
                opened = socket.socket(family, socket.SOCK_STREAM)
                opened.settimeout(CONNECT_SECONDS)
                opened.connect((host, self.port))
                opened.settimeout(STALL_SECONDS)
                self.sock = self.opened = opened
                return
            except OSError as error:
                failure = error
                if opened:
                    opened.close()
        raise failure or OSError("no address")


class LocalServerMind:
    """See `engine.assistant.text_mind.TextMind`."""

    def __init__(self, address: Address, tell: Tell, model: str = "") -> None:
        """``model``: its name at the server; empty for the first one that the server lists."""
        self.address = address
        self._tell = tell
        self._model = model
        self._lock = threading.Lock()
        self._running: dict[int, _Connection] = {}
        self._stopped_before = 0
        self._closed = False

    def warm(self, messages: Sequence[Message]) -> None:
        """Nothing: a server keeps its own model."""

    def ask(self, turn: int, messages: Sequence[Message], temperature: float) -> None:
        """Begin an answer."""
        threading.Thread(
            target=self._answer,
            args=(turn, list(messages), temperature),
            name="text server",
            daemon=True,
        ).start()

    def stop(self, turn: int) -> None:
        """End the answers up to this one by closing their connections."""
        with self._lock:
            self._stopped_before = max(self._stopped_before, turn)
            connections = [one for number, one in self._running.items() if number <= turn]
        for connection in connections:
            _shut(connection)

    def check(self) -> None:
        """Nothing: each connection has its own limits of time."""

    def close(self) -> None:
        """End everything."""
        self._closed = True
        self.stop(1 << 60)

    def _answer(self, turn: int, messages: list[Message], temperature: float) -> None:
        connection = _Connection(self.address)
        with self._lock:
            if turn <= self._stopped_before:
                return
            self._running[turn] = connection
        end = Piece(turn, end=True)
        try:
            body = {
                "messages": messages, "stream": True, "temperature": temperature,
                "max_tokens": ANSWER_TOKENS,
                "model": self._model or _first_model(connection, self.address),
            }  # fmt: skip
            for text in _streamed(connection, self.address, body):
                self._told(Piece(turn, text))
                if turn <= self._stopped_before:
                    break
        except DuologueError as error:
            end = Piece(turn, end=True, whole=False, problem=str(error))
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # AttributeError: http.client, when another thread has closed its socket.
            reason = getattr(error, "strerror", None) or "it sent something else"
            problem = (
                f"The text server at {self.address.shown} does not answer ({reason}); start it."
            )
            end = Piece(turn, end=True, whole=False, problem=problem)
        finally:
            connection.close()
            with self._lock:
                self._running.pop(turn, None)
        if turn <= self._stopped_before:
            end = Piece(turn, end=True, whole=False)
        self._told(end)

    def _told(self, piece: Piece) -> None:
        if not self._closed and not (piece.text and piece.turn <= self._stopped_before):
            self._tell(piece)


def _shut(connection: _Connection) -> None:
    if connection.opened:
        with contextlib.suppress(OSError):  # it is closed already
            connection.opened.shutdown(socket.SHUT_RDWR)


def _first_model(connection: _Connection, address: Address) -> str:
    connection.request("GET", f"{address.path}/models", headers={"Accept": "application/json"})
    content = json.loads(_checked(connection.getresponse(), address).read(_MOST_BYTES))
    models = content.get("data") if isinstance(content, dict) else None
    if not isinstance(models, list) or not models or not isinstance(models[0], dict):
        raise DuologueError(f"The text server at {address.shown} has no model; load one in it.")
    return str(models[0].get("id", ""))


def _checked(response: http.client.HTTPResponse, address: Address) -> http.client.HTTPResponse:
    if 300 <= response.status < 400:
        raise DuologueError(
            f"The text server at {address.shown} points to another place, which is not followed; "
            "write its own address."
        )
    if response.status != 200:
        detail = _message_in(response.read(2000))
        raise DuologueError(
            f"The text server at {address.shown} refused ({response.status}{detail}); "
            "look at its window."
        )
    return response


def _message_in(body: bytes) -> str:
    try:
        error: Any = json.loads(body).get("error", "")
        message = error.get("message", "") if isinstance(error, dict) else error
    except (ValueError, AttributeError):
        return ""
    return f": {str(message)[:120]}" if message else ""


def _streamed(connection: _Connection, address: Address, body: dict[str, Any]) -> Iterator[str]:
    """The pieces of text of an answer that comes as server-sent events."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    connection.request("POST", f"{address.path}/chat/completions", json.dumps(body), headers)
    response = _checked(connection.getresponse(), address)
    limit_s, count = time.monotonic() + _WHOLE_SECONDS, 0
    while line := response.readline(_MOST_LINE_BYTES):
        count += len(line)
        if time.monotonic() > limit_s or count > _MOST_BYTES:
            return
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        content = json.loads(data)
        if isinstance(content, dict) and content.get("error"):
            raise DuologueError(
                f"The text server at {address.shown} failed{_message_in(data)}; look at its window."
            )
        for choice in content.get("choices") or ():
            # What a model thinks comes as "reasoning_content", and is not for the ear.
            text = (choice.get("delta") or {}).get("content")
            if text:
                yield str(text)
