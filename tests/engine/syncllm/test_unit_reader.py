"""The reader gives both speakers' words, chunk by chunk as at once, and knows a foreign model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.unit_reader import StreamingReader, UnitReader
from tests.engine.tiny_bundle import PIECES, SILENCE, UNIT_COUNT, write_tiny_bundle

RESOURCES = Path(__file__).parents[3] / "resources"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"), reader=True)


@pytest.fixture
def reader(bundle: Bundle) -> UnitReader:
    assert bundle.reader
    return UnitReader(bundle.reader, bundle.pieces)


def units_of(reader: UnitReader, piece: int) -> list[int]:
    read, _ = reader.read(range(UNIT_COUNT), reader.begin())
    return [unit for unit, number in enumerate(read) if number == piece]


def test_a_piece_is_told_once_and_again_after_a_rest(reader: UnitReader) -> None:
    numbers, _ = reader.read(range(UNIT_COUNT), reader.begin())
    first, second = np.unique([n for n in numbers if n < len(PIECES)])[:2]
    (one, *_), (other, *_) = units_of(reader, first), units_of(reader, second)
    stream = StreamingReader(reader)
    assert stream.push([]) == []
    assert stream.push([one, one, other]) == [PIECES[first], PIECES[second]]
    assert stream.push([other, SILENCE]) == []
    assert stream.push([other]) == [PIECES[second]]
    stream.reset()
    assert stream.push([other]) == [PIECES[second]]


def test_the_talk_tells_what_both_said(bundle: Bundle, reader: UnitReader) -> None:
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (20, 2560)).astype(np.float32)
    duplex = Duplex(bundle)
    steps = [duplex.step(chunk) for chunk in sound]
    duplex.reset()
    again = [duplex.step(chunk) for chunk in sound]
    duplex.close()
    own, user = StreamingReader(reader), StreamingReader(reader)
    for step in steps:
        assert step.own_text == own.push(step.own_frames)
        assert step.heard_text == user.push([u for frames in step.user_units for u in frames])
    assert any(step.own_text for step in steps) and any(step.heard_text for step in steps)
    assert [step.own_text for step in again] == [step.own_text for step in steps]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (None, "missing, or is not a working ONNX model"),
        ("tokenizer.onnx", "the expected model \\(it has audio"),
    ],
)
def test_another_file_is_refused(
    bundle: Bundle, tmp_path: Path, file: str | None, said: str
) -> None:
    path = tmp_path / "reader.onnx"
    if file:
        shutil.copyfile(bundle.folder / file, path)
    with pytest.raises(DuologueError, match=said):
        UnitReader(path, PIECES)


def test_numbers_of_no_piece_are_refused(bundle: Bundle) -> None:
    assert bundle.reader
    reader = UnitReader(bundle.reader, PIECES[:2])
    with pytest.raises(DuologueError, match="the expected model \\(it gave no pieces\\)"):
        reader.read(range(UNIT_COUNT), reader.begin())


def test_units_that_it_cannot_read_have_a_message(bundle: Bundle, reader: UnitReader) -> None:
    with pytest.raises(DuologueError, match="reader.onnx could not be run; install"):
        reader.read([UNIT_COUNT], reader.begin())


def test_the_agents_own_units_come_after_the_users(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path, reader=True, own_units=True)
    assert bundle.reader
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (20, 2560)).astype(np.float32)
    duplex = Duplex(bundle)
    steps = [duplex.step(chunk) for chunk in sound]
    duplex.close()
    reader = UnitReader(bundle.reader, bundle.pieces)
    joint, user = StreamingReader(reader), StreamingReader(reader)
    for step in steps:
        assert step.own_text == joint.push([UNIT_COUNT + unit for unit in step.own_frames])
        assert step.heard_text == user.push([u for frames in step.user_units for u in frames])
    assert any(step.own_text for step in steps) and any(step.heard_text for step in steps)


def test_resting_in_long_silence_changes_no_word() -> None:
    starter = load_bundle(RESOURCES / "starter")
    assert starter.reader
    sound, _ = soundfile.read(RESOURCES / "samples" / "user.flac", dtype="float32")
    duplex = Duplex(starter)
    chunk = duplex.format.chunk_samples
    steps = [duplex.step(sound[start : start + chunk]) for start in range(0, 100 * chunk, chunk)]
    duplex.close()
    manifest = starter.manifest
    frames = [step.own_frames for step in steps]
    for pause in (15, 40):  # the silence before the network rests, and beyond
        silence = [[manifest.own_silence_unit] * 4] * pause
        frames = [*frames[:62], *silence, *frames[62:]]  # between two answers
    network = UnitReader(starter.reader, starter.pieces)
    resting = StreamingReader(network, manifest.own_reader_base, manifest.own_silence_unit)
    always = StreamingReader(network, manifest.own_reader_base)
    told = [(resting.push(units), always.push(units)) for units in frames]
    rested, read = (
        [(word, chunk) for chunk, both in enumerate(told) for word in both[side]] for side in (0, 1)
    )
    assert [word for word, _ in rested] == [word for word, _ in read]
    # A word that hangs in the balance may come a chunk sooner or later.
    assert max(abs(a - b) for (_, a), (_, b) in zip(rested, read, strict=True)) <= 1
    assert len(read) > 5
