"""The agent's voice: is it understood, does it sound natural, how near is it to the originals?

The engine's token format and vocoder speak the agent's units, as in a conversation. An open
recogniser hears what the agent says, and the synthesiser's originals beside it: sentences of the
script, and sentences that no training read. DistillMOS scores both in cuts of equal length.
Similarity: the agent speaks Kathleen's recordings (CC0) again from their units, most of which were
in the training of a single-table bundle's vocoder; with an agent table, the synthesiser's own
sentences. For comparison, flite reads the same texts in another voice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from engine.syncllm.bundle import Bundle
from engine.syncllm.tokens import decode, encode
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import FRAME_MS, SAMPLE_RATE_HZ
from models import script
from models.evaluate.confidence_intervals import mean, ratio
from models.evaluate.context import Run, context_of
from models.evaluate.cuts import group_lengths, joined, without_ends
from models.evaluate.judges import naturalness_metre, recogniser
from models.evaluate.score import Goal, Report, Score
from models.evaluate.sentence_matcher import plain_sentences
from models.evaluate.speech_quality import (
    active_frames,
    click_score,
    harmonicity,
    mel_cepstral_distortion_db,
    spectral_flatness_db,
)
from models.evaluate.spoken_words import spoken_words
from models.evaluate.word_errors import word_errors
from models.speech.corpus import kathleen
from models.speech.kept_out_texts import free_sentences
from models.speech.rooms import USER_DB, at_level
from models.speech.voices import AGENT_VOICE, speak_flite

Texts = Literal["own", "free"]
TEXTS: dict[Texts, str] = {"own": "its own sentences", "free": "free sentences"}
GOALS_WORDS = {"own": Goal(most=0.02), "free": Goal(most=0.04)}
GOAL_NATURAL = Goal(least=4.0)
_MOST: dict[Texts, int] = {"own": 200, "free": 100}
_MOST_RECORDINGS = 100
_PLAIN_SHARE = 0.5
"""Share of the own sentences that are not coffee orders, which are many and alike."""
_BATCH = 10
_CLICK_PERCENTILE = 99.9
"""Of the originals' frames; a frame of the agent's above it counts as a click."""
_AFTER_FRAMES = 12


class EngineVoice:
    """Speaks units as the engine does in a conversation."""

    def __init__(self, bundle: Bundle, chunk_ms: int | None) -> None:
        self._manifest = bundle.manifest
        self._format = bundle.token_format(chunk_ms or bundle.manifest.default_chunk_ms)
        self._vocoder = StreamingVocoder.of(bundle)
        self.delay_frames = bundle.manifest.vocoder.delay_ms // FRAME_MS
        """How far the sound lags behind its units."""

    def say(self, frames: Sequence[int]) -> np.ndarray:
        """The sound of units, one per frame, after the token format."""
        silence, quiet_user = self._manifest.own_silence_unit, self._manifest.silence_unit
        units = [*frames, *[silence] * (_AFTER_FRAMES + self.delay_frames)]
        units = units[: len(units) // self._format.chunk_frames * self._format.chunk_frames]
        tokens = encode(units, [quiet_user] * len(units), self._format)
        sent, _ = decode(tokens, self._format, quiet_user, silence)
        self._vocoder.reset()
        return self._vocoder.push(sent)


@lru_cache(maxsize=1)
def _voice(run: Run) -> EngineVoice:
    """The bundle's vocoder, opened once per process."""
    return EngineVoice(context_of(run).bundle, run.chunk_ms)


# --- words and naturalness ------------------------------------------------------------------------


@dataclass(frozen=True)
class HeardSentence:
    """One sentence, as the recogniser heard it from the agent and from the original."""

    texts: Texts
    sentence: str
    heard: str
    of_original: str


@dataclass(frozen=True)
class Batch:
    """The results of some sentences of one kind."""

    sentences: tuple[HeardSentence, ...]
    scores: tuple[tuple[float, float], ...]
    """Naturalness of each cut: the agent's and the original's."""


def plan_words(run: Run) -> list[tuple[Texts, tuple[str, ...]]]:
    """Batches of sentences: the agent's own, and with the open data free ones."""
    own = sample_sentences(min(run.exchanges, _MOST["own"]), run.seed)
    free = free_sentences(run.data / "dialogues") if run.data else ()
    some: dict[Texts, Sequence[str]] = {
        "own": own, "free": free[: min(run.exchanges, _MOST["free"])],
    }  # fmt: skip
    return [
        (texts, tuple(sentences[first : first + _BATCH]))
        for texts, sentences in some.items()
        for first in range(0, len(sentences), _BATCH)
    ]


def sample_sentences(count: int, seed: int) -> list[str]:
    """Draw sentences of the agent in random order; half of them are no orders."""
    rng = random.Random(seed)
    plain = list(plain_sentences())
    orders = sorted(set(script.agent_sentences()) - set(plain))
    rng.shuffle(plain)
    rng.shuffle(orders)
    chosen = plain[: round(count * _PLAIN_SHARE)]
    chosen += orders[: count - len(chosen)]
    rng.shuffle(chosen)  # so that a cut seldom has short sentences only
    return chosen


