"""Speaks a text in the voice that the agent learns: hibari's "heart", with phone times and pitch.

It needs the extra ``natural``. The noise in the voice depends on the seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from models.speech.agent_units import TimedPhone, phone_units, timed_phones

HIBARI_RATE_HZ = 24_000
PITCH_STEP_MS = 12.5
BIN_HZ = 20
PHONE_STEP_MS = 25.0
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
    harmonic_FS: np.ndarray
    """Natural logarithm of the harmonics' strength: bins of ``BIN_HZ``, steps as of the pitch."""
    noise_FS: np.ndarray
    """That of the noise."""
    free_FS: np.ndarray
    """That of what has a phase of its own."""

    def timed_phones(self) -> list[TimedPhone]:
        """The phones and silences with their times."""
        return timed_phones(self.phones, self.lengths_ms)

    def units(self) -> np.ndarray:
        """int16 (frames,): the agent's own units of this speech."""
        return phone_units(self.timed_phones(), self.pitch_hz, PITCH_STEP_MS)


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
        assets = Path(hibari.__file__).parent / "assets"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4

        def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )

        lengths = onnx.helper.make_tensor_value_info(_PHONE_LENGTHS, 1, None)
        model = onnx.load(assets / "hibari.onnx")
        model.graph.output.append(lengths)
        self._session = session(model)
        # The same network with given phone lengths: nothing in it computes them any more.
        model = onnx.load(assets / "hibari.onnx")
        for node in model.graph.node:
            if _PHONE_LENGTHS in node.output:
                node.output[0] = "predicted_lengths"
        model.graph.input.append(lengths)
        self._timed_session = session(model)

    def say(self, text: str, seed: int = 0, speed: float = 1.0) -> AgentSpeech:
        """Speak a text. Raises DuologueError where nothing in it can be said."""
        read = " ".join(self._reader.phonemize(text))
        phones = "".join(symbol for symbol in read if symbol in self._reader.vocab)
        if not phones.strip():
            raise DuologueError(f"There is nothing to say in {text!r}.")
        given = {
            "ids": np.asarray([self._reader.ids(phones)], np.int64),
            "speed": np.full(1, speed, np.float32),
        }
        *parts, lengths = self._session.run(None, given)
        return self._speech(parts, phones, lengths.reshape(-1), seed)

    def say_timed(self, phones: str, lengths_ms: Sequence[float], seed: int = 0) -> AgentSpeech:
        """Speak ``phones`` of an AgentSpeech with other lengths, multiples of 25 ms."""
        lengths = np.asarray(lengths_ms, np.float32) / PHONE_STEP_MS
        given = {
            "ids": np.asarray([self._reader.ids(phones)], np.int64),
            "speed": np.ones(1, np.float32),
            _PHONE_LENGTHS: lengths,
        }
        parts = self._timed_session.run(None, given)
        return self._speech(parts, phones, lengths, seed)

    def _speech(
        self, parts: Sequence[np.ndarray], phones: str, lengths: np.ndarray, seed: int
    ) -> AgentSpeech:
        harmonic, harmonic_phase, noise, free, free_phase, pitch_hz = (part[0] for part in parts)
        audio = self._synthesise(
            *(harmonic, harmonic_phase, noise, free, free_phase, pitch_hz),
            np.random.default_rng(seed),
        )
        return AgentSpeech(
            soxr.resample(audio, HIBARI_RATE_HZ, SAMPLE_RATE_HZ).astype(np.float32),
            phones,
            (lengths * PHONE_STEP_MS).tolist(),
            pitch_hz,
            harmonic,
            noise,
            free,
        )
