"""Replays a recorded conversation: do the same sound and seed give the same tokens?

It repeats what the recording says about each step: lost sound, chunks in which the agent was too
late to speak or that were forced, intervals that were missed together, pauses. Works for
conversations with a file and for live ones. One thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.onnx_providers import CPU, best_accelerator
from engine.record.events import (
    BundleName,
    ChunkRecord,
    UnheardRecord,
    back_end,
    bundle_name,
    read_talk,
)
from engine.record.talk_sound import TalkSound
from engine.sound.audio_file import from_pcm
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex, Step
from engine.syncllm.forced_chunk import ForcedChunk
from engine.timebase import SAMPLE_RATE_HZ


@dataclass
class Replay:
    """The result of a replay."""

    chunk_ms: int
    chunks: int = 0
    different: int = 0
    """Chunks with at least one different token."""
    first_different: int | None = None
    """Index of the first different chunk."""
    unheard_samples: int = 0
    """Sound that no step used: the unfinished interval at the end of a live conversation."""
    remarks: list[str] = field(default_factory=list)
    """What the user should know, one sentence each."""

    @property
    def identical(self) -> bool:
        """Whether all tokens of all chunks were the same; False without chunks."""
        return self.chunks > 0 and not self.different


def replay(
    folder: Path,
    bundle: Bundle,
    gpu_layers: int | None = None,
    advance: Callable[[str, float, float | None], None] = lambda what, done, total: None,
) -> Replay:
    """Run the recording in ``folder`` through the engine again and compare all tokens.

    ``gpu_layers`` is as recorded by default. Raises DuologueError if the recording cannot be read
    or was made with another bundle.
    """
    head, records = read_talk(folder)
    found = bundle_name(bundle)
    if found.sha256 != head.bundle.sha256:
        raise DuologueError(
            f"The conversation was recorded with {_name(head.bundle)}, not with {_name(found)}; "
            "give that bundle with --bundle."
        )
    result = Replay(head.chunk_ms)
    provider = None
    if gpu_layers is None:
        provider = CPU if head.back_end.onnx == CPU.name else best_accelerator()
    duplex = Duplex(
        bundle,
        head.chunk_ms,
        head.latency_ms,
        head.seed,
        head.own_sampling.sampling(),
        head.estimate_sampling.sampling(),
        head.back_end.gpu_layers if gpu_layers is None else gpu_layers,
        provider=provider,
    )
    try:
        here = back_end(duplex)
        if here != head.back_end:
            result.remarks.append(
                f"The back end is a different one ({here}; recorded with {head.back_end}), "
                "so tokens may differ."
            )
        with TalkSound(folder / head.sound) as track:
            heard = np.zeros(0, np.int16)
            missed: list[ChunkRecord] = []
            for record in records:
                if isinstance(record, UnheardRecord):
                    track.read(record.samples)
                    result.unheard_samples += record.samples
                if not isinstance(record, ChunkRecord):
                    continue
                if record.index != result.chunks + len(missed):
                    raise DuologueError(
                        f"{folder} is not recorded from the beginning of a conversation; choose "
                        "another."
                    )
                heard = np.concatenate([heard, track.read(record.samples)[:, 0]])
                if record.missed:
                    missed.append(record)
                    if record.missed > 1:
                        continue
                due = duplex.due_samples_of(max(len(missed), 1))
                if len(heard) < due:
                    result.remarks.append(
                        f"The sound ends early, after {track.position / SAMPLE_RATE_HZ:.1f} s; "
                        "the rest was not compared."
                    )
                    break
                sound = from_pcm(heard[:due])
                heard = heard[due:]
                if missed:
                    steps = duplex.miss(sound, len(missed))
                else:
                    forced = _forced(record, duplex)
                    steps = [duplex.step_due(sound, record.lost, record.speak, forced)]
                for step, recorded in zip(steps, missed or [record], strict=True):
                    _compare(step, recorded, result)
                missed = []
                advance("replay", track.position, track.length_samples)
    finally:
        duplex.close()
    return result


def _forced(record: ChunkRecord, duplex: Duplex) -> ForcedChunk | None:
    """What was forced in a recorded step, now without conditions; DuologueError if it cannot be."""
    if record.forced_frames is None:
        return None
    count = duplex.bundle.manifest.own_unit_count
    known = all(0 <= unit < count for unit in record.forced_frames)
    if not known or len(record.forced_frames) != duplex.format.chunk_frames:
        raise DuologueError(
            f"The recording is damaged in chunk {record.index}; choose another conversation."
        )
    return ForcedChunk(tuple(record.forced_frames), tuple(record.own_text))


def _name(bundle: BundleName) -> str:
    return f"{bundle.name} {bundle.version} ({bundle.sha256[:8]})"


def _compare(step: Step, record: ChunkRecord, result: Replay) -> None:
    same = (
        step.user_units == record.user_units
        and step.user_estimates == record.user_estimates
        and step.own_units == record.own_units
        and list(step.own_text) == record.own_text
        and list(step.heard_text) == record.heard_text
    )
    if not same:
        result.different += 1
        if result.first_different is None:
            result.first_different = record.index
    result.chunks += 1
