"""The window through real clicks and keys, over a talk on a simulated card."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.bundle_store import InstalledBundle
from app.live_session import LiveSession
from app.part_store import import_part
from app.settings import Settings, SettingsFile
from app.talk_state import State
from app.window import worker
from app.window.main_window import MainWindow
from app.window.pages import bundles as bundles_page
from app.window.pages import conversations as conversations_page
from app.window.pages.words_help import WordsHelp
from app.window.session import Session
from engine.card.sound_card import DuplexBlock
from engine.errors import DuologueError
from engine.minds.told import Activity
from engine.talk.live_events import ChunkDone
from tests.app.tiny_part import quiet, write_tiny_part
from tests.app.window.fast_card import FastCard
from tests.engine.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).resolve().parents[3]
_WAIT_MS = 20_000
_LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle")).folder


class Stage:
    """An open window; its talks run on a card of a chosen kind."""

    def __init__(self, settings: Settings, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.card_kind: type[FastCard] = FastCard
        self.cards: list[FastCard] = []
        self.chunks = 0
        self.recordings: list[Any] = []
        SettingsFile().save(settings)
        session = Session(settings, self._make)
        session.event_received.connect(self._count)
        session.ended.connect(self.recordings.append)
        self.window = MainWindow(SettingsFile(), session=session)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)

    def _make(
        self, settings: Settings, folder: Path | None, report: Any, **more: Any
    ) -> LiveSession:
        def card(*devices: Any) -> Any:
            self.cards.append(self.card_kind(*devices))
            return self.cards[-1]

        return LiveSession(settings, folder, report, make_card=card, **more)

    def _count(self, event: object) -> None:
        self.chunks += isinstance(event, ChunkDone)

    def wait(self, check: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(check, timeout=_WAIT_MS)

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible() and widget.isEnabled()
        self.qtbot.mouseClick(widget, _LEFT)

    def key(self, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.window.windowHandle(), key, modifier)

    def talk(self) -> None:
        """Begin by the large button and hear the first chunks."""
        self.click(self.window.talk.start_button)
        before = self.chunks
        self.wait(lambda: self.chunks > before + 2)

    def end(self) -> None:
        self.key(Qt.Key.Key_Escape)
        self.wait(lambda: not self.window.session.running)


def settings_of(bundle: Path, tmp_path: Path, **more: Any) -> Settings:
    values = {
        "bundle": bundle,
        "recording_folder": tmp_path / "talks",
        "echo_cancelling": False,
        "first_run_done": True,
        "language": "en",
        **more,
    }
    return Settings.model_validate(values)


@pytest.fixture
def stage(bundle_folder: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[Stage]:
    made = Stage(settings_of(bundle_folder, tmp_path), qtbot)
    yield made
    assert made.window.session.close()
    assert worker.wait_for_all()


def test_a_talk_by_click_and_escape(stage: Stage) -> None:
    page = stage.window.talk
    assert page.state_label.text() == "Ready to talk"
    stage.talk()
    assert page.state_label.text() in (
        "Listening",
        "You speak",
        "The agent speaks",
        "Both speak",
        "Late",
    )
    assert page.metrics_panel.isVisible() and page.start_button.text().startswith("&Stop")
    said: list[str] = []
    stage.window.session.state_changed.connect(lambda _state: said.append(page.state_label.text()))
    stage.key(Qt.Key.Key_Escape)
    stage.wait(lambda: not stage.window.session.running)
    assert said[-2:] == ["Stopping", "Ready to talk"]
    assert page.state_label.text() == "Ready to talk"
    assert (stage.recordings[0] / "conversation.flac").is_file()


def test_keys_mute_and_pause(stage: Stage) -> None:
    stage.talk()
    session, page = stage.window.session, stage.window.talk
    stage.key(Qt.Key.Key_M)
    stage.wait(lambda: session.state == State.MUTED)
    assert page.mute_button.isChecked() and page.mute_button.text() == "Un&mute"
    stage.key(Qt.Key.Key_M)
    stage.wait(lambda: session.state != State.MUTED)
    assert page.mute_button.text() == "&Mute"
    stage.key(Qt.Key.Key_P)
    stage.wait(lambda: session.state == State.PAUSED)
    assert page.pause_button.isChecked()
    stage.click(page.pause_button)
    assert not session.paused
    stage.end()


def test_hold_to_talk_by_the_space_bar(bundle_folder: Path, tmp_path: Path, qtbot: QtBot) -> None:
    stage = Stage(settings_of(bundle_folder, tmp_path, hold_to_talk=True), qtbot)
    stage.talk()
    session = stage.window.session
    assert session.state == State.MUTED
    assert stage.window.talk.state_label.text() == "Hold to talk"
    handle = stage.window.windowHandle()
    qtbot.keyPress(handle, Qt.Key.Key_Space)
    assert session.talk_key_held
    stage.wait(lambda: session.state in (State.USER_SPEAKS, State.BOTH_SPEAK))
    qtbot.keyRelease(handle, Qt.Key.Key_Space)
    assert not session.talk_key_held and session.running
    assert session.close()


def test_a_talk_key_let_go_on_another_page_is_up(
    bundle_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    stage = Stage(settings_of(bundle_folder, tmp_path, hold_to_talk=True), qtbot)
    stage.talk()
    handle = stage.window.windowHandle()
    qtbot.keyPress(handle, Qt.Key.Key_Space)
    assert stage.window.session.talk_key_held
    stage.window.show_page(1)
    qtbot.keyRelease(handle, Qt.Key.Key_Space)
    assert not stage.window.session.talk_key_held
    assert stage.window.session.close()


def test_who_muted_sees_it_between_talks_and_can_open_it(stage: Stage) -> None:
    page, session = stage.window.talk, stage.window.session
    stage.key(Qt.Key.Key_M)
    stage.wait(lambda: session.muted)
    assert "is muted" in page.hint_label.text()
    stage.talk()
    stage.wait(lambda: session.state == State.MUTED)
    assert "microphone stays open" in page.hint_label.text()
    stage.window.change(stage.window.settings.model_copy(update={"chunk_ms": 240}))
    stage.wait(lambda: len(stage.cards) == 2 and session.state == State.MUTED)
    assert page.mute_button.isChecked() and page.mute_button.text() == "Un&mute"
    stage.end()
    assert session.muted and page.mute_button.isEnabled()
    stage.key(Qt.Key.Key_M)
    stage.wait(lambda: not session.muted)
    assert "muted" not in page.hint_label.text()


def test_late_is_explained_and_longer_chunks_are_a_key_away(stage: Stage) -> None:
    window, page, session = stage.window, stage.window.talk, stage.window.session
    stage.talk()
    assert not page.remedy_button.isVisible()
    place = page.waveform.geometry()
    stage.cards[0].busy = True
    stage.wait(lambda: session.state == State.LATE)
    assert page.hint_label.text().startswith("Duologue is late: this computer is busy")
    assert page.remedy_button.isVisible() and page.waveform.geometry() == place
    assert page.remedy_button.text() == "&Longer chunks (200 ms)"
    page.remedy_button.setFocus()
    stage.key(Qt.Key.Key_Return)
    stage.wait(lambda: len(stage.cards) == 2 and session.longer_chunk_ms == 240)
    assert window.settings.chunk_ms == SettingsFile().load()[0].chunk_ms == 200
    assert window.settings_page.chunk.currentData() == 200
    stage.wait(lambda: session.state not in (State.LATE, State.LOADING))
    assert not page.remedy_button.isVisible()
    stage.end()


def test_with_the_longest_chunks_drawing_less_is_offered_until_it_is_over(
    bundle_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    stage = Stage(settings_of(bundle_folder, tmp_path, chunk_ms=240), qtbot)
    page, session = stage.window.talk, stage.window.session
    stage.talk()
    stage.cards[0].busy = True
    stage.wait(lambda: session.state == State.LATE)
    assert page.remedy_button.text() == "D&raw less"
    page.remedy_button.setFocus()
    stage.key(Qt.Key.Key_Space)
    stage.wait(lambda: stage.window.settings.draw_less)
    assert stage.window.settings_page.draw_less.isChecked()
    assert not page.remedy_button.isVisible() and page.waveform.hasFocus()
    assert session.state == State.LATE
    assert page.hint_label.text().endswith("Close other programs.")
    stage.cards[0].busy = False
    stage.wait(lambda: session.state != State.LATE)
    assert "late" not in page.hint_label.text()
    assert len(stage.cards) == 1
    stage.end()
    assert session.close()


def test_pages_by_click_and_key(stage: Stage) -> None:
    window = stage.window
    pages = (window.talk, window.conversations, window.models, window.settings_page)
    for index, page in enumerate(pages):
        stage.key(Qt.Key(Qt.Key.Key_1.value + index), Qt.KeyboardModifier.ControlModifier)
        assert page.isVisible()
    for button, page in zip(window._buttons.buttons(), pages, strict=True):
        stage.click(button)
        assert page.isVisible()


def test_settings_are_used_at_once_and_kept(stage: Stage) -> None:
    stage.talk()
    window = stage.window
    window.show_page(3)
    page = window.settings_page
    stage.wait(lambda: page.chunk.count() >= 3)
    page.chunk.setFocus()
    row = next(i for i in range(page.chunk.count()) if page.chunk.itemText(i).startswith("240"))
    for _ in range(row - page.chunk.currentIndex()):
        stage.qtbot.keyClick(page.chunk, Qt.Key.Key_Down)
    stage.wait(lambda: len(stage.cards) == 2)
    before = stage.chunks
    stage.wait(lambda: stage.chunks > before + 2)
    timeline = window.session.timeline
    assert timeline is not None and timeline.chunk_samples == 240 * 16
    assert SettingsFile().load()[0].chunk_ms == 240
    stage.end()
    assert [path.is_dir() for path in stage.recordings] == [True, True]


def test_an_engine_that_fails_offers_another_start(stage: Stage) -> None:
    class Broken(FastCard):
        def read(self, timeout_seconds: float) -> DuplexBlock | None:
            if self.seconds > 2:
                raise ZeroDivisionError("broken")
            return super().read(timeout_seconds)

    stage.card_kind = Broken
    stage.click(stage.window.talk.start_button)
    stage.wait(stage.window.again_button.isVisible)
    assert "ZeroDivisionError" in stage.window.notice_label.text()
    assert (stage.recordings[0] / "conversation.flac").is_file()
    stage.card_kind = FastCard
    stage.click(stage.window.again_button)
    before = stage.chunks
    stage.wait(lambda: stage.chunks > before + 2)
    assert not stage.window.notice_bar.isVisible()


def test_without_a_microphone_the_window_says_so(stage: Stage) -> None:
    class Absent(FastCard):
        absent = True

    stage.card_kind = Absent
    stage.click(stage.window.talk.start_button)
    stage.wait(stage.window.notice_bar.isVisible)
    assert stage.window.notice_label.text() == "There is no microphone; plug one in."
    assert stage.window.talk.state_label.text() == "Ready to talk"
    # Nothing was heard: there is no recording of it, not even a damaged one.
    stage.window.show_page(1)
    stage.wait(stage.window.conversations.empty_label.isVisible)


def test_a_recording_folder_that_cannot_be_made_is_named(
    bundle_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "file").write_text("no folder", "utf8")
    settings = settings_of(bundle_folder, tmp_path, recording_folder=tmp_path / "file" / "talks")
    stage = Stage(settings, qtbot)
    stage.click(stage.window.talk.start_button)
    stage.wait(stage.window.notice_bar.isVisible)
    assert "talks" in stage.window.notice_label.text()
    assert "report" not in stage.window.notice_label.text()
    assert stage.window.session.close()


def test_closing_while_talking_finishes_the_recording(stage: Stage) -> None:
    stage.talk()
    stage.window.close()
    stage.wait(lambda: not stage.window.isVisible())
    assert (stage.recordings[0] / "events.jsonl").read_text("utf8").rstrip().endswith("}")
    assert not stage.window.session.running


def test_first_run_can_be_skipped_and_is_not_shown_again(
    bundle_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    stage = Stage(settings_of(bundle_folder, tmp_path, first_run_done=False), qtbot)
    assert stage.window.first_run.isVisible()
    stage.click(stage.window.first_run.skip_button)
    assert stage.window.talk.isVisible()
    assert SettingsFile().load()[0].first_run_done


def test_copied_diagnostics_hold_figures_and_no_sound(stage: Stage) -> None:
    stage.talk()
    stage.click(stage.window.talk.diagnostics_button)
    stage.wait(lambda: "Copied" in stage.window.talk.hint_label.text())
    text = QApplication.clipboard().text()
    assert "chunk" in text.lower() and len(text) < 20_000
    assert "## llama.cpp\n\n    CPU: " in text
    stage.end()


def test_recorded_conversations_are_shown_exported_renamed_and_deleted(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.talk()
    stage.end()
    window, page = stage.window, stage.window.conversations
    window.show_page(1)
    stage.wait(lambda: page.list.count() == 1 and page.play_button.isEnabled())
    target = tmp_path / "out.wav"
    page.export_button.export("wav", target)
    stage.wait(lambda: str(target) in window.notice_label.text())
    assert target.stat().st_size > 10_000
    monkeypatch.setattr(
        conversations_page.QInputDialog, "getText", lambda *_a, **_k: ("Breakfast", True)
    )
    stage.click(page.rename_button)
    stage.wait(lambda: page.name_label.text() == "Breakfast")
    answers = iter([QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
    monkeypatch.setattr(conversations_page.QMessageBox, "question", lambda *_a: next(answers))
    stage.click(page.delete_button)
    assert page.list.count() == 1
    stage.click(page.delete_button)
    stage.wait(lambda: page.list.count() == 0)
    assert page.empty_label.isVisible() and not stage.recordings[0].exists()


def test_a_damaged_recording_is_listed_with_its_reason(stage: Stage) -> None:
    stage.talk()
    stage.end()
    (stage.recordings[0] / "conversation.flac").write_bytes(b"no sound")
    stage.window.show_page(1)
    page = stage.window.conversations
    stage.wait(lambda: "damaged" in page.about_label.text())
    assert page.list.count() == 1 and not page.play_button.isEnabled()


def test_bundles_are_imported_chosen_and_deleted(
    stage: Stage, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, page = stage.window, stage.window.models.bundles
    window.show_page(2)
    stage.wait(
        lambda: page.list.count() == 1 and "Duologue starter" in page.model_card.toPlainText()
    )
    page.import_from(bundle_folder)
    stage.wait(lambda: page.list.count() == 2 and page.list.currentRow() == 1)
    stage.click(page.use_button)
    chosen = window.settings.bundle
    assert chosen is not None and chosen.name.startswith("tiny")
    assert SettingsFile().load()[0].bundle == chosen
    assert not page.delete_button.isEnabled()  # it is in use
    page.list.setCurrentRow(0)
    stage.click(page.use_button)
    assert window.settings.bundle is None
    page.list.setCurrentRow(1)
    monkeypatch.setattr(
        bundles_page.QMessageBox, "question", lambda *_a: QMessageBox.StandardButton.Yes
    )
    stage.click(page.delete_button)
    stage.wait(lambda: page.list.count() == 1)
    assert not chosen.exists()


def test_the_assistants_line_says_when_a_timer_rings(stage: Stage) -> None:
    window, line = stage.window, stage.window.talk.said.line
    stage.wait(lambda: window.assistant._mind is not None)
    mind = window.assistant._mind
    assert mind is not None
    mind.turn("set a timer for an hour")
    stage.wait(lambda: window.assistant.newest_reminder == 1)
    window.session.assistant_did.emit(Activity("action", "Your timer is set."))
    assert "only while Duologue runs" in line.toolTip()
    window.session.assistant_did.emit(Activity("action", "It is noon."))
    assert line.toolTip() == "Done: It is noon."


def test_what_rings_between_conversations_is_a_notice(stage: Stage) -> None:
    stage.wait(lambda: stage.window.assistant._mind is not None)
    mind = stage.window.assistant._mind
    assert mind is not None
    mind.turn("set a timer for one second")
    stage.wait(lambda: "timer" in stage.window.notice_label.text())


def test_a_part_that_is_missing_leads_to_its_page(stage: Stage) -> None:
    window = stage.window
    window.show_page(3)
    button = window.settings_page.assistant.parts_button
    stage.wait(button.isVisible)
    button.click()
    assert window.models.parts.isVisible()


def test_the_server_is_shown_on_the_first_page_while_it_is_used(
    stage: Stage, tmp_path: Path
) -> None:
    import_part(write_tiny_part(tmp_path / "part"), quiet)
    window, server = stage.window, stage.window.talk.said.server
    window.models.text_model.changed.emit(
        {"text_model": "server", "text_server": "http://127.0.0.1:11434/v1"}
    )
    stage.wait(server.isVisible)
    assert "http://127.0.0.1:11434/v1" in server.text()
    assert SettingsFile().load()[0].text_server == "http://127.0.0.1:11434/v1"
    window.models.text_model.changed.emit({"text_model": "none"})
    stage.wait(lambda: not server.isVisible())


def test_the_help_on_words_opens_beside_the_conversation(stage: Stage) -> None:
    stage.talk()
    stage.click(stage.window.talk.said.words_button)
    (words,) = stage.window.findChildren(WordsHelp)
    assert "Set a timer for five minutes." in words.text.toPlainText()
    words.reject()
    assert stage.window.session.running
    stage.end()


def test_a_pull_that_fails_is_explained_and_can_be_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    stage.window.show_page(2)
    page = stage.window.models.bundles
    stage.qtbot.keyClicks(page.repository, "someone/tiny")
    stage.qtbot.keyClick(page.repository, Qt.Key.Key_Return)
    stage.wait(lambda: "check the connection" in page.status.text())
    assert page.pull_button.isEnabled() and not page.cancel_button.isVisible()


def test_a_running_pull_can_be_cancelled(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_name: str, progress: Callable[[int, int], None]) -> Path:
        while True:
            progress(1, 2)

    monkeypatch.setattr(bundles_page.bundle_store, "pull", endless)
    stage.window.show_page(2)
    page = stage.window.models.bundles
    page.repository.setText("someone/tiny")
    stage.click(page.pull_button)
    stage.wait(lambda: page.progress.value() == 500)
    stage.click(page.cancel_button)
    stage.wait(lambda: "Stopped" in page.status.text())
    assert page.pull_button.isEnabled()


def test_every_control_has_a_name_and_the_keyboard_reaches_it(stage: Stage) -> None:
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
    for index in range(4):
        stage.window.show_page(index)
        for kind in kinds:
            for control in stage.window.findChildren(kind):
                inner = isinstance(control.parent(), (QAbstractSpinBox, QComboBox))
                if not control.isVisible() or inner or control.objectName().startswith("qt_"):
                    continue
                interface = QAccessible.queryAccessibleInterface(control)
                assert interface.text(QAccessible.Text.Name), control
                # In a group one is reached by the tabulator, the others by arrows.
                grouped = isinstance(control, QAbstractButton) and control.group() is not None
                assert grouped or control.focusPolicy() & Qt.FocusPolicy.TabFocus, control


def test_a_broken_settings_file_is_told_and_kept(profile: Path, qtbot: QtBot) -> None:
    (profile / "config").mkdir(parents=True)
    (profile / "config" / "settings.json").write_text("{no settings", "utf8")
    window = MainWindow(SettingsFile())
    qtbot.addWidget(window)
    window.show()
    assert window.notice_bar.isVisible()
    assert list((profile / "config").glob("settings.broken*"))


def test_settings_that_cannot_be_kept_are_told_beside_what_else_there_is(
    stage: Stage,
) -> None:
    window = stage.window
    path = SettingsFile().path
    path.unlink()
    path.mkdir()  # nothing can be put in its place
    window.change(window.settings.model_copy(update={"gain_control": True}))
    window.show_notice("Something else.")
    first, second = window.notice_label.text().split("\n")
    assert str(path) in first and first.endswith("they apply until you close Duologue.")
    assert second == "Something else."
    window.change(window.settings.model_copy(update={"gain_control": False}))
    assert len(window.notice_label.text().split("\n")) == 2  # the same is not told twice


def test_a_failure_and_its_button_stay_when_more_is_told(stage: Stage) -> None:
    window = stage.window
    window._show_failure("The talk is over.")
    for number in range(5):
        window.show_notice(f"Notice {number}.")
    assert window.notice_label.text().split("\n") == [
        "The talk is over.", "Notice 3.", "Notice 4."
    ]  # fmt: skip
    assert window.again_button.isVisible()
    window.notice_bar._timer.timeout.emit()
    assert window.notice_label.text() == "The talk is over."
    stage.click(window.again_button)
    assert not window.notice_bar.isVisible()
    stage.end()


@pytest.mark.parametrize(
    "value", [2**31, -(2**31), 2**63, 10**40, 1e308, float("inf"), "\ud800", "\0", [], {}, None]
)
def test_the_window_opens_whatever_the_settings_hold(
    profile: Path, qtbot: QtBot, value: Any
) -> None:
    path = SettingsFile().path
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {name: value for name in Settings.model_fields if name != "language"}
    path.write_text(json.dumps({"version": 1, **content}))
    window = MainWindow(SettingsFile())
    qtbot.addWidget(window)
    window.show()
    window.show_page(3)
    window.change(window.settings)
    assert window.settings.gpu_layers == -1
    assert worker.wait_for_all()


@pytest.mark.parametrize(
    "model_card",
    [
        "| a | b |\n|---|---|\n" + "| x | y |\n" * 20_000,
        "|" + " a |" * 5000 + "\n|" + "---|" * 5000 + "\n|" + " x |" * 5000,
        "- a\n" * 100_000,
    ],
)
def test_a_long_card_is_shown_as_it_is_written(
    qtbot: QtBot, model_card: str, tmp_path: Path
) -> None:
    page = bundles_page.Bundles(None)
    qtbot.addWidget(page)
    page._fill([InstalledBundle(tmp_path, "Long", 1, model_card, False, "")], None)
    shown = page.model_card.toPlainText()
    assert shown.startswith("This model card is too long")
    assert model_card[:100] in shown
    starter = (ROOT / "resources" / "starter" / "MODEL_CARD.md").read_text("utf8")
    page._fill([InstalledBundle(tmp_path, "Starter", 1, starter, False, "")], None)
    assert "too long" not in page.model_card.toPlainText()


def test_work_that_fails_reaches_the_window_and_a_deleted_owner_hears_nothing(
    qtbot: QtBot,
) -> None:
    told: list[object] = []

    def fail() -> None:
        raise DuologueError("no")

    owner = QWidget()
    worker.run(fail, told.append, lambda error: told.append(str(error)), owner)
    qtbot.waitUntil(lambda: told == ["no"])
    worker.run(lambda: 1 / 0, told.append, lambda error: told.append("bug"), owner)
    qtbot.waitUntil(lambda: told == ["no", "bug"])
    gone = QWidget()
    worker.run(lambda: 3, told.append, told.append, gone)
    shiboken6.delete(gone)
    assert worker.wait_for_all()
    worker.run(lambda: 4, told.append, told.append, owner)
    qtbot.waitUntil(lambda: told[-1] == 4)
    assert 3 not in told
