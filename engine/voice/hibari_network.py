"""The synthesiser hibari: text to phones, their lengths and the pitch; its sound only if wanted.

Its weights and tables come from a part for the voice (`engine.part`), or from the package
``hibari-tts`` in a source tree; both are read offline. The phone lengths are an inner value of the
network. A protobuf message is extended by appending to it, so twenty bytes behind the file make
this value an output: the package ``onnx`` is not needed, and no changed copy of the file has to be
kept. One thread.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from engine.errors import DuologueError
from engine.part import check_part
from engine.voice.front_end import ADVICE, FrontEnd, hibari_assets

RATE_HZ = 24_000
PITCH_STEP_MS = 12.5
PHONE_STEP_MS = 25.0
PHONE_LENGTHS = "/Clip_output_0"
"""An inner value of the graph: the length of each phone in steps of 25 ms."""
# Fields of ONNX's protobuf messages, with the wire type for bytes: the model's graph, the graph's
# outputs, an output's name.
_GRAPH, _OUTPUT, _NAME = (number << 3 | 2 for number in (7, 12, 1))


class HibariNetwork:
    """The text front end and the network."""

    def __init__(self, part: Path | None = None) -> None:
        """Open both from the folder of a part for the voice; None: from the installed package.

        Raises DuologueError where they are missing or damaged.
        """
        if part:
            check_part(part, "voice")
        assets = part or hibari_assets()
        self._front_end = FrontEnd(assets)
        from hibari import dsp  # the front end has told by now if the package is missing

        self._synthesise = dsp.synth
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._ids: dict[str, int] = json.loads((assets / "vocab.json").read_text("utf8"))
            self._session = onnxruntime.InferenceSession(
                graph_with_output((assets / "hibari.onnx").read_bytes(), PHONE_LENGTHS),
                options,
                providers=["CPUExecutionProvider"],
            )
        except Exception as error:  # onnxruntime's errors have no common base class of their own
            raise DuologueError(f"The agent's voice could not be opened; {ADVICE}.") from error

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text; a line's end is one, too."""
        return self._front_end.sentences(text)

    def phones(self, text: str) -> str:
        """The phones of a sentence: misaki's notation with marks, spaces and punctuation.

        Empty where nothing in it can be said.
        """
        read = self._front_end.phones(text)
        known = "".join(symbol for symbol in read if symbol in self._ids)
        return known if any(symbol.isalpha() for symbol in known) else ""

    def run(self, phones: str, speed: float = 1.0) -> tuple[list[np.ndarray], list[float]]:
        """What the network makes of phones, and the length of each of them in ms, with one more
        length at each end for the silence there.

        The arrays are what ``sound`` takes; the last is the pitch in Hz, in steps of
        ``PITCH_STEP_MS``, 0 where voiceless.
        """
        given = {"ids": self.ids(phones), "speed": np.full(1, speed, np.float32)}
        *parts, lengths = self._session.run(None, given)
        return [part[0] for part in parts], (lengths.reshape(-1) * PHONE_STEP_MS).tolist()

    def ids(self, phones: str) -> np.ndarray:
        """The network's input for phones, int64 (1, phones + 2)."""
        return np.asarray([[0, *(self._ids[phone] for phone in phones), 0]], np.int64)

    def sound(self, parts: Sequence[np.ndarray], seed: int) -> np.ndarray:
        """The sound of ``parts``, float32 (n,) at ``RATE_HZ``; its noise depends on the seed."""
        audio: np.ndarray = self._synthesise(*parts, np.random.default_rng(seed))
        return audio


def hibari_model() -> Path:
    """The file of the network in the installed package."""
    return hibari_assets() / "hibari.onnx"


def graph_with_output(model: bytes, name: str) -> bytes:
    """An ONNX model whose graph gives its inner value ``name`` as the last output, too.

    A field of a protobuf message that comes twice is merged, so nothing has to be parsed.
    """
    return model + _field(_GRAPH, _field(_OUTPUT, _field(_NAME, name.encode())))


def _field(tag: int, content: bytes) -> bytes:
    if len(content) > 127:
        raise ValueError("longer fields need a length of several bytes")
    return bytes([tag, len(content)]) + content
