"""Writes a whole tiny bundle: random seeded weights, but real ONNX and GGUF files.

The tokenizer compares 80 ms of sound with random templates, so it hears any difference; it may
also look a frame ahead. The vocoder is a causal convolution over six units; with a state, it also
adds up the units' pitches to a phase, which depends on all of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.syncllm.bundle import (
    AgentUnits,
    Bundle,
    ChunkMs,
    EncoderSettings,
    Files,
    Manifest,
    ReaderSettings,
    Samplings,
    SamplingSettings,
    TextSettings,
    TokenIds,
    VocoderSettings,
    describe_file,
    load_bundle,
    manifest_version,
    write_manifest,
)
from engine.syncllm.word_pieces import write_pieces
from engine.timebase import FRAME_MS, FRAME_SAMPLES
from tests.engine.tiny_llama import VOCABULARY, write_tiny_llama

UNIT_COUNT, SILENCE, S0, S1 = 200, 17, 200, 201
BOS: dict[ChunkMs, int] = {160: 202, 200: 203, 240: 204}
PIECES = [f" {first}{vowel}" for first in "bdfghklmnprstvwz" for vowel in "aeiou"]
PIECES += [piece.strip() for piece in PIECES[:40]]
"""So many that a random model says some."""
OWN_BASE, HEARD_BASE = VOCABULARY, VOCABULARY + len(PIECES)
MOST_OWN, MOST_HEARD = 2, 1
OWN_UNIT_COUNT, OWN_SILENCE = 30, 4
"""Of the agent's own table."""
PAST_FRAMES = 5
"""Units before a frame that the tiny vocoder's sound depends on."""
_OPSET, _IR = 18, 10
_CHANNELS = 8
_End = tuple[str, int, list[int | str]]
"""Name, type and shape of an input or an output."""


def write_tiny_bundle(
    folder: Path,
    seed: int = 0,
    lookahead_frames: int = 0,
    boundary_emit: bool = True,
    context_tokens: int = 400,
    sink_chunks: int = 0,
    volume: float = 0.5,
    text: bool = False,
    heard: bool = False,
    reader: bool = False,
    own_units: bool = False,
    state: bool = False,
) -> Bundle:
    """Write and load a bundle; a ``volume`` far above 1 drives the vocoder beyond [-1, 1].

    ``text`` gives it a text slot for the agent's words, ``heard`` one for the user's as well;
    ``reader`` a reader of both; ``own_units`` gives the agent a unit table of its own, whose ids
    come last, and ``state`` gives the vocoder a state.
    """
    folder.mkdir(parents=True, exist_ok=True)
    slot = write_tiny_text(folder / "pieces.json", heard) if text or heard else None
    ids = VOCABULARY + (2 if heard else 1 if text else 0) * len(PIECES)
    own = (
        AgentUnits(count=OWN_UNIT_COUNT, base=ids, silence_unit=OWN_SILENCE) if own_units else None
    )
    ids += OWN_UNIT_COUNT if own else 0
    spoken = OWN_UNIT_COUNT if own else UNIT_COUNT
    write_vocoder = write_tiny_state_vocoder if state else write_tiny_vocoder
    read = write_tiny_reader(folder, seed, OWN_UNIT_COUNT if own else 0) if reader else None
    files = Files(
        tokenizer=describe_file(
            write_tiny_tokenizer(folder / "tokenizer.onnx", seed, lookahead_frames)
        ),
        language_model=describe_file(
            write_tiny_llama(folder / "language_model.gguf", seed, vocabulary=ids)
        ),
        vocoder=describe_file(write_vocoder(folder / "vocoder.onnx", seed, volume, spoken)),
    )
    warm = SamplingSettings(temperature=1.0, top_p=0.95)
    manifest = Manifest(
        manifest_version=manifest_version(slot, read, own),
        name="tiny",
        version="0.0.0",
        licence="Apache-2.0",
        unit_rate_hz=25,
        unit_count=UNIT_COUNT,
        silence_unit=SILENCE,
        files=files,
        tokens=TokenIds(unit_base=0, s0=S0, s1=S1, bos=BOS),
        chunks_ms=[160, 200, 240],
        default_chunk_ms=160,
        boundary_emit=boundary_emit,
        encoder=EncoderSettings(window_ms=400, lookahead_ms=lookahead_frames * FRAME_MS),
        vocoder=VocoderSettings(past_frames=PAST_FRAMES),
        context_tokens=context_tokens,
        sink_chunks=sink_chunks,
        sampling=Samplings(own=warm, estimate=warm),
        text=slot,
        reader=read,
        agent_units=own,
    )
    write_manifest(folder, manifest)
    return load_bundle(folder)


