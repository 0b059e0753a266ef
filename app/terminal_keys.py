"""Reads single keys from the terminal, without Enter; none if standard input is no terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

if sys.platform == "win32":
    import msvcrt

    class KeyReader:
        """A context in which keys are read one by one."""

        def __enter__(self) -> KeyReader:
            return self

        def __exit__(self, *_exception: object) -> None:
            pass

        def next(self) -> str | None:
            """The next key that was pressed; None where there is none."""
            return msvcrt.getwch() if sys.stdin.isatty() and msvcrt.kbhit() else None

else:
    import os
    import select
    import termios
    import tty

    class KeyReader:
        """A context in which keys are read one by one; it restores the terminal afterwards."""

        def __init__(self) -> None:
            self._before: list[Any] | None = None

        def __enter__(self) -> KeyReader:
            if sys.stdin.isatty():
                self._before = termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin)
            return self

        def __exit__(
            self,
            _kind: type[BaseException] | None,
            _error: BaseException | None,
            _trace: TracebackType | None,
        ) -> None:
            if self._before:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

        def next(self) -> str | None:
            """The next key that was pressed; None where there is none."""
            if self._before is None or not select.select([sys.stdin], [], [], 0)[0]:
                return None
            pressed = os.read(sys.stdin.fileno(), 32).decode("utf8", "replace")
            # Arrow keys and others send several characters after an escape.
            return pressed if len(pressed) == 1 else None
