"""Writes the store that dialogues are composed from: synthesises every sentence of the script in
many voices, and encodes it and people's recordings as units.

Sentences are encoded once and composed as units, so thousands of hours of dialogues are cheap.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain
from pathlib import Path

import numpy as np
import soxr
import torch
from rich.progress import track

from engine.errors import DuologueError
from engine.minds.openings import FILLERS
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from engine.voice.agent_units import AGENT_UNITS, SILENCE_UNIT, spoken_span, word_times
from models import script
from models.dialogue.encode_agent import agent_utterance, quiet
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
from models.dialogue.free_answers import joined_answers
from models.dialogue.order_concatenation import concatenate_orders
from models.dialogue.unit_store import (
    CONFUSABLE_COUNT,
    MARGIN_FRAMES,
    ORDER_FORMS,
    UnitStore,
    UnitUtterance,
    last_tenth,
    load_store,
    save_store,
)
from models.script.words import script_words
from models.speech.agent_speech import Hibari
from models.speech.augmentation import read_noises
from models.speech.corpus import Corpus, dialogue_sentences, pad_to_frames
from models.speech.natural_corpus import punctuated, read_natural
from models.speech.natural_voices import PHONE_FRAME_SAMPLES
from models.speech.natural_voices import SAMPLE_RATE_HZ as NATURAL_RATE_HZ
from models.speech.phones import PAUSE
from models.speech.room_responses import read_room_responses
from models.speech.voices import AGENT_VOICE, Speech, speak, speak_flite, training_voice
from models.speech.word_alignment import Segment
from models.tokenizer.encode import encode_units, speech_frames
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet, load_tokenizer

HIBARI_VOICE = "hibari:heart"
NATURAL_FORMS, _FREE_FORMS = 6, 2
"""Versions of each natural utterance of a sentence of the script, and of a free one: the first as
recorded, the others augmented."""
_THROATS = (0.78, 1.28)
"""Lengths that the agent's voice is resampled to where it stands for a user's: lower and higher
throats. It speaks a hundred times as fast as Kokoro, so it can say every sentence."""
_MOST_NATURAL_WORDS = 150
_NATURAL_STEP_MS = 1000 * PHONE_FRAME_SAMPLES / NATURAL_RATE_HZ
_SAMPLES_A_MS = SAMPLE_RATE_HZ / 1000
_CONCATENATED = 8000
_FREE_SENTENCES = 2500
_SILENCE_SAMPLES = 6 * SAMPLE_RATE_HZ
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


@cache
def _hibari() -> Hibari:
    """The synthesiser of a process."""
    return Hibari()


def _agent_speech(job: tuple[str, int], files: _Files, own_units: bool) -> UnitUtterance:
    """A sentence in the agent's voice."""
    sentence, seed = job
    net = _augmenter(files).net
    rng = np.random.default_rng(seed)
    if own_units:
        speech = _hibari().say(punctuated(sentence, False), seed)
        return agent_utterance(net, HIBARI_VOICE, sentence, speech, rng)
    name = AGENT_VOICE.partition(":")[2]
    audio, segments = _trimmed_with_margins(speak_flite(sentence, name), rng)
    audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
    audio += quiet(len(audio), rng)
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


@dataclass(frozen=True, eq=False)
class _NaturalJob:
    """An utterance of the natural corpus in one acoustic condition."""

    text: str
    voice: str
    sound: np.ndarray
    phones: str
    lengths_ms: list[float]
    seed: int
    augmented: bool


def _natural_jobs(folder: Path, asked: set[str], seed: int) -> Iterator[_NaturalJob]:
    """Each utterance of a natural corpus as recorded, and augmented in some versions."""
    choose = random.Random(seed)
    for row, sound in read_natural(folder):
        text, voice, phones, steps = (row[key] for key in ("text", "voice", "phones", "lengths"))
        assert isinstance(text, str) and isinstance(voice, str) and isinstance(phones, str)
        assert isinstance(steps, list)
        lengths_ms = [_NATURAL_STEP_MS * step for step in steps]
        for form in range(NATURAL_FORMS if text in asked else _FREE_FORMS):
            yield _NaturalJob(
                text, voice, sound, phones, lengths_ms, choose.randrange(1 << 30), form > 0
            )


