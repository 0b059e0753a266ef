"""The command that starts this very program again as a child process, frozen or from source."""

from __future__ import annotations

import sys
from pathlib import Path


def own_program(command: str, *module: str) -> list[str]:
    """The command line of a child that can print and be read.

    An installed program has no Python to run a module with, so there it is the hidden ``command``
    of the program. From source it is ``module`` and its arguments.
    """
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", *module]
    own = Path(sys.executable)
    terminal = own.with_stem("duologue-terminal")  # present if the program itself cannot print
    return [str(terminal if terminal.exists() else own), command]
