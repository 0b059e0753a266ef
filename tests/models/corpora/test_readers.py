"""The readers find what the corpora hold, and say in a sentence what they cannot use."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import desphere
import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from models.corpora.call import Call
from models.corpora.candor import read_candor
from models.corpora.fisher import read_fisher, read_transcript
from models.corpora.sound import two_channel_blocks
from models.corpora.two_channel import read_two_channel
from models.dialogue.recorded_dialogues import SpokenLine
from tests.models.corpora.made_corpora import make_conversation, make_fisher, two_sounds
from tests.models.corpora.sphere_files import expanded, mu_law, sphere_bytes, write_sphere


def _sound(call: Call) -> np.ndarray:
    return np.concatenate([*call.sound(pytest.fail)], 1)


def _tone_share(sound: np.ndarray) -> float:
    """Share of the power that is near 300 Hz."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / 16_000)
    return float(power[np.abs(hertz - 300) < 30].sum() / power.sum())


# --- Fisher ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("disc", ["fe_03_p1_sph1", "fisher_eng_tr_sp_d1"])
def test_fisher_has_two_channels_people_and_transcripts(tmp_path: Path, disc: str) -> None:
    make_fisher(tmp_path, [(1, 2602, 1790), (102, 5514, 2602)], disc)
    reading = read_fisher(tmp_path)
    assert [call.id for call in reading.calls] == ["fe_03_00001", "fe_03_00102"]
    assert [call.speakers for call in reading.calls] == [("2602", "1790"), ("5514", "2602")]
    assert reading.remarks == []
    for call in reading.calls:
        sound = _sound(call)
        assert sound.shape == (2, 19_200) and sound.dtype == np.float32
        assert _tone_share(sound[0]) > 0.8 and _tone_share(sound[1]) < 0.2
        assert call.lines() == (
            SpokenLine(0, 0.1, 0.5, "hello is this on", True),
            SpokenLine(1, 0.48, 1.02, "", True),
            SpokenLine(0, 0.9, 1.1, "mhm", False),
        )


@pytest.mark.parametrize("compressed", [False, True])
def test_mu_law_is_decoded_to_the_sample(tmp_path: Path, compressed: bool) -> None:
    sound = two_sounds(0.9, 16_000)
    write_sphere(tmp_path / "call.sph", sound, compressed, 16_000)
    decoded = np.concatenate([*two_channel_blocks(tmp_path / "call.sph", pytest.fail)], 1)
    expected = np.stack([expanded(mu_law(channel)) for channel in sound])
    assert np.array_equal(decoded * 32768, expected)


def test_libsndfile_does_not_read_what_is_compressed() -> None:
    soundfile.info(io.BytesIO(sphere_bytes(two_sounds(0.1, 8_000), compressed=False)))
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.info(io.BytesIO(sphere_bytes(two_sounds(0.1, 8_000), compressed=True)))


def test_fisher_without_tables_takes_nobody_for_the_same_person(tmp_path: Path) -> None:
    make_fisher(tmp_path, [(1, 2602, 1790), (2, 2602, 5514)])
    (table,) = tmp_path.rglob("*.tbl")
    table.unlink()
    reading = read_fisher(tmp_path)
    assert len({speaker for call in reading.calls for speaker in call.speakers}) == 4
    assert "fe_03_p1_calldata.tbl" in reading.remarks[0]


def test_fisher_names_what_is_missing(tmp_path: Path) -> None:
    make_fisher(tmp_path, [(1, 2602, 1790), (2, 2602, 5514)])
    (table,) = tmp_path.rglob("*.tbl")
    table.write_text(table.read_text().splitlines()[0] + "\n")
    (tmp_path / "fe_03_p1_tran/data/trans/000/fe_03_00002.txt").unlink()
    named, silent = read_fisher(tmp_path).remarks
    assert "fe_03_00001, fe_03_00002" in named
    assert "Without a transcript: fe_03_00002." in silent


def test_a_folder_without_fisher_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="fe_03_p1_sph1"):
        read_fisher(tmp_path)


def test_a_table_of_other_columns_is_refused(tmp_path: Path) -> None:
    make_fisher(tmp_path, [(1, 2602, 1790)])
    (table,) = tmp_path.rglob("*.tbl")
    table.write_text("CALL,A,B\n00001,2602,1790\n")
    with pytest.raises(DuologueError, match="APIN"):
        read_fisher(tmp_path)


@pytest.mark.parametrize("line", ["0.1 A: hello", "2.0 1.0 A: hello", "0.1 0.5 C: hello"])
def test_a_transcript_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "fe_03_00001.txt"
    path.write_text(f"# fe_03_00001.sph\n\n{line}\n")
    with pytest.raises(DuologueError, match="Line 3 of"):
        read_transcript(path)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_of_a_transcript_end_no_line(tmp_path: Path, encoding: str) -> None:
    # As UTF-8, the last byte of this letter is a line's end in Latin-1.
    path = tmp_path / "fe_03_00001.txt"
    path.write_bytes("# fe_03_00001.sph\n\n0.1 0.5 A: Åsa's café\n".encode(encoding))
    assert read_transcript(path) == (SpokenLine(0, 0.1, 0.5, "Åsa's café"),)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kept", [300, 1030, 0.7])
