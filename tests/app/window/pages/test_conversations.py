"""The page of recordings: bad ones are shown as far as they go and hide no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.window import worker
from app.window.pages.conversations import ConversationsPage
from engine.record.recordings import TITLE_NAME
from tests.app.bad_recordings import ALL, NO_SOUND
from tests.engine.recorded_talks import content, write_talk

MOST_MS = 20_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "talks"


def opened(qtbot: QtBot, folder: Path) -> ConversationsPage:
    page = ConversationsPage(lambda: folder, lambda: None)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    count = len(list(folder.iterdir()))
    qtbot.waitUntil(lambda: page.list.count() == count, timeout=MOST_MS)
    return page


def test_each_bad_recording_can_be_chosen(qtbot: QtBot, folder: Path) -> None:
    names = list(ALL)
    for index, name in enumerate(names):
        talk = write_talk(folder, f"conversation-20260101-{index:06}")
        if not (talk / TITLE_NAME).exists():
            (talk / TITLE_NAME).write_text(name)
        ALL[name](talk)
    before = content(folder)
    page = opened(qtbot, folder)
    notices: list[str] = []
    page.notice.connect(notices.append)
    played = damaged = 0
    for row in range(page.list.count()):
        page.list.setCurrentRow(row)
        entry = page._entries[row]
        name = names[int(entry.folder.name[-6:])]
        if name in NO_SOUND:
            assert "damaged" in page.about_label.text()
            damaged += 1
            continue
        qtbot.waitUntil(page.play_button.isEnabled, timeout=MOST_MS)
        assert page.name_label.text()
        page.grab()
        played += 1
    assert (played, damaged) == (len(ALL) - len(NO_SOUND), len(NO_SOUND))
    assert notices == []
    assert content(folder) == before


def test_a_talk_without_a_date_has_the_name_of_its_folder(qtbot: QtBot, folder: Path) -> None:
    talk = write_talk(folder, began="0001-01-01T00:00:00")
    write_talk(folder, "conversation-20260101-130000")
    page = opened(qtbot, folder)
    assert talk.name in [page.list.item(row).text().splitlines()[0] for row in range(2)]


@pytest.mark.parametrize("title", ["a/b", 'what: "this"?', "a\\b|c"])
def test_a_title_makes_a_files_name(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    talk = write_talk(folder)
    (talk / TITLE_NAME).write_text(title)
    page = opened(qtbot, folder)
    proposed: list[str] = []

    def cancel(_parent: object, _title: str, start: str, _filter: str) -> tuple[str, str]:
        proposed.append(Path(start).name)
        return "", ""

    monkeypatch.setattr("app.window.pages.export_button.QFileDialog.getSaveFileName", cancel)
    page.export_button._ask_target("wav")
    assert len(proposed[0]) == len(title) + 4
    assert not set('\\/:*?"<>|') & set(proposed[0])


def test_the_words_stand_beside_the_waveform_or_in_a_tab(qtbot: QtBot, folder: Path) -> None:
    write_talk(folder)
    page = opened(qtbot, folder)
    assert page.transcript.isVisible()
    left = page.waveform.mapTo(page, page.waveform.rect().topRight()).x()
    assert page.transcript.mapTo(page, page.transcript.rect().topLeft()).x() > left
    page.resize(700, 600)
    assert not page.transcript.isVisible() and page.events.isVisible()
    page._tabs.setCurrentIndex(1)
    assert page.transcript.isVisible()
    page.resize(1000, 700)
    assert page.transcript.isVisible() and page.events.isVisible()


def test_a_jump_that_waits_for_the_card_is_given_up_when_the_page_goes(
    qtbot: QtBot, folder: Path
) -> None:
    write_talk(folder)
    page = opened(qtbot, folder)
    qtbot.waitUntil(page.play_button.isEnabled, timeout=MOST_MS)
    page.play_button.click()
    page._jump(100)
    page.hide()
    assert worker.wait_for_all(60_000)
    qtbot.wait(10)
    assert page.playback.player is None and "Play" in page.play_button.text()
