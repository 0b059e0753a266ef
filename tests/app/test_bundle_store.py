"""Bundles come whole or not at all: from a folder, an archive, or a repository on a real server."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app import bundle_store, download, folder_store
from engine.errors import DuologueError
from engine.syncllm.bundle import MANIFEST_NAME, load_bundle
from tests.engine.tiny_bundle import write_tiny_bundle

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_NO_TLS = b"to whoever asks for an encrypted connection"


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))
    return tmp_path / "profile"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    folder.mkdir()
    write_tiny_bundle(folder)
    (folder / "MODEL_CARD.md").write_text("# Tiny\n", "utf8")
    (folder / "secret.txt").write_text("no part of the bundle", "utf8")
    return folder


def quiet(_done: int, _total: int) -> None:
    pass


def others() -> list[bundle_store.InstalledBundle]:
    return [one for one in bundle_store.installed_bundles() if not one.starter]


def leftovers() -> list[Path]:
    return [path for path in bundle_store.bundles_folder().iterdir() if path.name[0] == "."]


def zipped(bundle: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in bundle.iterdir():
            archive.write(path, f"inner/{path.name}")
    return target


def taped(bundle: Path, target: Path) -> Path:
    with tarfile.open(target, "w:gz") as tape:
        tape.add(bundle, "inner")
    return target


def test_the_starter_is_there_and_stays() -> None:
    (starter,) = bundle_store.installed_bundles()
    assert starter.starter and not starter.damage and "Duologue starter" in starter.model_card
    with pytest.raises(DuologueError, match="cannot be deleted"):
        bundle_store.delete(starter)


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_import_takes_the_bundle_and_nothing_else(bundle: Path, tmp_path: Path, form: str) -> None:
    source = {
        "folder": lambda: bundle,
        "zip": lambda: zipped(bundle, tmp_path / "tiny.zip"),
        "tar": lambda: taped(bundle, tmp_path / "tiny.tar.gz"),
    }[form]()
    told: list[tuple[int, int]] = []
    folder = bundle_store.import_bundle(source, lambda *each: told.append(each))
    load_bundle(folder)
    assert told[-1][0] == told[-1][1] > 0
    (found,) = others()
    assert (found.folder, found.model_card, found.damage) == (folder, "# Tiny\n", "")
    assert not (folder / "secret.txt").exists() and not leftovers()
    bundle_store.import_bundle(source, quiet)  # once more takes the first one's place
    assert len(others()) == 1
    bundle_store.delete(found)
    assert not others()


def test_import_refuses_what_is_no_bundle(bundle: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "text.zip"
    text.write_text("no archive", "utf8")
    outside = tmp_path / "outside.tar"
    with tarfile.open(outside, "w") as tape:
        tape.add(bundle / "secret.txt", "../manifest.json")
    broken = zipped(bundle, tmp_path / "broken.zip")
    content = bytearray(broken.read_bytes())
    content[len(content) // 3] ^= 255
    broken.write_bytes(content)
    for source in (empty, text, outside, broken, tmp_path / "nothing"):
        with pytest.raises(DuologueError):
            bundle_store.import_bundle(source, quiet)
    assert not others() and not leftovers()


def test_cancelled_import_leaves_nothing(bundle: Path) -> None:
    def cancel(_done: int, _total: int) -> None:
        raise bundle_store.CancelledError("stopped")

    with pytest.raises(bundle_store.CancelledError):
        bundle_store.import_bundle(bundle, cancel)
    assert not others() and not leftovers()


class _Hub(ThreadingHTTPServer):
    """Serves one bundle as a repository does, redirects and ranges included."""

    def __init__(self, bundle: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files = {path.name: path.read_bytes() for path in bundle.iterdir()}
        self.asked: list[tuple[str, str]] = []
        self.ranges = True
        self.chunked = False
        self.most_bytes: int | None = None
        """An answer breaks off after so many, whatever its head has promised."""
        self.pages: dict[str, bytes] = {}
        """Web pages that come in the place of files."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    server: _Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if "/resolve/main/" in self.path:
            self.send_response(302)
            self.send_header("Location", f"/stored/{name}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.close_connection = True
        content, span = self.server.files.get(name), self.headers.get("Range", "")
        self.server.asked.append((name, span))
        if name in self.server.pages:
            self._send(200, self.server.pages[name], "text/html; charset=utf-8")
            return
        if content is None:
            self.send_error(404)
            return
        first = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
        if not span or not self.server.ranges:
            self._send(200, content, "application/octet-stream")
        elif first >= len(content):
            self.send_error(416)
        else:
            size = len(content)
            spans = {"Content-Range": f"bytes {first}-{size - 1}/{size}"}
            self._send(206, content[first:], "application/octet-stream", spans)

    def _send(
        self, status: int, content: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        chunked = {"Transfer-Encoding": "chunked"}
        length = {"Content-Length": str(len(content))}
        heads = {"Content-Type": kind, **(chunked if self.server.chunked else length)}
        for header, value in (heads | (more or {})).items():
            self.send_header(header, value)
        self.end_headers()
        sent = content[: self.server.most_bytes]
        if self.server.chunked:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(sent), sent) if sent else b"")
            if len(sent) == len(content):
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(sent)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def hub(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Hub]:
    server = _Hub(bundle)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    yield server
    server.shutdown()
    server.server_close()


