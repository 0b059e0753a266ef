"""A model's session on a GPU where that is as good as the CPU, and on the CPU otherwise.

At the start a provider must compute nearly all of the model's products and give the CPU's outputs;
each time it fails, the CPU takes its place with a sentence. A state lies in the computer's memory
between two runs, so a stream goes on where it was. Knows of a model only that it gives whole
numbers or sound. One thread runs it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime

from engine.onnx_providers import CPU, Provider
from engine.onnx_session import ProviderError, TensorSpecs, open_session
from engine.timebase import FRAME_SAMPLES

_LOG = logging.getLogger(__name__)
_PRODUCTS = frozenset("Conv ConvTranspose Gemm GRU LSTM MatMul MatMulInteger RNN".split())
"""Operations that take nearly all of the time."""
_WHOLE_NUMBERS = "MatMulInteger"
_LEAST_SHARE = 0.9
"""Of the products. What a provider lacks, the CPU computes in the middle of it, and each time all
values go to the CPU's memory and back."""
_LEAST_EQUAL = 0.95
"""Share of whole-number outputs that may not differ. The starter's tokenizer and reader gave the
CPU's on OpenVINO, in every frame of a sweep and of noise."""
_MOST_DIFFERENCE_DB = -15.0
"""Of the spectra of sound, relative to the CPU's. OpenVINO and ONNX Runtime's own unoptimised CPU
path differ by -104 to -28 dB with the starter's vocoder, other units by -1 to 0, the same units a
frame late by -4 to -2. Waveforms tell less: the voice adds up its phase, so a rounding early on
moves all that follows (-14 dB, and nobody hears it)."""
_SILENCE = 1e-4
"""Magnitude below which a difference does not matter."""


@dataclass(frozen=True)
class Placement:
    """What computes a model."""

    provider: str
    """The provider's name for people."""
    remark: str = ""
    """Why it is the CPU although another was to be tried; a sentence."""


class HasPlacement(Protocol):
    """A model that tells what computes it."""

    @property
    def placement(self) -> Placement:
        """What computes the model now."""


def in_words(placements: Mapping[str, Placement]) -> str:
    """What computes the models, by their names: "CPU" if that is all."""
    names = {placement.provider for placement in placements.values()}
    if names <= {CPU.name}:
        return CPU.name
    return ", ".join(f"{name} {placement.provider}" for name, placement in placements.items())


class AcceleratedSession:
    """One model's session."""

    def __init__(
        self,
        path: Path,
        inputs: TensorSpecs,
        outputs: TensorSpecs,
        may_have_state: bool = False,
    ) -> None:
        """Open the model on the CPU. Raises DuologueError if the file is no such model."""
        self._what = path, inputs, outputs, may_have_state
        self._session = open_session(*self._what)
        self.placement = Placement(CPU.name)

    def get_inputs(self) -> Sequence[onnxruntime.NodeArg]:
        """Names, types and shapes of the inputs."""
        inputs: Sequence[onnxruntime.NodeArg] = self._session.get_inputs()
        return inputs

    def accelerate(self, provider: Provider, probe: np.ndarray) -> None:
        """Go over to ``provider`` if it gives the CPU's outputs for ``probe`` (n,).

        That is the model's first input; the others are a state, zeros to begin with. It is given in
        two halves, so that a state comes back.
        """
        if provider is CPU:
            return
        try:
            session = open_session(*self._what, provider=provider)
            _check_products(session, provider)
            _check_outputs(_tried(self._session, probe, CPU), _tried(session, probe, provider))
        except ProviderError as error:
            self._stay(str(error))
            return
        self._session, self.placement = session, Placement(provider.name)
        _LOG.info("%s computes %s.", provider.name, self._what[0].name)

    def run(
        self, names: Sequence[str] | None, values: Mapping[str, np.ndarray]
    ) -> list[np.ndarray]:
        """The outputs ``names``, or all; raises ONNX Runtime's errors, which share no base."""
        try:
            found: list[np.ndarray] = self._session.run(names, values)
        except Exception:
            if self.placement.provider == CPU.name:
                raise
            self._session = open_session(*self._what)
            self._stay(f"{self.placement.provider} failed in the middle of a conversation.")
            found = self._session.run(names, values)
        return found

    def _stay(self, reason: str) -> None:
        self.placement = Placement(CPU.name, f"{reason} The CPU computes {self._what[0].name}.")
        _LOG.warning("%s", self.placement.remark)


