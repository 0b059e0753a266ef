"""The installed bundles: the starter, and those that were imported or downloaded.

A bundle is installed completely or not at all: its files are collected in a hidden folder, every
hash is checked, and only then the folder gets its name. Only `pull` uses the network. Knows no Qt.
"""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import os
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from urllib.parse import quote

from app.download import BLOCK_BYTES, BrokeOffError, NotThereError, OtherLengthError, blocks
from app.folders import data_folder
from engine.errors import DuologueError
from engine.log_file import shown
from engine.syncllm.bundle import (
    MANIFEST_NAME,
    MOST_MANIFEST_BYTES,
    FileEntry,
    Manifest,
    default_folder,
    describe_file,
    load_bundle,
    read_manifest,
)

MODEL_CARD_NAME = "MODEL_CARD.md"
_README_NAME = "README.md"
_MAX_MODEL_CARD_BYTES = 1_000_000
_MOST_MEMBERS = 10_000
"""In an archive; a bundle has six files."""
_ZIP_MAGIC, _TAR_MAGIC = b"PK\x03\x04", b"ustar"
_COMPRESSIONS: dict[bytes, Callable[[Path], BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_MOST_CHECKED_BLOCKS = 4096  # a gigabyte: a small file may unpack without end
_MOST_REASON_LETTERS = 100
_SPARE_BYTES = 100_000_000
_REPOSITORY = re.compile(r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")
_HUB = "https://huggingface.co"

Progress = Callable[[int, int], None]
"""Called with the bytes done and the total; stops the work by raising CancelledError."""


class CancelledError(DuologueError):
    """The user stopped it; a partial download is kept for the next time."""


@dataclass(frozen=True)
class InstalledBundle:
    """A bundle on this computer."""

    folder: Path
    title: str
    size_bytes: int
    model_card: str
    """Markdown; may be empty."""
    starter: bool
    """Comes with the program and stays."""
    damage: str = ""
    """Why it cannot be used; empty if it can."""


def bundles_folder() -> Path:
    """The folder of imported and downloaded bundles."""
    return data_folder() / "bundles"


def installed_bundles() -> list[InstalledBundle]:
    """The starter first, then the others by name. Hashes are not checked here."""
    found = [_describe(default_folder(), starter=True)]
    try:
        if bundles_folder().is_dir():
            found += [
                _describe(folder, starter=False)
                for folder in sorted(bundles_folder().iterdir())
                if folder.is_dir() and not folder.name.startswith(".")
            ]
    except OSError as error:
        raise DuologueError(
            f"The bundles in {bundles_folder()} cannot be listed ({error.strerror}); check the "
            "folder's permissions."
        ) from error
    return found


def _describe(folder: Path, starter: bool) -> InstalledBundle:
    title, size, damage = folder.name, 0, ""
    try:
        manifest = read_manifest(folder / MANIFEST_NAME)
        title = f"{manifest.name} {manifest.version}"
        size = sum(entry.bytes for entry in manifest.entries())
        short = [e.path for e in manifest.entries() if not _has_size(folder / e.path, e)]
        if short:
            damage = (
                f"{', '.join(short)} is missing or has the wrong size; install the bundle again."
            )
    except DuologueError as error:
        damage = str(error)
    return InstalledBundle(folder, title, size, _read_model_card(folder), starter, damage)


def _read_model_card(folder: Path) -> str:
    for name in (MODEL_CARD_NAME, _README_NAME):
        try:
            with (folder / name).open("rb") as stream:
                return stream.read(_MAX_MODEL_CARD_BYTES).decode("utf8", "replace")
        except OSError:
            continue
    return ""


def _has_size(path: Path, entry: FileEntry) -> bool:
    return path.is_file() and path.stat().st_size == entry.bytes


def delete(bundle: InstalledBundle) -> None:
    """Delete a bundle's files; refuses the starter and folders elsewhere."""
    if bundle.starter or bundle.folder.parent != bundles_folder():
        raise DuologueError(f"{bundle.title} comes with Duologue and cannot be deleted.")
    try:
        shutil.rmtree(bundle.folder)
    except OSError as error:
        raise DuologueError(
            f"{bundle.folder} could not be deleted completely ({error.strerror}); stop the "
            "conversation that uses it, or delete it yourself."
        ) from error


# --- import ---------------------------------------------------------------------------------------


def import_bundle(source: Path, progress: Progress) -> Path:
    """Install from a folder or from a zip or tar archive; returns the bundle's folder.

    In an archive the bundle is at the top level or in the only folder. Only the files that the
    manifest lists, and the model card, are copied. Raises DuologueError with the remedy, and
    whatever ``progress`` raises; bundles that were installed before stay as they are.
    """
    with _opened(source) as files, _staging_folder(f"import-{os.getpid()}") as part:
        shutil.rmtree(part)
        part.mkdir()
        files.copy(MANIFEST_NAME, part, MOST_MANIFEST_BYTES, lambda _bytes: None)
        with _as_of(source, part):
            entries = read_manifest(part / MANIFEST_NAME).entries()
        total, done = sum(entry.bytes for entry in entries), 0
        _need_space(part, total)
        for entry in entries:
            files.copy(entry.path, part, entry.bytes, _after(done, total, progress))
            done += entry.bytes
        for name in (MODEL_CARD_NAME, _README_NAME):
            if files.has(name):
                files.copy(name, part, _MAX_MODEL_CARD_BYTES, lambda _bytes: None)
        with _as_of(source, part):
            return _install(part)


@contextmanager
def _as_of(source: Path, part: Path) -> Iterator[None]:
    """Errors name the user's files, not the temporary copy, which is deleted by then."""
    try:
        yield
    except DuologueError as error:
        raise DuologueError(str(error).replace(str(part), str(source))) from error


class _BundleFiles:
    """The plain files of a folder or an archive, by name."""

    def __init__(self, source: Path, found: dict[str, Callable[[], BinaryIO]]) -> None:
        self._source, self._found = source, found

    def has(self, name: str) -> bool:
        return name in self._found

    def copy(
        self, name: str, folder: Path, max_bytes: int, on_bytes: Callable[[int], None]
    ) -> None:
        """Copy one file; DuologueError if it is longer than ``max_bytes``."""
        if name not in self._found:
            raise DuologueError(
                f"{self._source} contains no bundle ({name} is missing); choose a bundle's folder, "
                "or an archive of one."
            )
        done = 0
        with (folder / name).open("wb") as target:
            for block in self._blocks(name):
                done += len(block)
                if done > max_bytes:
                    raise DuologueError(
                        f"{name} in {self._source} is larger than its manifest says; get it again."
                    )
                target.write(block)
                on_bytes(done)

    def _blocks(self, name: str) -> Iterator[bytes]:
        """A file's content; read errors are kept apart from write errors."""
        with _readable(self._source):
            source = self._found[name]()
        with source:
            while True:
                with _readable(self._source):
                    block = source.read(BLOCK_BYTES)
                if not block:
                    return
                yield block


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    """Turn every error of the archive libraries into a DuologueError."""
    try:
        yield
    except OSError as error:
        raise DuologueError(
            f"{source} is damaged or cannot be read ({error.strerror or error}); get it again, or "
            "check its permissions."
        ) from error
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        lzma.LZMAError,
        zlib.error,
        EOFError,
        NotImplementedError,  # a compression that Python does not support
        ValueError,  # impossible numbers and names
        OverflowError,
    ) as error:
        reason = shown(error, _MOST_REASON_LETTERS)
        raise DuologueError(f"{source} is damaged ({reason}); get it again.") from error
    except RuntimeError as error:  # zipfile needs a password
        raise DuologueError(
            f"{source} is protected by a password; unpack it and choose its folder."
        ) from error


@contextmanager
def _opened(source: Path) -> Iterator[_BundleFiles]:
    with ExitStack() as archives:
        with _readable(source):
            if source.is_dir():
                found = {p.name: _opener(p) for p in source.iterdir() if p.is_file()}
            elif source.is_file() and zipfile.is_zipfile(source):
                zipped = archives.enter_context(zipfile.ZipFile(source))
                names = [info.filename for info in zipped.infolist() if not info.is_dir()]
                found = {
                    short: partial(cast(Callable[[str], BinaryIO], zipped.open), name)
                    for short, name in _flat(source, names).items()
                }
            elif source.is_file() and tarfile.is_tarfile(source):
                tape = archives.enter_context(tarfile.open(source))
                found = {
                    short: partial(cast(Callable[[str], BinaryIO], tape.extractfile), name)
                    for short, name in _flat(source, _members(source, tape)).items()
                }
            else:
                if source.is_file():
                    _raise_damage(source)
                raise DuologueError(
                    f"{source} is neither a folder nor a zip or tar archive; choose another."
                )
        yield _BundleFiles(source, found)


def _raise_damage(source: Path) -> None:
    """Raise an archive library's error for a damaged archive, which they do not take for one."""
    with source.open("rb") as stream:
        start = stream.read(tarfile.BLOCKSIZE)
    if start.startswith(_ZIP_MAGIC):
        raise zipfile.BadZipFile("its index is missing")
    if start[257:].startswith(_TAR_MAGIC):
        raise tarfile.ReadError("its first header is wrong")
    for magic, opened in _COMPRESSIONS.items():
        if start.startswith(magic):
            with opened(source) as content:
                for _ in range(_MOST_CHECKED_BLOCKS):
                    if not content.read(BLOCK_BYTES):
                        return


def _members(source: Path, tape: tarfile.TarFile) -> list[str]:
    """The plain files of a tar archive; it has no index, so all of it is read."""
    names = []
    for count, member in enumerate(tape):
        if count == _MOST_MEMBERS:
            raise DuologueError(
                f"{source} contains more than {_MOST_MEMBERS} files; choose the archive of a "
                "bundle."
            )
        if member.isfile():
            names.append(member.name)
    return names


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _flat(source: Path, names: Collection[str]) -> dict[str, str]:
    """Files in the manifest's folder: file name to full name in the archive."""
    manifests = [name for name in names if PurePosixPath(name).name == MANIFEST_NAME]
    if len(manifests) > 1:
        raise DuologueError(
            f"{source} contains more than one bundle; unpack it and choose the folder of one."
        )
    if not manifests:
        return {}
    folder = PurePosixPath(manifests[0]).parent
    return {PurePosixPath(n).name: n for n in names if PurePosixPath(n).parent == folder}


# --- pull -----------------------------------------------------------------------------------------


def pull(repository: str, progress: Progress) -> Path:
    """Download a bundle from a Hugging Face repository, such as "someone/duologue-large".

    A cancelled or interrupted download is kept and continued the next time. If the connection
    breaks but each try brings new bytes, the download continues at once. HF_ENDPOINT names another
    host. Raises DuologueError with the remedy, and whatever ``progress`` raises.
    """
    repository = repository.strip()
    if not _REPOSITORY.match(repository):
        raise DuologueError(f"{repository!r} is not a repository name; write it as owner/name.")
    host = (os.environ.get("HF_ENDPOINT") or _HUB).rstrip("/")
    if not host.startswith(("https://", "http://")):
        raise DuologueError(
            f"HF_ENDPOINT is {host!r}, which is not an address; write it as https://host."
        )
    root = f"{host}/{quote(repository)}/resolve/main/"
    with _staging_folder("pull-" + repository.replace("/", "--"), keep=True) as part:
        _fetch_small(root, MANIFEST_NAME, part, MOST_MANIFEST_BYTES)
        entries = read_manifest(part / MANIFEST_NAME).entries()
        total = sum(entry.bytes for entry in entries)
        here = sum(_size(_part(part, e)) + _size(part / e.path) for e in entries)
        _need_space(part, total - here)
        done = 0
        for entry in entries:
            if not _is_whole(part / entry.path, entry):
                on_bytes = _after(done, total, progress)
                _fetch_described(root, entry, part, repository, on_bytes)
            done += entry.bytes
            progress(done, total)
        for name in (MODEL_CARD_NAME, _README_NAME):
            try:
                _fetch_small(root, name, part, _MAX_MODEL_CARD_BYTES)
                break
            except NotThereError:
                continue
        for stray in part.glob("*.part"):  # left by a download of another version
            stray.unlink()
        return _install(part)


def _part(folder: Path, entry: FileEntry) -> Path:
    """The partial file, named by its hash so that another version is never continued."""
    return folder / f"{entry.sha256}.part"


def _fetch_described(
    root: str, entry: FileEntry, folder: Path, repository: str, on_bytes: Callable[[int], None]
) -> None:
    """Download a file of the manifest. A partial file is kept and continued."""
    part = _part(folder, entry)
    while (before := _size(part)) < entry.bytes:
        try:
            with part.open("ab") as target:
                for block in blocks(root + quote(entry.path), before, entry.bytes):
                    target.write(block)
                    on_bytes(target.tell())
            break
        except BrokeOffError:
            if _size(part) < before + BLOCK_BYTES:
                raise
        except OtherLengthError:
            break
    if not _is_whole(part, entry):
        part.unlink(missing_ok=True)
        raise DuologueError(
            f"{entry.path} from {repository} does not match its manifest; "
            "download it again, or tell its owner."
        )
    os.replace(part, folder / entry.path)


def _fetch_small(root: str, name: str, folder: Path, max_bytes: int) -> None:
    """Download the manifest or the model card, at most ``max_bytes`` of it."""
    content = b""
    for block in blocks(root + quote(name)):
        content += block
        if len(content) >= max_bytes:
            break
    (folder / name).write_bytes(content[:max_bytes])


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _is_whole(path: Path, entry: FileEntry) -> bool:
    return _has_size(path, entry) and describe_file(path).sha256 == entry.sha256


# --- both -----------------------------------------------------------------------------------------


@contextmanager
def _staging_folder(name: str, keep: bool = False) -> Iterator[Path]:
    """A hidden folder beside the bundles; deleted on failure unless ``keep``."""
    part = bundles_folder() / f".{name}"
    try:
        part.mkdir(parents=True, exist_ok=True)
        yield part
    except OSError as error:
        raise DuologueError(
            f"The bundle could not be installed in {part.parent} ({error.strerror or error}); "
            "free some disk space, or check the folder's permissions."
        ) from error
    finally:
        if not keep:
            shutil.rmtree(part, ignore_errors=True)


def _after(done: int, total: int, progress: Progress) -> Callable[[int], None]:
    """Report the progress of one file as progress of all files."""
    return lambda bytes_: progress(done + bytes_, total)


def _need_space(folder: Path, size_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size_bytes + _SPARE_BYTES:
        raise DuologueError(
            f"The disk of {folder} has {free / 1e6:.0f} MB free, but the bundle needs "
            f"{size_bytes / 1e6:.0f} MB; free some space and try again."
        )


def _install(part: Path) -> Path:
    """Check everything and give the folder its name; replaces a copy of the same version."""
    target = _place(load_bundle(part).manifest)
    older = bundles_folder() / f".old-{os.getpid()}"
    replaced = target.exists()
    if replaced:
        os.replace(target, older)
    try:
        os.replace(part, target)
    except OSError:
        if replaced:
            os.replace(older, target)
        raise
    shutil.rmtree(older, ignore_errors=True)
    return target


def _place(manifest: Manifest) -> Path:
    """The folder for this bundle. Bundles whose names would share a folder ("a b" and "a-b") get
    one each."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{manifest.name}-{manifest.version}").lstrip(".-")
    for count in itertools.count(1):
        folder = bundles_folder() / ((name or "bundle") + (f"-{count}" if count > 1 else ""))
        if not folder.exists():
            return folder
        try:
            there = read_manifest(folder / MANIFEST_NAME)
        except DuologueError:
            return folder  # a damaged bundle is replaced
        if (there.name, there.version) == (manifest.name, manifest.version):
            return folder
    raise AssertionError
