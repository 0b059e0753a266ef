"""The command `live`: which options it takes, and which limits recordings have."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.folders import recordings_folder
from app.live_session import LiveSession
from app.settings import Settings, SettingsFile
from engine.errors import DuologueError
from tests.app.cli.command_line import one_sentence, run


def test_live_options_that_contradict_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("live", "--no-echo", "--noise-suppression") == 2
    assert "--no-echo" in one_sentence(capsys)


def test_live_keeps_what_the_settings_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the settings' folder by their limits; in another nothing is deleted."""
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    SettingsFile().save(Settings(most_recordings=1000, most_gigabytes=20))
    limits = []

    def begin(talk: LiveSession, **_: object) -> None:
        limits.append((talk.settings.most_recordings, talk.settings.most_gigabytes))
        raise DuologueError("Enough was seen.")

    monkeypatch.setattr(LiveSession, "begin", begin)
    for folder in (recordings_folder(), tmp_path / "other"):
        assert run("live", "--record", str(folder)) == 2
    assert limits == [(1000, 20), (100_000, 10_000)]