def test_pull_goes_on_where_it_was_cancelled(hub: _Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (bundle_store, download):
        monkeypatch.setattr(module, "BLOCK_BYTES", 1000)
    seen = 0

    def cancel(done: int, total: int) -> None:
        nonlocal seen
        seen = done
        if done > total // 2:
            raise bundle_store.CancelledError("stopped")

    with pytest.raises(bundle_store.CancelledError):
        bundle_store.pull("someone/tiny", cancel)
    assert not others()
    hub.asked.clear()
    folder = bundle_store.pull("someone/tiny", quiet)
    load_bundle(folder)
    spans = [span for _, span in hub.asked if span]
    assert len(spans) == 1 and int(spans[0][6:-1]) > 0
    assert [one.folder for one in others()] == [folder] and not leftovers()


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("chunked", [True, False])
def test_pull_goes_on_by_itself_while_something_new_comes(
    hub: _Hub, monkeypatch: pytest.MonkeyPatch, chunked: bool, ranges: bool
) -> None:
    """A proxy that closes early under a right length; too short is not wrong."""
    for module in (bundle_store, download):
        monkeypatch.setattr(module, "BLOCK_BYTES", 1000)
    hub.chunked, hub.ranges = chunked, ranges
    hub.most_bytes = max(map(len, hub.files.values())) // 3
    if ranges:
        folder = bundle_store.pull("someone/tiny", quiet)
        assert len([span for _, span in hub.asked if span]) >= 2
    else:  # the same comes again and again
        with pytest.raises(DuologueError, match="stopped.*continues where it stopped"):
            bundle_store.pull("someone/tiny", quiet)
        (kept,) = leftovers()[0].glob("*.part")
        assert kept.stat().st_size == hub.most_bytes
        hub.most_bytes = None
        folder = bundle_store.pull("someone/tiny", quiet)
    load_bundle(folder)
    assert [one.folder for one in others()] == [folder] and not leftovers()


def test_what_broke_off_is_kept_for_the_next_time(
    hub: _Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.most_bytes = 5000  # less than a block: nothing that would pay another try
    with pytest.raises(DuologueError, match=r"stopped \(after 5000 of \d+ bytes\)"):
        bundle_store.pull("someone/tiny", quiet)
    hub.asked.clear()
    hub.most_bytes = None
    bundle_store.pull("someone/tiny", quiet)
    assert [span for _, span in hub.asked if span] == ["bytes=5000-"]


def test_another_version_is_not_continued(hub: _Hub) -> None:
    """The repository holds another model of the same name by the next time."""
    manifest = json.loads(hub.files[MANIFEST_NAME])
    first = manifest["files"]["vocoder"]["path"]
    good = hub.files[first]
    other = bytes(len(good))
    manifest["files"]["vocoder"]["sha256"] = hashlib.sha256(other).hexdigest()
    hub.files |= {MANIFEST_NAME + " of now": hub.files[MANIFEST_NAME]}
    hub.files |= {first: other, MANIFEST_NAME: json.dumps(manifest).encode()}
    hub.most_bytes = 5000
    with pytest.raises(DuologueError, match="download stopped"):
        bundle_store.pull("someone/tiny", quiet)
    hub.files |= {first: good, MANIFEST_NAME: hub.files.pop(MANIFEST_NAME + " of now")}
    hub.most_bytes = None
    folder = bundle_store.pull("someone/tiny", quiet)
    assert (folder / first).read_bytes() == good
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the server closed the connection"),
        (b"SSH-2.0-OpenSSH\r\n", "the server's answer is not valid HTTP"),
        (_OK + b"x: y\r\n" * 200, "the server's answer is not valid HTTP"),
        (_CHUNKED, "the connection ended too early"),
        (_CHUNKED + b"zz\r\n", "the connection ended too early"),
        (_OK + b"Content-Length: 9\r\n\r\nabc", "after 3 of 9 bytes"),
        (None, "the server does not answer"),
        (_NO_TLS, "the encrypted connection failed"),
    ],
)  # fmt: skip
def test_why_it_stopped_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, reason: str
) -> None:
    """No name of Python's, whatever a server sends. None: it sends nothing and stays."""
    monkeypatch.setattr(download, "_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(answer or b"")
                if answer is None:
                    connection.recv(1)  # until the other side gives up

        thread = threading.Thread(target=serve)
        thread.start()
        scheme = "https" if answer is _NO_TLS else "http"
        url = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/file"
        with pytest.raises(download.BrokeOffError, match=rf"stopped \({re.escape(reason)}\);"):
            list(download.blocks(url))
        thread.join()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/file", r"[^\[\]<>()]+"),
        ("http://a b/file", "the address is not valid"),
    ],
)
def test_why_it_did_not_begin_is_said_in_words(url: str, reason: str) -> None:
    with pytest.raises(download.BrokeOffError, match=rf"stopped \({reason}\);"):
        list(download.blocks(url))


