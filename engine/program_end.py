"""Runs a command-line program so that any failure ends in one sentence and an exit code.

``duologue`` and ``duologue-train`` share it. It knows a program only as a callable, and the error
for a wrong option only by its type.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from engine.errors import DuologueError
from engine.log_file import quiet_log, shown, unexpected

ERROR_CODE = 2
_MOST_LETTERS = 300
"""Longest message about a wrong option, which quotes what was typed."""
_LEAST_COLUMNS = 20


def run_program(
    program: Callable[..., Any], arguments: list[str] | None, wrong_use: type[Exception]
) -> NoReturn:
    """Run a command line (a Typer app) and end with SystemExit.

    DuologueError, a wrong option (``wrong_use``) and any unexpected error give one sentence on
    stderr and exit code 2; the traceback of an unexpected error goes to the log.
    """
    _complete_streams()
    code = ERROR_CODE
    with quiet_log(), _threads_told_of():
        try:
            status = program(args=arguments, standalone_mode=False)
            code = status if isinstance(status, int) else 0
            sys.stdout.flush()
        except BrokenPipeError:  # the reader of the output has closed it
            _give_up_output()
            code = 1
        except _OutputError as error:
            _give_up_output()
            _say(str(error))
            code = ERROR_CODE
        except DuologueError as error:
            _say(str(error))
        except wrong_use as error:
            _say(_usage(error))
        except ImportError as error:
            unexpected(error)
            _say(
                f"A part of the program cannot be loaded ({error}); install it, or install "
                "Duologue again."
            )
        except Exception as error:  # nothing above this could tell the user
            # Typer turns EOFError into its Abort; report the cause.
            _say(_unforeseen(error.__cause__ if isinstance(error.__cause__, EOFError) else error))
    sys.exit(code)


def _unforeseen(error: BaseException) -> str:
    sentence = unexpected(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return (
            f"{shown(error.filename, _MOST_LETTERS)} cannot be used ({error.strerror}); check "
            "its name, that it exists, and its permissions."
        )
    return sentence


class _OutputError(DuologueError):
    pass


class _Output(io.TextIOWrapper):
    """Standard output that raises its own error, so that it is not taken for a file's."""

    def write(self, text: str) -> int:
        with _failure_told():
            return super().write(text)

    def flush(self) -> None:
        with _failure_told():
            super().flush()


@contextlib.contextmanager
def _failure_told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _OutputError(
            f"The output cannot be written ({error.strerror}); write it somewhere else."
        ) from error


def _give_up_output() -> None:
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - Python would report the failure at exit


def _complete_streams() -> None:
    """Open missing standard streams, and replace characters that the output cannot encode.

    A Windows program without a terminal has no streams, and a program may be started with closed
    ones. The next file opened would take a closed stream's place.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for the process's life
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) < _LEAST_COLUMNS:
        del os.environ["COLUMNS"]  # some terminals set 0, and then nothing would be shown
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        sys.stdout = _Output(
            sys.stdout.buffer, sys.stdout.encoding, "replace", line_buffering=sys.stdout.isatty()
        )


def _usage(error: Any) -> str:
    """The sentence for a wrong option; empty if the help was shown already."""
    said = shown(error.format_message(), _MOST_LETTERS).rstrip(".")
    if not said:
        return ""
    context = getattr(error, "ctx", None)
    return f"{said}; see {context.command_path} --help." if context else f"{said}; see --help."


def _say(sentence: str) -> None:
    if not sentence:
        return
    try:
        print(sentence.replace("\n", " "), file=sys.stderr, flush=True)
    except OSError:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - nobody reads it


@contextlib.contextmanager
def _threads_told_of() -> Iterator[None]:
    """Inside the block, a failing thread also gives one sentence on stderr."""
    before = threading.excepthook

    def tell(failure: threading.ExceptHookArgs) -> None:
        error = failure.exc_value or failure.exc_type()
        _say(str(error) if isinstance(error, DuologueError) else unexpected(error))

    threading.excepthook = tell
    try:
        yield
    finally:
        threading.excepthook = before