def _check_products(session: onnxruntime.InferenceSession, provider: Provider) -> None:
    """Raise ProviderError if the provider leaves too many products to the CPU."""
    assigned = getattr(session, "get_provider_graph_assignment_info", None)
    if assigned is None:  # an older ONNX Runtime does not tell
        return
    here: Counter[str] = Counter()
    elsewhere: Counter[str] = Counter()
    for part in assigned():
        own = here if part.ep_name == provider.key else elsewhere
        own.update(node.op_type for node in part.get_nodes())
    if not here:
        raise ProviderError(f"{provider.name} computes nothing of the model.")
    missing, count = (
        sum(counts[product] for product in _PRODUCTS) for counts in (elsewhere, here + elsewhere)
    )
    if missing > (1 - _LEAST_SHARE) * count:
        whole = " of whole numbers" if elsewhere[_WHOLE_NUMBERS] == missing else ""
        raise ProviderError(
            f"{provider.name} lacks {missing} of the model's {count} products{whole}."
        )


def _outputs(session: onnxruntime.InferenceSession, probe: np.ndarray) -> np.ndarray:
    """The first output (1, m) for a whole probe (n,)."""
    first, *state = session.get_inputs()
    carried = {end.name: np.zeros(end.shape, np.float32) for end in state}
    found = []
    for half in np.split(probe, [len(probe) // 2]):
        output, *next_state = session.run(None, {first.name: half[None], **carried})
        carried = dict(zip(carried, next_state, strict=True))
        found.append(output)
    return np.concatenate(found, axis=1)


def _tried(
    session: onnxruntime.InferenceSession, probe: np.ndarray, provider: Provider
) -> np.ndarray:
    try:
        return _outputs(session, probe)
    except Exception as error:  # onnxruntime's errors have no common base class of their own
        raise ProviderError(f"{provider.name} cannot run the model.") from error


def _check_outputs(of_cpu: np.ndarray, found: np.ndarray) -> None:
    """Raise ProviderError if outputs differ from the CPU's by more than rounding explains."""
    if found.shape != of_cpu.shape or not np.isfinite(found).all():
        raise ProviderError("The GPU's outputs are not of the CPU's kind.")
    if np.issubdtype(of_cpu.dtype, np.integer):
        equal = float((found == of_cpu).mean())
        if equal < _LEAST_EQUAL:
            raise ProviderError(f"Only {equal:.0%} of the GPU's outputs are the CPU's.")
        return
    decibels = magnitude_difference_db(of_cpu, found)
    if decibels is not None and decibels > _MOST_DIFFERENCE_DB:
        raise ProviderError(f"The GPU's sound is not the CPU's (they differ by {decibels:.0f} dB).")


def magnitude_difference_db(expected: np.ndarray, found: np.ndarray) -> float | None:
    """Difference of the spectra's magnitudes of two sounds (1, m), relative to the first; None if
    it is inaudible."""
    magnitudes = _spectra(expected)
    difference = _rms(_spectra(found) - magnitudes)
    if difference <= _SILENCE:
        return None
    return float(20 * np.log10(difference / max(_rms(magnitudes), _SILENCE)))


def _spectra(sound: np.ndarray) -> np.ndarray:
    """Magnitudes of the spectra (blocks, bins) of sound (1, m), in steps of half a frame."""
    blocks = np.lib.stride_tricks.sliding_window_view(sound[0], FRAME_SAMPLES)
    weighted = blocks[:: FRAME_SAMPLES // 2] * np.hanning(FRAME_SAMPLES)
    magnitudes: np.ndarray = np.abs(np.fft.rfft(weighted, axis=1))
    return magnitudes


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
