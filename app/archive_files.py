"""The plain files of a folder, a zip or a tar archive that somebody chose, to be installed.

Every failure of the archive libraries becomes one sentence. Knows not what the files are.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from engine.errors import DuologueError
from engine.log_file import shown

_BLOCK_BYTES = 1 << 18
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


class ArchiveFiles:
    """The plain files of a folder or an archive, by name."""

    def __init__(self, source: Path, found: dict[str, Callable[[], BinaryIO]]) -> None:
        self._source, self._found = source, found

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return name in self._found

    def copy(
        self, name: str, folder: Path, max_bytes: int, on_bytes: Callable[[int], None]
    ) -> None:
        """Copy one file; DuologueError if it is longer than ``max_bytes``."""
        if name not in self._found:
            raise DuologueError(
                f"{self._source} contains no bundle or part ({name} is missing); choose the folder "
                "of one, or an archive of it."
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
                    block = source.read(_BLOCK_BYTES)
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
def opened(source: Path, manifest_name: str) -> Iterator[ArchiveFiles]:
    """The files beside the manifest ``manifest_name``, at the top or in the only folder.

    Raises DuologueError where the source is no archive, or holds several manifests.
    """
    with ExitStack() as archives:
        with _readable(source):
            if source.is_dir():
                found = {p.name: _opener(p) for p in source.iterdir() if p.is_file()}
            elif source.is_file() and zipfile.is_zipfile(source):
                zipped = archives.enter_context(zipfile.ZipFile(source))
                names = [info.filename for info in zipped.infolist() if not info.is_dir()]
                found = {
                    short: partial(cast(Callable[[str], BinaryIO], zipped.open), name)
                    for short, name in _flat(source, names, manifest_name).items()
                }
            elif source.is_file() and tarfile.is_tarfile(source):
                tape = archives.enter_context(tarfile.open(source))
                found = {
                    short: partial(cast(Callable[[str], BinaryIO], tape.extractfile), name)
                    for short, name in _flat(source, _members(source, tape), manifest_name).items()
                }
            else:
                if source.is_file():
                    _raise_damage(source)
                raise DuologueError(
                    f"{source} is neither a folder nor a zip or tar archive; choose another."
                )
        yield ArchiveFiles(source, found)


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
                    if not content.read(_BLOCK_BYTES):
                        return


def _members(source: Path, tape: tarfile.TarFile) -> list[str]:
    """The plain files of a tar archive; it has no index, so all of it is read."""
    names = []
    for count, member in enumerate(tape):
        if count == _MOST_MEMBERS:
            raise DuologueError(
                f"{source} contains more than {_MOST_MEMBERS} files; choose the archive of a "
                "bundle or part."
            )
        if member.isfile():
            names.append(member.name)
    return names


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _flat(source: Path, names: Collection[str], manifest_name: str) -> dict[str, str]:
    """Files in the manifest's folder: file name to full name in the archive."""
    manifests = [name for name in names if PurePosixPath(name).name == manifest_name]
    if len(manifests) > 1:
        raise DuologueError(
            f"{source} contains more than one bundle or part; unpack it and choose the folder of "
            "one."
        )
    if not manifests:
        return {}
    folder = PurePosixPath(manifests[0]).parent
    return {PurePosixPath(n).name: n for n in names if PurePosixPath(n).parent == folder}
