"""The same conversation on the processor and on the GPU: tokens, sound and times.

The language model runs in llama.cpp's GPU back end, the other models on ONNX Runtime's GPU
provider, each as far as this computer has it. One process, one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.accelerated_session import Placement, magnitude_difference_db
from engine.errors import DuologueError
from engine.measure.benchmark import machine
from engine.onnx_providers import CPU, Provider, best_accelerator
from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import STAGES, Duplex, Step
from engine.syncllm.llama import Llama
from engine.syncllm.llama_library import BACK_ENDS
from engine.syncllm.vocoder import StreamingVocoder

_LEAST_EQUAL_UNITS = 0.95
_LEAST_EQUAL_TOKENS = 0.9
"""Where two tokens are nearly as likely, rounding decides which is the likelier."""
_MOST_DIFFERENCE_DB = -15.0
"""As in `engine.accelerated_session`."""
_ROW_TOKENS = 200
_WARM_UP_CHUNKS = 5


@dataclass(frozen=True)
class GpuComparison:
    """The result."""

    machine: str
    devices: list[str]
    """What llama.cpp has."""
    placements: dict[str, Placement]
    """What computed the models of ONNX Runtime beside the GPU."""
    language_model: str
    """What computed the language model there: GPU or CPU."""
    chunk_ms: int
    chunks: int
    equal_user_units: float
    """Share of the user's units that both tokenizers gave."""
    equal_own_chunks: float
    """Share of the agent's chunks that were the same. One other token changes all that follow."""
    first_difference: int | None
    """The first chunk of the agent's that differed."""
    equal_tokens: float
    """Share of the places in one row of tokens where both language models found the same next
    token the likeliest."""
    sound_db: float | None
    """Difference of the vocoders' spectra for the same units; None if they are the same."""
    times_ms: dict[str, tuple[float, float, float, float]]
    """Of each stage: p50 and p99 on the CPU, p50 and p99 with the GPU."""

    def faults(self) -> list[str]:
        """What differs by more than rounding explains, a sentence each."""
        found = []
        if self.equal_user_units < _LEAST_EQUAL_UNITS:
            found.append(f"Only {self.equal_user_units:.1%} of the user's units are the CPU's.")
        if self.equal_tokens < _LEAST_EQUAL_TOKENS:
            found.append(f"Only {self.equal_tokens:.1%} of the next tokens are the CPU's.")
        if self.sound_db is not None and self.sound_db > _MOST_DIFFERENCE_DB:
            found.append(f"The sound differs from the CPU's by {self.sound_db:.0f} dB.")
        return found


def compare_gpu(
    bundle: Bundle,
    user_audio: np.ndarray,
    seconds: float = 60.0,
    provider: Provider | None = None,
    progress: Callable[[str, float, float], None] = lambda what, done, total: None,
) -> GpuComparison:
    """Hold a conversation with the user's sound, float32 (n,) at 16 kHz, on the CPU and again with
    the GPU.

    ``provider`` takes the place of the build's own. Raises DuologueError if neither library has a
    GPU here.
    """
    provider = provider or best_accelerator() or CPU
    if provider is CPU and not BACK_ENDS.has_gpu():
        raise DuologueError(
            "Neither llama.cpp nor ONNX Runtime has a GPU here; docs/install.md tells how to give "
            "them one."
        )
    runs, placements, gpu_layers = [], {}, 0
    for name, layers, on in (("CPU", 0, CPU), ("GPU", -1, provider)):
        duplex = Duplex(bundle, gpu_layers=layers, provider=on)
        try:
            runs.append(_talk(duplex, user_audio, seconds, name, progress))
            placements, gpu_layers = duplex.placements, duplex.gpu_layers
        finally:
            duplex.close()
    on_cpu, on_gpu = runs
    heard = [
        np.array([unit for step in run for chunk in step.user_units for unit in chunk])
        for run in runs
    ]
    own = [a.own_frames == b.own_frames for a, b in zip(on_cpu, on_gpu, strict=True)]
    sounds = []
    for on in (CPU, provider):
        vocoder = StreamingVocoder.of(bundle, on)
        sounds.append(np.concatenate([vocoder.push(step.own_frames) for step in on_cpu]))
    tokens = [_likeliest(bundle, layers) for layers in (0, -1)]
    return GpuComparison(
        machine=machine(),
        devices=BACK_ENDS.lines(),
        placements=placements,
        language_model="GPU" if gpu_layers else "CPU",
        chunk_ms=bundle.manifest.default_chunk_ms,
        chunks=len(own),
        equal_user_units=float((heard[0] == heard[1]).mean()),
        equal_own_chunks=sum(own) / len(own),
        first_difference=None if all(own) else own.index(False),
        equal_tokens=float(np.mean(tokens[0] == tokens[1])),
        sound_db=magnitude_difference_db(sounds[0][None], sounds[1][None]),
        times_ms={stage: (*_times(on_cpu, stage), *_times(on_gpu, stage)) for stage in STAGES},
    )


def _talk(
    duplex: Duplex,
    user_audio: np.ndarray,
    seconds: float,
    name: str,
    progress: Callable[[str, float, float], None],
) -> list[Step]:
    chunk = duplex.format.chunk_samples
    chunks = np.pad(user_audio, (0, -len(user_audio) % chunk)).reshape(-1, chunk)
    for index in range(_WARM_UP_CHUNKS):
        duplex.step(chunks[index % len(chunks)])
    duplex.reset()
    count = max(round(seconds * 1000 / duplex.format.chunk_ms), 1)
    steps = []
    for index in range(count):
        steps.append(duplex.step(chunks[index % len(chunks)]))
        progress(name, index + 1, count)
    return steps


def _likeliest(bundle: Bundle, gpu_layers: int) -> np.ndarray:
    """int64 (places,): the likeliest next token at each place of one seeded row."""
    model = Llama(bundle.language_model, _ROW_TOKENS, gpu_layers)
    try:
        row = np.random.default_rng(0).integers(0, bundle.manifest.vocabulary(), _ROW_TOKENS)
        found = []
        for token in row.tolist():
            model.feed([token])
            found.append(int(np.argmax(model.logits())))
    finally:
        model.close()
    return np.array(found)


def _times(steps: Sequence[Step], stage: str) -> tuple[float, float]:
    p50, p99 = np.percentile([step.timings_ms[stage] for step in steps], [50, 99]).tolist()
    return p50, p99
