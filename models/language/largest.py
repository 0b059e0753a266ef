"""How large a language model keeps the clock here: a talk's tokens, fed to Llamas of other sizes.

A larger trained model is not at hand, and one of random weights says other things, at another
length. So a conversation of a bundle is held once, and what it asks of its language model is kept:
how many tokens are fed, where the context is cut. Models of random weights then get the same, chunk
by chunk. The time of a chunk is theirs plus that of the tokenizer, vocoder and reader in the
conversation.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import soundfile
from rich.table import Table

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.llama import Llama
from engine.syncllm.llama_library import BACK_ENDS

_WARM_UP_CHUNKS = 5
_CONTEXT_LENGTH = 8192


@dataclass(frozen=True)
class Shape:
    """The sizes of a Llama."""

    width: int
    layers: int
    feed_width: int
    key_heads: int
    """Heads of keys and values; each serves as many queries as the others."""
    channels: int = 64
    """Channels of a head."""
    tied: bool = True
    """Whether the embedding's rows also give the logits."""

    def parameters(self, vocabulary: int) -> int:
        """Number of weights, embeddings included."""
        kept = self.key_heads * self.channels
        layer = 2 * self.width * (self.width + kept) + 3 * self.width * self.feed_width
        rows = vocabulary * (1 if self.tied else 2)
        return self.layers * (layer + 2 * self.width) + (rows + 1) * self.width

    def __str__(self) -> str:
        return f"{self.layers} x {self.width}"


SMOLLM2 = tuple(Shape(576, layers, 1536, 3) for layers in (6, 12, 18, 24, 30))
LLAMA_1B = Shape(2048, 16, 8192, 8)
"""Llama 3.2 1B."""
LLAMA3_8B = Shape(4096, 32, 14_336, 8, channels=128, tied=False)
NAMED = {"smollm2-135m": SMOLLM2[-1], "llama-1b": LLAMA_1B, "llama3-8b": LLAMA3_8B}
_KINDS, _CHUNKS_MS = ("Q4_0", "Q8_0"), (160, 240)
HALF = 0.5
"""Share of a chunk that p99 must keep, so that the engine has time for a busy computer."""


@dataclass(frozen=True)
class Demand:
    """What one chunk asks of the language model, and how long the rest of it took."""

    calls: tuple[tuple[str, int, int], ...]
    """("feed", tokens, 0), ("truncate", length, 0) or ("drop", start, stop)."""
    other_ms: float


@dataclass(frozen=True)
class SizeFigures:
    """The time of a chunk with a model of some size."""

    shape: Shape
    parameters: int
    matrices: str
    chunk_ms: int
    threads: int
    megabytes: float
    p50_ms: float
    p99_ms: float

    @property
    def p99_share(self) -> float:
        """p99 as a share of the chunk."""
        return self.p99_ms / self.chunk_ms


class _Watched:
    """Notes the calls of a model that change its context."""

    def __init__(self, llama: Llama) -> None:
        self._llama = llama
        self.calls: list[tuple[str, int, int]] = []
        self._feed, self._truncate, self._drop = llama.feed, llama.truncate, llama.drop
        # The clock holds this very object, so its methods are replaced in place.
        llama.feed, llama.truncate, llama.drop = self._fed, self._truncated, self._dropped  # type: ignore[method-assign]

    def _fed(self, tokens: Sequence[int]) -> None:
        self.calls.append(("feed", len(tokens), 0))
        self._feed(tokens)

    def _truncated(self, length: int) -> None:
        self.calls.append(("truncate", length, 0))
        self._truncate(length)

    def _dropped(self, start: int, stop: int) -> None:
        self.calls.append(("drop", start, stop))
        self._drop(start, stop)


def demands(
    bundle: Bundle, chunk_ms: int, user_audio: np.ndarray, seconds: float, seed: int = 0
) -> tuple[int, list[Demand]]:
    """The capacity of the context, and what each chunk of a conversation asks.

    ``user_audio``, float32 (n,) at 16 kHz, is repeated as needed. Raises DuologueError as `Duplex`.
    """
    duplex = Duplex(bundle, chunk_ms, seed=seed)
    try:
        watched = _Watched(duplex.llama)
        duplex.reset()
        chunk = duplex.format.chunk_samples
        sound = np.resize(user_audio, round(seconds * 1000 / chunk_ms) * chunk).reshape(-1, chunk)
        asked = []
        for samples in sound:
            step = duplex.step(samples.astype(np.float32))
            own = sum(step.timings_ms[stage] for stage in ("refeed", "estimate", "own"))
            asked.append(Demand(tuple(watched.calls), step.timings_ms["total"] - own))
            watched.calls.clear()
        return duplex.llama.capacity, asked
    finally:
        duplex.close()


def chunk_times_ms(
    path: Path, capacity: int, threads: int, asked: Sequence[Demand], gpu: bool = False
) -> tuple[np.ndarray, int]:
    """(chunks,) ms of each chunk but the first, and the model's vocabulary.

    Raises DuologueError where a GPU is asked for and llama.cpp has none.
    """
    if gpu and not BACK_ENDS.has_gpu():
        raise DuologueError(
            "llama.cpp finds no GPU; install a back end for it (docs/install.md), or leave out "
            "--gpu."
        )
    llama = Llama(path, capacity, gpu_layers=-1 if gpu else 0, threads=threads)
    try:
        took = []
        for demand in asked:
            began = time.perf_counter()
            for name, first, second in demand.calls:
                if name == "feed":
                    llama.feed([token % llama.vocabulary for token in range(first)])
                    llama.logits()
                elif name == "truncate":
                    llama.truncate(first)
                else:
                    llama.drop(first, second)
            took.append((time.perf_counter() - began) * 1000 + demand.other_ms)
        return np.array(took[_WARM_UP_CHUNKS:]), llama.vocabulary
    finally:
        llama.close()