def write_tiny_text(path: Path, heard: bool) -> TextSettings:
    """Write the pieces; a section of the manifest that fits them."""
    write_pieces(path, PIECES)
    return TextSettings(
        pieces=describe_file(path),
        piece_count=len(PIECES),
        own_base=OWN_BASE,
        most_own=MOST_OWN,
        heard_base=HEARD_BASE if heard else None,
        most_heard=MOST_HEARD if heard else 0,
    )


def write_tiny_reader(folder: Path, seed: int = 0, own_units: int = 0) -> ReaderSettings:
    """Write a reader that takes half of the units for a piece each, and the pieces."""
    random = np.random.default_rng(seed + 2)
    table = random.integers(0, 2 * len(PIECES), UNIT_COUNT + own_units).clip(max=len(PIECES))
    table[SILENCE] = len(PIECES)
    nodes = [
        helper.make_node("Gather", ["table", "units"], ["pieces"]),
        helper.make_node("Identity", ["state"], ["next_state"]),
    ]
    state: tuple[int, list[int | str]] = TensorProto.FLOAT, [2, 1, 4]
    takes: list[_End] = [("units", TensorProto.INT64, [1, "t"]), ("state", *state)]
    gives: list[_End] = [("pieces", TensorProto.INT64, [1, "t"]), ("next_state", *state)]
    network = _write(folder / "reader.onnx", nodes, {"table": table}, takes, gives)
    write_pieces(folder / "pieces.json", PIECES)
    return ReaderSettings(
        network=describe_file(network),
        pieces=describe_file(folder / "pieces.json"),
        piece_count=len(PIECES),
    )


def write_tiny_tokenizer(
    path: Path, seed: int = 0, lookahead_frames: int = 0, past_frames: int = 1
) -> Path:
    """``audio`` float32 (1, n) to ``units`` int64 (1, n / 640)."""
    random = np.random.default_rng(seed)
    kernel = (past_frames + 1 + lookahead_frames) * FRAME_SAMPLES
    templates = random.normal(0, 1, (UNIT_COUNT, 1, kernel)).astype(np.float32)
    bias = np.zeros(UNIT_COUNT, np.float32)
    bias[SILENCE] = 1e-3  # what digital silence becomes
    pads = [past_frames * FRAME_SAMPLES, lookahead_frames * FRAME_SAMPLES]
    nodes = [
        helper.make_node("Unsqueeze", ["audio", "one"], ["wave"]),
        helper.make_node(
            "Conv", ["wave", "templates", "bias"], ["scores"], strides=[FRAME_SAMPLES], pads=pads
        ),
        helper.make_node("ArgMax", ["scores"], ["units"], axis=1, keepdims=0),
    ]
    weights = {"one": np.array([1]), "templates": templates, "bias": bias}
    return _write(
        path,
        nodes,
        weights,
        [("audio", TensorProto.FLOAT, [1, "n"])],
        [("units", TensorProto.INT64, [1, "t"])],
    )


