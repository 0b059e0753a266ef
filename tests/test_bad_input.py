"""docs/bad-input.md tells the truth: its table counts what the tests try."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_MARK = "bad_input("
_COUNT = """
import collections, json, sys
import pytest

class Counter:
    def pytest_collection_finish(self, session):
        kinds = collections.Counter(
            mark.args[0] for item in session.items for mark in item.iter_markers("bad_input")
        )
        print("counted", json.dumps(kinds))

sys.exit(pytest.main(["--collect-only", "-q", *sys.argv[1:]], plugins=[Counter()]))
"""


def counted() -> dict[str, int]:
    """Cases of each kind that the tests try, as pytest collects them."""
    files = [
        str(path)
        for path in sorted((_ROOT / "tests").rglob("test_*.py"))
        if path != Path(__file__).resolve() and f"mark.{_MARK}" in path.read_text("utf8")
    ]
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, *files], cwd=_ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    (line,) = re.findall("^counted (.*)$", done.stdout, re.MULTILINE)
    kinds: dict[str, int] = json.loads(line)
    return kinds


def test_the_table_counts_what_is_tried() -> None:
    text = (_ROOT / "docs" / "bad-input.md").read_text("utf8")
    rows = re.findall(r"^\| ([a-z ]+) \| (\d+) \|", text, re.MULTILINE)
    table = {kind: int(number) for kind, number in rows}
    together = table.pop("together")
    assert table == counted()
    assert together == sum(table.values()) >= 300