def measure_sizes(
    bundle: Bundle,
    user_audio: np.ndarray,
    seconds: float,
    folder: Path,
    shapes: Sequence[Shape],
    kinds: Sequence[str],
    chunks_ms: Sequence[int],
    threads: Sequence[int],
    tell: Callable[[str], None] = lambda text: None,
    gpu: bool = False,
) -> Iterator[SizeFigures]:
    """The figures of every combination; the files are written to ``folder``, one at a time."""
    vocabulary = bundle.manifest.vocabulary()
    asked = {ms: demands(bundle, ms, user_audio, seconds) for ms in chunks_ms}
    for shape in shapes:
        for kind in kinds:
            path = folder / "random.gguf"
            write_random_llama(path, shape, vocabulary, kind)
            megabytes = path.stat().st_size / 1e6
            for chunk_ms, (capacity, chunks) in asked.items():
                for number in threads:
                    tell(f"{shape} {kind}, {chunk_ms} ms, {number} threads")
                    times, _ = chunk_times_ms(path, capacity, number, chunks, gpu)
                    p50, p99 = np.percentile(times, [50, 99]).tolist()
                    yield SizeFigures(
                        shape, shape.parameters(vocabulary), kind, chunk_ms, number, megabytes,
                        p50, p99,
                    )  # fmt: skip
            path.unlink()


def measure_all(
    bundle: Path,
    user: Path,
    seconds: float,
    shapes: Sequence[Shape],
    threads: Sequence[int],
    tell: Callable[[str], None],
    kinds: Sequence[str] = _KINDS,
    chunks_ms: Sequence[int] = _CHUNKS_MS,
    gpu: bool = False,
) -> list[SizeFigures]:
    """The figures of all ``shapes`` with each of ``kinds``, in each length of chunks."""
    sound, _ = soundfile.read(user, dtype="float32", always_2d=True)
    with tempfile.TemporaryDirectory() as folder:
        return list(
            measure_sizes(
                load_bundle(bundle), sound[:, 0], seconds, Path(folder), shapes, kinds, chunks_ms,
                threads, tell, gpu,
            )
        )  # fmt: skip


def sizes_table(figures: Sequence[SizeFigures]) -> Table:
    """A row for each size and kind; in bold where p99 stays within half a chunk."""
    table = Table(title="Chunk with a language model of random weights: p50, p99 in ms")
    columns = list(dict.fromkeys((one.chunk_ms, one.threads) for one in figures))
    for name in ("layers x width", "weights", "matrices", "file"):
        table.add_column(name)
    for chunk_ms, threads in columns:
        table.add_column(f"{chunk_ms} ms, {threads} thread{'s' * (threads > 1)}", justify="right")
    rows: dict[tuple[Shape, str], list[SizeFigures]] = {}
    for one in figures:
        rows.setdefault((one.shape, one.matrices), []).append(one)
    for (shape, kind), group in rows.items():
        cells = {
            (one.chunk_ms, one.threads): ("[bold]" if one.p99_share <= HALF else "")
            + f"{one.p50_ms:.0f}, {one.p99_ms:.0f} ({one.p99_share:.0%})"
            for one in group
        }
        table.add_row(
            str(shape),
            f"{group[0].parameters / 1e6:.0f} M",
            kind,
            f"{group[0].megabytes:.0f} MB",
            *(cells[column] for column in columns),
        )
    return table


def write_random_llama(path: Path, shape: Shape, vocabulary: int, matrices: str) -> None:
    """Write a GGUF of random weights: matrices as Q8_0 or Q4_0, embeddings Q8_0, norms of one."""
    kind = gguf.GGMLQuantizationType[matrices]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(shape.layers)
    writer.add_context_length(_CONTEXT_LENGTH)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_width)
    writer.add_head_count(shape.width // shape.channels)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(shape.channels)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("none")
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{matrices}"])
    random = np.random.default_rng(0)

    def add(name: str, rows: int, columns: int, stored: gguf.GGMLQuantizationType) -> None:
        # Rows alike but for one turn cost no hours of quantising, and a product takes as long.
        block = random.standard_normal((1, columns), np.float32) * columns**-0.5
        line = gguf.quants.quantize(block, stored)
        writer.add_tensor(name, np.repeat(line, rows, 0), raw_dtype=stored)

    kept = shape.key_heads * shape.channels
    for name in ("token_embd",) if shape.tied else ("token_embd", "output"):
        add(f"{name}.weight", vocabulary, shape.width, gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("output_norm.weight", np.ones(shape.width, np.float32))
    for index in range(shape.layers):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{index}.{norm}.weight", np.ones(shape.width, np.float32))
        for name, rows, columns in (
            ("attn_q", shape.width, shape.width),
            ("attn_k", kept, shape.width),
            ("attn_v", kept, shape.width),
            ("attn_output", shape.width, shape.width),
            ("ffn_gate", shape.feed_width, shape.width),
            ("ffn_up", shape.feed_width, shape.width),
            ("ffn_down", shape.width, shape.feed_width),
        ):
            add(f"blk.{index}.{name}.weight", rows, columns, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
