"""events.jsonl: what happened in a conversation, one record per line.

The first record states everything that the tokens depend on. Chunks, commands, device events and
what the assistant heard and did follow, and a summary if the conversation came to its end. Lines
are written whole, one by one, so a file that breaks off is good to its last line. Records come from
outside, so reading checks them.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import llama_cpp
import onnxruntime
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from engine.accelerated_session import in_words
from engine.atomic_write import sync
from engine.errors import DuologueError, unwritable
from engine.onnx_providers import CPU
from engine.syncllm.bundle import Bundle, SamplingSettings
from engine.syncllm.duplex import Duplex, Step
from engine.syncllm.llama_library import BACK_ENDS

EVENTS_NAME = "events.jsonl"
EVENTS_VERSION, ASSISTED_VERSION = 2, 3
"""Conversations with an assistant have records that older programs do not know."""
# Reading thousands of records at once keeps the interpreter from other threads, the window's among
# them, for 0.1 to 0.4 s, whatever its switch interval. Yielding now and then costs nothing.
_POLITE_RECORDS = 50
_MOST_LINE_BYTES = 4_000_000
"""A record has a few hundred bytes; the summary of a very long conversation has some 100,000."""
_TAIL_BYTES = 65_536
_LATEST_MS = 1 << 60


class _Record(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class BundleName(_Record):
    """The bundle of a conversation."""

    name: str
    version: str
    sha256: str
    """Hash of the manifest as it was read; the manifest holds the hashes of the models."""


class BackEnd(_Record):
    """What else the tokens may depend on, besides bundle, settings and seed."""

    llama_cpp: str
    onnxruntime: str
    machine: str
    gpu_layers: int
    onnx: str = Field(default=CPU.name, exclude_if=lambda onnx: onnx == CPU.name)
    """What computed tokenizer, vocoder and reader; left out if the CPU did."""


class TalkRecord(_Record):
    """The first record."""

    kind: Literal["talk"] = "talk"
    version: int = EVENTS_VERSION
    began: str
    """Local time, ISO 8601."""
    order_ms: Annotated[int, Field(ge=0, le=_LATEST_MS)] | None = Field(
        default=None, exclude_if=lambda order_ms: order_ms is None
    )
    """Order of the recordings in a folder: ms since 1970, or one more than the newest recording's
    if the clock was set back."""
    sound: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    """The sound file beside this one: user left, agent right."""
    bundle: BundleName
    back_end: BackEnd
    chunk_ms: Annotated[int, Field(ge=1, le=10_000)]
    latency_ms: Annotated[int, Field(ge=0, le=10_000)]
    seed: int
    own_sampling: SamplingSettings
    estimate_sampling: SamplingSettings


class ChunkRecord(_Record):
    """One step: the user's known and estimated chunks in interval N, the agent's chunk N + 1."""

    kind: Literal["chunk"] = "chunk"
    index: int
    start_sample: int
    """Where this record's sound begins on both tracks."""
    samples: int
    """Length of this record's sound."""
    lost: bool
    speak: bool
    missed: int = Field(default=0, ge=0, exclude_if=lambda missed: not missed)
    """Above 0 if the engine was behind and took this interval together with the next: how many it
    took from this one on."""
    user_units: list[list[int]]
    user_estimates: list[list[int]]
    own_units: list[int]
    forced_frames: list[int] | None = Field(default=None, exclude_if=lambda units: units is None)
    """Units of the agent's chunk, one per frame, if it was forced: an answer of the background
    mind, a filler, or silence. Left out if the language model chose the chunk."""
    own_text: list[str] = Field(default=[], exclude_if=lambda pieces: not pieces)
    """Pieces of the agent's words; left out of the file if empty, like ``heard_text``."""
    heard_text: list[str] = Field(default=[], exclude_if=lambda pieces: not pieces)
    """Pieces of the user's words, as the agent understood them."""
    estimate_hits: int
    estimate_misses: int
    tokens_refed: int
    ready_ms: float
    """Time from when the needed sound was complete to when the agent's chunk was ready."""
    timings_ms: dict[str, float]


