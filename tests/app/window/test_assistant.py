"""The window's assistant: made and changed beside the window, and never under a conversation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import part_store
from app.assistant import text_models_folder
from app.folders import notes_folder
from app.settings import Settings
from app.window import worker
from app.window.assistant import Assistant
from tests.app.tiny_part import quiet, write_tiny_part

_WAIT_MS = 20_000


class Stage:
    def __init__(self, qtbot: QtBot, settings: Settings) -> None:
        self.qtbot, self.settings = qtbot, settings
        self.rung: list[str] = []
        self.assistant = Assistant(settings)
        self.assistant.rang.connect(self.rung.append)
        self.wait()

    def wait(self) -> None:
        with self.qtbot.waitSignal(self.assistant.able_changed, timeout=_WAIT_MS):
            pass

    def change(self, **values: object) -> None:
        self.settings = self.settings.model_copy(update=values)
        self.assistant.change(self.settings)
        self.wait()


@pytest.fixture
def stage(qtbot: QtBot, profile: Path, tmp_path: Path) -> Iterator[Stage]:
    part_store.import_part(write_tiny_part(tmp_path / "part"), quiet)
    made = Stage(qtbot, Settings(text_model="none"))
    yield made
    assert worker.wait_for_all(60_000)
    made.assistant.close()


def test_a_conversation_gets_the_mind_and_keeps_it(stage: Stage) -> None:
    mind = stage.assistant.talk_begins()
    assert mind is not None
    stage.change(most_sentences=1)
    assert mind.options.most_sentences == 3
    mind.turn("set a timer for five minutes")
    stage.qtbot.waitUntil(lambda: stage.assistant.newest_reminder == 1)
    stage.assistant.talk_ends()
    after = stage.assistant.talk_begins()
    assert after is not None and after is not mind and after.options.most_sentences == 1
    assert [one.kind for one in after.state.reminders] == ["timer"]
    stage.assistant.talk_ends()


def test_a_conversation_goes_without_it_where_something_is_missing(stage: Stage) -> None:
    for part in part_store.installed_parts():
        part_store.delete_part(part)
    assert stage.assistant.talk_begins() is None
    stage.assistant.talk_ends()
    stage.assistant.refresh()
    stage.wait()
    assert "part for hearing" in stage.assistant.able.missing


def test_who_wants_none_gets_none(stage: Stage) -> None:
    stage.change(assistant=False)
    assert stage.assistant.talk_begins() is None
    assert not stage.assistant.able.assistant and stage.assistant.newest_reminder == 0
    stage.assistant.talk_ends()


def test_a_text_model_that_is_installed_now_is_used_now(stage: Stage) -> None:
    stage.change(text_model="file")
    text_models_folder().mkdir(parents=True)
    (text_models_folder() / "SmolLM2-tiny.gguf").write_bytes(b"GGUF")
    stage.assistant.refresh()
    stage.wait()
    assert stage.assistant.able.text_model == "SmolLM2-tiny.gguf"
    mind = stage.assistant.talk_begins()
    assert mind is not None and mind.can_think
    stage.assistant.talk_ends()


def test_what_fell_due_while_closed_is_told_at_the_start(
    qtbot: QtBot, profile: Path, stage: Stage
) -> None:
    stage.assistant.close()
    notes_folder().mkdir(parents=True, exist_ok=True)
    due = {"number": 1, "kind": "reminder", "due_s": time.time() - 3600, "name": "call Ann"}
    (notes_folder() / "reminders.json").write_text(
        json.dumps({"version": 1, "next_number": 2, "reminders": [due]}), "utf8"
    )
    later = Stage(qtbot, Settings(text_model="none"))
    qtbot.waitUntil(lambda: bool(later.rung), timeout=_WAIT_MS)
    assert "While I was closed" in later.rung[0] and "call Ann" in later.rung[0]
    later.assistant.close()


def test_closed_it_makes_nothing_more(stage: Stage) -> None:
    stage.assistant.close()
    stage.assistant.refresh()
    stage.wait()
    assert stage.assistant.talk_begins() is None
    assert stage.assistant.own_actions == () and stage.assistant.own_problems == ()


def test_a_conversation_begins_with_the_settings_of_that_moment(stage: Stage) -> None:
    stage.assistant.change(stage.settings.model_copy(update={"assistant": False}))
    assert stage.assistant.talk_begins() is None  # whether or not the worker has come to it
    stage.assistant.talk_ends()