def test_truncated_sphere_is_refused(tmp_path: Path, compressed: bool, kept: float) -> None:
    data = sphere_bytes(two_sounds(0.5, 8_000), compressed)
    path = tmp_path / "call.sph"
    path.write_bytes(data[: int(kept if kept > 1 else kept * len(data))])
    with pytest.raises(DuologueError, match=r"call\.sph cannot be decoded"):
        list(two_channel_blocks(path, pytest.fail))


def test_a_disc_that_cannot_be_read_costs_only_its_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    write_sphere(tmp_path / "call.sph", two_sounds(0.1, 8_000))
    monkeypatch.setattr(desphere, "read_sphere", damaged)
    with pytest.raises(DuologueError, match=r"call\.sph cannot be read \(Input"):
        list(two_channel_blocks(tmp_path / "call.sph", pytest.fail))


def test_an_unknown_coding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "call.sph"
    path.write_bytes(
        sphere_bytes(two_sounds(0.1, 8_000), False, coding="ulaw,embedded-shorten-v3.00")
    )
    with pytest.raises(DuologueError, match="embedded-shorten-v3"):
        list(two_channel_blocks(path, pytest.fail))


# --- CANDOR ---------------------------------------------------------------------------------------


def test_candor_maps_channels_to_people_and_keeps_the_word_none(tmp_path: Path) -> None:
    make_conversation(tmp_path / "files", "0020a0c5-1658", "5a73", "5fa0")
    reading = read_candor(tmp_path)
    (call,) = reading.calls
    assert (call.id, call.speakers) == ("0020a0c5-1658", ("5a73", "5fa0"))
    assert reading.remarks == []
    sound = _sound(call)
    assert sound.shape[1] == pytest.approx(24_000, abs=2_000)
    assert _tone_share(sound[0]) > 0.7 and _tone_share(sound[1]) < 0.3
    assert call.lines() == (
        SpokenLine(1, 0.1, 0.7, "Any news, then?"),
        SpokenLine(0, 0.65, 1.2, "None"),
    )


def test_candor_reads_the_table_that_is_asked_for(tmp_path: Path) -> None:
    make_conversation(tmp_path, "0020a0c5-1658", "5a73", "5fa0")
    (call,) = read_candor(tmp_path, "backbiter").calls
    assert SpokenLine(0, 0.3, 0.4, "mhm") in call.lines() and len(call.lines()) == 3
    (call,) = read_candor(tmp_path, "cliffhanger").calls
    assert len(call.lines()) == 2


def test_the_channel_map_may_lie_beside_the_tables(tmp_path: Path) -> None:
    place = make_conversation(tmp_path, "one", "5a73", "5fa0")
    (place / "processed/channel_map.json").rename(place / "transcription/channel_map.json")
    assert [call.speakers for call in read_candor(tmp_path).calls] == [("5a73", "5fa0")]


@pytest.mark.parametrize("content", [None, "", "[]", '{"L": "5a73"}', '{"L": "a", "R": "a"}'])
def test_a_conversation_without_channel_map_is_left_out(
    tmp_path: Path, content: str | None
) -> None:
    make_conversation(tmp_path, "good", "5a73", "5fa0")
    path = make_conversation(tmp_path, "bad", "5a73", "5fa0") / "processed" / "channel_map.json"
    path.unlink() if content is None else path.write_text(content)
    reading = read_candor(tmp_path)
    assert [call.id for call in reading.calls] == ["good"]
    (remark,) = reading.remarks
    assert "channel_map.json" in remark and remark.endswith("bad is left out.")


def test_a_conversation_without_sound_is_left_out(tmp_path: Path) -> None:
    place = make_conversation(tmp_path, "one", "5a73", "5fa0")
    (place / "processed/one.mp3").rename(place / "processed/5a73.mp4")
    reading = read_candor(tmp_path)
    assert not reading.calls and "no sound" in reading.remarks[0]


def test_a_folder_without_candor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="processed/ and transcription/"):
        read_candor(tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        "1,nobody,0.65,1.2,Yes.,,,,,,",
        "1,5a73,,1.2,Yes.,,,,,,",
        '1,5a73,0.65,1.2,"Yes.,,,,,,\n2,5fa0,2,3,No.,,,,,,',
    ],
)
def test_a_damaged_table_is_named(tmp_path: Path, row: str) -> None:
    place = make_conversation(tmp_path, "one", "5a73", "5fa0")
    table = place / "transcription" / "transcript_audiophile.csv"
    table.write_text(table.read_text().splitlines()[0] + f"\n{row}\n")
    (call,) = read_candor(tmp_path).calls
    with pytest.raises(DuologueError, match="Row 0 of"):
        call.lines()


