"""Writes the vocoder's training data: encodes the recordings of its voice, and takes the agent's
units from the dialogues' store.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.progress import track

from models.dialogue.unit_store import load_store
from models.speech.corpus import Corpus
from models.tokenizer.encode import AGENT_FLOOR_DB, encode_units
from models.tokenizer.network import load_tokenizer
from models.vocoder.dataset import Recording, VocoderStore, save_store


def write_vocoder_store(path: Path, checkpoint: Path, real: Path, unit_store: Path) -> None:
    """Write the store ``path`` from Kathleen's recordings in the corpus ``real`` and the agent's
    units in ``unit_store``."""
    net = load_tokenizer(checkpoint)
    corpus = Corpus(real)
    rng = np.random.default_rng(0)
    recordings: list[Recording] = []
    for utterance in track(corpus.utterances, "Kathleen"):
        if utterance.voice == "kathleen":
            sound = corpus.sound(utterance)
            floor = rng.normal(size=len(sound)) * 10 ** (AGENT_FLOOR_DB / 20)
            units = encode_units(net, (sound + floor).astype(np.float32))
            samples = (sound * 32767).astype(np.int16)
            recordings.append(Recording(f"kathleen-{len(recordings)}", samples, units))
    store = load_store(unit_store)
    silence = int(np.bincount(store.agent_silence[0]).argmax())
    sentences = [speech.units for speech in store.agent.values()]
    save_store(VocoderStore(recordings, sentences, silence, net.unit_count), path)
