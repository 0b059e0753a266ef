"""Runs a measuring script with the modules of another source tree, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.errors import DuologueError
from engine.quiet_dependencies import environment_without_our_choices


def run_in_tree(tree: Path, script: Path, *arguments: object) -> Any:
    """The JSON value in the last line that ``script`` prints.

    Raises DuologueError, with the last line of its errors, if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-P", str(script), *map(str, arguments)],
        cwd=tree,
        env={**environment_without_our_choices(), "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip() or "no reason").splitlines()[-1]
        raise DuologueError(f"{tree} cannot be measured ({reason}).")
    return json.loads(done.stdout.splitlines()[-1])
