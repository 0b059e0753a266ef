"""From the first click to the agent's voice in the recording, through the window and a real card.

No assertion depends on how fast the machine is, but that it speaks at all.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.settings import Settings, SettingsFile
from app.talk_state import State
from app.window import worker
from app.window.main_window import MainWindow
from engine.record.events import EVENTS_NAME, ChunkRecord, TalkRecord, read_events
from engine.sound.level import levels_db
from engine.sound.turn_taking import voice_activity
from engine.syncllm.bundle import load_bundle
from engine.talk.live_events import ChunkDone
from engine.timebase import FRAME_MS, SAMPLE_RATE_HZ
from tests.live.virtual_card import ROOT, VirtualCard, on_one

pytestmark = pytest.mark.live
USER = ROOT / "resources" / "samples" / "user.flac"
_WAIT_MS = 60_000


def speech_seconds(path: Path, side: int) -> float:
    """How much is spoken on one track of a recording."""
    sound, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == SAMPLE_RATE_HZ
    return sum(span.duration_ms for span in voice_activity(levels_db(sound[:, side].copy()))) / 1000


@on_one
def test_a_user_talks_and_changes_the_chunk_size(
    virtual_card: VirtualCard, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    SettingsFile().save(Settings(first_run_done=True, language="en"))
    window = MainWindow(SettingsFile())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    chunks: list[ChunkDone] = []
    recordings: list[Path] = []
    states: list[State] = []
    window.session.event_received.connect(
        lambda event: chunks.append(event) if isinstance(event, ChunkDone) else None
    )
    window.session.ended.connect(recordings.append)
    window.session.state_changed.connect(states.append)

    silence = load_bundle().manifest.own_silence_unit

    def spoken_in_time() -> float:
        frames = (unit for done in chunks if not done.late_ms for unit in done.step.own_frames)
        return sum(unit != silence for unit in frames) * FRAME_MS / 1000

    def talk(chunks_more: int, spoken_s: float = 0.0) -> None:
        before = len(chunks)
        with virtual_card.say(USER):
            qtbot.waitUntil(
                lambda: len(chunks) >= before + chunks_more and spoken_in_time() >= spoken_s,
                timeout=_WAIT_MS,
            )

    qtbot.mouseClick(window.talk.start_button, Qt.MouseButton.LeftButton)
    # Twelve seconds, and longer where the machine is too slow to speak in time at first.
    talk(75, spoken_s=2.0)
    page = window.settings_page
    window.show_page(3)
    qtbot.waitUntil(lambda: page.chunk.count() >= 3, timeout=_WAIT_MS)
    row = next(i for i in range(page.chunk.count()) if page.chunk.itemText(i).startswith("240"))
    page.chunk.setFocus()
    for _ in range(row - page.chunk.currentIndex()):
        qtbot.keyClick(page.chunk, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: len(recordings) == 1, timeout=_WAIT_MS)
    window.show_page(0)
    talk(50)
    qtbot.keyClick(window.windowHandle(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.session.running, timeout=_WAIT_MS)
    assert worker.wait_for_all()

    assert State.USER_SPEAKS in states and State.LISTENING in states
    assert len(recordings) == 2
    lengths = []
    for folder in recordings:
        records = list(read_events(folder / EVENTS_NAME))
        assert isinstance(records[0], TalkRecord)
        lengths.append(records[0].chunk_ms)
        steps = [record for record in records if isinstance(record, ChunkRecord)]
        assert [step.index for step in steps] == list(range(len(steps)))
        assert speech_seconds(folder / "conversation.flac", 0) > 1.0
    assert lengths == [160, 240]
    # The agent's reply is in the recording: what it said, as the card got it.
    assert sum(speech_seconds(folder / "conversation.flac", 1) for folder in recordings) > 1.0
