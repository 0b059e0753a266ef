"""The documents name only links and files that exist, and every script has its line of purpose."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_PAGES = [
    *_ROOT.glob("*.md"),
    *(_ROOT / "docs").glob("*.md"),
    *(_ROOT / "resources").glob("*/*.md"),
]
_HISTORY = {"CHANGELOG.md", "training-log.md", "MODEL_CARD.md"}
"""They name modules as they were called then."""
_FOLDERS = "app|docs|engine|findings|installer|models|resources|script|tests"


@pytest.mark.parametrize("page", _PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", _PAGES, ids=lambda path: path.name)
def test_files_that_are_named_exist(page: Path) -> None:
    if page.name in _HISTORY:
        return
    text = page.read_text("utf8")
    for name in re.findall(rf"`((?:{_FOLDERS})/[\w./-]*)", text):
        if "NAME" not in name:
            assert (_ROOT / name).exists(), name


@pytest.mark.skipif(sys.platform == "win32", reason="script/help.cmd is for Windows")
def test_help_lists_every_script_with_a_line() -> None:
    done = subprocess.run([_ROOT / "script" / "help"], capture_output=True, text=True, check=True)
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    scripts = {
        f"script/{path.name}"
        for path in (_ROOT / "script").iterdir()
        if path.is_file() and path.suffix != ".cmd"
    }
    assert set(lines) == scripts
    for name, purpose in lines.items():
        assert purpose.endswith((".", ":")), name
        assert len(f"{name:<20} {purpose}") <= 100, name


def test_the_commands_of_windows_have_a_line_too() -> None:
    for path in (_ROOT / "script").glob("*.cmd"):
        assert path.read_text("utf8").splitlines()[1].startswith("rem "), path.name
