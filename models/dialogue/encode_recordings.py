"""Encodes what the dialogues need of people's recordings: orders, out-of-domain sentences, long
talk, single words, and noises.

Of the script it knows only words and orders. Knows no store.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from rich.progress import track

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.dialogue.order_concatenation import SpokenOrder
from models.dialogue.unit_store import MARGIN_FRAMES, ORDER_FORMS, UnitUtterance
from models.script import coffee
from models.script.words import script_words
from models.speech.augmentation import augment
from models.speech.corpus import Corpus, Utterance, pad_to_frames, spoken_orders
from models.speech.noises import recorded_noises, synthetic_cough
from models.speech.phones import PAUSE
from models.speech.voices import Speech, speed_perturbed
from models.speech.word_alignment import (
    Segment,
    best_transcript,
    segments_of,
    word_phones,
    word_spans,
)
from models.tokenizer.align_corpus import phone_costs
from models.tokenizer.encode import encode_units, speech_frames
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet

_SPEAKER_CORPORA = ("librispeech", "speechocean")
_OUT_OF_DOMAIN_SENTENCES, _OUT_OF_DOMAIN_SECONDS = 2000, (1.5, 4)
_LONG_TALKS, _LONG_SECONDS = 3000, (4, 20)
_PHRASE_PAUSE_S = 0.24
"""A pause of this length parts a person's sentence into phrases."""
_MAX_RECORDINGS_OF_WORD = 150
_ENOUGH = range(_MAX_RECORDINGS_OF_WORD)
"""Stands for a word that is not in the script, of which no recording is wanted."""
_NOISE_FORMS = 4
"""Versions of each recorded noise, with other pitch, room and level."""
_COUGHS = 60
_SPEED_PERTURBED_SHARE = 0.6
"""Share of the utterances: voices are few, so some are made deeper or higher."""
_LENGTH_FACTORS = (0.85, 1.2)


