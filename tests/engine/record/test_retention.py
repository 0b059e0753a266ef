"""Which recordings may go: never the one at hand, never one that is not ours alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.record.events import EVENTS_NAME
from engine.record.recorder import Recorder
from engine.record.recordings import (
    LABELS_NAME,
    SOUND_NAME,
    TITLE_NAME,
    recordings,
)
from engine.record.retention import Hold, delete_recording, is_held, prune
from engine.syncllm.duplex import Duplex
from tests.engine.recorded_talks import CHUNK, change_line, content, lines, put_lines, write_talk

LITTER = (".DS_Store", "desktop.ini", "Thumbs.db", ".directory", "._conversation.flac")


def listed(folder: Path) -> list[Path]:
    """From the oldest to the newest."""
    return [one.path for one in sorted(recordings(folder), key=lambda one: one.order)]


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
