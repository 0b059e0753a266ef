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

from engine.tokens import FRAME_SAMPLES, RATE_HZ
from models import script
from models.align_people import phone_costs
from models.augment import disturb, read_noises
from models.corpus import Corpus, Utterance, spoken_orders, whole_frames
from models.noises import bursts, recorded_noises
from models.phones import PAUSE
from models.script import coffee
from models.speech_store import (
    MARGIN_FRAMES,
    NEIGHBOURS,
    ORDER_FORMS,
    SpeechStore,
    UnitSpeech,
    last_tenth,
    load_store,
    save_store,
)
from models.speech_windows import read_rooms
from models.spliced_orders import SpokenOrder, splice
from models.tokenizer import DELAY_FRAMES, TokenizerNet, load_tokenizer
from models.vocabulary import script_words
from models.vocoder_store import Recording, VocoderStore
from models.vocoder_store import save_store as save_vocoder_store
from models.voices import AGENT_VOICE, Speech, resized, speak, speak_flite, training_voice
from models.words import Segment, likeliest, segments_of, word_phones, word_spans

AGENT_FLOOR_DB = -70
_LONG_TALKS = 3000
_UNKNOWNS = 2000
_SPLICED = 8000
_STRANGERS = ("librispeech", "speechocean")
_OF_A_WORD = 150
"""Recordings of a word out of real people's sentences."""
_ENOUGH = range(_OF_A_WORD)
"""Of a word that the script has not."""
_LONG_SECONDS = (4, 20)
_PHRASE_PAUSE_S = 0.24
"""So long a pause parts a real person's sentence into phrases."""
_UNKNOWN_SECONDS = (1.5, 4)
_NOISE_FORMS = 4
"""In which each recorded noise comes: at other pitches, in other rooms, louder and softer."""
_COUGHS = 60
_DISTURBED_SHARE = 0.5
"""Of the user's utterances."""
_RESIZED_SHARE = 0.6
"""Of the user's utterances: voices are few, throats are not."""
_THROATS = (0.85, 1.2)


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
    net: TokenizerNet, voice: str, text: str, audio: np.ndarray, segments: Sequence[Segment]
) -> UnitSpeech:
    """Whole frames of sound as units, with the times of speech and of the text's words in it."""
    spoken = [segment for segment in segments if segment[2] != PAUSE]
    words = tuple(
        (word, *voiced_frames(start, end)) for word, start, end in word_spans(text, segments)
    )
    ends = voiced_frames(spoken[0][0], spoken[-1][1])
    return UnitSpeech(voice, heard_units(net, audio), *ends, words)


def _of_somebody_else(speech: Speech, rng: np.random.Generator) -> Speech:
    """The same speech, mostly out of a longer or shorter throat."""
    return resized(speech, rng.uniform(*_THROATS)) if rng.random() < _RESIZED_SHARE else speech


