"""Says every sentence of the script in many voices and keeps the units: the store that dialogues
are composed from.

Encoding once and composing in unit space makes thousands of hours cheap. The store is a pickle of
``SpeechStore``; the vocoder's store is ``models.vocoder_store.VocoderStore``.
"""

from __future__ import annotations

import multiprocessing
import pickle
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from engine.tokens import FRAME_SAMPLES, RATE_HZ
from models import script
from models.align import phone_costs
from models.augment import disturb, read_noises
from models.corpus import LABEL_SAMPLES, Corpus, spoken_orders, whole_frames
from models.phones import PAUSE
from models.script import coffee
from models.speech_windows import read_rooms
from models.tokenizer import DELAY_FRAMES, TokenizerNet, load_tokenizer
from models.vocoder_store import Recording, VocoderStore, save_store
from models.voices import AGENT_VOICE, Speech, speak, speak_flite, training_voice
from models.words import Segment, likeliest, word_spans

MARGIN_FRAMES = 10
"""Silence kept on both sides of an utterance."""
AGENT_FLOOR_DB = -70
NEIGHBOURS = 4
_LONG_TALKS = 400
_UNKNOWNS = 600
_LONG_SECONDS = (4, 12)
_UNKNOWN_SECONDS = (1.5, 4)
_DISTURBED_SHARE = 0.5
"""Of the user's utterances."""
_ELSEWHERE = 4
"""Surroundings in which each recorded order comes, beside its own."""


@dataclass(frozen=True)
class UnitSpeech:
    """One utterance as units."""

    voice: str
    units: np.ndarray
    """int16, 25 a second, as a listener gets them (the tokenizer's delay is in them)."""
    onset: int
    """First frame that tells of speech."""
    offset: int
    """First frame after the last that tells of speech."""
    words: tuple[tuple[str, int, int], ...] = ()
    """(word, onset, offset) as far as they are known; none where they are not the script's."""


@dataclass
class SpeechStore:
    """All spoken material of the dialogues."""

    user: dict[str, list[UnitSpeech]] = field(default_factory=dict)
    agent: dict[str, UnitSpeech] = field(default_factory=dict)
    user_silence: list[np.ndarray] = field(default_factory=list)
    agent_silence: list[np.ndarray] = field(default_factory=list)
    long_talk: list[UnitSpeech] = field(default_factory=list)
    """Real people's long sentences, to be listened to."""
    orders: list[tuple[UnitSpeech, str]] = field(default_factory=list)
    """Real people's coffee orders and what the agent answers."""
    unknown: list[UnitSpeech] = field(default_factory=list)
    """Real people's short sentences, about nothing that the script knows."""
    neighbours: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int16))
    """(units, n) the units most like each unit: what it is misheard as."""

    @property
    def unit_count(self) -> int:
        """Units of the tokenizer that wrote it."""
        return len(self.neighbours)


def load_store(path: Path) -> SpeechStore:
    """Read a store."""
    with path.open("rb") as stream:
        store = pickle.load(stream)
    assert isinstance(store, SpeechStore)
    return store


def voiced_frames(first_sample: int, last_sample: int) -> tuple[int, int]:
    """The frames [onset, offset) of units that tell of sound in [first, last) samples."""
    onset = first_sample // FRAME_SAMPLES + DELAY_FRAMES
    return onset, (last_sample - 1) // FRAME_SAMPLES + 1 + DELAY_FRAMES


@torch.no_grad()
def heard_units(net: TokenizerNet, audio: np.ndarray) -> np.ndarray:
    """(T,) int16 units of whole frames, as they come out of the tokenizer."""
    return net(torch.from_numpy(audio.astype(np.float32))[None])[0].numpy().astype(np.int16)