def _natural_speech(job: _NaturalJob, files: _Files) -> UnitUtterance:
    """A natural voice; the words have times where the synthesiser read each by itself."""
    augmenter = _augmenter(files)
    rng = np.random.default_rng(job.seed)
    times = word_times(job.text, job.phones, job.lengths_ms)
    spans = [(start, end) for _, start, end in times or ()]
    spans = spans or [spoken_span(job.phones, job.lengths_ms)]
    segments = tuple(
        (round(start * _SAMPLES_A_MS), round(end * _SAMPLES_A_MS), 0) for start, end in spans
    )
    speech = Speech(job.sound, segments)
    if job.augmented:
        speech = maybe_speed_perturbed(speech, rng)
    audio, placed = _trimmed_with_margins(speech, rng)
    if job.augmented:
        audio = augmenter.augment(audio, rng)
    frames = [speech_frames(start, end) for start, end, _ in placed]
    words = tuple(
        (word, *span)
        for (word, _, _), span in zip(times or (), frames if times else (), strict=True)
    )
    units = encode_units(augmenter.net, audio)
    return UnitUtterance(job.voice, units, frames[0][0], frames[-1][1], words)


def _hibari_speech(job: tuple[str, int], files: _Files) -> UnitUtterance:
    """A sentence of the user's in the agent's voice with another throat, at about its own tempo."""
    text, seed = job
    rng = np.random.default_rng(seed)
    factor = float(rng.uniform(*_THROATS))
    said = _hibari().say(punctuated(text, False), seed, float(factor * rng.uniform(0.85, 1.2)))
    sound = soxr.resample(said.audio_N, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * factor)
    lengths_ms = [factor * length for length in said.lengths_ms]
    augmented = bool(rng.random() < _AUGMENTED_SHARE)
    natural = _NaturalJob(text, HIBARI_VOICE, sound, said.phones, lengths_ms, seed, augmented)
    return _natural_speech(natural, files)


def _cut_words(
    spoken: list[UnitUtterance], choose: random.Random
) -> dict[str, list[UnitUtterance]]:
    """Words of the script, cut out of natural utterances."""
    known = set(script_words())
    found: dict[str, list[UnitUtterance]] = {}
    for speech in choose.sample(spoken, len(spoken)):
        for word, first, last in speech.words:
            some = found.setdefault(word, [])
            if word in known and last > first and len(some) < _MOST_NATURAL_WORDS:
                units, count = speech.units[first:last], last - first
                some.append(UnitUtterance(speech.voice, units, 0, count, ((word, 0, count),)))
    return {word: some for word, some in found.items() if some}