class UnheardRecord(_Record):
    """Sound on both tracks that the engine did not use: the conversation ended before its step."""

    kind: Literal["unheard"] = "unheard"
    start_sample: int
    samples: int


class CommandRecord(_Record):
    """A command of the user; a pause takes no time on the tracks."""

    kind: Literal["command"] = "command"
    start_sample: int
    command: Literal["pause", "resume", "mute", "unmute"]


class DeviceRecord(_Record):
    """A change of the sound card, as one sentence."""

    kind: Literal["device"] = "device"
    start_sample: int
    text: str


class WordsRecord(_Record):
    """Final words of the user's, as the recogniser understood them."""

    kind: Literal["words"] = "words"
    start_sample: int
    end_sample: int
    text: str
    confidence: float


class ActionRecord(_Record):
    """Something that the assistant did, or that rang."""

    kind: Literal["action"] = "action"
    start_sample: int
    """Where the request begins on the tracks; of what rang, the same as ``done_sample``."""
    end_sample: int
    done_sample: int
    """Where it was done; what is said of it comes later."""
    at: str
    """Local time, ISO 8601."""
    action: str
    heard: str
    """The request, in the recogniser's words; empty if nobody asked for it."""
    said: str
    done: bool
    """False for a question back, a refusal, or a failure."""


class SummaryRecord(_Record):
    """The last record, with the figures of `engine.record.talk_result.Conversation`."""

    kind: Literal["summary"] = "summary"


Record = (
    TalkRecord
    | ChunkRecord
    | UnheardRecord
    | CommandRecord
    | DeviceRecord
    | WordsRecord
    | ActionRecord
    | SummaryRecord
)
_RECORD: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