def write_tiny_vocoder(
    path: Path, seed: int = 0, volume: float = 0.5, unit_count: int = UNIT_COUNT
) -> Path:
    """``units`` int64 (1, t) to ``audio`` float32 (1, 640 t)."""
    random = np.random.default_rng(seed + 1)

    def normal(*shape: int) -> np.ndarray:
        return random.normal(0, 1, shape).astype(np.float32)

    nodes = [
        helper.make_node("Gather", ["embedding", "units"], ["looked_up"], axis=0),
        helper.make_node("Transpose", ["looked_up"], ["channels"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["channels", "past"], ["mixed"], pads=[PAST_FRAMES, 0]),
        helper.make_node("Tanh", ["mixed"], ["bent"]),
        helper.make_node("Conv", ["bent", "waves"], ["frames"]),
        helper.make_node("Transpose", ["frames"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("Reshape", ["rows", "flat"], ["audio"]),
    ]
    weights = {
        "embedding": normal(unit_count, _CHANNELS),
        "past": normal(_CHANNELS, _CHANNELS, PAST_FRAMES + 1) * np.float32(0.3),
        "waves": normal(FRAME_SAMPLES, _CHANNELS, 1) * np.float32(volume / 8),
        "flat": np.array([1, -1]),
    }
    return _write(
        path,
        nodes,
        weights,
        [("units", TensorProto.INT64, [1, "t"])],
        [("audio", TensorProto.FLOAT, [1, "n"])],
    )


def write_tiny_state_vocoder(
    path: Path,
    seed: int = 0,
    volume: float = 0.5,
    unit_count: int = UNIT_COUNT,
    broken_unit: int | None = None,
    kept_frames: int = PAST_FRAMES,
) -> Path:
    """The same with ``state`` float32 (1, k) to ``next_state``: the past five units and the phase.

    After ``broken_unit`` the state is not finite. ``kept_frames``: past units in ``next_state``.
    """
    random = np.random.default_rng(seed + 1)
    cache = PAST_FRAMES * _CHANNELS

    def normal(*shape: int) -> np.ndarray:
        return random.normal(0, 1, shape).astype(np.float32)

    # Multiples of 1/64 add up without rounding, however they are grouped.
    pitch = (random.integers(1, 64, (unit_count, 1)) / 64).astype(np.float32)
    if broken_unit is not None:
        pitch[broken_unit] = np.inf
    nodes = [
        helper.make_node("Gather", ["embedding", "units"], ["looked_up"], axis=0),
        helper.make_node("Split", ["state", "sizes"], ["cache", "phase"], axis=1),
        helper.make_node("Reshape", ["cache", "as_units"], ["before"]),
        helper.make_node("Concat", ["before", "looked_up"], ["all"], axis=1),
        helper.make_node("Transpose", ["all"], ["channels"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["channels", "past"], ["mixed"]),
        helper.make_node("Tanh", ["mixed"], ["bent"]),
        helper.make_node("Conv", ["bent", "waves"], ["frames"]),
        helper.make_node("Transpose", ["frames"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("Gather", ["pitch", "units"], ["steps"], axis=0),
        helper.make_node("CumSum", ["steps", "time"], ["turned"]),
        helper.make_node("Unsqueeze", ["phase", "time"], ["begun"]),
        helper.make_node("Add", ["turned", "begun"], ["phases"]),
        helper.make_node("Sin", ["phases"], ["tone"]),
        helper.make_node("Mul", ["rows", "tone"], ["toned"]),
        helper.make_node("Reshape", ["toned", "flat"], ["audio"]),
        helper.make_node("Slice", ["all", "from", "to", "time"], ["kept"]),
        helper.make_node("Reshape", ["kept", "flat"], ["next_cache"]),
        helper.make_node("Slice", ["phases", "last", "to", "time"], ["end"]),
        helper.make_node("Reshape", ["end", "flat"], ["next_phase"]),
        helper.make_node("Concat", ["next_cache", "next_phase"], ["next_state"], axis=1),
    ]
    weights = {
        "embedding": normal(unit_count, _CHANNELS),
        "past": normal(_CHANNELS, _CHANNELS, PAST_FRAMES + 1) * np.float32(0.3),
        "waves": normal(FRAME_SAMPLES, _CHANNELS, 1) * np.float32(volume / 8),
        "pitch": pitch,
        "sizes": np.array([cache, 1]),
        "as_units": np.array([1, PAST_FRAMES, _CHANNELS]),
        "time": np.array([1]),
        "from": np.array([-kept_frames]),
        "last": np.array([-1]),
        "to": np.array([np.iinfo(np.int64).max]),
        "flat": np.array([1, -1]),
    }
    return _write(
        path,
        nodes,
        weights,
        [("units", TensorProto.INT64, [1, "t"]), ("state", TensorProto.FLOAT, [1, cache + 1])],
        [("audio", TensorProto.FLOAT, [1, "n"]), ("next_state", TensorProto.FLOAT, [1, "k"])],
    )


def write_state_of_shape(path: Path, shape: list[int | str]) -> Path:
    """A mute vocoder whose state has any shape, and never changes."""
    nodes = [
        helper.make_node("Gather", ["mute", "units"], ["frames"], axis=0),
        helper.make_node("Reshape", ["frames", "flat"], ["audio"]),
        helper.make_node("Identity", ["state"], ["next_state"]),
    ]
    weights = {"mute": np.zeros((UNIT_COUNT, FRAME_SAMPLES), np.float32), "flat": np.array([1, -1])}
    return _write(
        path,
        nodes,
        weights,
        [("units", TensorProto.INT64, [1, "t"]), ("state", TensorProto.FLOAT, shape)],
        [("audio", TensorProto.FLOAT, [1, "n"]), ("next_state", TensorProto.FLOAT, shape)],
    )


def _write(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    takes: Sequence[_End],
    gives: Sequence[_End],
) -> Path:
    inputs, outputs = (
        [helper.make_tensor_value_info(*end) for end in ends] for ends in (takes, gives)
    )
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
