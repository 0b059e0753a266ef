"""Shards as a training takes them: sentences with their frames, order, and what is held out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES
from models.dialogue.unit_store import DELAY_FRAMES
from models.imported.parts import MODEL, TOKENIZER, TokenizerPart, write_part
from models.spoken.commands import spoken_dialogues
from models.spoken.parquet_shards import DESCRIPTION, begin_store, read_shard, write_shard
from models.spoken.speak_dialogue import Recipe, speak_dialogue
from models.spoken.text_dialogue import TextDialogue
from models.spoken.training_dialogues import (
    ShuffledShards,
    all_shards,
    held_out_dialogues,
    plain_words,
    shard_dialogues,
    words_in,
)
from tests.engine.tiny_bundle import UNIT_COUNT, write_tiny_tokenizer
from tests.models.spoken.made_shards import made_row, write_made

pytest.importorskip("pyarrow")


def test_plain_words() -> None:
    assert plain_words("Well-known, isn’t it? \"'Yes'\" - No. 20!") == [
        "well", "known", "isn't", "it", "yes", "no", "20",
    ]  # fmt: skip
    assert plain_words("... ?") == []


def test_sentences_of_spoken_turns_lie_where_they_are_heard(recipe: Recipe, tmp_path: Path) -> None:
    text = TextDialogue("a", ((0, "Have you seen it? I have."), (1, "Well - no!"), (0, "...")))
    begin_store(tmp_path, recipe)
    row = speak_dialogue(text, recipe)
    write_shard(tmp_path / "a-00000.parquet", [row])
    (shard,) = all_shards([tmp_path])
    both = [shard_dialogues(shard, UNIT_COUNT, held_out) for held_out in (False, True)]
    ((dialogue,),) = (found for found in both if found)
    assert np.array_equal(dialogue.units, row["units"])
    said = [
        (turn.channel, [" ".join(word.text for word in words) for words in turn.sentences])
        for turn in dialogue.turns
    ]
    assert said == [(0, ["have you seen it", "i have"]), (1, ["well no"])]
    first, second = dialogue.turns[0].sentences
    spoken = row["turns"][0]
    assert first[0].onset == spoken["start_sample"] // FRAME_SAMPLES + DELAY_FRAMES
    assert abs(second[-1].offset - DELAY_FRAMES - spoken["end_sample"] / FRAME_SAMPLES) <= 1
    assert first[-1].offset - 1 <= second[0].onset
    assert words_in([tmp_path]) == ["have", "i", "it", "no", "seen", "well", "you"]


def test_every_dialogue_is_trained_on_or_held_out(tmp_path: Path) -> None:
    write_made(tmp_path, shards=3, dialogues=120)
    shards = all_shards([tmp_path])
    held_out = [len(shard_dialogues(shard, 200, held_out=True)) for shard in shards]
    training = [len(shard_dialogues(shard, 200, held_out=False)) for shard in shards]
    assert [a + b for a, b in zip(held_out, training, strict=True)] == [120] * 3
    assert held_out == [1] * 3  # the shards have the same texts
    assert len(held_out_dialogues([tmp_path], 200)) == sum(held_out)


def test_a_dialogue_that_was_spoken_twice_is_on_one_side(tmp_path: Path) -> None:
    row = made_row(1, 5)
    for name, other in (("a", row), ("b", row | {"id": "twice"})):
        write_shard(tmp_path / f"{name}.parquet", [other])
    sides = {
        len(shard_dialogues(tmp_path / f"{name}.parquet", 200, held_out=True)) for name in "ab"
    }
    assert len(sides) == 1


def test_a_pass_has_each_shard_once_in_an_order_of_the_seed(tmp_path: Path) -> None:
    write_made(tmp_path, shards=6, dialogues=2)

    def passes(seed: int) -> list[list[int]]:
        shuffled = ShuffledShards([tmp_path], 200, [seed])
        firsts = [int(shuffled.dialogues(number)[0].units[0, 0]) for number in range(12)]
        return [firsts[:6], firsts[6:]]

    one, two = passes(3)
    assert sorted(one) == sorted(two) == sorted(set(one)) and one != two
    assert passes(3) == [one, two] and passes(4)[0] != one


def _change(row: dict[str, Any], path: Path, **fields: Any) -> None:
    write_shard(path, [row | fields])


def test_what_cannot_be_trained_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match=r"spoken\.json cannot be read; give a folder"):
        all_shards([tmp_path])
    (tmp_path / DESCRIPTION).write_text(json.dumps({"version": 1}))
    with pytest.raises(DuologueError, match="of another version"):
        all_shards([tmp_path])
    write_made(tmp_path, shards=0)
    with pytest.raises(DuologueError, match="no shard yet"):
        all_shards([tmp_path])
    write_made(tmp_path / "other", shards=1, tokenizer="another")
    write_made(tmp_path, shards=1)
    with pytest.raises(DuologueError, match="different tokenizers"):
        all_shards([tmp_path, tmp_path / "other"])
    path = tmp_path / "made-00000.parquet"
    row = read_shard(path)[0]
    with pytest.raises(DuologueError, match="has other units"):
        shard_dialogues(path, 3, held_out=False)
    _change(row, path, units=[[1] * 30, [1] * 29])
    with pytest.raises(DuologueError, match="holds no spoken dialogues"):
        shard_dialogues(path, 200, held_out=False)
    _change(row, path, frames=0, turns=[], units=[[], []], left_out="There is nothing.")
    with pytest.raises(DuologueError, match="none to train on"):
        ShuffledShards([tmp_path], 200, [0]).dialogues(0)
    path.write_bytes(b"no shard")
    with pytest.raises(DuologueError, match="is damaged; delete it"):
        ShuffledShards([tmp_path], 200, [0]).dialogues(0)


def test_the_tokenizer_of_the_work_folder_has_to_have_the_same_units(tmp_path: Path) -> None:
    from engine.syncllm.bundle import load_bundle
    from models.spoken.speaker import Synthesiser
    from models.tokenizer.network import save_tokenizer
    from models.tokenizer.restore import tokenizer_from_onnx

    starter = load_bundle().tokenizer
    voices = (Synthesiser.FLITE,)
    ours, others, work = tmp_path / "ours", tmp_path / "others", tmp_path / "work"
    begin_store(ours, Recipe(starter, voices))
    begin_store(others, Recipe(write_tiny_tokenizer(tmp_path / "tiny.onnx"), voices))
    with pytest.raises(DuologueError, match=r"There is no .*tokenizer\.pt"):
        spoken_dialogues([ours], 0.5, work)
    (work / "tok").mkdir(parents=True)
    save_tokenizer(tokenizer_from_onnx(starter), work / "tok" / "tokenizer.pt")
    assert spoken_dialogues([ours], 0.3, work).folders == (ours,)
    with pytest.raises(DuologueError, match="encoded by another tokenizer than"):
        spoken_dialogues([ours, others], 0.5, work)
    assert spoken_dialogues([], 0.5, tmp_path / "nowhere").folders == ()
    imported = tmp_path / "imported" / TOKENIZER / MODEL
    imported.parent.mkdir(parents=True)
    imported.write_bytes((tmp_path / "tiny.onnx").read_bytes())
    settings = TokenizerPart(unit_count=64, window_ms=1000, lookahead_ms=0, delay_ms=80)
    write_part(imported.parent, settings)
    assert spoken_dialogues([others], 0.3, tmp_path / "imported").folders == (others,)
    with pytest.raises(DuologueError, match="encoded by another tokenizer than"):
        spoken_dialogues([ours], 0.5, tmp_path / "imported")
