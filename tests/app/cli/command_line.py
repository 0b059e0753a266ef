"""Runs the program in a test: its exit code, and the one sentence of an error."""

from __future__ import annotations

import pytest

from app.cli import main


def run(*arguments: str) -> int:
    """Run the program; returns its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr; nothing else may have been printed."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err
