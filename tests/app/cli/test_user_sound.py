"""Commands that read a recording say which part of it they do not use."""

from __future__ import annotations

import pytest

from tests.app.cli.command_line import run


@pytest.mark.parametrize("command", ["bench", "evaluate units"])
def test_what_is_not_used_of_a_recording_is_said_wherever_it_is_read(
    command: str, bundle: str, call: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {
        "bench": ["bench", "--seconds", "2", "--long", "0", "--user", call],
        "evaluate units": ["evaluate", "units", call],
    }[command]
    assert run(*options, "--bundle", bundle) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "number 1 is heard" in err
