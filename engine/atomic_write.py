"""Files that are written whole or not at all, and kept as well as their disk can."""

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
"""What a file is called until it is whole; a killed program leaves it there."""

# What network volumes answer that cannot say when the disk has it.
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def sync(descriptor: int) -> None:
    """Have the disk keep what was written, where the volume can; OSError where that fails."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


@contextmanager
def writing_whole(path: Path) -> Iterator[Path]:
    """Gives a new file's path to write to; it takes the place of what was there at the end.

    A link stays and what it names is replaced; a device is written itself. Raises DuologueError
    where that, or an OSError inside, fails; what was there stays.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f"duologue-{secrets.token_hex(4)}.part")
    try:
        if target.exists() and not target.is_file():
            yield target
            return
        part.open("xb").close()  # says why, where a library would not
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
    """Write UTF-8 as `writing_whole` does."""
    with writing_whole(path) as part:
        part.write_bytes(text.encode("utf8", "replace"))
