"""Reading text dialogues, and the shards that they are cut into."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from engine.errors import DuologueError
from models.spoken.text_dialogue import (
    DIALOGUES_PER_SHARD,
    TextDialogue,
    plan_shards,
    read_shard,
    text_files,
)


def write(path: Path, count: int) -> Path:
    lines = [json.dumps({"id": f"d{n}", "turns": ["hello", "hi  there"]}) for n in range(count)]
    text = "\n".join(lines) + "\n\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_shards_cover_every_dialogue_once(tmp_path: Path) -> None:
    write(tmp_path / "b.jsonl.gz", DIALOGUES_PER_SHARD + 3)
    write(tmp_path / "a.jsonl", 2)
    (tmp_path / "LICENCE").write_text("no dialogue")
    plans = plan_shards(text_files(tmp_path))
    assert [plan.name for plan in plans] == [
        "a-00000.parquet", "b-00000.parquet", "b-00001.parquet",
    ]  # fmt: skip
    ids = [dialogue.id for plan in plans[1:] for dialogue in read_shard(plan)]
    assert ids == [f"d{n}" for n in range(DIALOGUES_PER_SHARD + 3)]
    assert sum(plan.count for plan in plan_shards(text_files(tmp_path), 5)) == 5


def test_turns_take_turns_or_name_their_speaker(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", 1)
    named = {"id": 7, "turns": [{"speaker": 1, "text": "one"}, {"speaker": 1, "text": "two"}]}
    path.write_text(path.read_text() + json.dumps(named))
    first, second = read_shard(plan_shards([path])[0])
    assert first == TextDialogue("d0", ((0, "hello"), (1, "hi there")))
    assert second == TextDialogue("7", ((1, "one"), (1, "two")))


@pytest.mark.parametrize(
    "line",
    [
        "no json", "[]", '{"id": 1}', '{"id": 1, "turns": [3]}', '{"turns": ["a"]}',
        '{"id": 1, "turns": [{"speaker": 2, "text": "a"}]}',
        json.dumps({"id": 1, "turns": ["a" * 30_000]}),
    ],
)  # fmt: skip
def test_a_line_that_is_no_dialogue_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line)
    with pytest.raises(DuologueError, match=r"a\.jsonl, dialogue 1 is no dialogue"):
        list(read_shard(plan_shards([path])[0]))


def test_a_folder_without_dialogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="has no dialogues"):
        text_files(tmp_path)
    write(tmp_path / "a.jsonl", 1)
    write(tmp_path / "a.jsonl.gz", 1)
    with pytest.raises(DuologueError, match="both plain and gzipped"):
        text_files(tmp_path)
