"""The log file, half a megabyte and the half before it, and the sentence for an unexpected error.

All our programs write to it. Tracebacks go there, not to the terminal. Knows nothing about what is
logged.
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
"""Environment variable: a folder for all the user's files, in place of the platform's folders."""
NAME = "duologue"
_FILE_NAME = "duologue.log"
_MOST_BYTES = 500_000
_MOST_LETTERS = 200
"""Longest part of an error's own text that is shown."""
_MOST_TRACEBACK_LETTERS = 50_000


def log_folder() -> Path:
    """The folder of the log; RuntimeError if there is no home folder."""
    profile = os.environ.get(PROFILE_VARIABLE)
    if profile:
        return Path(profile) / "log"
    folder = platformdirs.user_log_path(NAME, appauthor=False)
    if not folder.is_absolute():  # older versions of platformdirs keep a "~" without a home
        raise RuntimeError("no home folder")
    return folder


@contextlib.contextmanager
def quiet_log() -> Iterator[None]:
    """Inside the block, logging goes to the file and not to the terminal.

    The file is created with the first message.
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
    """Log to the file from now on; returns its path, None if it cannot be written."""
    handler = _begun() or _handler()
    if handler is None or not handler.can_write():
        return None
    root = logging.getLogger()
    root.addHandler(handler)  # once, however often
    root.setLevel(logging.INFO)
    return Path(handler.baseFilename)


def unexpected(error: BaseException) -> str:
    """Log an unexpected error with its traceback; returns the sentence for the user."""
    path = _kept(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for that; close other programs, or ask for less."
    what = shown(f"{type(error).__name__}: {error}".removesuffix(": "), _MOST_LETTERS)
    if path is None:
        return f"Something unexpected failed ({what}) and no log can be written; please report it."
    return f"Something unexpected failed ({what}); please report it with {path}."


def shown(text: object, most_letters: int) -> str:
    """A text from outside, made fit for a sentence: one line of at most ``most_letters``."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(text))
    line = " ".join(line.split())
    return line if len(line) <= most_letters else f"{line[:most_letters]}…"


class _LogFile(RotatingFileHandler):
    """A log file that stays silent if it cannot write, so that a full disk does not fill the
    terminal."""

    failed = False

    def can_write(self) -> bool:
        """Open the file if necessary; returns whether that worked."""
        with contextlib.suppress(OSError):
            self.stream = self.stream or self._open()
        return self.stream is not None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its own name
        self.failed = True

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closing tries to write the rest once more
            super().close()

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()


def _kept(error: BaseException) -> Path | None:
    """Log the error's traceback; returns the file, None if that failed."""
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
    except (OSError, RuntimeError, ValueError):  # no home folder, or an invalid name
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
