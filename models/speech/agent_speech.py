"""Speaks a text in the voice that the agent learns: hibari's "heart", with phone times and pitch.

It needs the extra ``natural``. The noise in the voice depends on the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ

HIBARI_RATE_HZ = 24_000
PITCH_STEP_MS = 12.5
_PHONE_STEP_MS = 25.0
_PHONE_LENGTHS = "/Clip_output_0"
"""An inner value of hibari's graph: the length of each phone in steps of 25 ms."""
_MISSING = "The agent's voice is not installed; docs/training.md tells how (natural voices)."


@dataclass(frozen=True, eq=False)
class AgentSpeech:
    """The speech of one text."""

    audio_N: np.ndarray
    """float32 at 16 kHz."""
    phones: str
    """One character per phone in misaki's notation, with marks, punctuation and spaces."""
    lengths_ms: list[float]
    """The length of each of ``phones``, with one more at each end for the silence there."""
    pitch_hz: np.ndarray
    """Fundamental frequency in steps of ``PITCH_STEP_MS``, 0 where voiceless."""


class Hibari:
    """The synthesiser; one process, one thread."""

    def __init__(self) -> None:
        """Open the weights. Raises DuologueError without them."""
        try:
            import hibari
            import onnx
            import onnxruntime
            from hibari import dsp
        except ImportError as error:
            raise DuologueError(f"{error.name} is missing. {_MISSING}") from error
        self._reader = hibari.Hibari(threads=1)
        self._synthesise = dsp.synth
        model = onnx.load(Path(hibari.__file__).parent / "assets" / "hibari.onnx")
        wanted = onnx.helper.make_tensor_value_info(_PHONE_LENGTHS, 1, None)
        model.graph.output.append(wanted)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def say(self, text: str, seed: int = 0) -> AgentSpeech:
        """Speak a text. Raises DuologueError where nothing in it can be said."""
        read = " ".join(self._reader.phonemize(text))
        phones = "".join(symbol for symbol in read if symbol in self._reader.vocab)
        if not phones.strip():
            raise DuologueError(f"There is nothing to say in {text!r}.")
        given = {
            "ids": np.asarray([self._reader.ids(phones)], np.int64),
            "speed": np.ones(1, np.float32),
        }
        *parts, lengths = self._session.run(None, given)
        *spectra, pitch_hz = (part[0] for part in parts)
        audio = self._synthesise(*spectra, pitch_hz, np.random.default_rng(seed))
        return AgentSpeech(
            soxr.resample(audio, HIBARI_RATE_HZ, SAMPLE_RATE_HZ).astype(np.float32),
            phones,
            (lengths.reshape(-1) * _PHONE_STEP_MS).tolist(),
            pitch_hz,
        )
