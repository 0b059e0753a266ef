"""The installed bundles: the starter, and those that were imported or downloaded.

A bundle is installed completely or not at all: its files are collected in a hidden folder, every
hash is checked, and only then the folder gets its name. Only `pull` uses the network. Knows no Qt.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.archive_files import opened
from app.download import BLOCK_BYTES, BrokeOffError, NotThereError, OtherLengthError, blocks
from app.folder_store import (
    Progress,
    after,
    copy_described,
    delete_folder,
    folder_name,
    folders_in,
    has_size,
    need_space,
    put_in_place,
    staging_folder,
    told_of,
)
from app.folders import data_folder
from engine.errors import DuologueError
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
_REPOSITORY = re.compile(r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")
_HUB = "https://huggingface.co"


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
    return found + [_describe(folder, starter=False) for folder in folders_in(bundles_folder())]


def _describe(folder: Path, starter: bool) -> InstalledBundle:
    title, size, damage = folder.name, 0, ""
    try:
        manifest = read_manifest(folder / MANIFEST_NAME)
        title = f"{manifest.name} {manifest.version}"
        size = sum(entry.bytes for entry in manifest.entries())
        short = [e.path for e in manifest.entries() if not has_size(folder, e)]
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


def delete(bundle: InstalledBundle) -> None:
    """Delete a bundle's files; refuses the starter and folders elsewhere."""
    if bundle.starter or bundle.folder.parent != bundles_folder():
        raise DuologueError(f"{bundle.title} comes with Duologue and cannot be deleted.")
    delete_folder(bundle.folder)


# --- import ---------------------------------------------------------------------------------------


def import_bundle(source: Path, progress: Progress) -> Path:
    """Install from a folder or from a zip or tar archive; returns the bundle's folder.

    In an archive the bundle is at the top level or in the only folder. Only the files that the
    manifest lists, and the model card, are copied. Raises DuologueError with the remedy, and
    whatever ``progress`` raises; bundles that were installed before stay as they are.
    """
    with (
        opened(source, MANIFEST_NAME) as files,
        staging_folder(bundles_folder(), f"import-{os.getpid()}") as part,
        told_of(source, part),
    ):
        files.copy(MANIFEST_NAME, part, MOST_MANIFEST_BYTES, lambda _bytes: None)
        copy_described(files, read_manifest(part / MANIFEST_NAME).entries(), part, progress)
        for name in (MODEL_CARD_NAME, _README_NAME):
            if files.has(name):
                files.copy(name, part, _MAX_MODEL_CARD_BYTES, lambda _bytes: None)
        return _install(part)


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
    name = "pull-" + repository.replace("/", "--")
    with staging_folder(bundles_folder(), name, keep=True) as part:
        _fetch_small(root, MANIFEST_NAME, part, MOST_MANIFEST_BYTES)
        entries = read_manifest(part / MANIFEST_NAME).entries()
        total = sum(entry.bytes for entry in entries)
        here = sum(_size(_part(part, e)) + _size(part / e.path) for e in entries)
        need_space(part, total - here)
        done = 0
        for entry in entries:
            if not _is_whole(part / entry.path, entry):
                on_bytes = after(done, total, progress)
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
    return _size(path) == entry.bytes and describe_file(path).sha256 == entry.sha256


# --- both -----------------------------------------------------------------------------------------


def _install(part: Path) -> Path:
    """Check everything and give the folder its name; replaces a copy of the same version."""
    target = _place(load_bundle(part).manifest)
    put_in_place(part, target)
    return target


def _place(manifest: Manifest) -> Path:
    """The folder for this bundle. Bundles whose names would share a folder ("a b" and "a-b") get
    one each."""
    name = folder_name(f"{manifest.name}-{manifest.version}")
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
