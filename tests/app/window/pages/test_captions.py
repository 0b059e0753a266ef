"""Captions: words below the waveform as they are said, and again where a recording is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.window import theme, worker
from app.window.language import use_language
from app.window.pages.captions import Captions
from engine.record.events import ChunkRecord
from engine.record.transcript import Side, Transcript
from tests.app.window.test_main_window import Stage, settings_of
from tests.engine.tiny_bundle import write_tiny_bundle

_CHUNK = 2560
_SMALL = QSize(800, 560)
Bundles = dict[str, Path]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """None, the agent's, and both speakers' words."""
    folder = tmp_path_factory.mktemp("bundles")
    return {
        "none": write_tiny_bundle(folder / "none").folder,
        "own": write_tiny_bundle(folder / "own", text=True).folder,
        "both": write_tiny_bundle(folder / "both", text=True, heard=True).folder,
    }


@pytest.fixture
def open_stage(bundles: Bundles, tmp_path: Path, qtbot: QtBot) -> Iterator[Callable[[str], Stage]]:
    stages: list[Stage] = []

    def make(kind: str) -> Stage:
        stages.append(Stage(settings_of(bundles[kind], tmp_path), qtbot))
        return stages[-1]

    yield make
    for stage in stages:
        assert stage.window.session.close()
    assert worker.wait_for_all()


def seen(captions: Captions) -> list[Side]:
    return [side for side, words in captions.words.items() if words.isVisible()]


@pytest.mark.parametrize(("kind", "sides"), [("own", ["agent"]), ("both", ["user", "agent"])])
def test_a_talk_has_captions_for_whom_the_model_writes(
    open_stage: Callable[[str], Stage], kind: str, sides: list[Side]
) -> None:
    stage = open_stage(kind)
    captions = stage.window.talk.captions
    assert not captions.isVisible()
    stage.window.resize(_SMALL)
    stage.talk()
    assert seen(captions) == sides
    stage.wait(lambda: all(captions.words[side].text() for side in sides))
    assert stage.window.size() == _SMALL
    stage.end()
    timeline = stage.window.session.timeline
    assert timeline
    for side in sides:
        newest = timeline.transcript.newest(side)
        assert newest
        assert captions.words[side].accessibleName() == newest.text


def test_a_model_without_words_shows_nothing_of_them(open_stage: Callable[[str], Stage]) -> None:
    stage = open_stage("none")
    stage.talk()
    assert not stage.window.talk.captions.isVisible()
    stage.end()
    page = stage.window.conversations
    stage.window.show_page(1)
    stage.wait(lambda: page.list.count() == 1 and page.play_button.isEnabled())
    assert not page.captions.isVisible()
    assert not page.export_button.exports["transcript"].isVisible()


def test_a_recording_shows_and_exports_its_words(
    open_stage: Callable[[str], Stage], tmp_path: Path
) -> None:
    stage = open_stage("both")
    stage.talk()
    captions = stage.window.talk.captions
    stage.wait(lambda: bool(captions.words["agent"].text() and captions.words["user"].text()))
    stage.end()
    page = stage.window.conversations
    stage.window.show_page(1)
    stage.wait(lambda: page.list.count() == 1 and page.play_button.isEnabled())
    assert seen(page.captions) == ["user", "agent"]
    timeline = stage.window.session.timeline
    assert timeline
    first = next(line for line in timeline.transcript.lines if line.side == "agent")
    rows = page.events.texts()
    assert f"Agent: {first.text}" in rows
    assert any(row.startswith("You: ") for row in rows)
    assert f"Agent: {first.text}" in page.transcript.words.toPlainText()
    row = rows.index(f"Agent: {first.text}")
    page.events.clicked.emit(page.events.model().index(row, 0))
    assert page.captions.words["agent"].accessibleName() == first.text
    assert page.export_button.exports["transcript"].isVisible()
    target = tmp_path / "words.txt"
    page.export_button.export("transcript", target)
    stage.wait(lambda: str(target) in stage.window.notice_label.text())
    assert target.read_text() == (stage.recordings[0] / "transcript.txt").read_text()


@pytest.fixture
def captions(qtbot: QtBot) -> Captions:
    made = Captions()
    qtbot.addWidget(made)
    return made


def words(text: str) -> Transcript:
    """A transcript in which the agent has said a text from the first chunk on."""
    transcript = Transcript(_CHUNK, ["agent"])
    transcript.add(ChunkRecord.model_construct(index=0, own_text=[f" {text}"], heard_text=[]))
    return transcript


def test_of_a_long_line_the_end_is_seen(captions: Captions, qtbot: QtBot) -> None:
    captions.resize(300, 60)
    captions.set_transcript(words(" ".join(map(str, range(100, 200)))))
    captions.show_newest()
    captions.show()
    qtbot.waitExposed(captions)
    label, spacing = captions.words["agent"], captions.fontMetrics().lineSpacing()
    first, second = label.text().split("\n")
    assert second.split()[-1] == "199"
    assert int(first.split()[-1]) + 1 == int(second.split()[0])
    assert label.fontMetrics().horizontalAdvance(first) <= label.width()
    assert label.height() == 2 * spacing
    captions.fit_to_height(100)
    assert (label.text(), label.height()) == (second, spacing)
    captions.resize(5000, 60)
    assert label.text().startswith("100 ")
    assert label.accessibleName().startswith("100 ")


def test_the_words_of_a_moment(captions: Captions) -> None:
    captions.set_transcript(words("nine"))
    captions.show_at(0)
    assert captions.words["agent"].text() == ""
    captions.show_at(_CHUNK)
    assert captions.words["agent"].text() == "nine"
    captions.set_transcript(None)
    assert captions.words["agent"].text() == ""


def test_whose_words_they_are_is_said_in_the_themes_colour_and_in_german(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    use_language(app, "de")
    try:
        theme.apply(app, theme.LIGHT)
        captions = Captions()
        qtbot.addWidget(captions)
        captions.set_transcript(words("nine"))
        captions.show()
        qtbot.waitExposed(captions)
        name = captions.names["user"]
        assert (name.accessibleName(), theme.LIGHT.user in name.text()) == ("Sie", True)
        theme.apply(app, theme.DARK)
        assert theme.DARK.user in name.text()
    finally:
        theme.apply(app, theme.LIGHT)
        use_language(app, "en")
