"""Restores the voice from a bundle's ONNX file, and gives it an embedding for other units.

So a training keeps what the voice knows of the agent's sound where the units have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
from torch import Tensor

from engine.syncllm.bundle import load_bundle
from models.bundle_part import reading_part
from models.onnx_weights import matrices_of_biases, weights_by_name
from models.speech.agent_speech import Hibari
from models.vocoder.restore import remapped_embedding
from models.voice.heard import Listener
from models.voice.network import Voice, VoiceConfig
from models.voice.unit_table import VoiceUnits

_PREFIX = "voice."
REMAPPING_TEXTS = 80
"""Texts in which the units of two tables are compared: about four minutes of speech."""


def voice_from_onnx(path: Path) -> Voice:
    """The voice of a bundle, for as many units as it has, in evaluation mode.

    Raises DuologueError where the file holds no voice.
    """
    with reading_part(path, "agent's voice"):
        graph = onnx.load(path).graph
        stored = weights_by_name(graph)
        weights = {
            name.removeprefix(_PREFIX): weight
            for name, weight in stored.items()
            if name.startswith(_PREFIX)
        }
        biases = [_PREFIX + name for name in weights if name.endswith("bias")]
        for bias, matrix in matrices_of_biases(graph, stored, biases).items():
            weights[bias.removeprefix(_PREFIX).removesuffix("bias") + "weight"] = matrix
        voice = Voice(_sizes(weights))
        state = voice.state_dict()
        voice.load_state_dict({name: weights[name] for name in state})
        return voice.eval()


def _sizes(weights: dict[str, Tensor]) -> VoiceConfig:
    units, width = weights["embedding.weight"].shape

    def blocks(name: str) -> int:
        return sum(f"{name}.{number}.gain" in weights for number in range(len(weights)))

    return VoiceConfig(
        units,
        width=width,
        expansion=len(weights["unit_blocks.0.widen.bias"]) // width,
        unit_blocks=blocks("unit_blocks"),
        pitch_blocks=blocks("slot1"),
        sound_blocks=blocks("slot2"),
    )


def begun_voice(folder: Path, units: VoiceUnits, texts: Sequence[str]) -> Voice:
    """The voice of the bundle in ``folder``, with an embedding for ``units``.

    Where the bundle's agent has units of its own and ``units`` are those that its tokenizer hears,
    each begins as the mean of the agent's units in its frames, as hibari speaks ``texts``. Raises
    DuologueError where the bundle has no such voice.
    """
    bundle = load_bundle(folder)
    voice = voice_from_onnx(bundle.vocoder)
    weights = voice.state_dict()
    if bundle.manifest.agent_units and units.tokenizer:
        hibari, listener = Hibari(), Listener(bundle.tokenizer)
        speeches = [hibari.say(text) for text in texts[:REMAPPING_TEXTS]]
        pairs = [(speech.units(), listener.units(speech.audio_N, 0)) for speech in speeches]
        shared = [min(len(own), len(heard)) for own, heard in pairs]
        weights["embedding.weight"] = remapped_embedding(
            weights["embedding.weight"],
            [own[:count] for (own, _), count in zip(pairs, shared, strict=True)],
            [heard[:count] for (_, heard), count in zip(pairs, shared, strict=True)],
            units.count,
        )
    begun = Voice(
        VoiceConfig(
            **{**vars(voice.config), "unit_count": units.count, "silence_unit": units.silence_unit}
        )
    )
    with reading_part(bundle.vocoder, "voice for these units"):
        begun.load_state_dict(weights)
    return begun.eval()
