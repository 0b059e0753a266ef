"""A corpus of the agent's voice: hibari's speech with its units, pitch, and spectra of harmonics
and noise.

Units are the agent's own, or those that a tokenizer hears. They have passed through the token
format, as in a conversation, and lost how long each lasts within its chunk. Their speech is
hibari's with just these lengths, or with its steps moved there, so units and sound agree.

It consists of shards of a hundred utterances, each of three files: an .npz with all but the
spectra, and two .npy with these, which a training reads from the disk as it needs them. An
utterance depends on the seed and its number alone, and a finished shard is never rewritten. So the
command resumes where it stopped, and two runs give the same corpus.

Shape suffixes: S slots (100 Hz), F bins (25 Hz apart), T unit frames (25 Hz), N samples.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.syncllm.bundle import load_bundle
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.hibari_network import PITCH_STEP_MS
from models import script
from models.script import coffee
from models.speech.agent_speech import BIN_HZ, AgentSpeech, Hibari
from models.speech.corpus import dialogue_sentences
from models.speech.kept_out_texts import kept_out
from models.speech.natural_corpus import punctuated
from models.vocoder.network import BIN_COUNT, SLOT_SAMPLES, WINDOW_SAMPLES
from models.voice.excitation import LEAST_PITCH_HZ
from models.voice.heard import Listener
from models.voice.told_lengths import told_heard, told_speech
from models.voice.unit_table import OWN_UNITS, VoiceUnits, begin_units, heard_units_of

SHARD_UTTERANCES = 100
_ORDER_SHARE, _SCRIPT_SHARE, _EVERYDAY_SHARE = 0.1, 0.3, 0.35
"""The other texts are turns of the assistants in SGD."""
_SECOND_SENTENCE_SHARE = 0.15
_SPEEDS = (0.95, 1.0, 1.0, 1.05)
_CHUNK_FRAMES = (4, 4, 5, 6)
_ASSISTANT_WORDS = range(4, 26)
_UNREADABLE = re.compile(r"[^A-Za-z0-9 ,.?!':;$-]")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_MOST_CHARACTERS = 300
_SLOT_MS = 1000 * SLOT_SAMPLES / SAMPLE_RATE_HZ
_LEAST_LOG, _MOST_LOG = -20.0, 7.0
# Mean of a squared Hann window: hibari windows its noise, but not the part of free phase.
_NOISE_POWER = 0.375


@dataclass(frozen=True)
class Texts:
    """What the agent says in the corpus."""

    sentences: list[str]
    """Of the script, without orders."""
    orders: list[str]
    everyday: list[str]
    assistants: list[str]


@dataclass(frozen=True, eq=False)
class VoiceUtterance:
    """A text in the agent's voice."""

    text: str
    units_T: np.ndarray
    """int16; unit i describes the sound of frame i."""
    audio_N: np.ndarray
    """int16 at 16 kHz; about T frames."""
    pitch_S: np.ndarray
    """float32: Hz in the middle of each slot, 0 where unvoiced; 4 T slots or fewer."""
    harmonic_SF: np.ndarray
    """float16: natural logarithm of the harmonics' strength; a slot for each of the pitch."""
    noise_SF: np.ndarray
    """float16: natural logarithm of the noise's strength."""


def assistant_turns(dialogues: Path) -> list[str]:
    """What the assistants say in SGD, sorted, of 4 to 25 readable words.

    The users' turns are left out: the evaluation takes them for sentences that nobody trained on.
    """
    turns: set[str] = set()
    with gzip.open(dialogues, "rt", encoding="utf-8") as lines:
        for line in lines:
            turns |= {text for side, text in json.loads(line)["turns"] if side == "S"}
    return sorted(
        t for t in turns if len(t.split()) in _ASSISTANT_WORDS and not _UNREADABLE.search(t)
    )


def corpus_texts(dialogues: Path) -> Texts:
    """The texts from the script and from a folder of open dialogues."""
    said = script.agent_sentences()
    return Texts(
        [text for text in said if coffee.parse_order(text) is None],
        [text for text in said if coffee.parse_order(text) is not None],
        [
            text
            for text in dialogue_sentences(dialogues / "self_dialogue.jsonl.gz")
            if not kept_out(text)
        ],
        assistant_turns(dialogues / "sgd.jsonl.gz"),
    )


