"""Prints an installed program's size and its ten largest parts.

    python -m installer.size_report PROGRAM

PROGRAM is the installed folder. The exit code is 1 if it is larger than it may be.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePath

MAX_MEGABYTES = 420
_SHOWN = 10
_MEGABYTE = 1e6


def part_name(path: PurePath) -> str:
    """The part that a file inside the program's folder belongs to.

    A wheel's own libraries ("numpy.libs") and its metadata count for the wheel. Qt's libraries at
    the top count for PySide6.
    """
    parts = path.parts[1:] if path.parts[0] == "_internal" and len(path.parts) > 1 else path.parts
    first = parts[0]
    if first.startswith(("libQt6", "libicu", "libpyside6", "libshiboken6", "shiboken6")):
        return "PySide6"
    for ending in (".libs", ".dist-info"):
        if first.endswith(ending):
            first = first.removesuffix(ending).split("-")[0]
    return {"pillow": "PIL"}.get(first, first)


def part_sizes(files: Iterable[tuple[PurePath, int]]) -> list[tuple[str, int]]:
    """Parts and their bytes, the largest first, from files (path inside, bytes)."""
    sizes: Counter[str] = Counter()
    for path, size_bytes in files:
        sizes[part_name(path)] += size_bytes
    return sizes.most_common()


def report(parts: list[tuple[str, int]]) -> str:
    """The printed table."""
    total = sum(size for _, size in parts)
    lines = [f"{size / _MEGABYTE:8.1f} MB  {name}" for name, size in parts[:_SHOWN]]
    rest = sum(size for _, size in parts[_SHOWN:])
    lines.append(f"{rest / _MEGABYTE:8.1f} MB  all else")
    return "\n".join([f"{total / _MEGABYTE:8.1f} MB  installed, of it:", *lines])


def files_in(folder: Path) -> Iterable[tuple[PurePath, int]]:
    """Plain files with their sizes in bytes; links are left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder), path.stat().st_size


def main() -> int:
    """Print the report; 1 if the folder is larger than ``MAX_MEGABYTES``."""
    parts = part_sizes(files_in(Path(sys.argv[1])))
    print(report(parts))
    return int(sum(size for _, size in parts) > MAX_MEGABYTES * _MEGABYTE)


if __name__ == "__main__":
    sys.exit(main())
