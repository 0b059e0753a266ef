"""Shards of dialogues that nobody spoke, with units that tell where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.timebase import FRAME_SAMPLES
from models.dialogue.unit_store import DELAY_FRAMES
from models.spoken.parquet_shards import DESCRIPTION, VERSION, write_shard

WORD_FRAMES = 4
TEXTS = ("What is a duck? Tell me.", "It is a bird.", "Does a xylophone fly?", "No, it does not.")
"""Turns; nobody's vocabulary has the xylophone."""
USER_UNITS, AGENT_UNITS = range(20, 60), range(100, 140)


def made_row(shard: int, number: int) -> dict[str, Any]:
    """A dialogue of four turns whose words last four frames, with one unit each, unlike that of the
    word before; in the silence the unit is that of the shard."""
    turns: list[dict[str, Any]] = []
    at = 10
    placed: list[tuple[int, int, int]] = []
    for index, text in enumerate(TEXTS):
        words = []
        for word in f"{text} {number}.".split():
            last = at + WORD_FRAMES
            words.append(
                {
                    "word": word,
                    "start_sample": at * FRAME_SAMPLES,
                    "end_sample": last * FRAME_SAMPLES,
                }
            )
            units = AGENT_UNITS if index % 2 else USER_UNITS
            unit = units[(7 * shard + 11 * number + len(placed)) % len(units)]
            placed.append((index % 2, at + DELAY_FRAMES, unit))
            at = last
        turns.append(
            {
                "channel": index % 2,
                "text": f"{text} {number}.",
                "start_sample": words[0]["start_sample"],
                "end_sample": words[-1]["end_sample"],
                "words": words,
                "phones": [],
            }
        )
        at += 5
    frames = at + 10
    streams = np.full((2, frames), shard)
    for channel, first, unit in placed:
        streams[channel, first : first + WORD_FRAMES] = unit
    return {
        "id": f"{shard}-{number}",
        "voices": ["made", "made"],
        "left_out": None,
        "frames": frames,
        "turns": turns,
        "units": streams.tolist(),
        "sound": None,
    }


def write_made(
    folder: Path, shards: int, dialogues: int = 6, tokenizer: str = "made", first: int = 0
) -> Path:
    """Write a folder of shards, whose silence is their own number."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DESCRIPTION).write_text(json.dumps({"version": VERSION, "tokenizer": tokenizer}))
    for shard in range(first, first + shards):
        rows = [made_row(shard, number) for number in range(dialogues)]
        write_shard(folder / f"made-{shard:05}.parquet", rows)
    return folder
