"""Atomic writes: a file is written whole or not at all, and flushed to the disk."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import unwritable

PART_NAME = re.compile(r"duologue-[0-9a-f]{8}\.part")
"""Name of a file until it is complete; a killed program leaves it behind."""

# Errors of network volumes that do not support fsync.
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def sync(descriptor: int) -> None:
    """Flush to the disk if the volume supports it; OSError if that fails."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


@contextmanager
def writing_whole(path: Path) -> Iterator[Path]:
    """Give the path of a new file to write to; at the end it replaces the file at ``path``.

    If ``path`` is a link, its target is replaced; a device is written directly. Raises
    DuologueError if this fails or the block raises an OSError; the old file then stays.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f"duologue-{secrets.token_hex(4)}.part")
    try:
        # A pipe behind /dev/stdout has no path of its own.
        if path.exists() and not path.is_file():
            yield path
            return
        part.open("xb").close()  # gives the reason of a failure, which some libraries do not
        yield part
        with part.open("rb+") as stream:
            sync(stream.fileno())
        with contextlib.suppress(OSError):
            shutil.copymode(target, part)
        os.replace(part, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise


def write_atomically(path: Path, text: str) -> None:
    """Write text as UTF-8, as `writing_whole` does."""
    with writing_whole(path) as part:
        part.write_bytes(text.encode("utf8", "replace"))
