"""A recorded conversation is exported with its words, one that broke off too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app import recording_library
from app.recording_library import SUFFIXES, ExportFormat, RecordingEntry, delete, entries, export
from engine.errors import DuologueError
from engine.record.events import EVENTS_NAME
from engine.record.recorder import Recorder
from engine.record.recordings import LABELS_NAME, SOUND_NAME
from engine.record.transcript import TRANSCRIPT_NAME
from engine.syncllm.duplex import Duplex
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.full_disk import file_limit
from tests.engine.recorded_talks import CHUNK, content, lines, put_lines, sound_of_talk, write_talk
from tests.engine.tiny_bundle import write_tiny_bundle

_CHUNK = 2560


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a talk in which both say words."""
    folder = tmp_path_factory.mktemp("talks")
    duplex = Duplex(write_tiny_bundle(folder.with_name("bundle"), text=True, heard=True))
    recorder = Recorder(folder, duplex)
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (40, _CHUNK)).astype(np.float32)
    for chunk in sound:
        recorder.write(chunk, np.zeros_like(chunk), duplex.step(chunk))
    recorder.close()
    duplex.close()
    return recorder.folder


def test_words_are_exported_as_they_were_written(recording: Path, tmp_path: Path) -> None:
    (entry,) = entries(recording.parent)
    export(entry, "transcript", tmp_path / "words.txt")
    assert (tmp_path / "words.txt").read_text() == (recording / TRANSCRIPT_NAME).read_text()


def test_labels_of_a_talk_that_broke_off_hold_its_words(recording: Path, tmp_path: Path) -> None:
    whole = (recording / LABELS_NAME).read_text().splitlines()
    (recording / LABELS_NAME).unlink()
    (entry,) = entries(recording.parent)
    export(entry, "labels", tmp_path / "labels.txt")
    made = (tmp_path / "labels.txt").read_text().splitlines()
    said = [row for row in whole if "agent: " in row or "user: " in row]
    assert [row for row in made if "agent: " in row or "user: " in row] == said != []


# --- whole or nothing -----------------------------------------------------------------------------

FORMS: tuple[ExportFormat, ...] = ("flac", "wav", "json", "labels", "transcript")


@pytest.fixture
def entry(tmp_path: Path) -> RecordingEntry:
    """That of a recording of 16 s."""
    write_talk(tmp_path / "talks", chunks=100)
    (found,) = entries(tmp_path / "talks")
    return found


@pytest.mark.parametrize("old", [None, b"of last year\n"])
@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_leaves_what_was_there(
    entry: RecordingEntry, tmp_path: Path, form: ExportFormat, old: bytes | None
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / f"talk{SUFFIXES[form]}"
    if old:
        target.write_bytes(old)
    before = content(folder)
    with file_limit(50), pytest.raises(DuologueError, match="cannot be written") as failure:
        export(entry, form, target)
    assert str(target) in str(failure.value)
    assert "damaged" not in str(failure.value)
    assert content(folder) == before
    export(entry, form, target)
    assert list(content(folder)) == [target.name]


def test_a_disk_that_fills_up_late_leaves_no_half_wav(
    entry: RecordingEntry, tmp_path: Path
) -> None:
    target = tmp_path / "talk.wav"
    size_bytes = 44 + 100 * CHUNK * 4
    for limit in (size_bytes - 1, size_bytes // 2, 60):
        with file_limit(limit), pytest.raises(DuologueError, match="cannot be written"):
            export(entry, "wav", target)
        assert [path.name for path in tmp_path.iterdir()] == ["talks"]
    with file_limit(size_bytes):
        export(entry, "wav", target)
    assert np.array_equal(soundfile.read(target, dtype="int16")[0], sound_of_talk(100))


@pytest.mark.parametrize("form", FORMS)
def test_an_export_takes_no_recordings_file(
    entry: RecordingEntry, tmp_path: Path, form: ExportFormat
) -> None:
    before = content(entry.folder)
    for name in (SOUND_NAME, EVENTS_NAME):
        with pytest.raises(DuologueError, match="belongs to a recording"):
            export(entry, form, entry.folder / name)
    assert content(entry.folder) == before
    export(entry, form, entry.folder / "mine")
    assert set(content(entry.folder)) == {*before, "mine"}


def test_a_folder_that_is_not_there_is_named(entry: RecordingEntry, tmp_path: Path) -> None:
    for form in FORMS:
        with pytest.raises(DuologueError, match="No such file"):
            export(entry, form, tmp_path / "none" / "talk")


def test_what_a_wav_cannot_tell_is_an_rf64(
    entry: RecordingEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A WAV counts its bytes in 32 bits: 19 hours said they were 18.64."""
    assert recording_library._WAV_MOST_SAMPLES * 4 < 2**32 - 1000
    assert recording_library._WAV_MOST_SAMPLES < 19 * 3600 * SAMPLE_RATE_HZ
    for most, form in ((100 * CHUNK, "WAV"), (100 * CHUNK - 1, "RF64")):
        monkeypatch.setattr(recording_library, "_WAV_MOST_SAMPLES", most)
        export(entry, "wav", tmp_path / "talk.wav")
        assert soundfile.info(tmp_path / "talk.wav").format == form
        sound, _ = soundfile.read(tmp_path / "talk.wav", dtype="int16")
        assert np.array_equal(sound, sound_of_talk(100))


def test_events_that_cannot_be_read_are_exported_as_text(
    entry: RecordingEntry, tmp_path: Path
) -> None:
    whole = lines(entry.folder)
    put_lines(entry.folder, *whole[:3], b"{broken\n", *whole[3:])
    export(entry, "json", tmp_path / "events.json")
    records = json.loads((tmp_path / "events.json").read_text("utf8"))
    assert len(records) == len(whole) + 1
    assert records[3] == {"kind": "damaged", "text": "{broken\n"}
    assert records[0]["bundle"]["name"] == "tiny"


def test_a_recording_without_events_has_no_json(entry: RecordingEntry, tmp_path: Path) -> None:
    (entry.folder / EVENTS_NAME).unlink()
    with pytest.raises(DuologueError, match="is missing"):
        export(entry, "json", tmp_path / "events.json")
    export(entry, "labels", tmp_path / "labels.txt")
    assert "\tuser\n" in (tmp_path / "labels.txt").read_text()


# --- deleting -------------------------------------------------------------------------------------


def test_what_the_user_put_there_stays(entry: RecordingEntry) -> None:
    (entry.folder / "note.txt").write_text("keep this")
    delete(entry)
    assert list(content(entry.folder)) == ["note.txt"]
    assert entries(entry.folder.parent) == []


def test_what_is_being_recorded_is_not_deleted(recording: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    duplex = Duplex(write_tiny_bundle(tmp_path / "bundle"))
    recorder = Recorder(tmp_path / "talks", duplex)
    (running,) = entries(tmp_path / "talks")
    with pytest.raises(DuologueError, match="stop it first"):
        delete(running)
    recorder.close()
    duplex.close()
    delete(running)
    assert entries(tmp_path / "talks") == []
