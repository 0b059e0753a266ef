"""Sizes by part."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from installer.size_report import files_in, part_name, part_sizes, report


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("duologue", "duologue"),
        ("_internal/numpy/core.so", "numpy"),
        ("_internal/numpy.libs/libopenblas.so", "numpy"),
        ("_internal/numpy-2.4.6.dist-info/METADATA", "numpy"),
        ("_internal/pillow.libs/libpng.so", "PIL"),
        ("_internal/libQt6Core.so.6", "PySide6"),
        ("_internal/libpython3.11.so.1.0", "libpython3.11.so.1.0"),
    ],
)
def test_a_file_belongs_to_a_part(path: str, part: str) -> None:
    assert part_name(PurePosixPath(path)) == part


def test_the_ten_largest_and_the_rest() -> None:
    files = [(PurePosixPath(f"_internal/part{n}/file"), n * 1_000_000) for n in range(1, 13)]
    shown = report(part_sizes(files)).splitlines()
    assert shown[0].split() == ["78.0", "MB", "installed,", "of", "it:"]
    assert shown[1].split() == ["12.0", "MB", "part12"]
    assert shown[-1].split() == ["3.0", "MB", "all", "else"]
    assert len(shown) == 12


def test_links_count_once(tmp_path: Path) -> None:
    (tmp_path / "library.so.1").write_bytes(b"1234")
    (tmp_path / "library.so").symlink_to("library.so.1")
    assert list(files_in(tmp_path)) == [(PurePosixPath("library.so.1"), 4)]
