"""The window's tests run offscreen, with a profile of their own; a Qt warning fails a test."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6")


@pytest.fixture(autouse=True)
def profile(tmp_path, monkeypatch):
    """A profile folder that no test shares."""
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))
    return tmp_path / "profile"
