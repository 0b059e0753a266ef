"""The folder of recordings: order by what they hold, and nothing deleted that is not ours."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.record import recordings as recordings_module
from engine.record.events import EVENTS_NAME, EventWriter, TalkRecord, read_events
from engine.record.recorder import Recorder
from engine.record.recordings import (
    LABELS_NAME,
    SOUND_NAME,
    TITLE_NAME,
    Hold,
    belongs_to_recording,
    delete_recording,
    is_held,
    next_order_ms,
    prune,
    recordings,
)
from engine.syncllm.duplex import Duplex
from tests.engine.recorded_talks import CHUNK, change_line, content, lines, put_lines, write_talk

LITTER = (".DS_Store", "desktop.ini", "Thumbs.db", ".directory", "._conversation.flac")


def listed(folder: Path) -> list[Path]:
    """From the oldest to the newest."""
    return [one.path for one in sorted(recordings(folder), key=lambda one: one.order)]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def record(duplex: Duplex, folder: Path, max_talks: int | None = None) -> Recorder:
    """A talk of a chunk that is still being recorded."""
    recorder = Recorder(folder, duplex, max_talks, 10**9)
    sound = np.zeros(CHUNK, np.float32)
    recorder.write(sound, sound, duplex.step(sound))
    return recorder


def test_the_oldest_go_first(tmp_path: Path) -> None:
    names = [f"conversation-20200101-0000{second:02}" for second in range(5)]
    paths = [
        write_talk(tmp_path, name, 2, began=f"2020-01-01T00:00:{min(second, 4):02}+00:00")
        for second, name in enumerate([*names, names[4] + "_2", names[4] + "_10"])
    ]
    assert prune(tmp_path, 4, 10**9) == [paths[2], paths[1], paths[0]]
    size_bytes = sum(file.stat().st_size for file in paths[3].iterdir())
    assert prune(tmp_path, 4, round(2.5 * size_bytes)) == [paths[4], paths[3]]
    assert prune(tmp_path, 0, 0) == [paths[5]]
    assert listed(tmp_path) == [paths[6]]


def test_the_order_is_that_of_the_content(tmp_path: Path) -> None:
    """Not of the names: clocks are set back for winter and stand in other places of the earth."""
    second = write_talk(tmp_path, "conversation-20251026-023000", began="2025-10-26T02:30:00+01:00")
    first = write_talk(tmp_path, "conversation-20251026-024500", began="2025-10-26T02:45:00+02:00")
    third = write_talk(
        tmp_path, "conversation-20240101-000000", order_ms=ms("2025-10-26T02:40:00+01:00")
    )
    assert listed(tmp_path) == [first, second, third]
    assert prune(tmp_path, 1, 10**9) == [second, first]


def test_a_clock_set_back_makes_no_talk_older(
    duplex: Duplex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_talk(tmp_path, began="2026-01-01T12:00:00+00:00")
    monkeypatch.setattr(recordings_module.time, "time_ns", lambda: 0)
    talks = []
    for _ in range(3):
        recorder = record(duplex, tmp_path, max_talks=3)
        recorder.close()
        talks.append(recorder.folder)
    assert listed(tmp_path) == talks
    assert not old.exists()
    assert next_order_ms(tmp_path) == ms("2026-01-01T12:00:00+00:00") + 4


def test_the_one_at_hand_never_goes(duplex: Duplex, tmp_path: Path) -> None:
    """Two that are from later than now, and a folder that takes no more."""
    later = [
        write_talk(tmp_path, f"conversation-20990101-00000{n}", began=f"2099-01-01T00:00:0{n}Z")
        for n in range(2)
    ]
    recorder = record(duplex, tmp_path, max_talks=2)
    assert listed(tmp_path) == [*later, recorder.folder]
    assert recorder.close()
    assert listed(tmp_path) == [later[1], recorder.folder]
    sound, _ = soundfile.read(recorder.folder / SOUND_NAME)
    assert len(sound) == CHUNK
    # Also where another was made newer meanwhile.
    newest = write_talk(tmp_path, "conversation-20300101-000000", order_ms=1 << 59)
    assert prune(tmp_path, 1, 1, at_hand=recorder.folder) == [newest, later[1]]


def test_what_another_talk_writes_never_goes(duplex: Duplex, tmp_path: Path) -> None:
    """A window and a terminal record into one folder."""
    first = record(duplex, tmp_path)
    second = record(duplex, tmp_path, max_talks=1)
    assert second.close()
    assert listed(tmp_path) == [first.folder, second.folder]
    assert not delete_recording(first.folder)
    assert first.close()
    assert len(content(first.folder)) == 3
    assert prune(tmp_path, 1, 10**9) == [first.folder]


def test_where_no_lock_tells_a_talk_with_an_end_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network volumes know none; what a killed program left there only the user deletes."""
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_arguments: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    over, broken, newest = (
        write_talk(tmp_path, f"conversation-20260101-12000{n}", order_ms=n) for n in range(3)
    )
    holds = [Hold(folder) for folder in (over, broken)]
    put_lines(broken, *lines(broken)[:-1])
    assert is_held(broken) is None
    assert prune(tmp_path, 1, 10**9) == [over]
    assert delete_recording(broken)
    for hold in holds:
        hold.release()
    assert listed(tmp_path) == [newest]


def test_what_a_killed_program_held_is_free(tmp_path: Path) -> None:
    folder = write_talk(tmp_path)
    (folder / "recording.lock").write_bytes(b"")
    assert not is_held(folder)
    assert delete_recording(folder)
    assert not folder.exists()


