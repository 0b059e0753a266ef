"""The reader learns words from composed dialogues, and reads the same when it is exported."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from engine.errors import DuologueError
from engine.syncllm.bundle import describe_file, load_bundle, write_manifest
from engine.syncllm.unit_reader import StreamingReader
from engine.syncllm.unit_reader import UnitReader as EngineReader
from models.dialogue.composer import Composer
from models.dialogue.timing import HUMAN
from models.dialogue.unit_store import save_store
from models.dialogue.unit_streams import Dialogue, PlacedUtterance
from models.language.vocabulary import Vocabulary
from models.reader.export import export_reader
from models.reader.network import ReaderConfig, UnitReader
from models.reader.restore import reader_from_onnx
from models.reader.train import (
    FRAMES,
    OUT_OF_VOCABULARY,
    ReaderBatches,
    compose_batch,
    ctc_loss,
    frame_labels,
    frame_loss,
    greedy_decode,
    load_reader,
    reader_pieces,
    train_reader,
    word_targets,
)
from models.script.words import script_words
from tests.models.dialogue.test_composer import own_units_store, toy_store

VOCABULARY = Vocabulary(200, script_words())
PIECES = reader_pieces(VOCABULARY)
NOTHING = len(PIECES)


def test_what_was_said_is_told_word_by_word() -> None:
    events = [
        PlacedUtterance(1, "", 40, 60),
        PlacedUtterance(1, "is it late", 5, 20, (("is", 5, 9), ("it", 9, 12), ("late", 12, 20))),
        PlacedUtterance(0, "no", 24, 30, (("no", 24, 30),)),
        PlacedUtterance(1, "and now", 88, 95, (("and", 88, 94), ("now", 94, 95))),
    ]
    dialogue = Dialogue(np.zeros(100, np.int16), np.zeros(100, np.int16), events)
    words = word_targets(dialogue, 1, VOCABULARY)
    assert [offset for offset, _ in words] == [9, 12, 20, 60, 94]
    assert "".join(PIECES[piece] for _, pieces in words for piece in pieces) == (
        f" is it late{OUT_OF_VOCABULARY} and"
    )
    assert [
        PIECES[piece] for _, pieces in word_targets(dialogue, 0, VOCABULARY) for piece in pieces
    ] == [" no"]


def test_labels_stand_behind_their_words_and_read_as_them() -> None:
    words: list[tuple[int, list[int]]] = [(6, [3]), (12, [5, 6, 7]), (14, [7]), (29, [8])]
    labels = frame_labels(words, 36, NOTHING)
    assert labels.tolist() == (
        [NOTHING] * 12 + [3] * 2 + [5] * 2 + [6] * 2 + [7] * 6 + [NOTHING] * 11 + [8]
    )
    assert frame_labels(words, 30, NOTHING).tolist() == labels[:30].tolist()
    scores = np.eye(NOTHING + 1, dtype=np.float32)[labels]
    assert greedy_decode(scores) == [3, 5, 6, 7, 8]


def test_it_learns_to_name_words() -> None:
    torch.manual_seed(0)
    batch = compose_batch(Composer(toy_store(), 0, HUMAN), VOCABULARY, 2)
    assert batch.units_BT.shape == (4, FRAMES)
    net = UnitReader(ReaderConfig(200, len(PIECES), inner=16, hidden=32))
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for loss_of in (frame_loss, ctc_loss):
        losses = []
        for _ in range(12):
            optimizer.zero_grad()
            loss = loss_of(net, batch)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.8 * losses[0]


def test_training_writes_a_checkpoint_that_reads(tmp_path: Path) -> None:
    save_store(toy_store(), tmp_path / "speech.pkl.gz")
    path = train_reader(tmp_path / "speech.pkl.gz", tmp_path / "reader", 0.02, 1, 0)
    net, vocabulary = load_reader(path)
    assert reader_pieces(vocabulary)[-1] == OUT_OF_VOCABULARY
    assert net.config.pieces == len(reader_pieces(vocabulary))
    assert (tmp_path / "reader" / "reader.csv").read_text().startswith("step,seconds")


def test_a_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    save_store(toy_store(), tmp_path / "speech.pkl.gz")
    reader = tmp_path / "reader"
    path = train_reader(tmp_path / "speech.pkl.gz", reader, 0.02, 1, 0)
    first = torch.load(path, weights_only=True)
    # Its time is over: nothing more is done, and nothing lost.
    train_reader(tmp_path / "speech.pkl.gz", reader, 0.02, 1, 0)
    again = torch.load(path, weights_only=True)
    assert again["step"] == first["step"] > 0
    assert all(torch.equal(again["net"][name], first["net"][name]) for name in first["net"])
    # However long the first step took on this machine.
    train_reader(tmp_path / "speech.pkl.gz", reader, first["seconds"] / 60 + 0.02, 1, 0)
    later = torch.load(path, weights_only=True)
    assert later["step"] > first["step"]
    assert later["seconds"] > first["seconds"]
    save_store(
        replace(toy_store(), confusable_units=np.zeros((7, 4), np.int16)), tmp_path / "other.gz"
    )
    with pytest.raises(DuologueError, match="reader.pt is of other units, words or sizes; move"):
        train_reader(tmp_path / "other.gz", reader, 0.02, 1, 0)
    smaller = UnitReader(ReaderConfig(later["units"], len(PIECES), hidden=16)).state_dict()
    torch.save(later | {"net": smaller}, path)
    with pytest.raises(DuologueError, match="of other units, words or sizes; move it away"):
        train_reader(tmp_path / "speech.pkl.gz", reader, 0.06, 1, 0)


def test_processes_compose_lessons_of_their_own(tmp_path: Path) -> None:
    save_store(toy_store(), tmp_path / "speech.pkl.gz")
    stream = ReaderBatches(tmp_path / "speech.pkl.gz", 5, 2, HUMAN)
    batch = iter(DataLoader(stream, None, num_workers=2))
    first, second, third = (next(batch).units_BT for _ in range(3))
    alone = iter(stream)
    assert torch.equal(next(alone).units_BT, first)
    assert torch.equal(next(alone).units_BT, third)
    assert first.shape == second.shape == (4, FRAMES)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("chunk", [1, 4, 6, 240])
def test_the_exported_reader_reads_chunks_as_the_whole(tmp_path: Path, chunk: int) -> None:
    torch.manual_seed(1)
    net = UnitReader(ReaderConfig(64, 20, inner=8, hidden=16))
    net.leave.weight.data *= 8
    export_reader(net, tmp_path / "reader.onnx")
    units = np.random.default_rng(0).integers(0, 64, 240).tolist()
    with torch.no_grad():
        logits, _ = net(torch.tensor([units]), net.begin(1))
    pieces = [f" {number}" for number in range(20)]
    stream = StreamingReader(EngineReader(tmp_path / "reader.onnx", pieces))
    word_targets = [
        piece for at in range(0, 240, chunk) for piece in stream.push(units[at : at + chunk])
    ]
    expected = [pieces[number] for number in greedy_decode(logits[0].numpy())]
    assert len(expected) > 20
    assert word_targets == expected


def test_a_reader_is_restored_from_its_file(tmp_path: Path) -> None:
    torch.manual_seed(2)
    net = UnitReader(ReaderConfig(64, 20, inner=8, hidden=16)).eval()
    export_reader(net, tmp_path / "reader.onnx")
    again = reader_from_onnx(tmp_path / "reader.onnx")
    assert again.config == net.config
    units = torch.randint(0, 64, (1, 50))
    with torch.no_grad():
        expected, _ = net(units, net.begin(1))
        got, _ = again(units, again.begin(1))
    torch.testing.assert_close(got, expected, atol=2e-3, rtol=0)
    with pytest.raises(DuologueError, match="does not hold the unit reader"):
        reader_from_onnx(Path("resources/starter/vocoder.onnx"))


def test_own_units_are_added_to_a_bundles_reader(tmp_path: Path) -> None:
    store = own_units_store()
    bundle = tmp_path / "single"
    shutil.copytree("resources/starter", bundle)
    whole = reader_from_onnx(bundle / "reader.onnx")
    shared = UnitReader(replace(whole.config, units=64))
    weights = whole.state_dict()
    shared.load_state_dict(weights | {"enter.weight": weights["enter.weight"][:64]})
    export_reader(shared, bundle / "reader.onnx")
    manifest = load_bundle().manifest
    assert manifest.reader
    network = describe_file(bundle / "reader.onnx")
    reader = manifest.reader.model_copy(update={"network": network})
    write_manifest(bundle, manifest.model_copy(update={"reader": reader}))
    few = replace(store, confusable_units=np.zeros((64, 4), np.int16))
    asked = [one for some in (*few.user.values(), *few.long_talk) for one in some]
    others = [*few.out_of_domain, *(speech for speech, _ in few.orders)]
    for speech in (*few.agent.values(), *asked, *others):
        speech.units[:] %= 64
        if speech.heard is not None:
            speech.heard[:] %= 64
    save_store(few, tmp_path / "speech.pkl.gz")
    path = train_reader(tmp_path / "speech.pkl.gz", tmp_path / "r", 1e-6, 1, 0, bundle=bundle)
    net, vocabulary = load_reader(path)
    assert (vocabulary.unit_count, vocabulary.own_unit_count) == (64, 140)
    assert net.config.units == 204
    shipped = reader_from_onnx(bundle / "reader.onnx").enter.weight
    # No more than one small step away.
    torch.testing.assert_close(net.enter.weight[:64], shipped, atol=1e-3, rtol=0)
    turned = np.roll(np.eye(64), 1, axis=1)
    given = (tmp_path / "speech.pkl.gz", tmp_path / "turned", 1e-6, 1, 0, HUMAN)
    other, _ = load_reader(train_reader(*given, bundle=bundle, coincidence=turned))
    torch.testing.assert_close(other.enter.weight[:63], shipped[1:], atol=1e-3, rtol=0)
    batch = compose_batch(Composer(few, 0, HUMAN), vocabulary, 2)
    assert batch.units_BT[0::2].max() < 64
    assert batch.units_BT[1::2].min() == 64
    save_store(store, tmp_path / "other.pkl.gz")
    with pytest.raises(DuologueError, match="a reader of other units"):
        train_reader(tmp_path / "other.pkl.gz", tmp_path / "s", 0, 1, 0, bundle=bundle)