def draw_text(number: int, seed: int, texts: Texts) -> tuple[str, float]:
    """Text and speed of utterance ``number`` of the corpus."""
    rng = random.Random(f"{seed}:{number}")
    kinds = (texts.orders, texts.sentences, texts.everyday, texts.assistants)
    shares = (_ORDER_SHARE, _SCRIPT_SHARE, _EVERYDAY_SHARE)
    (kind,) = rng.choices(kinds, (*shares, 1 - sum(shares)))
    text = rng.choice(kind)
    if kind is not texts.assistants:
        text = punctuated(text, bare=False)
    if rng.random() < _SECOND_SENTENCE_SHARE:
        text = f"{text} {punctuated(rng.choice(texts.sentences), bare=False).capitalize()}"
    return text[:_MOST_CHARACTERS], rng.choice(_SPEEDS)


def utterance_of(text: str, units_T: np.ndarray, speech: AgentSpeech) -> VoiceUtterance:
    """A speech of units, with pitch and spectra on the grid of slots and bins."""
    steps = len(speech.pitch_hz)
    slots = int(steps * PITCH_STEP_MS / _SLOT_MS)
    places = (np.arange(slots) + 0.5) * (_SLOT_MS / PITCH_STEP_MS) - 0.5
    low = np.clip(np.floor(places).astype(int), 0, steps - 1)
    high = np.minimum(low + 1, steps - 1)
    share_S = np.clip(places - low, 0, 1).astype(np.float32)

    def on_grid(log_FS: np.ndarray) -> np.ndarray:
        bins = np.arange(BIN_COUNT) * (SAMPLE_RATE_HZ / WINDOW_SAMPLES / BIN_HZ)
        below = np.floor(bins).astype(int)
        above = np.minimum(below + 1, len(log_FS) - 1)
        weight = (bins - below).astype(np.float32)[:, None]
        timed = log_FS[:, low] * (1 - share_S) + log_FS[:, high] * share_S
        return (timed[below] * (1 - weight) + timed[above] * weight).T.astype(np.float16)

    def limited(log_FS: np.ndarray) -> np.ndarray:
        return np.clip(log_FS, _LEAST_LOG, _MOST_LOG)

    noise_power = _NOISE_POWER * np.exp(2 * limited(speech.noise_FS))
    noise = 0.5 * np.log(noise_power + np.exp(2 * limited(speech.free_FS)))
    return VoiceUtterance(
        text,
        units_T.astype(np.int16),
        np.clip(speech.audio_N * 32767, -32767, 32767).astype(np.int16),
        _slot_pitch(speech.pitch_hz, low, high, share_S),
        on_grid(limited(speech.harmonic_FS)),
        on_grid(noise),
    )


