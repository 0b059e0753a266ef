"""How a program of ours ends whatever happens: by one sentence on stderr, and an exit code.

The command line and the training share it. Knows their commands only as something to call, and
what they raise at a wrong option only by its type.
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
"""Of a complaint about an option, which quotes what was typed."""
_LEAST_COLUMNS = 20


def run_program(
    program: Callable[..., Any], arguments: list[str] | None, wrong_use: type[Exception]
) -> NoReturn:
    """Run a command line (a Typer) and end with SystemExit.

    A DuologueError, a wrong option (``wrong_use``) and anything unforeseen are one sentence on
    stderr and exit code 2; the last has its traceback in the log.
    """
    _complete_streams()
    code = ERROR_CODE
    with quiet_log(), _threads_told_of():
        try:
            status = program(args=arguments, standalone_mode=False)
            code = status if isinstance(status, int) else 0
            sys.stdout.flush()
        except BrokenPipeError:  # whoever read the output has seen enough
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
        except Exception as error:  # the last that can tell the user anything
            # Typer takes an end of file for the user's wish to stop.
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
    """Standard output whose failure is not taken for that of a file."""

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
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - Python would complain of it at the end


def _complete_streams() -> None:
    """Give the program the streams that it was started without, and let no letter stop it.

    A Windows program without a terminal has none, nor has one started with them closed; the place
    of a closed one would be taken by the next file that is opened.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for the process's life
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) < _LEAST_COLUMNS:
        del os.environ["COLUMNS"]  # some terminals say 0, at which nothing at all would be shown
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        sys.stdout = _Output(
            sys.stdout.buffer, sys.stdout.encoding, "replace", line_buffering=sys.stdout.isatty()
        )


def _usage(error: Any) -> str:
    """The sentence for a wrong option; none where the help was shown in its place."""
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
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - nobody is there to be told


@contextlib.contextmanager
def _threads_told_of() -> Iterator[None]:
    """A thread that fails is told of in a sentence, too."""
    before = threading.excepthook

    def tell(failure: threading.ExceptHookArgs) -> None:
        error = failure.exc_value or failure.exc_type()
        _say(str(error) if isinstance(error, DuologueError) else unexpected(error))

    threading.excepthook = tell
    try:
        yield
    finally:
        threading.excepthook = before
