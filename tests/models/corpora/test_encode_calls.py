"""Calls become units: each channel alone and whole, resumed where it stopped, and nothing is lost
silently."""

from __future__ import annotations

import json
import os
import sys
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES
from models.cli import app
from models.corpora import commands, encode_calls
from models.corpora.call import Call, Remark
from models.corpora.encode_calls import encode_call, tokenizer_of, write_calls
from models.corpora.speaker_splits import place
from models.corpora.two_channel import read_two_channel
from models.dialogue.recorded_dialogues import (
    TEST,
    TRAINING,
    SpokenLine,
    read_all_calls,
    read_calls,
    stored_ids,
)
from models.imported.hubert import Hubert
from models.imported.hubert_checkpoint import CHECKPOINT, save_hubert
from models.imported.parts import TOKENIZER, TokenizerPart, write_part
from models.tokenizer.encode import encode_units
from models.tokenizer.network import save_tokenizer
from models.tokenizer.streaming_encoder import StreamingTokenizer
from tests.models.corpora.made_corpora import make_conversation, make_fisher, two_sounds
from tests.models.imported.test_talk import SMALL as HUBERT
from tests.models.tokenizer.test_network import small_net, with_units


@pytest.fixture(scope="module")
def net() -> StreamingTokenizer:
    return small_net()