def _slot_pitch(
    pitch_hz: np.ndarray, low: np.ndarray, high: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """The pitch between steps; where only one of them is voiced, the nearer one decides."""
    before, after = pitch_hz[low], pitch_hz[high]
    between = before * (1 - share) + after * share
    both = (before > LEAST_PITCH_HZ) & (after > LEAST_PITCH_HZ)
    nearer = np.where(share > 0.5, after, before)
    pitch: np.ndarray = np.where(both, between, nearer).astype(np.float32)
    pitch[pitch <= LEAST_PITCH_HZ] = 0
    return pitch


def write_shard(folder: Path, shard: int, utterances: Sequence[VoiceUtterance]) -> None:
    """Write a shard, whole or not at all."""
    stem = folder / f"shard-{shard:05d}"

    def put(suffix: str, write: Callable[[Path], None]) -> None:
        part = stem.with_suffix(f".part{suffix}")
        write(part)
        os.replace(part, stem.with_suffix(suffix))

    for name in ("harmonic", "noise"):
        rows = np.concatenate([getattr(u, f"{name}_SF") for u in utterances])
        put(f".{name}.npy", partial(np.save, arr=rows))
    arrays: dict[str, Any] = {
        "texts": np.array([u.text for u in utterances]),
        **{
            name: np.concatenate([getattr(u, name) for u in utterances])
            for name in ("units_T", "audio_N", "pitch_S")
        },
        **{
            f"{name}_lengths": np.array([len(getattr(u, name)) for u in utterances])
            for name in ("units_T", "audio_N", "pitch_S")
        },
    }
    # This file is written last, so a shard that has it is complete.
    put(".npz", partial(np.savez, **arrays))


def read_corpus(folder: Path) -> Iterator[VoiceUtterance]:
    """The utterances of the finished shards, in order; their spectra stay on the disk."""
    for path in sorted(folder.glob("shard-*.npz")):
        if ".part" in path.name:
            continue
        with np.load(path, allow_pickle=False) as saved:
            lengths = saved["pitch_S_lengths"]
            units, audio, pitch = (
                np.split(saved[name], np.cumsum(saved[f"{name}_lengths"])[:-1])
                for name in ("units_T", "audio_N", "pitch_S")
            )
            texts = saved["texts"].tolist()
        harmonic, noise = (
            np.load(path.with_suffix(f".{name}.npy"), mmap_mode="r")
            for name in ("harmonic", "noise")
        )
        ends = np.cumsum(lengths)
        for i, text in enumerate(texts):
            rows = slice(ends[i] - lengths[i], ends[i])
            yield VoiceUtterance(text, units[i], audio[i], pitch[i], harmonic[rows], noise[rows])


def write_corpus(
    folder: Path,
    dialogues: Path,
    utterances: int,
    seed: int,
    jobs: int,
    tell: Callable[[str], None],
    bundle: Path | None = None,
    boundary_emit: bool = True,
) -> None:
    """Write the missing shards of a corpus; resumes where an earlier run stopped.

    With the folder of a ``bundle`` the units are those that its tokenizer hears, in the format with
    or without ``boundary_emit``; else the agent's own. Raises DuologueError where the folder has
    speech in other units.
    """
    folder.mkdir(parents=True, exist_ok=True)
    units, tokenizer = OWN_UNITS, None
    if bundle:
        opened = load_bundle(bundle)
        units, tokenizer = heard_units_of(opened, boundary_emit), opened.tokenizer
    begin_units(folder, units)
    speak = partial(_speak_shard, folder, corpus_texts(dialogues), seed, units, tokenizer)
    count = -(-utterances // SHARD_UTTERANCES)
    missing = [n for n in range(count) if not (folder / f"shard-{n:05d}.npz").is_file()]
    with ProcessPoolExecutor(jobs) as pool:
        for done, shard in enumerate(pool.map(speak, missing), 1):
            tell(f"shard {shard}: {done} of {len(missing)}")


_hibari: Hibari | None = None
_listener: Listener | None = None


def _speak_shard(
    folder: Path, texts: Texts, seed: int, table: VoiceUnits, tokenizer: Path | None, shard: int
) -> int:
    global _hibari, _listener
    _hibari = _hibari or Hibari()
    if tokenizer:
        _listener = _listener or Listener(tokenizer)
    utterances = []
    for number in range(shard * SHARD_UTTERANCES, (shard + 1) * SHARD_UTTERANCES):
        text, speed = draw_text(number, seed, texts)
        free = _hibari.say(text, number, speed)
        rng = random.Random(f"told {seed}:{number}")
        chunk_frames = rng.choice(_CHUNK_FRAMES)
        offset = rng.randrange(chunk_frames)
        if _listener:
            heard, steps = _listener.units(free.audio_N, number), len(free.pitch_hz)
            emit = table.boundary_emit
            units, places = told_heard(heard, steps, chunk_frames, offset, emit)
            speech = _hibari.moved(free, places, number)
        else:
            units, lengths_ms = told_speech(free, chunk_frames, offset)
            speech = _hibari.say_timed(free.phones, lengths_ms, number)
        utterances.append(utterance_of(text, units, speech))
    write_shard(folder, shard, utterances)
    return shard
