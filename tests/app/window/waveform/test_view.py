"""The waveform view: what is drawn is where it was heard, and the picture can be moved about."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.timeline import COLUMN_SAMPLES, Mark, MarkKind, Timeline
from app.window import theme
from app.window.pages.events_table import EventsTable
from app.window.waveform.view import WaveformView
from engine.record.recorder import Recorder
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex
from engine.talk.live_conversation import LiveConversation
from engine.talk.live_events import Levels
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.simulated_card import SimulatedCard
from tests.engine.tiny_bundle import write_tiny_bundle

_WIDTH, _HEIGHT = 900, 400


@pytest.fixture
def view(qtbot: QtBot) -> WaveformView:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    made = WaveformView()
    qtbot.addWidget(made)
    made.resize(_WIDTH, _HEIGHT)
    made.show()
    qtbot.waitExposed(made)
    return made


def spoken(*spans_s: tuple[float, float], seconds: float = 20, agent: bool = False) -> Timeline:
    """A finished talk in which one speaks at certain times."""
    timeline = Timeline(160, 160, 0)
    columns = round(seconds * SAMPLE_RATE_HZ / COLUMN_SAMPLES)
    loud, silence = timeline.user, timeline.agent
    if agent:
        loud, silence = silence, loud
    for column in range(columns):
        at = column * COLUMN_SAMPLES / SAMPLE_RATE_HZ
        speaks = any(start <= at < end for start, end in spans_s)
        loud.append(np.full(1, 0.5 if speaks else 0.0), speaks)
        silence.append(np.zeros(1), False)
    return timeline


def coloured(image: QImage, colour: str, rows: range) -> np.ndarray:
    """bool (pixels,): columns of the picture that have much of a colour in these rows."""
    wanted = QColor(colour).rgb()
    ratio = image.devicePixelRatio()
    return np.array(
        [
            sum(image.pixelColor(x, round(y * ratio)).rgb() == wanted for y in rows) > 10
            for x in range(image.width())
        ]
    )


def seconds_at(view: WaveformView, px: float) -> float:
    return float(view._sample_at(px)) / SAMPLE_RATE_HZ


@pytest.mark.parametrize("agent", [False, True])
def test_sound_is_drawn_where_it_was_heard(view: WaveformView, agent: bool) -> None:
    timeline = spoken((5.0, 6.5), agent=agent)
    view.set_timeline(timeline, live=False)
    view.show_cursor(5 * SAMPLE_RATE_HZ)
    while seconds_at(view, _WIDTH) - seconds_at(view, 0) > 3:
        view.zoom(1.25, 200)
    view._move_to(4.5 * SAMPLE_RATE_HZ)
    view.show_cursor(None)
    image = view.grab().toImage()
    colour, rows = (
        (theme.LIGHT.agent, range(_HEIGHT // 2, _HEIGHT - 30))
        if agent
        else (theme.LIGHT.user, range(20, _HEIGHT // 2))
    )
    seen = np.flatnonzero(coloured(image, colour, rows))
    assert seconds_at(view, seen[0]) == pytest.approx(5.0, abs=0.005)
    assert seconds_at(view, seen[-1] + 1) == pytest.approx(6.5, abs=0.005 + 3 / view._px_second)


def test_overlap_is_shaded(view: WaveformView) -> None:
    timeline = Timeline(160, 160, 0)
    for column in range(600):
        timeline.user.append(np.full(1, 0.3), 100 <= column < 300)
        timeline.agent.append(np.full(1, 0.3), 200 <= column < 400)
    view.set_timeline(timeline, live=False)
    assert view.describe(int(2.5 * SAMPLE_RATE_HZ)).endswith("both speak")
    assert view.describe(int(1.5 * SAMPLE_RATE_HZ)).endswith("you speak")
    assert view.describe(int(3.5 * SAMPLE_RATE_HZ)).endswith("the agent speaks")
    image = view.grab().toImage()
    lane = _HEIGHT // 2  # between the lanes nothing else is drawn but the shade
    card = image.pixelColor(int(view._px_of(4.8 * SAMPLE_RATE_HZ)), lane - 8).rgb()
    shade = image.pixelColor(int(view._px_of(2.5 * SAMPLE_RATE_HZ)), lane - 8).rgb()
    assert shade != card


def test_keys_and_wheel_move_and_zoom(view: WaveformView, qtbot: QtBot) -> None:
    view.set_timeline(spoken((1, 19)), live=False)
    width_s = seconds_at(view, _WIDTH) - seconds_at(view, 0)
    assert width_s == pytest.approx(20, rel=0.1)
    view.setFocus()
    for _ in range(8):
        qtbot.keyClick(view, Qt.Key.Key_Plus)
    closer_s = seconds_at(view, _WIDTH) - seconds_at(view, 0)
    assert closer_s < width_s / 4
    before = seconds_at(view, 0)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert seconds_at(view, 0) > before
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert seconds_at(view, 0) == 0
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert seconds_at(view, _WIDTH) - seconds_at(view, 0) > closer_s


def test_a_click_tells_its_time(view: WaveformView, qtbot: QtBot) -> None:
    view.set_timeline(spoken((1, 19)), live=False)
    with qtbot.waitSignal(view.time_clicked) as told:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(450, 100))
    assert told.args[0] / SAMPLE_RATE_HZ == pytest.approx(seconds_at(view, 450), abs=0.05)


def test_a_click_beyond_37_hours_tells_its_time(view: WaveformView, qtbot: QtBot) -> None:
    """More samples than Qt's whole numbers hold."""
    timeline = Timeline(160, 160, 0)
    columns = 40 * 3600 * SAMPLE_RATE_HZ // COLUMN_SAMPLES
    for track in (timeline.user, timeline.agent):
        track.append(np.zeros(columns), False)
    view.set_timeline(timeline, live=False)
    qtbot.keyClick(view, Qt.Key.Key_End)
    with qtbot.waitSignal(view.time_clicked) as told:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(_WIDTH - 2, 100))
    assert told.args == [timeline.length_samples]
    table = EventsTable("Time", "Event", lambda mark: str(mark))
    qtbot.addWidget(table)
    table.show_rows([(2**31 + 5, Mark(2**31 + 5, MarkKind.PAUSE))])
    with qtbot.waitSignal(table.chosen) as told:
        table.clicked.emit(table.model().index(0, 1))
    assert told.args == [2**31 + 5]
    view.show_cursor(told.args[0])
    view.repaint()