def _with_margins(speech: Speech, rng: np.random.Generator) -> tuple[np.ndarray, list[Segment]]:
    """Sound between margins at a random sub-frame phase, and where its phones are in that."""
    body = speech.words()
    lead = MARGIN_FRAMES * FRAME_SAMPLES + int(rng.integers(0, FRAME_SAMPLES))
    tail = (MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES
    audio = whole_frames(np.pad(body, (lead, tail)))
    spoken = [segment for segment in speech.segments if segment[2] != PAUSE]
    later = lead - spoken[0][0]
    end = lead + len(body)
    return audio, [(a + later, min(b + later, end), phone) for a, b, phone in spoken]


def _unit_speech(
    net: TokenizerNet, voice: str, text: str, audio: np.ndarray, segments: list[Segment]
) -> UnitSpeech:
    """Whole frames of sound as units, with the times of speech and of the text's words in it."""
    spoken = [segment for segment in segments if segment[2] != PAUSE]
    words = tuple(
        (word, *voiced_frames(start, end)) for word, start, end in word_spans(text, segments)
    )
    ends = voiced_frames(spoken[0][0], spoken[-1][1])
    return UnitSpeech(voice, heard_units(net, audio), *ends, words)


def _agent_speech(net: TokenizerNet, sentence: str, rng: np.random.Generator) -> UnitSpeech:
    name = AGENT_VOICE.partition(":")[2]
    audio, segments = _with_margins(speak_flite(sentence, name), rng)
    audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
    audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (AGENT_FLOOR_DB / 20)
    return _unit_speech(net, AGENT_VOICE, sentence, audio, segments)


@dataclass(frozen=True, eq=False)
class _Surroundings:
    """What lies between a mouth and the agent."""

    net: TokenizerNet
    noises: np.ndarray
    rooms: list[np.ndarray]

    def disturb(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return disturb(audio, self.noises, rng, self.rooms)


@cache
def _surroundings(checkpoint: Path, noise: Path, rooms: Path) -> _Surroundings:
    """A process's own, read once."""
    torch.set_num_threads(1)
    return _Surroundings(load_tokenizer(checkpoint), read_noises(noise), read_rooms(rooms))


def _user_speech(
    job: tuple[str, str, int], checkpoint: Path, noise: Path, rooms: Path
) -> UnitSpeech:
    """A sentence in a voice, half of the times with a room, noise and a microphone's tone."""
    sentence, voice, seed = job
    around = _surroundings(checkpoint, noise, rooms)
    rng = np.random.default_rng(seed)
    audio, segments = _with_margins(speak(sentence, voice, random.Random(seed)), rng)
    if rng.random() < _DISTURBED_SHARE:
        audio = around.disturb(audio, rng)
    else:
        audio *= rng.uniform(0.1, 0.9) / max(float(np.abs(audio).max()), 1e-3)
        floor_db = rng.uniform(-80, -55)
        audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (floor_db / 20)
    return _unit_speech(around.net, voice, sentence, audio, segments)


def _silences(net: TokenizerNet, noises: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    samples = 6 * RATE_HZ
    silences = [heard_units(net, np.zeros(samples, np.float32))]
    for floor_db in (-80, -75, -70, -65, -60, -55, -50, -45, -40):
        hiss = rng.normal(size=samples) * 10 ** (floor_db / 20)
        silences.append(heard_units(net, hiss.astype(np.float32)))
    for level_db in np.linspace(-70, -40, 16):
        start = int(rng.integers(0, len(noises) - samples))
        room = noises[start : start + samples] * 10 ** (level_db / 20)
        silences.append(heard_units(net, room.astype(np.float32)))
    return silences


def _real_speech(
    net: TokenizerNet, corpus: Corpus, seconds: tuple[float, float], most: int
) -> list[UnitSpeech]:
    """Aligned sentences of people whose length lies between two ``seconds``."""
    talk: list[UnitSpeech] = []
    shortest, longest = (limit * RATE_HZ for limit in seconds)
    for utterance in track(corpus.utterances[::4], "real people"):
        if len(talk) == most:
            break
        labels = corpus.labels[corpus.label_slice(utterance)]
        voiced = np.flatnonzero(labels < PAUSE)
        other = utterance.voice.startswith(("librispeech", "speechocean"))
        if other and shortest <= utterance.samples < longest and len(voiced):
            first, last = int(voiced[0]) * LABEL_SAMPLES, int(voiced[-1] + 1) * LABEL_SAMPLES
            talk.append(_as_heard(net, utterance.voice, corpus.sound(utterance), first, last))
    return talk


def _as_heard(
    net: TokenizerNet, voice: str, audio: np.ndarray, first: int, last: int
) -> UnitSpeech:
    """Units of a recording between margins; its words are in samples [first, last)."""
    margin = np.zeros((MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES, np.float32)
    units = heard_units(net, whole_frames(np.concatenate([margin, audio, margin])))
    return UnitSpeech(voice, units, *voiced_frames(len(margin) + first, len(margin) + last))


def _real_orders(
    around: _Surroundings, speech: Path, rng: np.random.Generator
) -> list[tuple[UnitSpeech, str]]:
    """Coffee orders of real people, as far as training may know recording and order.

    Only their slots are written down; the wording is the one that fits the sound best. Each comes
    as recorded and in some other surroundings: recordings are few.
    """
    net, orders = around.net, []
    for label, sound in track(spoken_orders(speech), "real orders"):
        order = coffee.order_of_label(label)
        if coffee.held_out(order):
            continue
        margin = np.zeros((MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES, np.float32)
        audio = whole_frames(np.concatenate([margin, sound, margin]))
        costs = phone_costs(net, audio)
        ways = coffee.ways_to_say(coffee.as_spoken(label))
        way, _ = likeliest(costs, ways)
        text, segments = likeliest(costs, coffee.ways_to_ask(way))
        heard = [audio, *(around.disturb(audio, rng) for _ in range(_ELSEWHERE))]
        orders += [
            (_unit_speech(net, "picovoice", text, sound, segments), order.reply())
            for sound in heard
        ]
    return orders


def write_speech_store(
    path: Path,
    checkpoint: Path,
    real: Path,
    data: Path,
    rooms: Path,
    voices: int,
    seed: int,
    jobs: int,
) -> None:
    """Speak and encode everything: each common user sentence in ``voices`` voices, rare ones in
    fewer, half of them with a room, noise and a microphone's tone. ``real`` is the aligned corpus,
    ``data`` the folder of open data (noise/, speech/), ``rooms`` the file of responses."""
    around = _surroundings(checkpoint, data / "noise", rooms)
    net = around.net
    choose = random.Random(seed)
    rng = np.random.default_rng(seed)
    store = SpeechStore()
    store.orders = _real_orders(around, data / "speech", rng)
    replies = {reply for _, reply in store.orders}
    for sentence in track(sorted(replies.union(script.agent_sentences())), "agent"):
        store.agent[sentence] = _agent_speech(net, sentence, rng)
    plan = [
        (sentence, training_voice(choose), choose.randrange(1 << 30))
        for sentence in script.user_sentences()
        for _ in range(script.voices_of(sentence, voices))
    ]
    heard = partial(_user_speech, checkpoint=checkpoint, noise=data / "noise", rooms=rooms)
    # Forked workers would share the threads of torch, which then hang.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        spoken = pool.map(heard, plan, chunksize=16)
        for (sentence, _, _), entry in track(zip(plan, spoken, strict=True), "user", len(plan)):
            store.user.setdefault(sentence, []).append(entry)
    distances = net.unit_distances()
    store.neighbours = distances.argsort(1)[:, 1 : 1 + NEIGHBOURS].numpy().astype(np.int16)
    store.user_silence = _silences(net, around.noises, rng)
    quiet = rng.normal(size=6 * RATE_HZ) * 10 ** (AGENT_FLOOR_DB / 20)
    store.agent_silence = [heard_units(net, quiet.astype(np.float32))]
    store.long_talk = _real_speech(net, Corpus(real), _LONG_SECONDS, _LONG_TALKS)
    store.unknown = _real_speech(net, Corpus(real), _UNKNOWN_SECONDS, _UNKNOWNS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        pickle.dump(store, stream)


def write_vocoder_store(path: Path, checkpoint: Path, real: Path, speech_store: Path) -> None:
    """Kathleen's recordings with their units, and the agent's units, for the vocoder to learn."""
    net = load_tokenizer(checkpoint)
    corpus = Corpus(real)
    rng = np.random.default_rng(0)
    recordings: list[Recording] = []
    for utterance in track(corpus.utterances, "Kathleen"):
        if utterance.voice == "kathleen":
            sound = corpus.sound(utterance)
            floor = rng.normal(size=len(sound)) * 10 ** (AGENT_FLOOR_DB / 20)
            units = heard_units(net, (sound + floor).astype(np.float32))
            samples = (sound * 32767).astype(np.int16)
            recordings.append(Recording(f"kathleen-{len(recordings)}", samples, units))
    store = load_store(speech_store)
    silence = int(np.bincount(store.agent_silence[0]).argmax())
    sentences = [speech.units for speech in store.agent.values()]
    save_store(VocoderStore(recordings, sentences, silence, net.unit_count), path)
