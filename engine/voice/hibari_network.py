"""The synthesiser hibari: text to phones, their lengths and the pitch; its sound only if wanted.

The package ``hibari-tts`` has the text front end and the network of the voice "heart"; both work
offline. The phone lengths are an inner value of the network. A protobuf message is extended by
appending to it, so twenty bytes behind the file make this value an output: the package ``onnx`` is
not needed, and no changed copy of the file has to be kept. One thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import DuologueError

RATE_HZ = 24_000
PITCH_STEP_MS = 12.5
PHONE_STEP_MS = 25.0
PHONE_LENGTHS = "/Clip_output_0"
"""An inner value of the graph: the length of each phone in steps of 25 ms."""
_MISSING = "The agent's voice is not installed; install hibari-tts 0.2.1."
# Fields of ONNX's protobuf messages, with the wire type for bytes: the model's graph, the graph's
# outputs, an output's name.
_GRAPH, _OUTPUT, _NAME = (number << 3 | 2 for number in (7, 12, 1))


class HibariNetwork:
    """The text front end and the network."""

    def __init__(self) -> None:
        """Open both. Raises DuologueError where the package is missing or another version."""
        try:
            import hibari
            import onnxruntime
            from hibari import dsp
        except ImportError as error:
            raise DuologueError(f"{error.name} is missing. {_MISSING}") from error
        self._reader = hibari.Hibari
        self._g2p = _front_end()
        self._synthesise = dsp.synth
        self._ids = _phone_ids(hibari_assets())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                graph_with_output(hibari_model().read_bytes(), PHONE_LENGTHS),
                options,
                providers=["CPUExecutionProvider"],
            )
        except Exception as error:  # onnxruntime's errors have no common base class of their own
            raise DuologueError(f"The agent's voice could not be opened. {_MISSING}") from error

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text; a line's end is one, too."""
        found: list[str] = self._reader.split_sentences(text)
        return found

    def phones(self, text: str) -> str:
        """The phones of a sentence: misaki's notation with marks, spaces and punctuation.

        Empty where nothing in it can be said.
        """
        read = self._g2p(text)
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


def hibari_assets() -> Path:
    """The folder of the package's files."""
    import hibari

    return Path(hibari.__file__).parent / "assets"


def hibari_model() -> Path:
    """The file of the network."""
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


def _front_end():  # type: ignore[no-untyped-def]
    from hibari.g2p import G2P

    return G2P()


def _phone_ids(assets: Path) -> dict[str, int]:
    import json

    ids: dict[str, int] = json.loads((assets / "vocab.json").read_text("utf-8"))
    return ids
