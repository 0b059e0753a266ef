"""The version resource is one expression of PyInstaller's classes, with four numbers."""

from __future__ import annotations

import ast

import pytest

from installer.windows_version import version_resource


@pytest.mark.parametrize(
    ("version", "numbers"), [("0.10.0", (0, 10, 0, 0)), ("2.13.4rc1", (2, 13, 4, 1))]
)
def test_version_resource(version: str, numbers: tuple[int, ...]) -> None:
    text = version_resource(version)
    ast.parse(text, mode="eval")
    assert f"filevers={numbers}" in text
    assert f"StringStruct('ProductVersion', '{version}')" in text