def _silences(net: TokenizerNet, noises: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    samples = _SILENCE_SAMPLES
    silences = [encode_units(net, np.zeros(samples, np.float32))]
    for floor_db in (-80, -75, -70, -65, -60, -55, -50, -45, -40):
        hiss = rng.normal(size=samples) * 10 ** (floor_db / 20)
        silences.append(encode_units(net, hiss.astype(np.float32)))
    for level_db in np.linspace(-70, -40, 16):
        start = int(rng.integers(0, len(noises) - samples))
        room = noises[start : start + samples] * 10 ** (level_db / 20)
        silences.append(encode_units(net, room.astype(np.float32)))
    return silences


@dataclass(frozen=True)
class StoreSources:
    """What a store is made of."""

    checkpoint: Path
    """The tokenizer's."""
    real: Path
    """The aligned corpus of people."""
    data: Path
    """The folder of open data: noise/, speech/, dialogues/."""
    rooms: Path
    """The file of impulse responses."""
    natural: Path | None = None
    """A corpus of natural voices."""


def write_unit_store(
    path: Path, sources: StoreSources, voices: int, own_units: bool, seed: int, jobs: int
) -> None:
    """Synthesise and encode everything, and write the store.

    Each common user sentence comes in ``voices`` voices, rare ones in fewer; half of them are
    augmented. With ``own_units`` the agent speaks in units of its own, which needs hibari.
    """
    files = _Files(sources.checkpoint, sources.data / "noise", sources.rooms)
    store = UnitStore(own_unit_count=len(AGENT_UNITS) if own_units else 0)
    # Forked workers would inherit torch's threads and hang.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        questions = encode_questions(pool, files, voices, seed)
        natural = encode_natural(pool, files, sources.natural, seed)
        if own_units:
            questions = chain(encode_in_agents_voice(pool, files, seed), questions)
        # Meanwhile this process encodes the recordings.
        encode_people(store, files, sources, seed)
        add_agent(store, pool, files, own_units, seed)
        add_users(store, questions, natural, seed)
        if own_units:
            add_free_answers(store, pool, files, sources.data, seed)
    add_silences(store, files, sources.data, seed)
    save_store(store, path)


def add_natural(path: Path, sources: StoreSources, seed: int, jobs: int) -> None:
    """Add the utterances of a natural corpus to a store that the same tokenizer encoded.

    They come before the others, because the last ones are held out. Raises DuologueError where the
    store has other units.
    """
    store, more = load_store(path), UnitStore()
    files = _Files(sources.checkpoint, sources.data / "noise", sources.rooms)
    unit_count = load_tokenizer(sources.checkpoint).unit_count
    if unit_count != store.unit_count:
        raise DuologueError(
            f"{path} has {store.unit_count} units and {sources.checkpoint} has {unit_count}; make "
            "the store anew, without --add."
        )
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        add_users(more, iter(()), encode_natural(pool, files, sources.natural, seed), seed)
    put_before(store, more)
    save_store(store, path)


def put_before(store: UnitStore, more: UnitStore) -> None:
    """Put the user's utterances of ``more`` before those of a store."""
    for text, spoken in more.user.items():
        store.user[text] = [*spoken, *store.user.get(text, [])]
    for word, cut in more.real_words.items():
        store.real_words[word] = [*cut, *store.real_words.get(word, [])]
    store.out_of_domain = [*more.out_of_domain, *store.out_of_domain]


Said = Iterator[tuple[str, UnitUtterance]]
"""(text, its speech)."""


def encode_questions(pool: ProcessPoolExecutor, files: _Files, voices: int, seed: int) -> Said:
    """The user's sentences in espeak-ng's and flite's voices."""
    choose = random.Random(seed)
    asked = [
        (sentence, training_voice(choose), choose.randrange(1 << 30))
        for sentence in script.user_sentences()
        for _ in range(script.voice_count(sentence, voices))
    ]
    spoken = pool.map(partial(_user_speech, files=files), asked, chunksize=16)
    pairs = zip(asked, spoken, strict=True)
    return ((text, speech) for (text, _, _), speech in track(pairs, "user", len(asked)))


def encode_natural(
    pool: ProcessPoolExecutor, files: _Files, folder: Path | None, seed: int
) -> Said:
    """The utterances of a natural corpus; none without a folder."""
    asked = set(script.user_sentences())
    given = list(_natural_jobs(folder, asked, seed)) if folder else []
    spoken = pool.map(partial(_natural_speech, files=files), given, chunksize=16)
    pairs = zip(given, spoken, strict=True)
    return ((job.text, speech) for job, speech in track(pairs, "natural voices", len(given)))


def encode_in_agents_voice(pool: ProcessPoolExecutor, files: _Files, seed: int) -> Said:
    """Each of the user's sentences once in the agent's voice."""
    choose = random.Random(seed)
    asked = [(sentence, choose.randrange(1 << 30)) for sentence in script.user_sentences()]
    spoken = pool.map(partial(_hibari_speech, files=files), asked, chunksize=16)
    pairs = zip(asked, spoken, strict=True)
    return ((text, speech) for (text, _), speech in track(pairs, "agent's voice", len(asked)))


def encode_people(store: UnitStore, files: _Files, sources: StoreSources, seed: int) -> None:
    """Add people's orders, long talk, words and other sentences."""
    augmenter, corpus = _augmenter(files), Corpus(sources.real)
    choose, rng = random.Random(seed), np.random.default_rng(seed)
    orders = encode_orders(augmenter, sources.data / "speech", rng)
    store.orders = [(order.speech, order.order.reply()) for order in orders]
    # Parts of held-out orders must not get into concatenated ones.
    concatenated = concatenate_orders(last_tenth(orders, ORDER_FORMS)[0], _CONCATENATED, choose)
    store.concatenated_orders = [(order.speech, order.order.reply()) for order in concatenated]
    store.long_talk = encode_long_talk(augmenter.net, corpus, rng)
    store.real_words = encode_words(augmenter.net, corpus, choose)
    store.out_of_domain = encode_out_of_domain(augmenter.net, corpus)


def add_agent(
    store: UnitStore, pool: ProcessPoolExecutor, files: _Files, own_units: bool, seed: int
) -> None:
    """Add all sentences of the agent; the orders are in the store already."""
    replies = {reply for _, reply in (*store.orders, *store.concatenated_orders)}
    told = [
        (sentence, random.Random(f"{seed}:{sentence}").randrange(1 << 30))
        for sentence in sorted(replies.union(script.agent_sentences()))
    ]
    say = partial(_agent_speech, files=files, own_units=own_units)
    spoken = pool.map(say, told, chunksize=16)
    for (sentence, _), entry in track(zip(told, spoken, strict=True), "agent", len(told)):
        store.agent[sentence] = entry


def add_free_answers(
    store: UnitStore, pool: ProcessPoolExecutor, files: _Files, data: Path, seed: int
) -> None:
    """Add answers of sentences that people wrote in the open dialogues, and the fillers."""
    choose = random.Random(seed)
    texts = choose.sample(
        dialogue_sentences(data / "dialogues" / "self_dialogue.jsonl.gz"), _FREE_SENTENCES
    )
    told = [(text, choose.randrange(1 << 30)) for text in (*FILLERS, *texts)]
    spoken = pool.map(partial(_agent_speech, files=files, own_units=True), told, chunksize=16)
    sentences = list(track(spoken, "free answers", len(told)))
    store.fillers = sentences[: len(FILLERS)]
    store.free_answers = list(joined_answers(sentences[len(FILLERS) :], seed))


def add_users(store: UnitStore, questions: Said, natural: Said, seed: int) -> None:
    """Add the user's sentences. The natural voices come first, because the last utterances are
    held out."""
    asked = set(script.user_sentences())
    free, spoken = [], []
    for text, speech in natural:
        spoken.append(speech)
        if text in asked:
            store.user.setdefault(text, []).append(speech)
        else:
            free.append(replace(speech, words=()))  # these are not the script's
    for text, speech in questions:
        store.user.setdefault(text, []).append(speech)
    store.out_of_domain = [*free, *store.out_of_domain]
    for word, some in _cut_words(spoken, random.Random(seed)).items():
        store.real_words[word] = [*some, *store.real_words.get(word, [])]


def add_silences(store: UnitStore, files: _Files, data: Path, seed: int) -> None:
    """Add silences, noises, and the units that each unit is mistaken for."""
    augmenter, rng = _augmenter(files), np.random.default_rng(seed)
    distances = augmenter.net.unit_distances()
    store.confusable_units = (
        distances.argsort(1)[:, 1 : 1 + CONFUSABLE_COUNT].numpy().astype(np.int16)
    )
    store.user_silence = _silences(augmenter.net, augmenter.noises, rng)
    store.noises = encode_noises(augmenter, data / "noise", rng)
    silence = encode_units(augmenter.net, quiet(_SILENCE_SAMPLES, rng))
    store.agent_silence = [silence]
    if store.own_unit_count:
        store.agent_silence = [np.full_like(silence, SILENCE_UNIT)]
        store.heard_agent_silence = [silence]
