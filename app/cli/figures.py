"""How commands write figures: tables of names and values, durations, and JSON files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table


def name_value_table() -> Table:
    """A table without lines: dim names on the left, values on the right."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    return table


def duration(seconds: float) -> str:
    """For example 12.3 s, 4:05 min or 1:00:00 h."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"


def write_json(path: Path, content: Any) -> None:
    """Write figures; raises DuologueError where that fails."""
    import json

    from engine.atomic_write import write_atomically

    write_atomically(path, json.dumps(content, indent=2) + "\n")
