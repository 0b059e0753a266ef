"""Says every sentence of the script in many voices and keeps the units: the store that dialogues
are composed from.

Encoding once and composing in unit space makes thousands of hours cheap.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models import script
from models.dialogue.order_concatenation import SpokenOrder, concatenate_orders
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
from models.script import coffee
from models.script.words import script_words
from models.speech.augmentation import augment, read_noises
from models.speech.corpus import Corpus, Utterance, pad_to_frames, spoken_orders
from models.speech.noises import recorded_noises, synthetic_cough
from models.speech.phones import PAUSE
from models.speech.room_responses import read_room_responses
from models.speech.voices import (
    AGENT_VOICE,
    Speech,
    speak,
    speak_flite,
    speed_perturbed,
    training_voice,
)
from models.speech.word_alignment import (
    Segment,
    best_transcript,
    segments_of,
    word_phones,
    word_spans,
)
from models.tokenizer.align_corpus import phone_costs
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet, load_tokenizer
from models.vocoder.dataset import Recording, VocoderStore
from models.vocoder.dataset import save_store as save_vocoder_store

AGENT_FLOOR_DB = -70
_LONG_TALKS = 3000
_OUT_OF_DOMAIN_SENTENCES = 2000
_CONCATENATED = 8000
_SPEAKER_CORPORA = ("librispeech", "speechocean")
_MAX_RECORDINGS_OF_WORD = 150
"""Recordings of a word out of real people's sentences."""
_ENOUGH = range(_MAX_RECORDINGS_OF_WORD)
"""Of a word that the script has not."""
_LONG_SECONDS = (4, 20)
_PHRASE_PAUSE_S = 0.24
"""So long a pause parts a real person's sentence into phrases."""
_OUT_OF_DOMAIN_SECONDS = (1.5, 4)
_NOISE_FORMS = 4
"""In which each recorded noise comes: at other pitches, in other rooms, louder and softer."""
_COUGHS = 60
_AUGMENTED_SHARE = 0.5
"""Of the user's utterances."""
_SPEED_PERTURBED_SHARE = 0.6
"""Of the user's utterances: voices are few, throats are not."""
_LENGTH_FACTORS = (0.85, 1.2)


def speech_frames(first_sample: int, last_sample: int) -> tuple[int, int]:
    """The frames [onset, offset) of units that tell of sound in [first, last) samples."""
    onset = first_sample // FRAME_SAMPLES + DELAY_FRAMES
    return onset, (last_sample - 1) // FRAME_SAMPLES + 1 + DELAY_FRAMES


@torch.no_grad()
def encode_units(net: TokenizerNet, audio: np.ndarray) -> np.ndarray:
    """(T,) int16 units of whole frames, as they come out of the tokenizer."""
    return net(torch.from_numpy(audio.astype(np.float32))[None])[0].numpy().astype(np.int16)