@pytest.fixture(scope="module")
def work(net: StreamingTokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    (folder / "tok").mkdir()
    save_tokenizer(net, folder / "tok" / "tokenizer.pt")
    return folder


def _noise(seconds: float, seed: int, remark: Remark) -> Iterator[np.ndarray]:
    """Noise of changing loudness, different on both channels, in blocks of odd lengths."""
    rng = np.random.default_rng(seed)
    left = round(seconds * 16_000)
    while left > 0:
        block = rng.normal(0, rng.uniform(0, 0.3), (2, min(left, 3_217))).astype(np.float32)
        left -= block.shape[1]
        yield block


def _recordings(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        sound = np.stack(two_sounds(0.6, 8_000, number), 1)
        soundfile.write(folder / f"{number:02}.wav", sound, 8_000)
    return folder


def test_each_channel_is_encoded_alone_and_whole(net: StreamingTokenizer) -> None:
    call = Call("a", ("x", "y"), partial(_noise, 11.01, 1))
    units = encode_call(net, call, pytest.fail)
    sound = np.concatenate([*_noise(11.01, 1, pytest.fail)], 1)
    padded = np.pad(sound, ((0, 0), (0, -sound.shape[1] % FRAME_SAMPLES)))
    assert units.dtype == np.int16 and units.shape == (2, 276)
    assert len(np.unique(units)) > 1 and not np.array_equal(units[0], units[1])
    for channel, found in zip(padded, units, strict=True):
        assert np.array_equal(found, encode_units(net, channel))


def test_only_a_piece_of_the_sound_is_held(net: StreamingTokenizer) -> None:
    blocks: list[weakref.ref[np.ndarray]] = []
    held = []

    def silence(remark: Remark) -> Iterator[np.ndarray]:
        for _ in range(90):
            held.append(sum(block() is not None for block in blocks))
            block = np.zeros((2, 16_000), np.float32)
            blocks.append(weakref.ref(block))
            yield block

    units = encode_call(net, Call("a", ("x", "y"), silence), pytest.fail)
    assert units.shape == (2, 90 * 25)
    assert max(held) < 25


def test_a_run_that_was_interrupted_goes_on(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode_calls, "CALLS_PER_SHARD", 2)
    calls = read_two_channel(_recordings(tmp_path / "in", 7)).calls
    checkpoint = work / "tok" / "tokenizer.pt"
    write_calls(tmp_path / "whole", "two-channel", "", calls, checkpoint, 1, print)

    def stopped(remark: Remark) -> Iterator[np.ndarray]:
        raise KeyboardInterrupt

    broken = [*calls[:5], Call(calls[5].id, calls[5].speakers, stopped), calls[6]]
    with pytest.raises(KeyboardInterrupt):
        write_calls(tmp_path / "out", "two-channel", "", broken, checkpoint, 1, print)
    assert len(stored_ids(tmp_path / "out")) == 5
    # A shard without its table is not finished.
    (tmp_path / "out" / "00001.json").unlink()
    assert len(stored_ids(tmp_path / "out")) == 3
    write_calls(tmp_path / "out", "two-channel", "", calls, checkpoint, 1, print)
    whole, resumed = (
        {call.id: call for call in read_calls(tmp_path / name)} for name in ("whole", "out")
    )
    assert sorted(whole) == sorted(resumed) == [f"{number:02}.wav" for number in range(7)]
    for name, call in whole.items():
        assert np.array_equal(call.units, resumed[name].units)
        assert call.speakers == resumed[name].speakers


def test_two_processes_write_what_one_writes(work: Path, tmp_path: Path) -> None:
    calls = read_two_channel(_recordings(tmp_path / "in", 3)).calls
    for jobs in (1, 2):
        checkpoint = work / "tok" / "tokenizer.pt"
        write_calls(tmp_path / f"{jobs}", "two-channel", "", calls, checkpoint, jobs, print)
    for name in ("00000.npy", "00000.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="has no such lock")
def test_two_runs_do_not_write_to_one_store(work: Path, tmp_path: Path) -> None:
    checkpoint, out = work / "tok" / "tokenizer.pt", tmp_path / "out"
    first, second = read_two_channel(_recordings(tmp_path / "in", 2)).calls

    def meanwhile(remark: Remark) -> Iterator[np.ndarray]:
        with pytest.raises(DuologueError, match="Another run is writing to"):
            write_calls(out, "two-channel", "", [second], checkpoint, 1, print)
        yield from first.sound(remark)

    told: list[str] = []
    calls = [Call("a", ("x", "y"), meanwhile)]
    write_calls(out, "two-channel", "", calls, checkpoint, 1, told.append)
    write_calls(out, "two-channel", "", [second], checkpoint, 1, told.append)
    assert {call.id for call in read_calls(out, TRAINING)} == {"a", second.id}


@pytest.mark.parametrize("name", ["file", "file/out"])
def test_a_folder_that_cannot_be_made_gets_a_sentence(
    work: Path, tmp_path: Path, name: str
) -> None:
    calls = read_two_channel(_recordings(tmp_path / "in", 1)).calls
    (tmp_path / "file").write_text("something else")
    with pytest.raises(DuologueError, match="file"):
        write_calls(
            tmp_path / name, "two-channel", "", calls, work / "tok" / "tokenizer.pt", 1, print
        )
    assert (tmp_path / "file").read_text() == "something else"


def _ended(remark: Remark) -> Iterator[np.ndarray]:
    """What the system does to a process that takes too much memory."""
    os._exit(1)


def test_a_process_that_was_ended_gets_a_sentence(work: Path, tmp_path: Path) -> None:
    calls = read_two_channel(_recordings(tmp_path / "in", 1)).calls
    calls.append(Call("z", ("x", "y"), _ended))
    checkpoint = work / "tok" / "tokenizer.pt"
    with pytest.raises(DuologueError, match="with fewer --jobs"):
        write_calls(tmp_path / "out", "two-channel", "", calls, checkpoint, 2, print)


def test_calls_that_cannot_be_used_are_named_and_tried_again(work: Path, tmp_path: Path) -> None:
    folder = _recordings(tmp_path / "in", 2)
    mono = two_sounds(0.5, 8_000)[0]
    soundfile.write(folder / "mono.wav", mono, 8_000)
    checkpoint = work / "tok" / "tokenizer.pt"

    def run() -> list[str]:
        told: list[str] = []
        calls = read_two_channel(folder).calls
        write_calls(tmp_path / "out", "two-channel", "", calls, checkpoint, 1, told.append)
        return told

    assert any("one channel" in line and line.endswith("mono.wav is left out.") for line in run())
    soundfile.write(folder / "mono.wav", np.stack([mono, mono], 1), 8_000)
    assert len(run()) == 1
    assert stored_ids(tmp_path / "out") == {"00.wav", "01.wav", "mono.wav"}


def _parts() -> list[list[Call]]:
    """A corpus in three parts. Of the second part's test call, one speaks in the first, too."""

    def heard(call: str, first: str, second: str) -> Call:
        return Call(call, (first, second), partial(_noise, 0.5, 1))

    names = map(str, range(100_000))
    tested = next(name for name in names if place((name, "b")) < 0.01)
    apart = [name for name in map(str, range(100)) if place((name, "c")) > 0.02][:3]
    trained = next(name for name in map(str, range(100)) if place(("b", name)) > 0.02)
    return [
        [heard("1", apart[0], "c"), heard("2", "b", trained)],
        [heard("3", tested, "b"), heard("4", apart[1], "c")],
        [heard("5", apart[2], "c")],
    ]


def test_calls_of_an_earlier_run_on_another_folder_stay_in_their_splits(
    work: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    for calls in _parts():
        checkpoint = work / "tok" / "tokenizer.pt"
        write_calls(tmp_path / "out", "fisher", "", calls, checkpoint, 1, told.append)
    splits = {split: read_calls(tmp_path / "out", split) for split in (TRAINING, TEST)}
    assert {split: [call.id for call in calls] for split, calls in splits.items()} == {
        # Call 2 was for training until a part with a test call of one of its speakers came.
        TRAINING: ["1", "4", "5"],
        TEST: ["3"],
    }
    assert "4 are in" in told[-2]


def test_stores_of_one_corpus_keep_their_speakers_apart(
    net: StreamingTokenizer, work: Path, tmp_path: Path
) -> None:
    def ids(folders: list[Path], split: str) -> list[str]:
        return [call.id for call in read_all_calls(folders, split, net.unit_count)]

    for number, (kind, calls) in enumerate(
        zip(("fisher", "fisher", "candor"), _parts(), strict=True)
    ):
        checkpoint = work / "tok" / "tokenizer.pt"
        write_calls(tmp_path / str(number), kind, "", calls, checkpoint, 1, print)
    stores = [tmp_path / str(number) for number in range(3)]
    assert ids(stores[:1], TRAINING) == ["1", "2"]
    assert ids(stores, TRAINING) == ["1", "4", "5"]
    assert ids(stores, TEST) == ["3"]
    assert ids([stores[0], stores[2]], TRAINING) == ["1", "2", "5"]


def test_another_tokenizer_is_refused(work: Path, tmp_path: Path) -> None:
    calls = read_two_channel(_recordings(tmp_path / "in", 1)).calls
    write_calls(tmp_path / "out", "two-channel", "", calls, work / "tok" / "tokenizer.pt", 1, print)
    torch.manual_seed(1)
    other = small_net()
    other.forget_units()
    save_tokenizer(other, tmp_path / "tokenizer.pt")
    with pytest.raises(DuologueError, match="no units yet"):
        write_calls(tmp_path / "new", "candor", "", calls, tmp_path / "tokenizer.pt", 1, print)
    with_units(other)
    with torch.no_grad():
        other.head.bias += 1
    save_tokenizer(other, tmp_path / "tokenizer.pt")
    with pytest.raises(DuologueError, match="another corpus or tokenizer"):
        write_calls(tmp_path / "out", "two-channel", "", calls, tmp_path / "tokenizer.pt", 1, print)


@torch.no_grad()
def test_an_imported_hubert_hears_whole_calls(tmp_path: Path) -> None:
    torch.manual_seed(0)
    hubert = Hubert(HUBERT, 2, 40, delay_frames=2).eval()
    call = Call("a", ("x", "y"), partial(_noise, 11.01, 1))
    sound = np.concatenate([*_noise(11.01, 1, pytest.fail)], 1)
    padded = torch.from_numpy(np.pad(sound, ((0, 0), (0, -sound.shape[1] % FRAME_SAMPLES))))
    hubert.centroids = hubert.whole_features(padded[0])[::7].clone()
    checkpoint = tmp_path / "work" / TOKENIZER / CHECKPOINT
    checkpoint.parent.mkdir(parents=True)
    save_hubert(hubert, checkpoint)
    write_part(
        checkpoint.parent,
        TokenizerPart(unit_count=40, window_ms=1000, lookahead_ms=0, delay_ms=80),
    )
    assert tokenizer_of(tmp_path / "work") == checkpoint
    out = tmp_path / "out"
    write_calls(out, "two-channel", "Yours.", [call], checkpoint, 1, print)
    (stored,) = read_calls(out)
    assert stored.units.shape == (2, 276)
    for channel, units in zip(padded, stored.units, strict=True):
        assert np.array_equal(units, hubert.whole_units(channel).numpy())
        assert len(np.unique(units)) > 10
    # The training takes them for the work folder's, and a second run for done.
    assert commands.real_dialogues([out], 0.3, tmp_path / "work").folders == (out,)
    silent = Call("b", ("x", "z"), lambda _: iter(()))
    told: list[str] = []
    write_calls(out, "two-channel", "Yours.", [call, silent], checkpoint, 1, told.append)
    assert "1 are in" in told[0] and told[1] == "b contains no sound. b is left out."


# --- the command ----------------------------------------------------------------------------------


def _run(*arguments: str | Path) -> None:
    app([*map(str, arguments)], standalone_mode=False)


def test_fisher_becomes_a_store(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_fisher(tmp_path / "in", [(1, 2602, 1790), (2, 5514, 2602)])
    options = ("--work", work, "--out", tmp_path / "out")
    with pytest.raises(DuologueError, match="--accept-licence"):
        _run("corpus", "fisher", tmp_path / "in", *options)
    assert "Linguistic Data Consortium" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
    _run("corpus", "fisher", tmp_path / "in", *options, "--accept-licence")
    calls = read_calls(tmp_path / "out", TRAINING)
    assert [(call.id, call.speakers, call.units.shape) for call in calls] == [
        ("fe_03_00001", ("2602", "1790"), (2, 30)),
        ("fe_03_00002", ("5514", "2602"), (2, 30)),
    ]
    assert calls[0].lines[0] == SpokenLine(0, 0.1, 0.5, "hello is this on", True)
    # The terms are printed again, but asked for once.
    capsys.readouterr()
    _run("corpus", "fisher", tmp_path / "in", *options)
    assert "Linguistic Data Consortium" in capsys.readouterr().out


def test_a_conversation_with_a_damaged_table_keeps_its_sound(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = make_conversation(tmp_path / "in", "one", "5a73", "5fa0")
    make_conversation(tmp_path / "in", "two", "5a73", "5fb0")
    (place / "transcription" / "transcript_audiophile.csv").write_text("speaker,start\n5a73,1\n")
    _run("corpus", "candor", tmp_path / "in", "--work", work, "--out", tmp_path / "out",
         "--accept-licence")  # fmt: skip
    calls = read_calls(tmp_path / "out")
    assert [(call.id, len(call.lines)) for call in calls] == [("one", 0), ("two", 2)]
    assert calls[1].lines[1].text == "None"
    assert "one is used without its transcript." in capsys.readouterr().out


def test_a_store_has_the_lines_of_one_table(work: Path, tmp_path: Path) -> None:
    make_conversation(tmp_path / "in", "one", "5a73", "5fa0")
    options = ("--work", work, "--accept-licence", "--out")
    _run("corpus", "candor", tmp_path / "in", *options, tmp_path / "out")
    again = ("corpus", "candor", tmp_path / "in", "--transcript", "backbiter", *options)
    with pytest.raises(DuologueError, match=r"holds dialogues of another corpus .*\(candor\)"):
        _run(*again, tmp_path / "out")
    for _ in range(2):
        _run(*again, tmp_path / "other")
    (call,) = read_calls(tmp_path / "other")
    assert len(call.lines) == 3


def test_without_a_tokenizer_nothing_is_written(tmp_path: Path) -> None:
    _recordings(tmp_path / "in", 1)
    with pytest.raises(DuologueError, match="duologue-train tokenizer"):
        _run("corpus", "two-channel", tmp_path / "in", "--work", tmp_path / "work",
             "--accept-licence")  # fmt: skip
    assert not (tmp_path / "work").exists()


def test_lm_refuses_dialogues_of_another_tokenizer(work: Path, tmp_path: Path) -> None:
    calls = read_two_channel(_recordings(tmp_path / "in", 1)).calls
    out = tmp_path / "out"
    write_calls(out, "two-channel", "Yours.", calls, work / "tok" / "tokenizer.pt", 1, print)
    assert commands.real_dialogues([out], 0.3, work).folders == (out,)
    with pytest.raises(DuologueError, match="holds no dialogues"):
        commands.real_dialogues([tmp_path], 0.3, work)
    described = json.loads((out / "corpus.json").read_text())
    (out / "corpus.json").write_text(json.dumps(described | {"tokenizer": "0"}))
    with pytest.raises(DuologueError, match="another tokenizer"):
        commands.real_dialogues([out], 0.3, work)
