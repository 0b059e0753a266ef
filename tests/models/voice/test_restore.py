"""The shipped voice can be trained on, also with the units that the tokenizer hears."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.vocoder import Vocoder
from engine.timebase import FRAME_SAMPLES
from models.speech.agent_speech import Hibari
from models.voice.heard import Listener
from models.voice.network import Memory
from models.voice.restore import begun_voice, voice_from_onnx
from models.voice.unit_table import OWN_UNITS, heard_units_of

TEXT = "What a lovely day it is."


def test_the_shipped_voice_comes_back_from_its_file() -> None:
    voice = voice_from_onnx(load_bundle().vocoder)
    assert voice.config.unit_count == OWN_UNITS.count
    assert voice.config.past_frames == load_bundle().manifest.vocoder.past_frames
    units = Hibari().say(TEXT).units()
    with torch.no_grad():
        ours, _ = voice(torch.from_numpy(units.astype(np.int64))[None], voice.empty_state())
    theirs = Vocoder(load_bundle().vocoder).sound(units)
    # The file rounds what its matrices are multiplied with, so phases drift; levels do not.
    levels = [
        np.sqrt(np.square(sound.reshape(-1, FRAME_SAMPLES)).mean(1))
        for sound in (ours[0].numpy(), theirs)
    ]
    assert levels[0].max() > 0.02
    assert np.corrcoef(*levels)[0, 1] > 0.98


def test_a_tokenizer_is_no_voice() -> None:
    with pytest.raises(DuologueError, match="does not hold the agent's voice"):
        voice_from_onnx(load_bundle().tokenizer)


def test_heard_units_begin_as_the_agents_units_in_their_frames() -> None:
    bundle = load_bundle()
    heard = heard_units_of(bundle, boundary_emit=False)
    begun = begun_voice(bundle.folder, heard, [TEXT])
    assert (begun.config.unit_count, begun.config.silence_unit) == (64, 1)
    shipped = voice_from_onnx(bundle.vocoder)
    speech = Hibari().say(TEXT)
    units = Listener(bundle.tokenizer).units(speech.audio_N, 0)
    both = [
        torch.from_numpy(u.astype(np.int64))[None, : len(units)] for u in (units, speech.units())
    ]
    levels = []
    with torch.no_grad():
        for voice, numbers in zip((begun, shipped), both, strict=True):
            spectra = voice.spectra(numbers, Memory(voice.empty_state()))
            levels.append(spectra.noise_BSF.mean(-1)[0].numpy())
        none = torch.ones_like(both[0])
        silent = begun.spectra(none, Memory(begun.empty_state())).noise_BSF.mean(-1)[0].numpy()
    count = min(map(len, levels))
    # Untrained for these units, it already tells loud from quiet as the shipped voice does.
    assert np.corrcoef(levels[0][:count], levels[1][:count])[0, 1] > 0.7
    assert silent.mean() < levels[0].mean()