def _with_margins(speech: Speech, rng: np.random.Generator) -> tuple[np.ndarray, list[Segment]]:
    """Sound between margins at a random sub-frame phase, and where its phones are in that."""
    body = speech.trimmed()
    lead = MARGIN_FRAMES * FRAME_SAMPLES + int(rng.integers(0, FRAME_SAMPLES))
    tail = (MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES
    audio = pad_to_frames(np.pad(body, (lead, tail)))
    spoken = [segment for segment in speech.segments if segment[2] != PAUSE]
    later = lead - spoken[0][0]
    end = lead + len(body)
    return audio, [(a + later, min(b + later, end), phone) for a, b, phone in spoken]


def _unit_speech(
    net: TokenizerNet, voice: str, text: str, audio: np.ndarray, segments: Sequence[Segment]
) -> UnitUtterance:
    """Whole frames of sound as units, with the times of speech and of the text's words in it."""
    spoken = [segment for segment in segments if segment[2] != PAUSE]
    words = tuple(
        (word, *speech_frames(start, end)) for word, start, end in word_spans(text, segments)
    )
    ends = speech_frames(spoken[0][0], spoken[-1][1])
    return UnitUtterance(voice, encode_units(net, audio), *ends, words)


def _maybe_speed_perturbed(speech: Speech, rng: np.random.Generator) -> Speech:
    """The same speech, mostly out of a longer or shorter throat."""
    return (
        speed_perturbed(speech, rng.uniform(*_LENGTH_FACTORS))
        if rng.random() < _SPEED_PERTURBED_SHARE
        else speech
    )


@dataclass(frozen=True, eq=False)
class _Augmenter:
    """What lies between a mouth and the agent."""

    net: TokenizerNet
    noises: np.ndarray
    rooms: list[np.ndarray]

    def augment(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return augment(audio, self.noises, rng, self.rooms)


@dataclass(frozen=True)
class _Files:
    """Where they are read from."""

    checkpoint: Path
    noise: Path
    rooms: Path


@cache
def _augmenter(files: _Files) -> _Augmenter:
    """A process's own, read once."""
    torch.set_num_threads(1)
    net = load_tokenizer(files.checkpoint)
    return _Augmenter(net, read_noises(files.noise), read_room_responses(files.rooms))


def _agent_speech(job: tuple[str, int], files: _Files) -> UnitUtterance:
    """A sentence in the agent's voice."""
    sentence, seed = job
    rng = np.random.default_rng(seed)
    name = AGENT_VOICE.partition(":")[2]
    audio, segments = _with_margins(speak_flite(sentence, name), rng)
    audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
    audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (AGENT_FLOOR_DB / 20)
    net = _augmenter(files).net
    return _unit_speech(net, AGENT_VOICE, sentence, audio, segments)


def _user_speech(job: tuple[str, str, int], files: _Files) -> UnitUtterance:
    """A sentence in a voice, half of the times with a room, noise and a microphone's tone."""
    sentence, voice, seed = job
    augmenter = _augmenter(files)
    rng = np.random.default_rng(seed)
    speech = _maybe_speed_perturbed(speak(sentence, voice, random.Random(seed)), rng)
    audio, segments = _with_margins(speech, rng)
    if rng.random() < _AUGMENTED_SHARE:
        audio = augmenter.augment(audio, rng)
    else:
        audio *= rng.uniform(0.1, 0.9) / max(float(np.abs(audio).max()), 1e-3)
        floor_db = rng.uniform(-80, -55)
        audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (floor_db / 20)
    return _unit_speech(augmenter.net, voice, sentence, audio, segments)


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


def _noises(augmenter: _Augmenter, folder: Path, rng: np.random.Generator) -> list[UnitUtterance]:
    """Sneezes, barks and the like, near and far, and made coughs."""
    recorded = recorded_noises(folder, held_out=False)
    sounds = [noise.audio for noise in recorded for _ in range(_NOISE_FORMS)]
    sounds += [synthetic_cough(rng).audio for _ in range(_COUGHS)]
    heard = []
    for sound in track(sounds, "noises"):
        other = _maybe_speed_perturbed(Speech(sound, ()), rng).audio
        audio, lead = _between_margins(other)
        units = encode_units(augmenter.net, augmenter.augment(audio, rng))
        heard.append(UnitUtterance("noise", units, *speech_frames(lead, lead + len(other))))
    # Most sound like silence to the tokenizer.
    return [noise for noise in heard if len(np.unique(noise.units)) > 1]


def _aligned_sentences(
    corpus: Corpus, seconds: tuple[float, float]
) -> Iterator[tuple[Utterance, list[Segment]]]:
    """Aligned sentences of people whose length lies between two ``seconds``, and their phones."""
    shortest, longest = (limit * SAMPLE_RATE_HZ for limit in seconds)
    for utterance in track(corpus.utterances, "real people"):
        other = utterance.voice.startswith(_SPEAKER_CORPORA)
        if not (other and shortest <= utterance.samples < longest):
            continue
        segments = segments_of(corpus.labels[corpus.label_slice(utterance)])
        spoken = [segment for segment in segments if segment[2] < PAUSE]
        if spoken:
            yield utterance, spoken


def _real_sentences(net: TokenizerNet, corpus: Corpus) -> list[UnitUtterance]:
    """What people say that the script does not know."""
    said = []
    for utterance, spoken in islice(
        _aligned_sentences(corpus, _OUT_OF_DOMAIN_SECONDS), _OUT_OF_DOMAIN_SENTENCES
    ):
        units, lead = _as_heard(net, corpus.sound(utterance))
        ends = speech_frames(lead + spoken[0][0], lead + spoken[-1][1])
        said.append(UnitUtterance(utterance.voice, units, *ends))
    return said


def _real_talk(
    net: TokenizerNet, corpus: Corpus, rng: np.random.Generator
) -> list[list[UnitUtterance]]:
    """People's long sentences, each in its phrases."""
    talk = []
    for utterance, spoken in islice(_aligned_sentences(corpus, _LONG_SECONDS), _LONG_TALKS):
        speech = _maybe_speed_perturbed(Speech(corpus.sound(utterance), tuple(spoken)), rng)
        units, lead = _as_heard(net, speech.audio)
        spans = [(lead + first, lead + last) for first, last in phrases(speech.segments)]
        talk.append([_part(utterance.voice, units, *speech_frames(*span)) for span in spans])
    return talk


def phrases(spoken: Sequence[Segment]) -> list[tuple[int, int]]:
    """The stretches [first, last) of phones without a pause that a listener would use, samples."""
    first, end = spoken[0][0], spoken[0][1]
    found = []
    for start, stop, _ in spoken[1:]:
        if start - end >= _PHRASE_PAUSE_S * SAMPLE_RATE_HZ:
            found.append((first, end))
            first = start
        end = stop
    return [*found, (first, end)]


def _part(voice: str, units: np.ndarray, onset: int, offset: int) -> UnitUtterance:
    """The frames [onset, offset) of a recording between margins."""
    first = max(onset - MARGIN_FRAMES, 0)
    cut = units[first : offset + MARGIN_FRAMES]
    return UnitUtterance(voice, cut, onset - first, offset - first)


def _real_words(
    net: TokenizerNet, corpus: Corpus, rng: random.Random
) -> dict[str, list[UnitUtterance]]:
    """Words of the script out of what people of the corpus read, some of each."""
    found: dict[str, list[UnitUtterance]] = {word: [] for word in script_words()}
    others = [u for u in corpus.utterances if u.voice.startswith(_SPEAKER_CORPORA)]
    for utterance in track(rng.sample(others, len(others)), "words"):
        words = utterance.text.split()
        lacking = {
            word for word in words if len(found.get(word, _ENOUGH)) < _MAX_RECORDINGS_OF_WORD
        }
        segments = segments_of(corpus.labels[corpus.label_slice(utterance)])
        phones = sum(phone < PAUSE for _, _, phone in segments)
        # Where phones ran together, it is not sure which are whose.
        if not lacking or phones != sum(len(word_phones(word)) for word in words):
            continue
        units = encode_units(
            net, np.pad(corpus.sound(utterance), (0, DELAY_FRAMES * FRAME_SAMPLES))
        )
        for word, first, last in word_spans(utterance.text, segments):
            if word in lacking:
                onset, offset = speech_frames(first, last)
                said, count = units[onset:offset], offset - onset
                found[word].append(
                    UnitUtterance(utterance.voice, said, 0, count, ((word, 0, count),))
                )
    return {word: some for word, some in found.items() if some}


def _as_heard(net: TokenizerNet, audio: np.ndarray) -> tuple[np.ndarray, int]:
    """Units of a recording between margins, of which the first has so many samples."""
    padded, lead = _between_margins(audio)
    return encode_units(net, padded), lead


def _between_margins(audio: np.ndarray) -> tuple[np.ndarray, int]:
    """Whole frames of a recording between silences, of which the first has so many samples."""
    margin = np.zeros((MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES, np.float32)
    return pad_to_frames(np.concatenate([margin, audio, margin])), len(margin)


def _real_orders(
    augmenter: _Augmenter, speech: Path, rng: np.random.Generator
) -> list[SpokenOrder]:
    """Coffee orders of real people, as far as training may know recording and order.

    Only their slots are written down; the wording is the one that fits the sound best. Each comes
    as recorded, and in other surroundings as others might say it: recordings are few.
    """
    net, orders = augmenter.net, []
    for label, sound in track(spoken_orders(speech), "real orders"):
        if coffee.held_out(coffee.order_of_label(label)):
            continue
        said = coffee.as_spoken(label)
        audio, _ = _between_margins(sound)
        costs = phone_costs(net, audio)
        way, _ = best_transcript(costs, coffee.ways_to_say(said))
        text, segments = best_transcript(costs, coffee.ways_to_ask(way))
        recorded = Speech(audio, tuple(segments))
        others = (_maybe_speed_perturbed(recorded, rng) for _ in range(ORDER_FORMS - 1))
        heard = [
            (pad_to_frames(augmenter.augment(other.audio, rng)), other.segments) for other in others
        ]
        orders += [
            SpokenOrder(_unit_speech(net, "picovoice", text, sound, when), said)
            for sound, when in [(audio, recorded.segments), *heard]
        ]
    return orders


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
    """Speak and encode everything: each common user sentence in ``voices`` voices, rare ones in
    fewer, half of them with a room, noise and a microphone's tone. ``real`` is the aligned corpus,
    ``data`` the folder of open data (noise/, speech/), ``rooms`` the file of responses."""
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
    # Forked workers would share the threads of torch, which then hang.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        questions = pool.map(partial(_user_speech, files=files), asked, chunksize=16)
        # Meanwhile this process does what it alone can.
        orders = _real_orders(augmenter, data / "speech", rng)
        store.orders = [(order.speech, order.order.reply()) for order in orders]
        # Nothing of what is held out may come back in pieces.
        concatenated = concatenate_orders(last_tenth(orders, ORDER_FORMS)[0], _CONCATENATED, choose)
        store.concatenated_orders = [(order.speech, order.order.reply()) for order in concatenated]
        store.long_talk = _real_talk(net, corpus, rng)
        store.real_words = _real_words(net, corpus, choose)
        store.out_of_domain = _real_sentences(net, corpus)
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
    store.noises = _noises(augmenter, data / "noise", rng)
    quiet = rng.normal(size=6 * SAMPLE_RATE_HZ) * 10 ** (AGENT_FLOOR_DB / 20)
    store.agent_silence = [encode_units(net, quiet.astype(np.float32))]
    save_store(store, path)


def write_vocoder_store(path: Path, checkpoint: Path, real: Path, unit_store: Path) -> None:
    """Kathleen's recordings with their units, and the agent's units, for the vocoder to learn."""
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
    save_vocoder_store(VocoderStore(recordings, sentences, silence, net.unit_count), path)