@dataclass(frozen=True, eq=False)
class Augmenter:
    """The tokenizer, and the noises and rooms through which it hears speech."""

    net: TokenizerNet
    noises: np.ndarray
    rooms: list[np.ndarray]
    """Impulse responses."""

    def augment(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return augment(audio, self.noises, rng, self.rooms)


def maybe_speed_perturbed(speech: Speech, rng: np.random.Generator) -> Speech:
    """The same speech, in most cases slower and deeper, or faster and higher."""
    return (
        speed_perturbed(speech, rng.uniform(*_LENGTH_FACTORS))
        if rng.random() < _SPEED_PERTURBED_SHARE
        else speech
    )


def encode_utterance(
    net: TokenizerNet, voice: str, text: str, audio: np.ndarray, segments: Sequence[Segment]
) -> UnitUtterance:
    """Units of whole frames of sound, with the times of the speech and of the text's words."""
    spoken = [segment for segment in segments if segment[2] != PAUSE]
    words = tuple(
        (word, *speech_frames(start, end)) for word, start, end in word_spans(text, segments)
    )
    ends = speech_frames(spoken[0][0], spoken[-1][1])
    return UnitUtterance(voice, encode_units(net, audio), *ends, words)


def _with_margins(audio: np.ndarray) -> tuple[np.ndarray, int]:
    """Whole frames of a recording between silences, and the samples of the first silence."""
    margin = np.zeros((MARGIN_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES, np.float32)
    return pad_to_frames(np.concatenate([margin, audio, margin])), len(margin)


def _encode_with_margins(net: TokenizerNet, audio: np.ndarray) -> tuple[np.ndarray, int]:
    """Units of a recording between silences, and the samples of the first silence."""
    padded, lead = _with_margins(audio)
    return encode_units(net, padded), lead


def encode_noises(
    augmenter: Augmenter, folder: Path, rng: np.random.Generator
) -> list[UnitUtterance]:
    """Sneezes, barks and the like, near and far, and synthetic coughs."""
    recorded = recorded_noises(folder, held_out=False)
    sounds = [noise.audio for noise in recorded for _ in range(_NOISE_FORMS)]
    sounds += [synthetic_cough(rng).audio for _ in range(_COUGHS)]
    heard = []
    for sound in track(sounds, "noises"):
        other = maybe_speed_perturbed(Speech(sound, ()), rng).audio
        audio, lead = _with_margins(other)
        units = encode_units(augmenter.net, augmenter.augment(audio, rng))
        heard.append(UnitUtterance("noise", units, *speech_frames(lead, lead + len(other))))
    # The tokenizer takes most of them for silence.
    return [noise for noise in heard if len(np.unique(noise.units)) > 1]


def _aligned_sentences(
    corpus: Corpus, seconds: tuple[float, float]
) -> Iterator[tuple[Utterance, list[Segment]]]:
    """People's aligned sentences of a length between two ``seconds``, and their phones."""
    shortest, longest = (limit * SAMPLE_RATE_HZ for limit in seconds)
    for utterance in track(corpus.utterances, "real people"):
        other = utterance.voice.startswith(_SPEAKER_CORPORA)
        if not (other and shortest <= utterance.samples < longest):
            continue
        segments = segments_of(corpus.labels[corpus.label_slice(utterance)])
        spoken = [segment for segment in segments if segment[2] < PAUSE]
        if spoken:
            yield utterance, spoken


def encode_out_of_domain(net: TokenizerNet, corpus: Corpus) -> list[UnitUtterance]:
    """People's short sentences about things that the script does not know."""
    said = []
    for utterance, spoken in islice(
        _aligned_sentences(corpus, _OUT_OF_DOMAIN_SECONDS), _OUT_OF_DOMAIN_SENTENCES
    ):
        units, lead = _encode_with_margins(net, corpus.sound(utterance))
        ends = speech_frames(lead + spoken[0][0], lead + spoken[-1][1])
        said.append(UnitUtterance(utterance.voice, units, *ends))
    return said


def encode_long_talk(
    net: TokenizerNet, corpus: Corpus, rng: np.random.Generator
) -> list[list[UnitUtterance]]:
    """People's long sentences, each in its phrases."""
    talk = []
    for utterance, spoken in islice(_aligned_sentences(corpus, _LONG_SECONDS), _LONG_TALKS):
        speech = maybe_speed_perturbed(Speech(corpus.sound(utterance), tuple(spoken)), rng)
        units, lead = _encode_with_margins(net, speech.audio)
        spans = [(lead + first, lead + last) for first, last in phrases(speech.segments)]
        talk.append([_phrase(utterance.voice, units, *speech_frames(*span)) for span in spans])
    return talk


def phrases(spoken: Sequence[Segment]) -> list[tuple[int, int]]:
    """The stretches [first, last), in samples, between pauses long enough for a backchannel."""
    first, end = spoken[0][0], spoken[0][1]
    found = []
    for start, stop, _ in spoken[1:]:
        if start - end >= _PHRASE_PAUSE_S * SAMPLE_RATE_HZ:
            found.append((first, end))
            first = start
        end = stop
    return [*found, (first, end)]


def _phrase(voice: str, units: np.ndarray, onset: int, offset: int) -> UnitUtterance:
    """The frames [onset, offset) of a recording, with margins."""
    first = max(onset - MARGIN_FRAMES, 0)
    cut = units[first : offset + MARGIN_FRAMES]
    return UnitUtterance(voice, cut, onset - first, offset - first)


def encode_words(
    net: TokenizerNet, corpus: Corpus, rng: random.Random
) -> dict[str, list[UnitUtterance]]:
    """Words of the script, cut out of the sentences that people of the corpus read."""
    found: dict[str, list[UnitUtterance]] = {word: [] for word in script_words()}
    others = [u for u in corpus.utterances if u.voice.startswith(_SPEAKER_CORPORA)]
    for utterance in track(rng.sample(others, len(others)), "words"):
        words = utterance.text.split()
        lacking = {
            word for word in words if len(found.get(word, _ENOUGH)) < _MAX_RECORDINGS_OF_WORD
        }
        segments = segments_of(corpus.labels[corpus.label_slice(utterance)])
        phones = sum(phone < PAUSE for _, _, phone in segments)
        # Where equal phones ran together, it is unclear which word they belong to.
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


def encode_orders(
    augmenter: Augmenter, speech: Path, rng: np.random.Generator
) -> list[SpokenOrder]:
    """People's coffee orders, except the recordings and orders that are held out.

    The transcripts hold only the slots, so the wording that fits the sound best is taken.
    Recordings are few, so each comes as recorded and, augmented, in ``ORDER_FORMS`` - 1 versions.
    """
    net, orders = augmenter.net, []
    for label, sound in track(spoken_orders(speech), "real orders"):
        if coffee.held_out(coffee.order_of_label(label)):
            continue
        said = coffee.as_spoken(label)
        audio, _ = _with_margins(sound)
        costs = phone_costs(net, audio)
        way, _ = best_transcript(costs, coffee.ways_to_say(said))
        text, segments = best_transcript(costs, coffee.ways_to_ask(way))
        recorded = Speech(audio, tuple(segments))
        others = (maybe_speed_perturbed(recorded, rng) for _ in range(ORDER_FORMS - 1))
        heard = [
            (pad_to_frames(augmenter.augment(other.audio, rng)), other.segments) for other in others
        ]
        orders += [
            SpokenOrder(encode_utterance(net, "picovoice", text, sound, when), said)
            for sound, when in [(audio, recorded.segments), *heard]
        ]
    return orders
