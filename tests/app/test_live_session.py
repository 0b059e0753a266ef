"""A talk's end frees everything, whatever becomes of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.live_session import LiveSession
from app.settings import Settings
from app.sound_check import CARD_LOCK
from engine.record.recorder import Recorder
from engine.syncllm.duplex import Duplex
from tests.app.window.fast_card import FastCard
from tests.engine.tiny_bundle import write_tiny_bundle


def test_a_recording_that_fails_to_close_frees_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_recorder: Recorder) -> None:
        raise OSError("the drive is gone")

    closed: list[Duplex] = []
    honest = Duplex.close

    def noted(duplex: Duplex) -> None:
        closed.append(duplex)
        honest(duplex)

    monkeypatch.setattr(Recorder, "close", fails)
    monkeypatch.setattr(Duplex, "close", noted)
    bundle = write_tiny_bundle(tmp_path / "bundle").folder
    settings = Settings(bundle=bundle, echo_cancelling=False)
    talk = LiveSession(settings, tmp_path / "talks", make_card=FastCard)
    talk.begin()
    with pytest.raises(OSError, match="gone"):
        talk.end()
    assert len(closed) == 1
    assert CARD_LOCK.acquire(timeout=0)
    CARD_LOCK.release()
