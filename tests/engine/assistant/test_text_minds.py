"""What holds for both kinds of text mind, and what for each alone."""

from __future__ import annotations

import os
import queue
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.assistant.gguf_mind import GgufMind
from engine.assistant.local_server import LocalServerMind, local_address
from engine.assistant.text_mind import Piece, TextMind
from engine.errors import DuologueError
from tests.engine.assistant.text_server import TextServer
from tests.engine.tiny_llama import write_tiny_llama

TALK = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello."}]
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
_WAIT_SECONDS = 120.0
"""For a child process on a busy machine; an answer comes much sooner."""

Made = tuple[TextMind, "queue.Queue[Piece]"]


@pytest.fixture(params=["file", "server"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    pieces: queue.Queue[Piece] = queue.Queue()
    server = TextServer(manner="slow", pieces=("a",) * 40)
    mind: TextMind
    if request.param == "file":
        mind = GgufMind(write_tiny_llama(tmp_path / "t.gguf", template=TEMPLATE), pieces.put)
    else:
        mind = LocalServerMind(local_address(server.address), pieces.put)
    yield mind, pieces
    mind.close()
    server.end()


def _until_end(pieces: queue.Queue[Piece], turn: int) -> list[Piece]:
    got: list[Piece] = []
    while not (got and got[-1].end and got[-1].turn == turn):
        got.append(pieces.get(timeout=_WAIT_SECONDS))
    return got


def test_an_answer_comes_in_pieces_and_a_stop_ends_it(made: Made) -> None:
    mind, pieces = made
    mind.warm(TALK)
    mind.ask(1, TALK, 0.0)
    first = pieces.get(timeout=_WAIT_SECONDS)
    assert first.turn == 1 and first.text and not first.end
    mind.stop(1)
    rest = _until_end(pieces, 1)
    assert not rest[-1].whole and not rest[-1].problem


def test_the_next_question_is_answered_after_a_stop(made: Made) -> None:
    mind, pieces = made
    mind.ask(1, TALK, 0.0)
    mind.stop(1)
    mind.ask(2, TALK, 0.0)
    while (piece := pieces.get(timeout=_WAIT_SECONDS)).turn != 2:
        assert piece.turn == 1 and not piece.problem
    assert piece.text and not piece.problem


def test_nothing_is_told_after_the_close(made: Made) -> None:
    mind, pieces = made
    mind.ask(1, TALK, 0.0)
    pieces.get(timeout=_WAIT_SECONDS)
    mind.close()
    while not pieces.empty():
        pieces.get()
    with pytest.raises(queue.Empty):
        pieces.get(timeout=0.3)


# --- a file, in a child process ----------------------------------------------------------------------


@pytest.fixture
def from_file(tmp_path: Path) -> Iterator[Callable[[Path], tuple[GgufMind, queue.Queue[Piece]]]]:
    minds: list[GgufMind] = []

    def make(path: Path) -> tuple[GgufMind, queue.Queue[Piece]]:
        pieces: queue.Queue[Piece] = queue.Queue()
        minds.append(GgufMind(path, pieces.put, 512))
        return minds[-1], pieces

    yield make
    for mind in minds:
        mind.close()


def test_a_bad_file_is_one_sentence_and_can_be_tried_again(tmp_path: Path, from_file) -> None:
    path = tmp_path / "model.gguf"
    path.write_text("no model")
    mind, pieces = from_file(path)
    mind.ask(1, TALK, 0.0)
    end = _until_end(pieces, 1)[-1]
    assert "not a GGUF file" in end.problem
    write_tiny_llama(path, template=TEMPLATE)
    mind.ask(2, TALK, 0.0)
    assert _until_end(pieces, 2)[-1].problem == ""


def test_a_child_that_dies_is_told_and_replaced(tmp_path: Path, from_file) -> None:
    mind, pieces = from_file(write_tiny_llama(tmp_path / "t.gguf", template=TEMPLATE))
    mind.ask(1, TALK, 0.0)
    pieces.get(timeout=_WAIT_SECONDS)
    mind._child._process.kill()
    assert "has ended" in _until_end(pieces, 1)[-1].problem
    mind.ask(2, TALK, 0.0)
    assert _until_end(pieces, 2)[-1].problem == ""


def test_a_question_that_is_too_long_is_one_sentence_and_the_child_goes_on(
    tmp_path: Path, from_file
) -> None:
    mind, pieces = from_file(write_tiny_llama(tmp_path / "t.gguf", template=TEMPLATE))
    mind.ask(1, [{"role": "user", "content": "word " * 400}], 0.0)
    assert "too long" in _until_end(pieces, 1)[-1].problem
    child = mind._child
    mind.ask(2, TALK, 0.0)
    assert _until_end(pieces, 2)[-1].problem == "" and mind._child is child


# --- a server on this computer -----------------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[Callable[..., tuple[LocalServerMind, TextServer, queue.Queue[Piece]]]]:
    opened: list[tuple[LocalServerMind, TextServer]] = []

    def make(
        manner: str = "", model: str = ""
    ) -> tuple[LocalServerMind, TextServer, queue.Queue[Piece]]:
        pieces: queue.Queue[Piece] = queue.Queue()
        server = TextServer(manner=manner)
        mind = LocalServerMind(local_address(server.address), pieces.put, model)
        opened.append((mind, server))
        return mind, server, pieces

    yield make
    for mind, server in opened:
        mind.close()
        server.end()


def test_the_talk_goes_to_the_server_and_its_answer_comes_without_its_thoughts(served) -> None:
    mind, server, pieces = served()
    mind.ask(1, TALK, 0.5)
    assert [piece.text for piece in _until_end(pieces, 1)] == ["It is ", "Paris", ".", ""]
    assert server.paths == ["/v1/models", "/v1/chat/completions"]
    asked = server.requests[0]
    assert asked["messages"] == TALK and asked["stream"] and asked["model"] == "tiny"


def test_a_model_that_is_named_is_asked_for(served) -> None:
    mind, server, pieces = served(model="mine")
    mind.ask(1, TALK, 0.5)
    _until_end(pieces, 1)
    assert server.paths == ["/v1/chat/completions"] and server.requests[0]["model"] == "mine"


def test_a_stop_closes_the_connection(served) -> None:
    mind, server, pieces = served("slow")
    mind.ask(1, TALK, 0.5)
    pieces.get(timeout=_WAIT_SECONDS)
    mind.stop(1)
    _until_end(pieces, 1)
    assert server.gone.wait(_WAIT_SECONDS)


@pytest.mark.parametrize(
    ("manner", "problem"),
    [
        ("redirect", "not followed"), ("refuse", "404: no such model"), ("nonsense", "something else"),
        ("fails", "out of memory"), ("no model", "has no model"),
    ],
)  # fmt: skip
def test_a_server_that_does_otherwise_is_one_sentence(served, manner: str, problem: str) -> None:
    mind, server, pieces = served(manner)
    mind.ask(1, TALK, 0.5)
    end = _until_end(pieces, 1)[-1]
    assert problem in end.problem and server.address in end.problem
    assert "/elsewhere" not in server.paths


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pieces: queue.Queue[Piece] = queue.Queue()
    mind = LocalServerMind(local_address(f"localhost:{port}"), pieces.put)
    mind.ask(1, TALK, 0.5)
    assert "does not answer" in _until_end(pieces, 1)[-1].problem


def test_proxies_are_not_used(served, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")
    mind, _, pieces = served()
    mind.ask(1, TALK, 0.5)
    assert _until_end(pieces, 1)[-1].problem == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("localhost:11434", "http://localhost:11434/v1"),
        ("http://LOCALHOST:1234/v1/chat/completions", "http://localhost:1234/v1"),
        ("127.9.8.7:5000/api/v2/", "http://127.9.8.7:5000/api/v2"),
        ("[::1]:8080", "http://[::1]:8080/v1"),
        ("http://[::ffff:127.0.0.1]:80", "http://[::ffff:127.0.0.1]:80/v1"),
        (" localhost ", "http://localhost:80/v1"),
    ],
)
def test_addresses_of_this_computer(text: str, shown: str) -> None:
    assert local_address(text).shown == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://192.168.1.5:8080/v1", "http://example.org/v1", "http://localhost.example.org", "0.0.0.0:80",
        "http://127.0.0.1.example.org", "https://127.0.0.1/v1", "file:///etc/passwd", "http://me:pw@127.0.0.1",
        "http://127.0.0.1:99999", "http://[::2]:80", "http://[fe80::1%25lo]:80", "2130706433", "127.1",
        "http://127.0.0.1/v1?x=1", "http://127.0.0.1/a b", "", "http://", "http://[::ffff:10.0.0.1]",
        "http://127.0.0.1@example.org/", "http://127.0.0.1\\@example.org", "localhost\r\nX: y",
    ],
)  # fmt: skip
def test_every_other_address_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(DuologueError, match="127.0.0.1"):
        local_address(text)
