"""The agent's voice: is it intelligible, does it keep its units, how near is it to the recordings?

The engine's token format and vocoder speak the units, as in a conversation. Intelligibility:
pocketsphinx recognises the agent's sentences and, for comparison, the TTS originals. Similarity:
the agent speaks Kathleen's recordings (CC0) again from their units; most of these were in the
vocoder's training. For comparison, flite reads the same texts in another voice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle
from engine.syncllm.tokens import decode, encode
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import FRAME_MS, SAMPLE_RATE_HZ
from models import script
from models.bundle_part import check_shared_units
from models.evaluate.confidence_intervals import mean, ratio, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.score import Goal, Report, Score
from models.evaluate.sentence_matcher import plain_sentences
from models.evaluate.speech_quality import (
    active_frames,
    click_score,
    harmonicity,
    mel_cepstral_distortion_db,
    spectral_flatness_db,
)
from models.speech.corpus import kathleen
from models.speech.rooms import USER_DB, at_level
from models.speech.voices import AGENT_VOICE, speak_flite

GOAL_UNDERSTOOD, GOAL_ROUND_TRIP = Goal(least=0.90), Goal(least=0.75)
_MOST_SENTENCES, _MOST_RECORDINGS = 300, 100
_PLAIN_SHARE = 0.5
"""Share of sentences that are not coffee orders, which are many and alike."""
_BATCH = 20
_CLICK_PERCENTILE = 99.9
"""Of the recordings' frames; a frame of the agent's above it counts as a click."""
_AFTER_FRAMES = 12


class EngineVoice:
    """Speaks units as the engine does in a conversation."""

    def __init__(self, bundle: Bundle, chunk_ms: int | None) -> None:
        manifest = bundle.manifest
        self._format = bundle.token_format(chunk_ms or manifest.default_chunk_ms)
        self._silence_units = manifest.silence_unit, manifest.own_silence_unit
        self._vocoder = StreamingVocoder.of(bundle)
        self.delay_frames = manifest.vocoder.delay_ms // FRAME_MS
        """How far the sound lags behind its units."""

    def say(self, frames: Sequence[int]) -> tuple[list[int], np.ndarray]:
        """Returns the agent's units after the token format, one per frame, and their sound."""
        quiet, own_quiet = self._silence_units
        units = [*frames, *[own_quiet] * (_AFTER_FRAMES + self.delay_frames)]
        units = units[: len(units) // self._format.chunk_frames * self._format.chunk_frames]
        tokens = encode(units, [quiet] * len(units), self._format)
        sent, _ = decode(tokens, self._format, quiet, own_quiet)
        self._vocoder.reset()
        return sent, self._vocoder.push(sent)


@lru_cache(maxsize=1)
def _voice_and_tokenizer(run: Run) -> tuple[EngineVoice, Tokenizer]:
    """The bundle's vocoder and tokenizer, opened once per process."""
    bundle = context_of(run).bundle
    check_shared_units(bundle, "The board of the agent's voice")
    return EngineVoice(bundle, run.chunk_ms), Tokenizer(bundle.tokenizer)


# --- intelligibility ------------------------------------------------------------------------------


@dataclass(frozen=True)
class IntelligibilityResult:
    """The result of one sentence."""

    sentence: str
    guess: str | None
    """What the recogniser hears in the agent's voice."""
    guess_of_original: str | None
    units_equal: int
    """Frames of speech whose units the tokenizer finds again in the agent's voice."""
    units: int
    """Frames of speech that were sent."""


def sample_sentences(count: int, seed: int) -> list[str]:
    """Draw sentences of the agent whose words the recogniser knows; half of them are no orders."""
    rng = random.Random(seed)
    plain = list(plain_sentences())
    orders = sorted(set(script.agent_sentences()) - set(plain))
    rng.shuffle(plain)
    rng.shuffle(orders)
    knows = Recogniser(()).knows
    many = round(count * _PLAIN_SHARE)
    chosen = [text for text in plain if knows(text)][:many]
    return chosen + [text for text in orders if knows(text)][: count - len(chosen)]


def plan_intelligibility(run: Run) -> list[tuple[tuple[str, ...], int]]:
    """(all sentences, index of the batch's first) for each batch."""
    sentences = tuple(sample_sentences(min(run.exchanges, _MOST_SENTENCES), run.seed))
    return [(sentences, first) for first in range(0, len(sentences), _BATCH)]


def measure_intelligibility(
    what: tuple[tuple[str, ...], int], run: Run
) -> list[IntelligibilityResult]:
    """Speak the sentences of a batch; the recogniser chooses among all sentences."""
    sentences, first = what
    context = context_of(run)
    voice, tokenizer = _voice_and_tokenizer(run)
    recogniser = _recogniser(sentences)
    heard = []
    for sentence in sentences[first : first + _BATCH]:
        original = context.matcher.original(sentence)
        sent, sound = voice.say(tokenizer.units(original).tolist())
        again = tokenizer.units(sound)[voice.delay_frames :]
        there = np.array(sent[: len(again)])
        speech = there != context.bundle.manifest.silence_unit
        equal = int((again == there)[speech].sum())
        guesses = recogniser.guess(sound), recogniser.guess(original)
        heard.append(IntelligibilityResult(sentence, *guesses, equal, int(speech.sum())))
    return heard


def report_intelligibility(batches: Sequence[Sequence[IntelligibilityResult]], _run: Run) -> Report:
    """Score the sentences that were recognised, and the units that were found again."""
    heard = [one for batch in batches for one in batch]
    agent = share_of([one.guess == one.sentence for one in heard])
    originals = share_of([one.guess_of_original == one.sentence for one in heard])
    again = ratio([(one.units_equal, one.units) for one in heard])
    scores = [
        Score("agent's sentences understood", agent, goal=GOAL_UNDERSTOOD),
        Score("TTS originals understood", originals),
        Score("units heard again as sent", again, goal=GOAL_ROUND_TRIP),
    ]
    failures = [
        {"expected": one.sentence, "heard": one.guess, "of_original": one.guess_of_original}
        for one in heard
        if one.guess != one.sentence
    ]
    return Report(scores, {"failures": failures})


class Recogniser:
    """The speech recogniser pocketsphinx with sentences as its grammar."""

    def __init__(self, sentences: Sequence[str]) -> None:
        """Raises DuologueError where pocketsphinx is missing."""
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise DuologueError(
                "The independent recogniser is missing; install it (pip install pocketsphinx)."
            ) from error
        self._decoder = Decoder(samprate=SAMPLE_RATE_HZ, loglevel="FATAL")
        if sentences:
            rule = " | ".join(sentences)
            self._decoder.add_jsgf_string(
                "agent", f"#JSGF V1.0; grammar agent; public <s> = {rule};"
            )
            self._decoder.activate_search("agent")

    def knows(self, sentence: str) -> bool:
        """Whether every word is in its dictionary."""
        return all(self._decoder.lookup_word(word) for word in sentence.split())

    def guess(self, sound: np.ndarray) -> str | None:
        """The sentence that it recognises; None where it recognises none."""
        peak = max(float(np.abs(sound).max()), 1e-3)
        samples = (sound * (0.7 * 32767 / peak)).astype(np.int16)
        self._decoder.start_utt()
        self._decoder.process_raw(samples.tobytes(), full_utt=True)
        self._decoder.end_utt()
        guess = self._decoder.hyp()
        return guess.hypstr if guess else None


@lru_cache(maxsize=1)
def _recogniser(sentences: tuple[str, ...]) -> Recogniser:
    return Recogniser(sentences)


# --- similarity to the recordings -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class VoiceComparison:
    """Comparison of one recording with the agent's version of it."""

    agent_db: float
    """Mel-cepstral distortion of the agent's voice."""
    tts_db: float
    """Mel-cepstral distortion of another voice with the same words."""
    click_scores: np.ndarray
    """(t,): of the recording's frames."""
    agent_click_scores: np.ndarray
    periodicity: tuple[float, float]
    """Means of the recording and of the agent."""
    spectral_flatness_db: tuple[float, float]
    """Means of the recording and of the agent."""


def plan_voice(run: Run) -> list[int]:
    """Numbers of the recordings: as many as situations."""
    return list(range(min(run.situations, _MOST_RECORDINGS)))


def compare_voice(number: int, run: Run) -> VoiceComparison:
    """Speak one of Kathleen's recordings again from its units."""
    text, recording = _recordings(run)[number]
    original = at_level(recording, USER_DB)
    agent = _spoken_again(run, original)
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


def _spoken_again(run: Run, original: np.ndarray) -> np.ndarray:
    voice, tokenizer = _voice_and_tokenizer(run)
    _, sound = voice.say(tokenizer.encode_file(original).tolist())
    return at_level(sound, USER_DB)


def _mean_active(measure: Callable[[np.ndarray], np.ndarray], sound: np.ndarray) -> float:
    return float(measure(sound)[active_frames(sound)].mean())


@lru_cache(maxsize=1)
def _recordings(run: Run) -> list[tuple[str, np.ndarray]]:
    """A random part of Kathleen's recordings; the same in every process."""
    assert run.data is not None
    recordings = list(kathleen(run.data / "speech"))
    return random.Random(run.seed).sample(recordings, min(len(recordings), _MOST_RECORDINGS))


def report_voice(likenesses: Sequence[VoiceComparison], _run: Run) -> Report:
    """Score how far the agent's voice is from the recordings."""
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
        Score("cepstral distance to the recorded voice", mean(agent), "dB"),
        Score("that of another voice", mean(other), "dB"),
        Score("frames rougher than 999 of 1000 recorded", ratio(clicks)),
        Score("periodicity (0 to 1) above the recorded", mean(more_harmonic), "ratio"),
        Score("spectral flatness above the recorded", mean(flatter), "dB"),
    ]
    return Report(scores)
