"""Speaks a text in the voice that the agent learns: hibari's "heart", with phone times and pitch.

It needs the extra ``natural``. The noise in the voice depends on the seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_units import TimedPhone, phone_units, timed_phones
from engine.voice.hibari_network import (
    PHONE_LENGTHS,
    PHONE_STEP_MS,
    PITCH_STEP_MS,
    RATE_HZ,
    HibariNetwork,
    hibari_model,
)

BIN_HZ = 20
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
    parts: tuple[np.ndarray, ...] = ()
    """What the synthesiser's network gave, in steps of ``PITCH_STEP_MS``; for ``Hibari.moved``."""

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
            import onnx
            import onnxruntime
        except ImportError as error:
            raise DuologueError(f"{error.name} is missing. {_MISSING}") from error
        self._network = HibariNetwork()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        # The same network with given phone lengths: nothing in it computes them any more.
        model = onnx.load(hibari_model())
        for node in model.graph.node:
            if PHONE_LENGTHS in node.output:
                node.output[0] = "predicted_lengths"
        model.graph.input.append(onnx.helper.make_tensor_value_info(PHONE_LENGTHS, 1, None))
        self._timed_session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def say(self, text: str, seed: int = 0, speed: float = 1.0) -> AgentSpeech:
        """Speak a text. Raises DuologueError where nothing in it can be said."""
        sentences = self._network.sentences(text)
        phones = " ".join(filter(None, map(self._network.phones, sentences)))
        if not phones:
            raise DuologueError(f"There is nothing to say in {text!r}.")
        parts, lengths_ms = self._network.run(phones, speed)
        return self._speech(parts, phones, lengths_ms, seed)

    def say_timed(self, phones: str, lengths_ms: Sequence[float], seed: int = 0) -> AgentSpeech:
        """Speak ``phones`` of an AgentSpeech with other lengths, multiples of 25 ms."""
        given = {
            "ids": self._network.ids(phones),
            "speed": np.ones(1, np.float32),
            PHONE_LENGTHS: np.asarray(lengths_ms, np.float32) / PHONE_STEP_MS,
        }
        parts = [part[0] for part in self._timed_session.run(None, given)]
        return self._speech(parts, phones, list(lengths_ms), seed)

    def moved(self, speech: AgentSpeech, places_S: np.ndarray, seed: int = 0) -> AgentSpeech:
        """A speech whose step i is the step ``places_S[i]`` of ``speech``; its phones have no
        lengths."""
        parts = [part[..., places_S] for part in speech.parts]
        return self._speech(parts, speech.phones, [], seed)

    def _speech(
        self, parts: Sequence[np.ndarray], phones: str, lengths_ms: list[float], seed: int
    ) -> AgentSpeech:
        harmonic, _, noise, free, _, pitch_hz = parts
        audio = soxr.resample(self._network.sound(parts, seed), RATE_HZ, SAMPLE_RATE_HZ)
        sound = audio.astype(np.float32)
        spectra = (harmonic, noise, free)
        return AgentSpeech(sound, phones, lengths_ms, pitch_hz, *spectra, tuple(parts))
