"""Shards of spoken dialogues: the same bytes from one process, from two and from Ray; resumable."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import DuologueError
from models.spoken.parquet_shards import begin_store, missing, read_shard, schema, write_shard
from models.spoken.speak_dialogue import Recipe, speak_dialogue
from models.spoken.speak_shards import speak_here
from models.spoken.text_dialogue import ShardPlan, TextDialogue, plan_shards

pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def plans(
    dialogues: list[TextDialogue], tmp_path_factory: pytest.TempPathFactory
) -> list[ShardPlan]:
    folder = tmp_path_factory.mktemp("texts")
    files = []
    for dialogue in dialogues:
        path = folder / f"{dialogue.id}.jsonl"
        turns = [{"speaker": speaker, "text": text} for speaker, text in dialogue.turns]
        path.write_text(json.dumps({"id": dialogue.id, "turns": turns}))
        files.append(path)
    return plan_shards(files)


@pytest.fixture(scope="module")
def spoken(
    plans: list[ShardPlan], recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The shards as one process speaks them."""
    folder = tmp_path_factory.mktemp("spoken")
    begin_store(folder, recipe)
    done = list(speak_here(plans, folder, recipe, 1))
    assert [shard.name for shard in done] == [plan.name for plan in plans]
    assert all(shard.speech_seconds > 1 and shard.left_out == 0 for shard in done)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def test_rows_come_back(spoken: Path, dialogues: list[TextDialogue], recipe: Recipe) -> None:
    (row,) = read_shard(spoken / "second-00000.parquet")
    assert row == speak_dialogue(dialogues[1], recipe)
    assert list(row) == schema().names


def test_two_processes_give_the_bytes_of_one(
    spoken: Path, plans: list[ShardPlan], recipe: Recipe, tmp_path: Path
) -> None:
    list(speak_here(plans, tmp_path, recipe, 2))
    assert contents(tmp_path) == contents(spoken)


def test_ray_reports_nothing() -> None:
    """Without a cluster: what Ray itself makes of the switch that the engine sets at its import."""
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    usage = pytest.importorskip("ray._common.usage.usage_lib")
    assert not usage.usage_stats_enabled()


def open_ports(session: str) -> set[str]:
    """Addresses, in hexadecimal, on which processes of a Ray session listen for other machines."""
    inodes = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if session in (process / "cmdline").read_text():
                inodes |= {os.readlink(end) for end in (process / "fd").iterdir()}
    assert inodes, "no process of the session was found"
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    listening = [(fields[1], fields[9]) for fields in lines if fields[3] == "0A"]
    loopback = "0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"
    return {
        address
        for address, inode in listening
        if f"socket:[{inode}]" in inodes and not address.startswith(loopback)
    }


@pytest.mark.slow
def test_two_processes_of_ray_give_the_bytes_of_one_and_open_nothing(
    spoken: Path, plans: list[ShardPlan], recipe: Recipe, tmp_path: Path
) -> None:
    """One start of Ray for both: it takes most of the time. A few minutes on a busy machine."""
    ray = pytest.importorskip("ray")
    from models.spoken.speak_on_ray import speak_on_ray

    done = speak_on_ray(plans, tmp_path, recipe, 2)
    names = [next(done).name]
    assert not ray._private.worker.get_dashboard_url()
    if sys.platform == "linux":
        session = ray._private.worker.global_worker.node.session_name
        assert open_ports(session) == set()
    names += [shard.name for shard in done]
    assert not ray.is_initialized()
    assert sorted(names) == sorted(plan.name for plan in plans)
    assert contents(tmp_path) == contents(spoken)


def test_finished_shards_are_not_spoken_again(
    spoken: Path, plans: list[ShardPlan], recipe: Recipe, tmp_path: Path
) -> None:
    begin_store(tmp_path, recipe)
    kept = spoken / plans[1].name
    (tmp_path / kept.name).write_bytes(kept.read_bytes())
    todo = missing(tmp_path, plans)
    assert todo == [plans[0], *plans[2:]]
    begin_store(tmp_path, recipe)
    with pytest.raises(DuologueError, match="spoken in another way"):
        begin_store(tmp_path, replace(recipe, seed=99))


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a-00000.parquet"
    path.write_bytes(b"no shard")
    with pytest.raises(DuologueError, match=r"a-00000\.parquet is damaged; delete it"):
        read_shard(path)


def test_a_shard_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="int32"):
        write_shard(tmp_path / "a.parquet", [{"frames": "many"}])
    assert list(tmp_path.iterdir()) == []