def measure_words(what: tuple[Texts, tuple[str, ...]], run: Run) -> Batch:
    """Speak the sentences of a batch; the judges hear the agent and the originals."""
    texts, sentences = what
    source, voice = context_of(run).agent_source, _voice(run)
    judge, metre = recogniser(), naturalness_metre()
    heard = []
    spoken: list[tuple[np.ndarray, np.ndarray]] = []
    for sentence in sentences:
        original = source.speak(sentence)
        sounds = voice.say(original.units_T.tolist()), original.audio_N
        words = (" ".join(judge.words(sound)) for sound in sounds)
        heard.append(HeardSentence(texts, sentence, *words))
        spoken.append((without_ends(sounds[0]), without_ends(sounds[1])))
    # Both are cut alike, so the longer one of each sentence decides.
    lengths = [max(len(agent), len(original)) / SAMPLE_RATE_HZ for agent, original in spoken]
    scores = [
        (
            metre.score(joined([spoken[index][0] for index in cut])),
            metre.score(joined([spoken[index][1] for index in cut])),
        )
        for cut in group_lengths(lengths)
    ]
    return Batch(tuple(heard), tuple(scores))


def report_words(batches: Sequence[Batch], _run: Run) -> Report:
    """Score words that the recogniser has wrong, and naturalness, each beside the originals'."""
    sentences = [one for batch in batches for one in batch.sentences]
    scores = []
    for texts, name in TEXTS.items():
        some = [one for one in sentences if one.texts == texts]
        agent = ratio([_errors(one.sentence, one.heard) for one in some])
        original = ratio([_errors(one.sentence, one.of_original) for one in some])
        scores += [
            Score(f"agent's words wrong, {name}", agent, goal=GOALS_WORDS[texts]),
            Score(f"originals' words wrong, {name}", original),
        ]
    cuts = [cut for batch in batches for cut in batch.scores]
    agent_mos, original_mos = (mean([cut[side] for cut in cuts]) for side in (0, 1))
    scores += [
        Score("agent's naturalness (DistillMOS, 1 to 5)", agent_mos, "ratio", GOAL_NATURAL),
        Score("originals' naturalness", original_mos, "ratio"),
    ]
    failures = [
        {"expected": one.sentence, "heard": one.heard, "of_original": one.of_original}
        for one in sentences
        if _errors(one.sentence, one.heard)[0]
    ]
    return Report(scores, {"failures": failures})


def _errors(sentence: str, heard: str) -> tuple[int, int]:
    return word_errors(spoken_words(sentence), heard.split())


# --- similarity to the originals ------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class VoiceComparison:
    """Comparison of one original with the agent's version of it."""

    agent_db: float
    """Mel-cepstral distortion of the agent's voice."""
    tts_db: float
    """Mel-cepstral distortion of another voice with the same words."""
    click_scores: np.ndarray
    """(t,): of the original's frames."""
    agent_click_scores: np.ndarray
    periodicity: tuple[float, float]
    """Means of the original and of the agent."""
    spectral_flatness_db: tuple[float, float]
    """Means of the original and of the agent."""


def plan_voice(run: Run) -> list[int]:
    """Numbers of the originals: as many as situations."""
    return list(range(min(run.situations, _MOST_RECORDINGS)))


def compare_voice(number: int, run: Run) -> VoiceComparison:
    """Speak an original again from its units."""
    text, sound, units = _originals(run)[number]
    original = at_level(sound, USER_DB)
    agent = at_level(_voice(run).say(units.tolist()), USER_DB)
    tts = speak_flite(text, AGENT_VOICE.partition(":")[2]).audio
    return VoiceComparison(
        agent_db=mel_cepstral_distortion_db(original, agent),
        tts_db=mel_cepstral_distortion_db(original, at_level(tts, USER_DB)),
        click_scores=click_score(original),
        agent_click_scores=click_score(agent),
        periodicity=(_mean_active(harmonicity, original), _mean_active(harmonicity, agent)),
        spectral_flatness_db=(
            _mean_active(spectral_flatness_db, original),
            _mean_active(spectral_flatness_db, agent),
        ),
    )


def _mean_active(measure: Callable[[np.ndarray], np.ndarray], sound: np.ndarray) -> float:
    return float(measure(sound)[active_frames(sound)].mean())


@lru_cache(maxsize=1)
def _originals(run: Run) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(text, sound, units) of sentences in the voice that the vocoder learnt; the same in every
    process."""
    assert run.data is not None
    context = context_of(run)
    count = min(run.situations, _MOST_RECORDINGS)
    if context.bundle.manifest.agent_units:
        texts = sample_sentences(count, run.seed)
        spoken = ((text, context.agent_source.speak(text)) for text in texts)
        return [(text, one.audio_N, one.units_T) for text, one in spoken]
    recordings = list(kathleen(run.data / "speech"))
    some = random.Random(run.seed).sample(recordings, min(len(recordings), count))
    tokenizer = context.tokenizer
    return [(text, sound, tokenizer.encode_file(at_level(sound, USER_DB))) for text, sound in some]


def report_voice(likenesses: Sequence[VoiceComparison], _run: Run) -> Report:
    """Score how far the agent's voice is from the originals."""
    roughest = np.percentile(
        np.concatenate([one.click_scores for one in likenesses]), _CLICK_PERCENTILE
    )
    clicks = [
        (int((one.agent_click_scores > roughest).sum()), len(one.agent_click_scores))
        for one in likenesses
    ]
    more_harmonic = [one.periodicity[1] - one.periodicity[0] for one in likenesses]
    flatter = [one.spectral_flatness_db[1] - one.spectral_flatness_db[0] for one in likenesses]
    agent, other = ([getattr(o, name) for o in likenesses] for name in ("agent_db", "tts_db"))
    scores = [
        Score("cepstral distance to the original voice", mean(agent), "dB"),
        Score("that of another voice", mean(other), "dB"),
        Score("frames rougher than 999 of 1000 original", ratio(clicks)),
        Score("periodicity (0 to 1) above the original", mean(more_harmonic), "ratio"),
        Score("spectral flatness above the original", mean(flatter), "dB"),
    ]
    return Report(scores)
