"""The program itself: version, help, and the errors that many commands share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import DuologueError
from tests.app.cli.command_line import one_sentence, run


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("duologue ")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("talk", "bench", "evaluate"))


@pytest.mark.parametrize("command", ["live", "doctor", "devices"])
def test_no_portaudio_is_one_sentence(
    command: str, bundle: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.card.devices.portaudio", _no_portaudio)
    monkeypatch.setattr("engine.card.portaudio_card.refresh", _no_portaudio)
    arguments = [command] if command == "devices" else [command, "--bundle", bundle]
    assert run(*arguments) == 2
    assert "PortAudio" in one_sentence(capsys)


def _no_portaudio() -> None:
    raise DuologueError("The PortAudio library is missing; install Duologue again.")


@pytest.mark.parametrize(
    "command",
    [
        ["bench"],
        ["bench-gpu"],
        ["bench-window"],
        ["doctor"],
        ["evaluate", "units", __file__],
        ["evaluate", "echo"],
    ],
    ids=" ".join,
)
def test_figures_take_no_files_place(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error comes before the measurement, which may take an hour."""
    path = tmp_path / "figures.json"
    path.write_text("keep this")
    assert run(*command, "--json", str(path)) == 2
    assert "is there already" in one_sentence(capsys)
    assert path.read_text() == "keep this"
    for wrong in (tmp_path, tmp_path / "none" / "figures.json"):
        assert run(*command, "--json", str(wrong)) == 2
        assert "cannot be written" in one_sentence(capsys)


def test_help_loads_no_heavy_module() -> None:
    """The help must be quick, so commands import what is slow in their bodies."""
    heavy = "numpy onnxruntime llama_cpp pydantic matplotlib soundfile sounddevice PySide6".split()
    program = (
        "import contextlib, sys\n"
        "from app.cli import main\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main(['--help'])\n"
        f"print(*(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "Usage" in done.stdout
    assert done.stderr.split() == []