def test_a_live_talk_is_followed_until_scrolled_and_again_at_the_end(
    view: WaveformView, qtbot: QtBot
) -> None:
    timeline = spoken((1, 2), seconds=60)
    view.set_timeline(timeline, live=True)
    assert view.follows
    qtbot.waitUntil(lambda: seconds_at(view, _WIDTH) > 59)
    frames = view.frames
    timeline.user.append(np.full(30, 0.5), True)
    timeline.agent.append(np.zeros(30), False)
    qtbot.waitUntil(lambda: view.frames > frames)
    view.scroll(-300)
    assert not view.follows
    left = seconds_at(view, 0)
    timeline.user.append(np.full(30, 0.5), True)
    timeline.agent.append(np.zeros(30), False)
    qtbot.wait(100)
    assert seconds_at(view, 0) == left
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.follows
    view.end_live()
    frames = view.frames
    qtbot.wait(100)
    assert view.frames <= frames + 1


def test_hours_are_drawn_at_once(view: WaveformView) -> None:
    timeline = Timeline(160, 160, 0)
    peaks = np.full(360_000, 0.5)
    for _ in range(8):
        timeline.user.append(peaks, True)
        timeline.agent.append(peaks, False)
    view.set_timeline(timeline, live=False)
    image = view.grab().toImage()
    assert coloured(image, theme.LIGHT.user, range(20, _HEIGHT // 2)).sum() > _WIDTH / 2
    assert seconds_at(view, _WIDTH) == pytest.approx(8 * 3600, rel=0.1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A talk of the tiny bundle on a simulated card, with a click in the microphone."""
    bundle: Bundle = write_tiny_bundle(tmp_path_factory.mktemp("bundle"))
    duplex = Duplex(bundle, 160)
    recorder = Recorder(tmp_path_factory.mktemp("talks"), duplex)
    microphone = np.zeros(6 * SAMPLE_RATE_HZ, np.float32)
    microphone[3 * SAMPLE_RATE_HZ : 3 * SAMPLE_RATE_HZ + 16] = 0.9
    card = SimulatedCard(
        microphone, on_block=lambda card: live.stop() if card.seconds >= 6 else None
    )
    live = LiveConversation(duplex, card, None, recorder)
    live.run()
    recorder.close()
    duplex.close()
    return recorder.folder


def test_a_recording_is_drawn_to_5_ms(view: WaveformView, recorded: Path) -> None:
    audio, _ = soundfile.read(recorded / "conversation.flac", dtype="float32")
    click_s = int(np.abs(audio[:, 0]).argmax()) / SAMPLE_RATE_HZ
    timeline = Timeline.of_recording(recorded)
    view.set_timeline(timeline, live=False)
    for _ in range(40):
        view.zoom(1.25, 0)
    view._move_to((click_s - 0.1) * SAMPLE_RATE_HZ)
    image = view.grab().toImage()
    seen = np.flatnonzero(coloured(image, theme.LIGHT.user, range(20, _HEIGHT // 2)))
    middle = (seconds_at(view, seen[0]) + seconds_at(view, seen[-1] + 1)) / 2
    assert middle == pytest.approx(click_s, abs=0.005 + 2 / view._px_second)


def test_estimates_are_told_as_correct_or_not(view: WaveformView, recorded: Path) -> None:
    timeline = Timeline.of_recording(recorded)
    view.set_timeline(timeline, live=False)
    chunk = timeline.chunk_samples
    said = [view.describe(index * chunk + 10) for index in range(2, 30)]
    assert any("estimated correctly" in text for text in said)
    assert any("estimated wrongly" in text for text in said)


def test_every_mark_has_words_in_the_view(view: WaveformView) -> None:
    words = {view.mark_text(Mark(0, kind)) for kind in MarkKind}
    assert len(words) == len(MarkKind)


def test_a_scrolled_picture_is_that_of_a_fresh_one(view: WaveformView) -> None:
    spans = [(at, at + 0.7) for at in range(1, 19, 2)]
    view.set_timeline(spoken(*spans), live=False)
    for _ in range(6):
        view.zoom(1.25, 0)
    for step in (0, 40, 33, -50, 120, 7, -20):
        view.scroll(step)
        scrolled = view.grab().toImage()
        view._settled.forget()
        assert view.grab().toImage() == scrolled, step


def live_events() -> Iterator[Levels]:
    """30 s in which both speak now and then, at once too, with a pause."""
    start = 0
    for step in range(600):
        user, agent = step % 50 < 20, step % 34 < 16
        peaks = [0.1 + 0.08 * (step * 7 % 11) if speaks else 0.01 for speaks in (user, agent)]
        place = None if 300 <= step < 310 else start
        yield Levels(-20, -20, (peaks[0],) * 5, (peaks[1],) * 5, user, agent, place)
        start += 0 if place is None else 5 * COLUMN_SAMPLES


def test_a_running_picture_is_that_of_a_fresh_one(view: WaveformView) -> None:
    """Whatever was painted before, and however little of it each frame has painted again."""
    timeline = Timeline(160, 160, 0)
    view.set_timeline(timeline, live=True)
    view._timer.stop()  # each step has its frame
    for step, event in enumerate(live_events()):
        timeline.add(event)
        if step % 70 == 60:  # in the past, where all is settled
            timeline._mark(Mark(timeline.length_samples - 3 * SAMPLE_RATE_HZ, MarkKind.LOST))
        if step == 400:
            view.scroll(-90)  # from here on it stands still
        view._tick()
        QApplication.processEvents()
        if step % 9:
            continue
        seen = view.screen().grabWindow(view.winId()).toImage()
        view._settled.forget()
        fresh = view.grab().toImage()
        assert seen.convertToFormat(fresh.format()) == fresh, step


def test_a_computer_without_time_gets_fewer_frames(view: WaveformView) -> None:
    often_ms = view._timer.interval()
    view.set_sparing(True)
    assert view._timer.interval() > 3 * often_ms
    view.set_sparing(False)
    assert view._timer.interval() == often_ms


def test_marks_close_together_stand_side_by_side(view: WaveformView) -> None:
    timeline = spoken((1, 19))
    near = 5 * SAMPLE_RATE_HZ
    marks = [
        Mark(near + 100 * place, kind)
        for place, kind in enumerate((MarkKind.USER_INTERRUPTS, MarkKind.YIELD, MarkKind.LATE))
    ]
    pictures = []
    for seen in range(len(marks) + 1):
        timeline.marks = marks[:seen]
        view.set_timeline(timeline, live=False)
        pictures.append(view.grab().toImage())
    for place, (before, after) in enumerate(pairwise(pictures)):
        changed = [
            x
            for x in range(_WIDTH)
            if any(before.pixel(x, y) != after.pixel(x, y) for y in range(_HEIGHT))
        ]
        middle = view._px_of(near) + 10 * place
        assert changed and middle - 6 < changed[0] <= changed[-1] < middle + 6
