"""The engine's thread asks for the priority of audio programs, for itself alone."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from engine.thread_priority import raise_for_audio


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a nice value of their own")
def test_only_the_thread_that_asks_is_raised() -> None:
    seen: dict[str, object] = {}

    def ask() -> None:
        thread = threading.get_native_id()
        before = os.getpriority(os.PRIO_PROCESS, thread)
        seen["agreed"] = raise_for_audio()
        seen["rose"] = os.getpriority(os.PRIO_PROCESS, thread) < before

    ours = os.getpriority(os.PRIO_PROCESS, 0)
    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()
    assert seen["agreed"] == seen["rose"]
    assert os.getpriority(os.PRIO_PROCESS, 0) == ours


def test_a_system_that_refuses_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    if sys.platform == "linux":

        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "setpriority", refuse)
        assert not raise_for_audio()
    else:
        assert raise_for_audio() in (True, False)