def test_a_talk_that_never_began_takes_no_place(duplex: Duplex, tmp_path: Path) -> None:
    kept = write_talk(tmp_path)
    recorder = Recorder(tmp_path, duplex, 1, 10**9)
    recorder.close()
    delete_recording(recorder.folder)
    assert listed(tmp_path) == [kept]


def test_without_limits_nothing_goes(duplex: Duplex, tmp_path: Path) -> None:
    kept = [write_talk(tmp_path, f"conversation-20200101-{n:06}", 1) for n in range(120)]
    recorder = Recorder(tmp_path, duplex)
    recorder.close()
    assert len(listed(tmp_path)) == len(kept) + 1


# --- strict and lenient ---------------------------------------------------------------------------


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    like = write_talk(tmp_path / "like", "conversation-20200101-000000")
    noted = write_talk(folder, "conversation-20200101-000001")
    (noted / "note.txt").write_text("keep this")
    exported = write_talk(folder, "conversation-20200101-000006")
    (exported / "export.wav").write_bytes(b"")
    named = write_talk(folder, "holiday")
    strange = write_talk(folder, "conversation-20200101-000002")
    (strange / EVENTS_NAME).write_text("not ours\n")
    timeless = write_talk(folder, "conversation-20200101-000007", began="0001-01-01T00:00:00")
    newer = write_talk(folder, "conversation-20200101-000008")
    change_line(newer, 0, version=99)
    (folder / "conversation-20200101-000003").mkdir()
    link = folder / "conversation-20200101-000004"
    link.symlink_to(like)
    linked = write_talk(folder, "conversation-20200101-000009")
    (linked / TITLE_NAME).symlink_to(like / SOUND_NAME)
    (folder / "conversation-20200101-000005").write_text("")
    newest = write_talk(folder, "conversation-20300101-000000", began="2030-01-01T00:00:00Z")
    before = content(tmp_path)
    assert prune(folder, 1, 1) == []
    assert content(tmp_path) == before
    shown = {noted, exported, named, strange, timeless, newer, link, linked, newest}
    assert set(listed(folder)) == shown


@pytest.mark.parametrize("name", LITTER)
def test_what_file_managers_leave_neither_hides_nor_keeps_a_recording(
    tmp_path: Path, name: str
) -> None:
    old = write_talk(tmp_path, began="2020-01-01T00:00:00Z")
    new = write_talk(tmp_path, "conversation-20260101-130000", began="2026-01-01T00:00:00Z")
    (old / name).write_bytes(b"icons")
    assert listed(tmp_path) == [old, new]
    assert prune(tmp_path, 1, 10**9) == [old]
    assert not old.exists()


def test_deleting_takes_only_what_is_ours(tmp_path: Path) -> None:
    folder = write_talk(tmp_path)
    (folder / LABELS_NAME).write_text("")
    (folder / "duologue-0123abcd.part").write_text("left by a killed program")
    (folder / "note.txt").write_text("keep this")
    (folder / ".DS_Store").write_bytes(b"icons")
    assert delete_recording(folder)
    assert set(content(folder)) == {"note.txt", ".DS_Store"}
    link = tmp_path / "link"
    link.symlink_to(write_talk(tmp_path, "other"))
    assert not delete_recording(link)
    assert len(content(link)) == 2


def test_a_recordings_own_files_are_known(tmp_path: Path) -> None:
    folder = write_talk(tmp_path)
    (tmp_path / "link.flac").symlink_to(folder / SOUND_NAME)
    assert belongs_to_recording(folder / SOUND_NAME)
    assert belongs_to_recording(folder / ".." / folder.name / EVENTS_NAME)
    assert belongs_to_recording(tmp_path / "link.flac")
    assert not belongs_to_recording(folder / "export.wav")
    (tmp_path / LABELS_NAME).write_text("")
    assert not belongs_to_recording(tmp_path / LABELS_NAME)


# --- events ---------------------------------------------------------------------------------------


def test_broken_lines_are_left_out_where_that_will_do(tmp_path: Path) -> None:
    folder = write_talk(tmp_path, chunks=3)
    head, *chunks, summary = (folder / EVENTS_NAME).read_bytes().splitlines(keepends=True)
    put_lines(folder, head, chunks[0], b"{broken\n", chunks[1], b"\0" * 5_000_000, b"\n", summary)
    kinds = [record.kind for record in read_events(folder / EVENTS_NAME, lenient=True)]
    assert kinds == ["talk", "chunk", "chunk", "summary"]
    with pytest.raises(DuologueError, match="damaged in line 3"):
        list(read_events(folder / EVENTS_NAME))
    assert list(read_events(tmp_path / "none", lenient=True)) == []


def test_events_are_never_written_over_others(tmp_path: Path) -> None:
    folder = write_talk(tmp_path)
    before = content(folder)
    with pytest.raises(DuologueError, match="cannot be written"):
        EventWriter(folder / EVENTS_NAME)
    assert content(folder) == before


def test_a_recording_holds_its_place(duplex: Duplex, tmp_path: Path) -> None:
    before = next_order_ms(tmp_path)
    recorder = Recorder(tmp_path, duplex)
    recorder.close()
    head = next(read_events(recorder.folder / EVENTS_NAME))
    assert isinstance(head, TalkRecord)
    assert head.order_ms is not None
    assert before <= head.order_ms < next_order_ms(tmp_path)
