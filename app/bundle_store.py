"""The installed bundles: the starter, and what was imported or pulled.

A bundle is installed whole or not at all: it is gathered in a folder of its own, every hash is
checked, and only then it gets its name. Nothing here touches the network but `pull`. Knows no Qt.
"""

from __future__ import annotations

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
"""Of an archive; a bundle has six files."""
_MOST_REASON_LETTERS = 100
_SPARE_BYTES = 100_000_000
_REPOSITORY = re.compile(r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")
_HUB = "https://huggingface.co"

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all; stops the work by raising CancelledError."""


class CancelledError(DuologueError):
    """The user stopped it; what has come is kept for the next time where it can be."""


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
    """Why it cannot be used; else empty."""


def bundles_folder() -> Path:
    """Where imported and pulled bundles lie."""
    return data_folder() / "bundles"


def installed_bundles() -> list[InstalledBundle]:
    """The starter first, then the others by name; hashes are not checked here."""
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
            f"The bundles in {bundles_folder()} cannot be listed ({error.strerror}); check who "
            "may read there."
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
            damage = f"{', '.join(short)} is missing or has another size; install it again."
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
    """Delete its files; the starter and folders elsewhere are refused."""
    if bundle.starter or bundle.folder.parent != bundles_folder():
        raise DuologueError(f"{bundle.title} comes with Duologue and cannot be deleted.")
    try:
        shutil.rmtree(bundle.folder)
    except OSError as error:
        raise DuologueError(
            f"{bundle.folder} could not be deleted whole ({error.strerror}); stop the talk that "
            "uses it, or delete it yourself."
        ) from error


# --- import ---------------------------------------------------------------------------------------


def import_bundle(source: Path, progress: Progress) -> Path:
    """Install from a folder or from a zip or tar archive; returns the bundle's folder.

    In an archive the bundle lies at the top or in its only folder. Only the files that the manifest
    names, and the card, are taken. Raises DuologueError with the remedy, and what ``progress``
    raises; what was installed before stays.
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
    """Complaints about files name those that the user has, and not a copy that is gone by then."""
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
        """Copy one file of at most so many bytes."""
        if name not in self._found:
            raise DuologueError(
                f"{self._source} holds no bundle ({name} is missing); choose a bundle's folder, "
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
        """A file's content; an error of reading is not taken for one of writing."""
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
    """Every way in which the libraries say that an archive is broken, or cannot be read."""
    try:
        yield
    except OSError as error:
        raise DuologueError(
            f"{source} is damaged or cannot be read ({error.strerror or error}); get it again, or "
            "check who may read it."
        ) from error
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        lzma.LZMAError,
        zlib.error,
        EOFError,
        NotImplementedError,  # a compression that Python lacks
        ValueError,  # numbers and names that cannot be
        OverflowError,
    ) as error:
        reason = shown(error, _MOST_REASON_LETTERS)
        raise DuologueError(f"{source} is damaged ({reason}); get it again.") from error
    except RuntimeError as error:  # so zipfile asks for a password
        raise DuologueError(
            f"{source} is locked with a password; unpack it and choose its folder."
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
                raise DuologueError(
                    f"{source} is neither a folder nor a zip or tar archive; choose another."
                )
        yield _BundleFiles(source, found)


def _members(source: Path, tape: tarfile.TarFile) -> list[str]:
    """The plain files of a tar archive, which has no list of them: all of it is read."""
    names = []
    for count, member in enumerate(tape):
        if count == _MOST_MEMBERS:
            raise DuologueError(
                f"{source} holds more than {_MOST_MEMBERS} files; choose the archive of a bundle."
            )
        if member.isfile():
            names.append(member.name)
    return names


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _flat(source: Path, names: Collection[str]) -> dict[str, str]:
    """Names of files beside the manifest, by their last part."""
    manifests = [name for name in names if PurePosixPath(name).name == MANIFEST_NAME]
    if len(manifests) > 1:
        raise DuologueError(
            f"{source} holds more than one bundle; unpack it and choose the folder of one."
        )
    if not manifests:
        return {}
    folder = PurePosixPath(manifests[0]).parent
    return {PurePosixPath(n).name: n for n in names if PurePosixPath(n).parent == folder}


# --- pull -----------------------------------------------------------------------------------------


def pull(repository: str, progress: Progress) -> Path:
    """Download a bundle from a Hugging Face repository, such as "someone/duologue-large".

    What a cancelled or broken download has brought is kept, and goes on from there; what breaks off
    with something new each time goes on at once. HF_ENDPOINT names another host. Raises
    DuologueError with the remedy, and what ``progress`` raises.
    """
    repository = repository.strip()
    if not _REPOSITORY.match(repository):
        raise DuologueError(f"{repository!r} is not a repository's name; write it as owner/name.")
    host = (os.environ.get("HF_ENDPOINT") or _HUB).rstrip("/")
    if not host.startswith(("https://", "http://")):
        raise DuologueError(
            f"HF_ENDPOINT is {host!r}, which is no address; write it as https://host."
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
        for stray in part.glob("*.part"):  # of another version that was there before
            stray.unlink()
        return _install(part)


def _part(folder: Path, entry: FileEntry) -> Path:
    """Where a file gathers: by its content, so that another version is never continued."""
    return folder / f"{entry.sha256}.part"


def _fetch_described(
    root: str, entry: FileEntry, folder: Path, repository: str, on_bytes: Callable[[int], None]
) -> None:
    """A file of the manifest. Too short is not wrong: it stays, and is continued."""
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
            f"{entry.path} from {repository} is not what its manifest says; "
            "pull it again, or tell its owner."
        )
    os.replace(part, folder / entry.path)


def _fetch_small(root: str, name: str, folder: Path, max_bytes: int) -> None:
    """The manifest or a card; what is longer is cut off."""
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
    """A hidden folder beside the bundles, deleted on failure unless it is worth keeping."""
    part = bundles_folder() / f".{name}"
    try:
        part.mkdir(parents=True, exist_ok=True)
        yield part
    except OSError as error:
        raise DuologueError(
            f"The bundle could not be installed in {part.parent} ({error.strerror or error}); "
            "make room on the disk, or check who may write there."
        ) from error
    finally:
        if not keep:
            shutil.rmtree(part, ignore_errors=True)


def _after(done: int, total: int, progress: Progress) -> Callable[[int], None]:
    """The progress of one file as that of all."""
    return lambda bytes_: progress(done + bytes_, total)


def _need_space(folder: Path, size_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size_bytes + _SPARE_BYTES:
        raise DuologueError(
            f"The disk of {folder} has {free / 1e6:.0f} MB free and the bundle needs "
            f"{size_bytes / 1e6:.0f}; make room and try again."
        )


def _install(part: Path) -> Path:
    """Check everything and give the folder its name; an older copy of the same version goes."""
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
    """The folder of this bundle: another of which only the folder's name would be the same, as of
    "a b" and "a-b", keeps its own."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{manifest.name}-{manifest.version}").lstrip(".-")
    for count in itertools.count(1):
        folder = bundles_folder() / ((name or "bundle") + (f"-{count}" if count > 1 else ""))
        if not folder.exists():
            return folder
        try:
            there = read_manifest(folder / MANIFEST_NAME)
        except DuologueError:
            return folder  # what is damaged is to be installed again
        if (there.name, there.version) == (manifest.name, manifest.version):
            return folder
    raise AssertionError
