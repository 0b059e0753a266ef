"""Writes the store that dialogues are composed from: synthesises every sentence of the script in
many voices, and encodes it and people's recordings as units.

Sentences are encoded once and composed as units, so thousands of hours of dialogues are cheap.
"""

from __future__ import annotations

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models import script
from models.dialogue.encode_recordings import (
    Augmenter,
    encode_long_talk,
    encode_noises,
    encode_orders,
    encode_out_of_domain,
    encode_utterance,
    encode_words,
    maybe_speed_perturbed,
)
from models.dialogue.order_concatenation import concatenate_orders
from models.dialogue.unit_store import (
    CONFUSABLE_COUNT,
    MARGIN_FRAMES,
    ORDER_FORMS,
    UnitStore,
    UnitUtterance,
    last_tenth,
    save_store,
)
from models.speech.augmentation import read_noises
from models.speech.corpus import Corpus, pad_to_frames
from models.speech.phones import PAUSE
from models.speech.room_responses import read_room_responses
from models.speech.voices import AGENT_VOICE, Speech, speak, speak_flite, training_voice
from models.speech.word_alignment import Segment
from models.tokenizer.encode import AGENT_FLOOR_DB, encode_units
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet, load_tokenizer

_CONCATENATED = 8000
_AUGMENTED_SHARE = 0.5
"""Of the user's utterances."""


def _trimmed_with_margins(
    speech: Speech, rng: np.random.Generator
) -> tuple[np.ndarray, list[Segment]]:
    """The speech between silences, at a random phase within a frame, and the phones in that."""
    body = speech.trimmed()
    lead = MARGIN_FRAMES * FRAME_SAMPLES + int(rng.integers(0, FRAME_SAMPLES))
    tail = (MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES
    audio = pad_to_frames(np.pad(body, (lead, tail)))
    spoken = [segment for segment in speech.segments if segment[2] != PAUSE]
    later = lead - spoken[0][0]
    end = lead + len(body)
    return audio, [(a + later, min(b + later, end), phone) for a, b, phone in spoken]


@dataclass(frozen=True)
class _Files:
    """What a process reads its augmenter from."""

    checkpoint: Path
    noise: Path
    rooms: Path


@cache
def _augmenter(files: _Files) -> Augmenter:
    """The augmenter of a process, read once."""
    torch.set_num_threads(1)
    net = load_tokenizer(files.checkpoint)
    return Augmenter(net, read_noises(files.noise), read_room_responses(files.rooms))


def _agent_speech(job: tuple[str, int], files: _Files) -> UnitUtterance:
    """A sentence in the agent's voice."""
    sentence, seed = job
    rng = np.random.default_rng(seed)
    name = AGENT_VOICE.partition(":")[2]
    audio, segments = _trimmed_with_margins(speak_flite(sentence, name), rng)
    audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
    audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (AGENT_FLOOR_DB / 20)
    net = _augmenter(files).net
    return encode_utterance(net, AGENT_VOICE, sentence, audio, segments)


def _user_speech(job: tuple[str, str, int], files: _Files) -> UnitUtterance:
    """A sentence in a voice; half of them are augmented."""
    sentence, voice, seed = job
    augmenter = _augmenter(files)
    rng = np.random.default_rng(seed)
    speech = maybe_speed_perturbed(speak(sentence, voice, random.Random(seed)), rng)
    audio, segments = _trimmed_with_margins(speech, rng)
    if rng.random() < _AUGMENTED_SHARE:
        audio = augmenter.augment(audio, rng)
    else:
        audio *= rng.uniform(0.1, 0.9) / max(float(np.abs(audio).max()), 1e-3)
        floor_db = rng.uniform(-80, -55)
        audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (floor_db / 20)
    return encode_utterance(augmenter.net, voice, sentence, audio, segments)


def _silences(net: TokenizerNet, noises: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    samples = 6 * SAMPLE_RATE_HZ
    silences = [encode_units(net, np.zeros(samples, np.float32))]
    for floor_db in (-80, -75, -70, -65, -60, -55, -50, -45, -40):
        hiss = rng.normal(size=samples) * 10 ** (floor_db / 20)
        silences.append(encode_units(net, hiss.astype(np.float32)))
    for level_db in np.linspace(-70, -40, 16):
        start = int(rng.integers(0, len(noises) - samples))
        room = noises[start : start + samples] * 10 ** (level_db / 20)
        silences.append(encode_units(net, room.astype(np.float32)))
    return silences


def write_unit_store(
    path: Path,
    checkpoint: Path,
    real: Path,
    data: Path,
    rooms: Path,
    voices: int,
    seed: int,
    jobs: int,
) -> None:
    """Synthesise and encode everything, and write the store.

    Each common user sentence comes in ``voices`` voices, rare ones in fewer; half of them are
    augmented. ``real`` is the aligned corpus, ``data`` the folder of open data (noise/, speech/),
    ``rooms`` the file of impulse responses.
    """
    files = _Files(checkpoint, data / "noise", rooms)
    augmenter = _augmenter(files)
    net = augmenter.net
    choose = random.Random(seed)
    rng = np.random.default_rng(seed)
    store = UnitStore()
    corpus = Corpus(real)
    asked = [
        (sentence, training_voice(choose), choose.randrange(1 << 30))
        for sentence in script.user_sentences()
        for _ in range(script.voice_count(sentence, voices))
    ]
    # Forked workers would inherit torch's threads and hang.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        questions = pool.map(partial(_user_speech, files=files), asked, chunksize=16)
        # Meanwhile this process encodes the recordings.
        orders = encode_orders(augmenter, data / "speech", rng)
        store.orders = [(order.speech, order.order.reply()) for order in orders]
        # Parts of held-out orders must not get into concatenated ones.
        concatenated = concatenate_orders(last_tenth(orders, ORDER_FORMS)[0], _CONCATENATED, choose)
        store.concatenated_orders = [(order.speech, order.order.reply()) for order in concatenated]
        store.long_talk = encode_long_talk(net, corpus, rng)
        store.real_words = encode_words(net, corpus, choose)
        store.out_of_domain = encode_out_of_domain(net, corpus)
        replies = {reply for _, reply in (*store.orders, *store.concatenated_orders)}
        told = [
            (sentence, choose.randrange(1 << 30))
            for sentence in sorted(replies.union(script.agent_sentences()))
        ]
        spoken = pool.map(partial(_agent_speech, files=files), told, chunksize=16)
        for (sentence, _, _), entry in track(
            zip(asked, questions, strict=True), "user", len(asked)
        ):
            store.user.setdefault(sentence, []).append(entry)
        for (sentence, _), entry in track(zip(told, spoken, strict=True), "agent", len(told)):
            store.agent[sentence] = entry
    distances = net.unit_distances()
    store.confusable_units = (
        distances.argsort(1)[:, 1 : 1 + CONFUSABLE_COUNT].numpy().astype(np.int16)
    )
    store.user_silence = _silences(net, augmenter.noises, rng)
    store.noises = encode_noises(augmenter, data / "noise", rng)
    quiet = rng.normal(size=6 * SAMPLE_RATE_HZ) * 10 ** (AGENT_FLOOR_DB / 20)
    store.agent_silence = [encode_units(net, quiet.astype(np.float32))]
    save_store(store, path)