class EventWriter:
    """Writes the file line by line; each line is written whole or not at all."""

    def __init__(self, path: Path) -> None:
        """Create the file; DuologueError if it exists or cannot be written."""
        self.path = path
        try:
            self._stream = path.open("xb", buffering=0)
        except OSError as error:
            raise unwritable(path, error) from error

    def write(self, record: Record) -> None:
        """Append one record; DuologueError if that fails."""
        line = record.model_dump_json().encode() + b"\n"
        whole = self._stream.tell()
        error = None
        try:
            written = self._stream.write(line)
        except OSError as failure:
            written, error = 0, failure
        if written != len(line):
            with contextlib.suppress(OSError):  # the drive may be gone
                self._stream.truncate(whole)
                self._stream.seek(whole)
            raise unwritable(self.path, error) from error

    def sync(self) -> None:
        """Flush to the disk; DuologueError if that fails."""
        try:
            sync(self._stream.fileno())
        except OSError as error:
            raise unwritable(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def read_events(path: Path, lenient: bool = False) -> Iterator[Record]:
    """The records of a file; the first is a `TalkRecord`.

    An incomplete last line is skipped. Other threads get the interpreter now and then. Raises
    DuologueError if the file cannot be read, is not ours, is damaged or was written by another
    version; with ``lenient`` it skips what it cannot read instead.
    """
    number = 0
    try:
        for number, line in enumerate(read_lines(path)):
            if number == 0 and not lenient:
                _check_version(path, line)
            elif number % _POLITE_RECORDS == 0:
                time.sleep(0)
            try:
                yield _RECORD.validate_json(line)
            except ValidationError:
                if not lenient:
                    raise
    except OSError as error:
        if not lenient:
            raise DuologueError(
                f"{path} cannot be read ({error.strerror}); choose the folder of a recorded "
                "conversation."
            ) from error
    except ValidationError as error:
        raise DuologueError(
            f"{path} is damaged in line {number + 1}; choose another recorded conversation."
        ) from error


def read_lines(path: Path) -> Iterator[bytes]:
    """The complete lines; a line too long to be a record is cut. Raises OSError."""
    if not path.is_file():  # reading a pipe would block
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    with path.open("rb") as stream:
        while line := stream.readline(_MOST_LINE_BYTES):
            whole = line
            while len(whole) == _MOST_LINE_BYTES and not whole.endswith(b"\n"):
                whole = stream.readline(_MOST_LINE_BYTES)
            if not whole.endswith(b"\n"):
                return
            yield line


def read_talk(folder: Path) -> tuple[TalkRecord, Iterator[Record]]:
    """The first record of a recorded conversation, and its other records.

    Raises DuologueError as ``read_events`` does, also during the iteration, and if the folder is no
    recording.
    """
    records = read_events(folder / EVENTS_NAME)
    head = next(records, None)
    if not isinstance(head, TalkRecord):
        raise DuologueError(f"{folder} is not a recorded conversation; choose another.")
    return head, records


def read_head(folder: Path) -> TalkRecord | None:
    """The first record of a recorded conversation; None if this version cannot read it."""
    try:
        return read_talk(folder)[0]
    except DuologueError:
        return None


def read_summary(path: Path) -> dict[str, Any]:
    """The summary of a conversation that came to its end; otherwise an empty dict."""
    try:
        if not path.is_file():
            return {}
        with path.open("rb") as stream:
            for tail_bytes in (_TAIL_BYTES, _MOST_LINE_BYTES):
                stream.seek(max(path.stat().st_size - tail_bytes, 0))
                before, _, last = stream.read(tail_bytes).rstrip(b"\n").rpartition(b"\n")
                if before:
                    break
        record = from_json(last)
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and record.get("kind") == "summary" else {}


def _check_version(path: Path, line: bytes) -> None:
    try:
        head = from_json(line)
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("kind") != "talk":
        raise DuologueError(f"{path} is not a recorded conversation; choose the folder of one.")
    if head.get("version") not in (EVENTS_VERSION, ASSISTED_VERSION):
        raise DuologueError(
            f"{path} was written by another version of Duologue; open it with that version."
        )


# --- making records -------------------------------------------------------------------------------


def talk_record(duplex: Duplex, sound: str, **source: Any) -> TalkRecord:
    """The first record of a conversation; ``source`` says where the user's sound comes from."""
    return TalkRecord(
        version=ASSISTED_VERSION if duplex.is_prompted else EVENTS_VERSION,
        began=datetime.now().astimezone().isoformat(timespec="seconds"),
        sound=sound,
        bundle=bundle_name(duplex.bundle),
        back_end=back_end(duplex),
        chunk_ms=duplex.format.chunk_ms,
        latency_ms=duplex.latency_ms,
        seed=duplex.seed,
        own_sampling=SamplingSettings(**vars(duplex.own_sampling)),
        estimate_sampling=SamplingSettings(**vars(duplex.estimate_sampling)),
        **source,
    )


def bundle_name(bundle: Bundle) -> BundleName:
    """A bundle's name for the first record."""
    manifest = bundle.manifest
    digest = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()
    return BundleName(name=manifest.name, version=manifest.version, sha256=digest)


def back_end(duplex: Duplex) -> BackEnd:
    """The back end of a conversation in this process."""
    return BackEnd(
        llama_cpp=llama_cpp.__version__,
        onnxruntime=onnxruntime.__version__,
        machine=f"{platform.system()} {platform.machine()} {BACK_ENDS.cpu}".strip(),
        gpu_layers=duplex.gpu_layers,
        onnx=in_words(duplex.placements),
    )


def chunk_record(
    step: Step,
    start_sample: int,
    samples: int,
    ready_ms: float,
    more: Mapping[str, Any] | None = None,
) -> ChunkRecord:
    """The record of a step; ``more`` holds further JSON values of the caller."""
    fields = {
        "index": step.index,
        "start_sample": start_sample,
        "samples": samples,
        "lost": step.lost,
        "speak": step.speak,
        "missed": step.missed,
        "user_units": step.user_units,
        "user_estimates": step.user_estimates,
        "own_units": step.own_units,
        "forced_frames": step.forced_frames,
        "own_text": list(step.own_text),
        "heard_text": list(step.heard_text),
        "estimate_hits": step.estimate_hits,
        "estimate_misses": step.estimate_misses,
        "tokens_refed": step.tokens_refed,
        "ready_ms": round(ready_ms, 3),
        "timings_ms": {stage: round(value, 3) for stage, value in step.timings_ms.items()},
    }
    return ChunkRecord.model_validate({**(more or {}), **fields})
