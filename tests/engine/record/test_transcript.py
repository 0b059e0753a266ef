"""The transcript: words become lines, a talk's files hold them, and a replay says them again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.hearing.words import HeardWords
from engine.record.events import (
    ASSISTED_VERSION,
    EVENTS_NAME,
    ActionRecord,
    ChunkRecord,
    TalkRecord,
    WordsRecord,
    read_events,
)
from engine.record.recorder import Recorder
from engine.record.recordings import LABELS_NAME, recordings
from engine.record.replay import replay
from engine.record.retention import delete_recording
from engine.record.transcript import (
    TRANSCRIPT_NAME,
    Line,
    Transcript,
    read_transcript,
    timestamp,
    write_transcript,
)
from engine.sound.audio_file import AudioReader
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex
from engine.talk.conversation import talk
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.tiny_bundle import OWN_UNIT_COUNT, PIECES, write_tiny_bundle

CHUNK = 2560


def words(index: int, own: str = "", heard: str = "") -> ChunkRecord:
    """A step with pieces parted by ``|``."""
    return ChunkRecord.model_construct(
        index=index,
        own_text=own.split("|") if own else [],
        heard_text=heard.split("|") if heard else [],
    )


def lines(*steps: ChunkRecord) -> list[tuple[str, float, str]]:
    transcript = Transcript(CHUNK)
    for step in steps:
        transcript.add(step)
    return [(one.side, one.start_sample / CHUNK, one.text) for one in transcript.lines]


def test_pieces_become_words_and_words_lines() -> None:
    assert lines(
        words(3, own=" it| is"), words(4), words(6, own=" nine"), words(7, own="teen|.")
    ) == [("agent", 4, "it is nineteen.")]


def test_a_pause_ends_a_line_but_never_a_word() -> None:
    assert lines(words(0, own=" nine"), words(20, own="teen"), words(40, own=" ten")) == [
        ("agent", 1, "nineteen"),
        ("agent", 41, "ten"),
    ]


def test_a_long_speech_is_parted() -> None:
    (_, start, first), *rest = lines(*(words(index, own=" again") for index in range(60)))
    assert (start, len(first)) == (1, 161)
    assert [text for _, _, text in rest] == [first, " ".join(["again"] * 6)]


def test_a_sign_of_listening_parts_no_line() -> None:
    assert lines(
        words(0, heard=" what"), words(2, own=" mm"), words(3, heard=" time"), words(30, own=" ten")
    ) == [("user", 1, "what time"), ("agent", 3, "mm"), ("agent", 31, "ten")]


def test_the_newest_line_and_that_of_a_moment() -> None:
    transcript = Transcript(CHUNK)
    assert transcript.newest("user") is None
    assert not transcript.add(words(0))
    for step in (words(0, heard=" what"), words(20, heard=" time"), words(21, own=" ten")):
        assert transcript.add(step)
    newest = transcript.newest("user")
    assert newest == Line("user", 21 * CHUNK, 22 * CHUNK, "time")
    assert transcript.at("user", 21 * CHUNK) == newest
    before = transcript.at("user", 21 * CHUNK - 1)
    assert before
    assert before.text == "what"
    assert transcript.at("agent", 0) is None


def test_a_file_of_lines(tmp_path: Path) -> None:
    path = tmp_path / TRANSCRIPT_NAME
    write_transcript(
        path, [Line("user", 0, 1, "what"), Line("agent", 3725 * SAMPLE_RATE_HZ, 2, "ten")]
    )
    assert path.read_text() == "0:00:00.0 user: what\n1:02:05.0 agent: ten\n"
    assert list(tmp_path.iterdir()) == [path]
    assert timestamp(59 * SAMPLE_RATE_HZ + SAMPLE_RATE_HZ - 1) == "0:00:59.9"


# --- the whole way: a GGUF with a text slot, events, recording ------------------------------------


@pytest.fixture(scope="module", params=[False, True], ids=["own", "heard"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("text"), text=True, heard=request.param)


@pytest.fixture
def duplex(bundle: Bundle) -> Iterator[Duplex]:
    opened = Duplex(bundle, seed=3)
    yield opened
    opened.close()


def noise(chunks: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.3, 0.3, chunks * CHUNK).astype(np.float32)


def test_steps_bring_words(bundle: Bundle, duplex: Duplex) -> None:
    steps = [
        duplex.step(chunk, speak=index % 4 != 1)
        for index, chunk in enumerate(noise(40).reshape(-1, CHUNK))
    ]
    said = {piece for step in steps for piece in step.own_text}
    heard = {piece for step in steps for piece in step.heard_text}
    assert said
    assert said | heard <= set(PIECES)
    assert bool(heard) == bool(bundle.manifest.text and bundle.manifest.text.most_heard)
    assert not any(step.own_text for step in steps if not step.speak)


def test_a_recording_holds_the_transcript_and_replays(
    bundle: Bundle, duplex: Duplex, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path, duplex)
    transcript = Transcript(CHUNK)
    for index, chunk in enumerate(noise(40).reshape(-1, CHUNK)):
        step = duplex.step(chunk, lost=index == 9, speak=index != 13)
        transcript.add(step)
        recorder.write(chunk, np.zeros_like(chunk), step)
    conversation = recorder.close()
    assert conversation
    assert conversation.lines == transcript.lines
    assert transcript.lines
    again = Transcript(CHUNK)
    for record in read_events(recorder.folder / EVENTS_NAME):
        if isinstance(record, ChunkRecord):
            again.add(record)
    assert again.lines == transcript.lines
    kept = (recorder.folder / TRANSCRIPT_NAME).read_text().splitlines()
    assert kept == [f"{timestamp(one.start_sample)} {one.side}: {one.text}" for one in again.lines]
    labels = [
        row.split("\t")[2] for row in (recorder.folder / LABELS_NAME).read_text().splitlines()
    ]
    assert [label for label in labels if ": " in label] == [
        f"{one.side}: {one.text}" for one in again.lines
    ]
    result = replay(recorder.folder, bundle)
    assert result.identical
    assert result.chunks == 40
    assert [one.path for one in recordings(tmp_path)] == [recorder.folder]
    delete_recording(recorder.folder)
    assert not recorder.folder.exists()


def test_a_recording_keeps_the_agents_own_units_and_replays(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle", reader=True, own_units=True, state=True)
    duplex = Duplex(bundle, seed=3)
    recorder = Recorder(tmp_path / "kept", duplex)
    steps = []
    for index, chunk in enumerate(noise(30).reshape(-1, CHUNK)):
        steps.append(duplex.step(chunk, lost=index == 9, speak=index != 13))
        recorder.write(chunk, np.zeros_like(chunk), steps[-1])
    recorder.close()
    duplex.close()
    kept = [r for r in read_events(recorder.folder / EVENTS_NAME) if isinstance(r, ChunkRecord)]
    assert [record.own_units for record in kept] == [step.own_units for step in steps]
    assert [record.user_units for record in kept] == [step.user_units for step in steps]
    assert max(unit for record in kept for unit in record.own_units) < OWN_UNIT_COUNT
    assert (recorder.folder / TRANSCRIPT_NAME).exists()
    result = replay(recorder.folder, bundle)
    assert (result.identical, result.chunks) == (True, 30)


def test_another_word_is_noticed_by_a_replay(
    bundle: Bundle, duplex: Duplex, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path, duplex)
    for chunk in noise(20).reshape(-1, CHUNK):
        recorder.write(chunk, np.zeros_like(chunk), duplex.step(chunk))
    recorder.close()
    path = recorder.folder / EVENTS_NAME
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    spoken = next(row for row in rows if row.get("own_text"))
    spoken["own_text"] = [*spoken["own_text"][:-1], " else"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = replay(recorder.folder, bundle)
    assert (result.different, result.first_different) == (1, spoken["index"])


def test_a_talk_with_a_file_writes_its_transcript(duplex: Duplex, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "user.wav", noise(20), SAMPLE_RATE_HZ)
    with AudioReader(tmp_path / "user.wav") as recording:
        conversation = talk(duplex, recording, tmp_path / "talk")
    kept = (tmp_path / "talk" / TRANSCRIPT_NAME).read_text().splitlines()
    assert len(kept) == len(conversation.lines) > 0


def test_without_a_text_slot_nothing_speaks_of_words(tmp_path: Path) -> None:
    duplex = Duplex(write_tiny_bundle(tmp_path / "bundle"))
    recorder = Recorder(tmp_path / "kept", duplex)
    for chunk in noise(5).reshape(-1, CHUNK):
        recorder.write(chunk, np.zeros_like(chunk), duplex.step(chunk))
    conversation = recorder.close()
    duplex.close()
    assert conversation
    assert conversation.lines == []
    assert not (recorder.folder / TRANSCRIPT_NAME).exists()
    assert "text" not in (recorder.folder / EVENTS_NAME).read_text()


def heard(start: float, end: float, text: str, final: bool = True) -> HeardWords:
    """Words of the recogniser; times in chunks."""
    return HeardWords(text, round(start * CHUNK), round(end * CHUNK), final, 0.9)


def user_lines(transcript: Transcript) -> list[tuple[str, str]]:
    return [(one.source, one.text) for one in transcript.lines if one.side == "user"]


def test_the_recognisers_words_take_the_readers_place() -> None:
    transcript = Transcript(CHUNK)
    transcript.add(words(3, heard=" set| a|…"))
    transcript.add(words(5, own=" hum"))
    transcript.hear(heard(2, 6, "Set a", final=False))
    assert user_lines(transcript) == [("recogniser", "Set a")]
    transcript.add(words(8, heard=" minutes"))  # late, of what was heard already
    transcript.add(words(12, heard=" five"))
    assert user_lines(transcript) == [("recogniser", "Set a"), ("reader", "five")]
    transcript.hear(heard(2, 13, "Set a timer for five minutes."))
    assert user_lines(transcript) == [("recogniser", "Set a timer for five minutes.")]
    transcript.add(words(40, heard=" mm hmm"))  # of which the recogniser says nothing
    assert user_lines(transcript)[1:] == [("reader", "mm hmm")]
    newest = transcript.newest("user")
    assert newest and newest.text == "mm hmm"
    assert [one.start_sample for one in transcript.lines] == sorted(
        one.start_sample for one in transcript.lines
    )


def test_words_that_were_none_are_taken_back() -> None:
    transcript = Transcript(CHUNK)
    transcript.hear(heard(2, 6, "Thank you.", final=False))
    transcript.hear(heard(2, 6, ""))
    assert transcript.lines == [] and transcript.newest("user") is None


def test_a_recording_keeps_what_was_heard_and_done(bundle: Bundle, tmp_path: Path) -> None:
    duplex = Duplex(bundle, seed=3)
    duplex.attach(_Silent())
    recorder = Recorder(tmp_path, duplex)
    said = WordsRecord(start_sample=2 * CHUNK, end_sample=9 * CHUNK, text="What time is it?",
                       confidence=0.8)  # fmt: skip
    done = ActionRecord(start_sample=2 * CHUNK, end_sample=9 * CHUNK, done_sample=11 * CHUNK,
                        at="2026-11-29T12:00:00.000", action="clock.time", heard=said.text,
                        said="It is noon.", done=True)  # fmt: skip
    for index, chunk in enumerate(noise(20).reshape(-1, CHUNK)):
        recorder.write(chunk, np.zeros_like(chunk), duplex.step(chunk))
        if index == 12:
            recorder.note(said)
            recorder.note(done)
    recorder.close()
    recorder.note(done)  # too late, and no harm
    duplex.close()
    records = list(read_events(recorder.folder / EVENTS_NAME))
    assert [one for one in records if isinstance(one, WordsRecord | ActionRecord)] == [said, done]
    head = records[0]
    assert isinstance(head, TalkRecord) and head.version == ASSISTED_VERSION
    assert "user (recogniser): What time is it?" in (recorder.folder / TRANSCRIPT_NAME).read_text()
    assert ("recogniser", said.text) in user_lines(read_transcript(recorder.folder))
    assert replay(recorder.folder, bundle).identical


class _Silent:
    """A prompter that says nothing."""

    def reset(self) -> None: ...

    def prompt(self, user_audio: np.ndarray) -> None: ...

    def spoke(self, step: object) -> None: ...

    def miss(self, user_audio: np.ndarray, chunks: int) -> None: ...
