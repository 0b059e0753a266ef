"""The log: half a megabyte and the half before it; and what to say of a fault in the program.

Every program of ours writes there, also those without a window; the traceback that a user cannot
read goes there in place of the terminal. Knows nothing of what is logged.
"""

from __future__ import annotations

import contextlib
import logging
import os
import traceback
from collections.abc import Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

PROFILE_VARIABLE = "DUOLOGUE_PROFILE"
"""Names a folder that holds everything of the user's instead of the platform's folders."""
NAME = "duologue"
_FILE_NAME = "duologue.log"
_MOST_BYTES = 500_000
_MOST_LETTERS = 200
"""Of an error's own words."""
_MOST_TRACEBACK_LETTERS = 50_000


def log_folder() -> Path:
    """The folder of the log; raises RuntimeError where there is no home folder."""
    profile = os.environ.get(PROFILE_VARIABLE)
    if profile:
        return Path(profile) / "log"
    folder = platformdirs.user_log_path(NAME, appauthor=False)
    if not folder.is_absolute():  # older ones of platformdirs leave the "~" where nobody has a home
        raise RuntimeError("no home folder")
    return folder


@contextlib.contextmanager
def quiet_log() -> Iterator[None]:
    """Meanwhile what is logged goes into the file, and nothing of it to the terminal.

    The file is made when there is something for it.
    """
    handler: logging.Handler = _handler() or logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


def begin_log() -> Path | None:
    """Let all that is logged from now on go into the file; None where none can be written."""
    handler = _begun() or _handler()
    if handler is None or not handler.can_write():
        return None
    root = logging.getLogger()
    root.addHandler(handler)  # once, however often
    root.setLevel(logging.INFO)
    return Path(handler.baseFilename)


def unexpected(error: BaseException) -> str:
    """Put an error that nobody foresaw into the log; the sentence for the user."""
    path = _kept(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for that; close other programs, or ask for less."
    what = shown(f"{type(error).__name__}: {error}".removesuffix(": "), _MOST_LETTERS)
    if path is None:
        return f"Something unexpected failed ({what}) and no log can be written; please report it."
    return f"Something unexpected failed ({what}); please report it with {path}."


def shown(text: object, most_letters: int) -> str:
    """A foreign text as a part of a sentence: one line, not too long."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(text))
    line = " ".join(line.split())
    return line if len(line) <= most_letters else f"{line[:most_letters]}…"


class _LogFile(RotatingFileHandler):
    """Keeps quiet where it cannot write: a full disk is no reason to fill the terminal."""

    failed = False

    def can_write(self) -> bool:
        """Whether the file is there now."""
        with contextlib.suppress(OSError):
            self.stream = self.stream or self._open()
        return self.stream is not None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its own name
        self.failed = True

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written is tried once more here
            super().close()

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()


def _kept(error: BaseException) -> Path | None:
    """The file that has the error's traceback now."""
    begun = _begun()
    handler = begun or _handler()
    if handler is None:
        return None
    handler.failed = False
    text = "".join(traceback.format_exception(error))[-_MOST_TRACEBACK_LETTERS:]
    message = f"a fault in the program\n{text}"
    handler.handle(logging.LogRecord(__name__, logging.ERROR, __file__, 0, message, None, None))
    if not begun:
        handler.close()
    return None if handler.failed else Path(handler.baseFilename)


def _begun() -> _LogFile | None:
    handlers = logging.getLogger().handlers
    return next((one for one in handlers if isinstance(one, _LogFile)), None)


def _handler() -> _LogFile | None:
    try:
        handler = _LogFile(
            log_folder() / _FILE_NAME, maxBytes=_MOST_BYTES, backupCount=1,
            encoding="utf8", errors="backslashreplace", delay=True,
        )  # fmt: skip
    except (OSError, RuntimeError, ValueError):  # no home folder, or no name of one
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