def test_an_utterance_of_two_lines_is_one(tmp_path: Path) -> None:
    place = make_conversation(tmp_path, "one", "5a73", "5fa0")
    table = place / "transcription" / "transcript_audiophile.csv"
    told = table.read_text().replace("Any news, then?", 'Any ""news"",\nthen?')
    table.write_text(told)
    (call,) = read_candor(tmp_path).calls
    assert [line.text for line in call.lines()] == ['Any "news", then?', "None"]


def test_a_quotation_mark_that_was_not_closed_swallows_no_row(tmp_path: Path) -> None:
    place = make_conversation(tmp_path, "one", "5a73", "5fa0")
    table = place / "transcription" / "transcript_audiophile.csv"
    rows = [
        '0,5a73,0,1,"Well, yes.",,1,0,False,False,2',
        '1,5fa0,1,2,"Oh,,1,0,False,False,1',
        '2,5a73,2,3,"Yes, well.",,1,0,False,False,2',
    ]
    table.write_text("\n".join([table.read_text().splitlines()[0], *rows]) + "\n")
    (call,) = read_candor(tmp_path).calls
    with pytest.raises(DuologueError, match="Row 1 of"):
        call.lines()


def test_a_conversation_that_is_there_twice_is_read_once(tmp_path: Path) -> None:
    for part in ("part_001", "part_002"):
        make_conversation(tmp_path / part, "one", "5a73", "5fa0")
    reading = read_candor(tmp_path)
    assert [call.id for call in reading.calls] == ["one"]
    assert reading.remarks == ["Found twice and read once: one."]


def test_folders_may_be_linked_in(tmp_path: Path) -> None:
    make_conversation(tmp_path / "elsewhere", "one", "5a73", "5fa0")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "part_001").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert [call.id for call in read_candor(corpus).calls] == ["one"]
    assert [call.id for call in read_two_channel(corpus).calls] == [
        "part_001/one/processed/one.mp3"
    ]
    (corpus / "part_001" / "round").symlink_to(corpus, target_is_directory=True)
    assert len(read_candor(corpus).calls) == len(read_two_channel(corpus).calls) == 1


# --- any folder -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_recordings_of_any_rate_have_two_channels_at_16_khz(
    tmp_path: Path, name: str, rate_hz: int
) -> None:
    soundfile.write(tmp_path / name, np.stack(two_sounds(1, rate_hz), 1), rate_hz)
    (call,) = read_two_channel(tmp_path).calls
    sound = _sound(call)
    assert sound.shape == (2, pytest.approx(16_000, abs=2_000))
    assert _tone_share(sound[0]) > 0.7 and _tone_share(sound[1]) < 0.3


@pytest.mark.parametrize(("channels", "has"), [(1, "one channel"), (3, "3 channels")])
def test_another_number_of_channels_is_refused(tmp_path: Path, channels: int, has: str) -> None:
    sound = np.stack([two_sounds(0.2, 8_000)[0]] * channels, 1)
    soundfile.write(tmp_path / "a.wav", sound, 8_000)
    write_sphere(tmp_path / "a.sph", [*sound.T])
    for call in read_two_channel(tmp_path).calls:
        with pytest.raises(DuologueError, match=has):
            list(call.sound(pytest.fail))


def test_other_files_are_named_and_speakers_read(tmp_path: Path) -> None:
    (tmp_path / "day1").mkdir()
    soundfile.write(tmp_path / "day1/a.wav", np.stack(two_sounds(0.1, 8_000), 1), 8_000)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".DS_Store").write_text("")
    (call,) = (reading := read_two_channel(tmp_path)).calls
    assert call.speakers == ("day1/a.wav:1", "day1/a.wav:2")
    assert [remark.split(".")[0] for remark in reading.remarks] == [
        "Left out, since they are no recordings: notes",
        "There is no speakers",
    ]
    (tmp_path / "speakers.csv").write_text("file,first,second\nday1/a.wav,Ann,Bob\nb.wav,Ann,Eve\n")
    (call,) = (reading := read_two_channel(tmp_path)).calls
    assert call.speakers == ("Ann", "Bob")
    assert any("not there: b.wav" in remark for remark in reading.remarks)
    soundfile.write(tmp_path / "c.wav", np.stack(two_sounds(0.1, 8_000), 1), 8_000)
    remarks = read_two_channel(tmp_path).remarks
    assert any("does not name the speakers of c.wav; each counts" in each for each in remarks)


def test_a_recording_that_ends_early_is_used_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, (32_000, 2)), 16_000)
    path.write_bytes(path.read_bytes()[:60_000])
    told: list[str] = []
    (call,) = read_two_channel(tmp_path).calls
    sound = np.concatenate([*call.sound(told.append)], 1)
    assert 4_000 < sound.shape[1] < 32_000
    assert len(told) == 1 and "damaged" in told[0]
