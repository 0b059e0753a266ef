"""The commands about the installation itself: version, self-test, and `forget` before it goes."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from app.cli.user_sound import sample_path


def program_version() -> str:
    """The installed version."""
    try:
        return version("duologue")
    except PackageNotFoundError:
        return "(not installed)"


def self_test() -> int:
    """Test this installation; returns an exit code."""
    from app.self_test import self_test_apart

    status = self_test_apart()
    if status == 0:
        print(f"duologue {program_version()} works")
    return status


def self_test_guarded() -> None:
    """Run the self-test in this process.

    --self-test starts the program once more with this command.
    """
    from app.self_test import self_test_guarded as test_guarded

    test_guarded(sample_path(), lambda line: print(line, flush=True))


def forget(
    yes: Annotated[bool, typer.Option("--yes", help="Delete everything without asking.")] = False,
) -> None:
    """Delete your settings, imported bundles, optional parts, log, recordings and notes.

    It asks you before it deletes. Use it before you remove Duologue.
    """
    from app.cli.forget import forget as delete_belongings

    delete_belongings(lambda question: yes or _confirmed(question), print)


def _confirmed(question: str) -> bool:
    """Whether the user says yes; where nobody can answer, no."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        print()
        return False