@pytest.mark.parametrize("part", ["manifest", "vocoder"])
def test_a_page_in_place_of_a_file_is_named(hub: _Hub, part: str) -> None:
    """A network's own page for logging in, with status 200."""
    manifest = json.loads(hub.files[MANIFEST_NAME])
    name = MANIFEST_NAME if part == "manifest" else manifest["files"]["vocoder"]["path"]
    hub.pages[name] = b"<!doctype html><title>Welcome to the hotel</title>"
    with pytest.raises(DuologueError, match="web page instead.*login.*download again"):
        bundle_store.pull("someone/tiny", quiet)
    hub.pages.clear()
    load_bundle(bundle_store.pull("someone/tiny", quiet))


@pytest.mark.parametrize("change", [-7, 7])
@pytest.mark.parametrize("chunked", [True, False])
def test_another_length_is_the_owners_fault(hub: _Hub, change: int, chunked: bool) -> None:
    hub.chunked = chunked
    name = json.loads(hub.files[MANIFEST_NAME])["files"]["vocoder"]["path"]
    hub.files[name] = (hub.files[name] + b"1234567")[: len(hub.files[name]) + change]
    with pytest.raises(DuologueError, match="does not match its manifest"):
        bundle_store.pull("someone/tiny", quiet)


@pytest.mark.parametrize("endpoint", ["huggingface.co", "ftp://host", "file:///tmp"])
def test_an_endpoint_that_is_none(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(DuologueError, match="HF_ENDPOINT.*not an address.*https://host"):
        bundle_store.pull("someone/tiny", quiet)


def test_pulled_files_are_checked(hub: _Hub) -> None:
    name = json.loads(hub.files[MANIFEST_NAME])["files"]["vocoder"]["path"]
    hub.files[name] = hub.files[name][:-1] + b"?"
    with pytest.raises(DuologueError, match="does not match its manifest"):
        bundle_store.pull("someone/tiny", quiet)
    assert not others()


def test_pull_says_what_is_wrong(hub: _Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DuologueError, match="owner/name"):
        bundle_store.pull("no repository", quiet)
    del hub.files[MANIFEST_NAME]
    with pytest.raises(DuologueError, match="does not exist"):
        bundle_store.pull("someone/tiny", quiet)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DuologueError, match="check the connection"):
        bundle_store.pull("someone/tiny", quiet)


def test_full_disk_is_told_before_the_download(hub: _Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_store, "_SPARE_BYTES", 1 << 60)
    with pytest.raises(DuologueError, match="free some space"):
        bundle_store.pull("someone/tiny", quiet)
    assert [name for name, _ in hub.asked] == [MANIFEST_NAME]


def test_a_damaged_bundle_is_listed_as_such(bundle: Path) -> None:
    folder = bundle_store.import_bundle(bundle, quiet)
    name = json.loads((folder / MANIFEST_NAME).read_text("utf8"))["files"]["vocoder"]["path"]
    (folder / name).unlink()
    (found,) = others()
    assert name in found.damage