@dataclass(frozen=True, eq=False)
class _Surroundings:
    """What lies between a mouth and the agent."""

    net: TokenizerNet
    noises: np.ndarray
    rooms: list[np.ndarray]

    def disturb(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return disturb(audio, self.noises, rng, self.rooms)


@dataclass(frozen=True)
class _Files:
    """Where they are read from."""

    checkpoint: Path
    noise: Path
    rooms: Path


@cache
def _surroundings(files: _Files) -> _Surroundings:
    """A process's own, read once."""
    torch.set_num_threads(1)
    net = load_tokenizer(files.checkpoint)
    return _Surroundings(net, read_noises(files.noise), read_rooms(files.rooms))


def _agent_speech(job: tuple[str, int], files: _Files) -> UnitSpeech:
    """A sentence in the agent's voice."""
    sentence, seed = job
    rng = np.random.default_rng(seed)
    name = AGENT_VOICE.partition(":")[2]
    audio, segments = _with_margins(speak_flite(sentence, name), rng)
    audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
    audio += rng.normal(size=len(audio)).astype(np.float32) * 10 ** (AGENT_FLOOR_DB / 20)
    net = _surroundings(files).net
    return _unit_speech(net, AGENT_VOICE, sentence, audio, segments)


def _user_speech(job: tuple[str, str, int], files: _Files) -> UnitSpeech:
    """A sentence in a voice, half of the times with a room, noise and a microphone's tone."""
    sentence, voice, seed = job
    around = _surroundings(files)
    rng = np.random.default_rng(seed)
    speech = _of_somebody_else(speak(sentence, voice, random.Random(seed)), rng)
    audio, segments = _with_margins(speech, rng)
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


def _noises(around: _Surroundings, folder: Path, rng: np.random.Generator) -> list[UnitSpeech]:
    """Sneezes, barks and the like, near and far, and made coughs."""
    recorded = recorded_noises(folder, held_out=False)
    sounds = [noise.audio for noise in recorded for _ in range(_NOISE_FORMS)]
    sounds += [bursts(rng).audio for _ in range(_COUGHS)]
    heard = []
    for sound in track(sounds, "noises"):
        other = _of_somebody_else(Speech(sound, ()), rng).audio
        audio, lead = _between_margins(other)
        units = heard_units(around.net, around.disturb(audio, rng))
        heard.append(UnitSpeech("noise", units, *voiced_frames(lead, lead + len(other))))
    # Most sound like silence to the tokenizer.
    return [noise for noise in heard if len(np.unique(noise.units)) > 1]


def _strangers(
    corpus: Corpus, seconds: tuple[float, float]
) -> Iterator[tuple[Utterance, list[Segment]]]:
    """Aligned sentences of people whose length lies between two ``seconds``, and their phones."""
    shortest, longest = (limit * RATE_HZ for limit in seconds)
    for utterance in track(corpus.utterances, "real people"):
        other = utterance.voice.startswith(_STRANGERS)
        if not (other and shortest <= utterance.samples < longest):
            continue
        segments = segments_of(corpus.labels[corpus.label_slice(utterance)])
        spoken = [segment for segment in segments if segment[2] < PAUSE]
        if spoken:
            yield utterance, spoken


def _real_sentences(net: TokenizerNet, corpus: Corpus) -> list[UnitSpeech]:
    """What people say that the script does not know."""
    said = []
    for utterance, spoken in islice(_strangers(corpus, _UNKNOWN_SECONDS), _UNKNOWNS):
        units, lead = _as_heard(net, corpus.sound(utterance))
        ends = voiced_frames(lead + spoken[0][0], lead + spoken[-1][1])
        said.append(UnitSpeech(utterance.voice, units, *ends))
    return said


def _real_talk(
    net: TokenizerNet, corpus: Corpus, rng: np.random.Generator
) -> list[list[UnitSpeech]]:
    """People's long sentences, each in its phrases."""
    talk = []
    for utterance, spoken in islice(_strangers(corpus, _LONG_SECONDS), _LONG_TALKS):
        speech = _of_somebody_else(Speech(corpus.sound(utterance), tuple(spoken)), rng)
        units, lead = _as_heard(net, speech.audio)
        spans = [(lead + first, lead + last) for first, last in phrases(speech.segments)]
        talk.append([_part(utterance.voice, units, *voiced_frames(*span)) for span in spans])
    return talk


def phrases(spoken: Sequence[Segment]) -> list[tuple[int, int]]:
    """The stretches [first, last) of phones without a pause that a listener would use, samples."""
    first, end = spoken[0][0], spoken[0][1]
    found = []
    for start, stop, _ in spoken[1:]:
        if start - end >= _PHRASE_PAUSE_S * RATE_HZ:
            found.append((first, end))
            first = start
        end = stop
    return [*found, (first, end)]


def _part(voice: str, units: np.ndarray, onset: int, offset: int) -> UnitSpeech:
    """The frames [onset, offset) of a recording between margins."""
    first = max(onset - MARGIN_FRAMES, 0)
    cut = units[first : offset + MARGIN_FRAMES]
    return UnitSpeech(voice, cut, onset - first, offset - first)


def _real_words(
    net: TokenizerNet, corpus: Corpus, rng: random.Random
) -> dict[str, list[UnitSpeech]]:
    """Words of the script out of what people of the corpus read, some of each."""
    found: dict[str, list[UnitSpeech]] = {word: [] for word in script_words()}
    others = [u for u in corpus.utterances if u.voice.startswith(_STRANGERS)]
    for utterance in track(rng.sample(others, len(others)), "words"):
        words = utterance.text.split()
        lacking = {word for word in words if len(found.get(word, _ENOUGH)) < _OF_A_WORD}
        segments = segments_of(corpus.labels[corpus.label_slice(utterance)])
        phones = sum(phone < PAUSE for _, _, phone in segments)
        # Where phones ran together, it is not sure which are whose.
        if not lacking or phones != sum(len(word_phones(word)) for word in words):
            continue
        units = heard_units(net, np.pad(corpus.sound(utterance), (0, DELAY_FRAMES * FRAME_SAMPLES)))
        for word, first, last in word_spans(utterance.text, segments):
            if word in lacking:
                onset, offset = voiced_frames(first, last)
                said, count = units[onset:offset], offset - onset
                found[word].append(UnitSpeech(utterance.voice, said, 0, count, ((word, 0, count),)))
    return {word: some for word, some in found.items() if some}


def _as_heard(net: TokenizerNet, audio: np.ndarray) -> tuple[np.ndarray, int]:
    """Units of a recording between margins, of which the first has so many samples."""
    padded, lead = _between_margins(audio)
    return heard_units(net, padded), lead


def _between_margins(audio: np.ndarray) -> tuple[np.ndarray, int]:
    """Whole frames of a recording between silences, of which the first has so many samples."""
    margin = np.zeros((MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES, np.float32)
    return whole_frames(np.concatenate([margin, audio, margin])), len(margin)


def _real_orders(
    around: _Surroundings, speech: Path, rng: np.random.Generator
) -> list[SpokenOrder]:
    """Coffee orders of real people, as far as training may know recording and order.

    Only their slots are written down; the wording is the one that fits the sound best. Each comes
    as recorded, and in other surroundings as others might say it: recordings are few.
    """
    net, orders = around.net, []
    for label, sound in track(spoken_orders(speech), "real orders"):
        if coffee.held_out(coffee.order_of_label(label)):
            continue
        said = coffee.as_spoken(label)
        audio, _ = _between_margins(sound)
        costs = phone_costs(net, audio)
        way, _ = likeliest(costs, coffee.ways_to_say(said))
        text, segments = likeliest(costs, coffee.ways_to_ask(way))
        recorded = Speech(audio, tuple(segments))
        others = (_of_somebody_else(recorded, rng) for _ in range(ORDER_FORMS - 1))
        heard = [
            (whole_frames(around.disturb(other.audio, rng)), other.segments) for other in others
        ]
        orders += [
            SpokenOrder(_unit_speech(net, "picovoice", text, sound, when), said)
            for sound, when in [(audio, recorded.segments), *heard]
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
    files = _Files(checkpoint, data / "noise", rooms)
    around = _surroundings(files)
    net = around.net
    choose = random.Random(seed)
    rng = np.random.default_rng(seed)
    store = SpeechStore()
    corpus = Corpus(real)
    asked = [
        (sentence, training_voice(choose), choose.randrange(1 << 30))
        for sentence in script.user_sentences()
        for _ in range(script.voices_of(sentence, voices))
    ]
    # Forked workers would share the threads of torch, which then hang.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        questions = pool.map(partial(_user_speech, files=files), asked, chunksize=16)
        # Meanwhile this process does what it alone can.
        orders = _real_orders(around, data / "speech", rng)
        store.orders = [(order.speech, order.order.reply()) for order in orders]
        # Nothing of what is held out may come back in pieces.
        spliced = splice(last_tenth(orders, ORDER_FORMS)[0], _SPLICED, choose)
        store.spliced_orders = [(order.speech, order.order.reply()) for order in spliced]
        store.long_talk = _real_talk(net, corpus, rng)
        store.real_words = _real_words(net, corpus, choose)
        store.unknown = _real_sentences(net, corpus)
        replies = {reply for _, reply in (*store.orders, *store.spliced_orders)}
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
    store.neighbours = distances.argsort(1)[:, 1 : 1 + NEIGHBOURS].numpy().astype(np.int16)
    store.user_silence = _silences(net, around.noises, rng)
    store.noises = _noises(around, data / "noise", rng)
    quiet = rng.normal(size=6 * RATE_HZ) * 10 ** (AGENT_FLOOR_DB / 20)
    store.agent_silence = [heard_units(net, quiet.astype(np.float32))]
    save_store(store, path)


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
    save_vocoder_store(VocoderStore(recordings, sentences, silence, net.unit_count), path)
