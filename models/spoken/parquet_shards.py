"""Shards of spoken dialogues: Parquet files beside ``spoken.json``, which says how they were made.

A shard is written whole or not at all, and is never written again, so whoever was interrupted goes
on with the shards that are missing. The same rows give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.atomic_write import writing_whole
from engine.errors import DuologueError
from engine.syncllm.probes import sound_probe
from models.spoken.text_dialogue import DIALOGUES_PER_SHARD, ShardPlan

if TYPE_CHECKING:  # a training reads shards and has no synthesiser
    from models.spoken.speak_dialogue import Recipe

DESCRIPTION = "spoken.json"
VERSION = 2


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DuologueError(
            "Parquet needs pyarrow; install it with: script/setup train natural speak."
        ) from error
    return pyarrow


def schema() -> Any:
    """The fields of a row. Samples are at 16 kHz from the dialogue's beginning, units 25 a second
    with the tokenizer's delay in them; both channels have as many."""
    pa = _arrow()

    def timed(name: str) -> Any:
        fields = [(name, pa.string()), ("start_sample", pa.int32()), ("end_sample", pa.int32())]
        return pa.list_(pa.struct(fields))

    turn = pa.struct(
        [
            ("channel", pa.int8()),
            ("text", pa.string()),
            ("start_sample", pa.int32()),
            ("end_sample", pa.int32()),
            ("words", timed("word")),
            ("phones", timed("phone")),
        ]
    )
    return pa.schema(
        [
            ("id", pa.string()),
            ("voices", pa.list_(pa.string())),
            ("left_out", pa.string()),
            ("frames", pa.int32()),
            ("turns", pa.list_(turn)),
            ("units", pa.list_(pa.list_(pa.int16()))),
            ("sound", pa.binary()),
        ]
    )


def write_shard(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write a shard, whole or not at all."""
    pa = _arrow()
    table = pa.Table.from_pylist(list(rows), schema())
    with writing_whole(path) as part:
        pa.parquet.write_table(table, part, compression="zstd")


def read_shard(path: Path, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The rows of a shard, or some of their fields. Raises DuologueError where it is damaged."""
    pa = _arrow()
    try:
        with pa.parquet.ParquetFile(path) as file:
            rows: list[dict[str, Any]] = file.read(columns).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DuologueError(
            f"{path} is damaged; delete it, and run duologue-train speak again."
        ) from error
    return rows


def read_description(folder: Path) -> dict[str, Any]:
    """How the shards of a folder were made. Raises DuologueError where there are none."""
    path = folder / DESCRIPTION
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DuologueError(
            f"{path} cannot be read; give a folder that duologue-train speak has written."
        ) from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise DuologueError(f"{path} is of another version; speak the dialogues again.")
    return content


def begin_store(folder: Path, recipe: Recipe) -> None:
    """Write how the shards of a folder are made.

    Raises DuologueError where the folder holds shards that were made otherwise.
    """
    from engine.syncllm.unit_encoder import Tokenizer

    content = {
        "version": VERSION,
        "seed": recipe.seed,
        "synthesisers": list(recipe.synthesisers),
        "packs": _digest_of_packs(recipe.packs),
        "tokenizer": hashlib.sha256(recipe.tokenizer.read_bytes()).hexdigest(),
        # A work folder has no such file, but it can tell whether its units are the same.
        "probe_units": Tokenizer(recipe.tokenizer).units(sound_probe()).tolist(),
        "keeps_sound": recipe.keeps_sound,
        "alternating": recipe.alternating,
        "dialogues_per_shard": DIALOGUES_PER_SHARD,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / DESCRIPTION
    if path.exists():
        try:
            known = json.loads(path.read_text("utf-8"))
        except ValueError:
            known = None
        if known != content:
            raise DuologueError(
                f"{folder} holds dialogues that were spoken in another way; give another folder "
                "with --out."
            )
        return
    with writing_whole(path) as part:
        part.write_text(json.dumps(content, indent=1), "utf-8")


def _digest_of_packs(packs: Path | None) -> str | None:
    if packs is None:
        return None
    digest = hashlib.sha256()
    for path in sorted(packs.glob("*.bin")):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def missing(folder: Path, plans: Sequence[ShardPlan]) -> list[ShardPlan]:
    """The shards that a store still lacks."""
    return [plan for plan in plans if not (folder / plan.name).is_file()]
