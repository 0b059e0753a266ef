"""Measures the starter through the shipped engine, on voices that no training heard.

Nothing of torch: ONNX and GGUF only, as the user has them. Five parts: exchanges (is the answer
right, how soon does it come), pauses inside a sentence (does the agent wait), interruptions (how
soon is it silent), intelligibility (an independent recogniser with the agent's sentences as its
grammar) and the units' round trip through vocoder and tokenizer.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.bundle import Bundle, load_bundle
from engine.duplex import Duplex
from engine.errors import DuologueError
from engine.tokens import FRAME_MS, FRAME_SAMPLES, RATE_HZ, decode, encode
from engine.unit_encoder import Tokenizer
from engine.vocoder import StreamingVocoder
from models import script
from models.phones import PAUSE
from models.voices import AGENT_VOICE, HELD_OUT, Speech, speak, speak_flite

ANSWER_S = 4.0
"""How long the agent is listened to after a question."""
UNKNOWN_DISTANCE = 0.5
"""Unit edit distance (share of the longer one) above which no known sentence was said."""
PHASES = range(0, FRAME_SAMPLES, FRAME_SAMPLES // 8)
"""Where in a frame a sentence may begin, samples: its units differ much from one to another."""
QUIET_S = 60
"""Quiet in which the units of silence are found: one of them is rare."""
SOUND_DB = -42
"""Level above which 20 ms of the agent's track count as sound."""
ROOM_DB = -65
INTERRUPTED_AFTER_S = (1.0, 3.0)
SILENT_WITHIN_S = 0.8
_STEP = RATE_HZ // 50


def evaluate_starter(
    bundle_path: Path | None = None,
    exchanges: int = 240,
    seed: int = 0,
    json_path: Path | None = None,
    chunk_ms: int | None = None,
    latency_ms: int | None = None,
) -> dict[str, Any]:
    """Run all parts, print a table, and return (and write) the figures."""
    bundle = load_bundle(bundle_path)
    known = KnownSentences(bundle)
    duplex = Duplex(bundle, chunk_ms, latency_ms, seed=seed)
    rng = random.Random(seed)
    figures: dict[str, Any] = {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}",
        "chunk_ms": duplex.format.chunk_ms,
        "latency_ms": duplex.latency_ms,
        "seed": seed,
        "voices": list(HELD_OUT),
    }
    figures |= ask_questions(duplex, known, exchanges, rng)
    figures |= pause_inside(duplex, max(exchanges // 5, 10), rng)
    figures |= interrupt_stories(duplex, max(exchanges // 5, 10), rng)
    duplex.close()
    figures |= listen_to_agent(bundle, known, duplex.format.chunk_ms)
    _print(figures)
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
    return figures


# --- the sentences that the agent knows -----------------------------------------------------------


class KnownSentences:
    """The agent's sentences as units, to tell which one was said."""

    def __init__(self, bundle: Bundle) -> None:
        tokenizer = Tokenizer(bundle.tokenizer)
        name = AGENT_VOICE.partition(":")[2]
        self.originals: dict[str, np.ndarray] = {}
        self.frames: dict[str, np.ndarray] = {}
        self._spoken: dict[str, list[list[int]]] = {}
        quiet = _room(QUIET_S * RATE_HZ, np.random.default_rng(0), -70)
        self.silence = set(tokenizer.units(quiet).tolist())
        for sentence in track(script.known_sentences(), "agent's sentences"):
            sound = speak_flite(sentence, name).audio
            margin = np.zeros(6 * FRAME_SAMPLES, np.float32)
            audio = np.concatenate([margin, sound, margin])
            audio = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
            audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
            audio += _room(len(audio), np.random.default_rng(1), -70)
            shifted = [tokenizer.units(np.roll(audio, phase)) for phase in PHASES]
            self.originals[sentence], self.frames[sentence] = audio, shifted[0]
            self._spoken[sentence] = [self.spoken(frames) for frames in shifted]

    def spoken(self, frames: np.ndarray) -> list[int]:
        """Units of speech, each once."""
        units: list[int] = []
        for unit in np.asarray(frames).tolist():
            if unit not in self.silence and (not units or units[-1] != unit):
                units.append(unit)
        return units

    def nearest(self, frames: np.ndarray) -> tuple[str | None, float]:
        """The known sentence that the frames are most like, and the distance (0 to 1)."""
        said = self.spoken(frames)
        if not said:
            return None, 1.0
        distances = {
            text: min(edit_distance(said, units) / max(len(said), len(units), 1) for units in ways)
            for text, ways in self._spoken.items()
        }
        best = min(distances, key=distances.__getitem__)
        near = distances[best] <= UNKNOWN_DISTANCE
        return (best if near else None), distances[best]


def edit_distance(first: list[int], second: list[int]) -> int:
    """Levenshtein distance of two unit sequences."""
    target = np.asarray(second)
    offsets = np.arange(len(target) + 1)
    row = offsets.copy()
    for unit in first:
        moved = np.minimum(row[1:] + 1, row[:-1] + (target != unit))
        row = np.concatenate([[row[0] + 1], moved])
        # Insertions run along the row: a running minimum once the slope is taken out.
        row = np.minimum.accumulate(row - offsets) + offsets
    return int(row[-1])


# --- talking to the agent -------------------------------------------------------------------------


def _room(samples: int, rng: np.random.Generator, level_db: float = ROOM_DB) -> np.ndarray:
    return (rng.normal(size=samples) * 10 ** (level_db / 20)).astype(np.float32)


@dataclass
class Partner:
    """A user who speaks to the agent; both tracks lie on one time axis."""

    duplex: Duplex
    rng: np.random.Generator
    agent: np.ndarray = field(init=False)
    frames: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.duplex.reset()
        # Interval 0 passes before the agent's first chunk can sound.
        chunk = self.duplex.format.chunk_samples
        self._sound = [np.zeros(chunk, np.float32)]
        silence = self.duplex.bundle.manifest.silence_unit
        self.frames = [silence] * self.duplex.format.chunk_frames
        self._rest = np.zeros(0, np.float32)
        self.now = 0
        """Samples that the user has spoken or been silent."""

    def hear(self, sound: np.ndarray) -> None:
        """Let the agent hear sound over the noise of a quiet room."""
        self.now += len(sound)
        self._rest = np.concatenate([self._rest, sound + _room(len(sound), self.rng)])
        chunk = self.duplex.format.chunk_samples
        while len(self._rest) >= chunk:
            step = self.duplex.step(self._rest[:chunk])
            self._rest = self._rest[chunk:]
            self._sound.append(step.agent_audio)
            self.frames += step.own_frames

    def wait(self, seconds: float) -> None:
        """Say nothing."""
        self.hear(np.zeros(int(seconds * RATE_HZ), np.float32))

    def say(self, speech: Speech) -> tuple[int, int]:
        """Say something; returns the first and last sample of the words on the time axis."""
        voiced = [(a, b) for a, b, phone in speech.segments if phone != PAUSE]
        first, last = voiced[0][0], min(voiced[-1][1], len(speech.audio))
        start = self.now
        body = speech.audio[first:last]
        self.hear(body * (0.5 / max(float(np.abs(body).max()), 1e-3)))
        return start, start + last - first

    def track(self) -> np.ndarray:
        """The agent's sound from the beginning."""
        return np.concatenate(self._sound)


def sounding(track_: np.ndarray) -> np.ndarray:
    """Whether each 20 ms of a track holds sound; single stray steps are ignored."""
    steps = track_[: len(track_) // _STEP * _STEP].reshape(-1, _STEP)
    loud = np.sqrt((steps**2).mean(1)) > 10 ** (SOUND_DB / 20)
    return loud & (np.roll(loud, 1) | np.roll(loud, -1))


def _first_sound(track_: np.ndarray, start: int, stop: int) -> int | None:
    loud = np.flatnonzero(sounding(track_)[start // _STEP : stop // _STEP])
    return start + int(loud[0]) * _STEP if len(loud) else None


def ask_questions(
    duplex: Duplex, known: KnownSentences, count: int, rng: random.Random
) -> dict[str, Any]:
    """Ask single questions, ten to a conversation."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    reactions = []
    failures = []
    by_intent: dict[str, list[script.Exchange]] = {}
    for exchange in script.EXCHANGES:
        by_intent.setdefault(exchange.intent, []).append(exchange)
    intents = sorted(by_intent)
    partner = Partner(duplex, np.random.default_rng(0))
    for index in track(range(count), "exchanges"):
        if index % 10 == 0:
            partner = Partner(duplex, np.random.default_rng(index))
            partner.wait(1)
        voice = HELD_OUT[index % len(HELD_OUT)]
        exchange = rng.choice(by_intent[intents[index % len(intents)]])
        start, end = partner.say(speak(exchange.user, voice, rng))
        partner.wait(ANSWER_S)
        first = (end - RATE_HZ // 5) // FRAME_SAMPLES
        said, distance = known.nearest(np.array(partner.frames[first:]))
        asked[voice] += 1
        right[voice] += said == exchange.agent
        if said != exchange.agent:
            failures.append([voice, exchange.user, exchange.agent, said, round(distance, 2)])
        onset = _first_sound(partner.track(), start, partner.now)
        if onset is not None:
            reactions.append((onset - end) * 1000 // RATE_HZ)
    return {
        "exchanges": count,
        "right_answers": sum(right.values()) / count,
        "right_by_voice": {voice: right[voice] / asked[voice] for voice in asked},
        "answered": len(reactions) / count,
        "reaction_ms_median": float(np.median(reactions)) if reactions else None,
        "reaction_ms_quartiles": np.percentile(reactions, [25, 75]).tolist() if reactions else [],
        "failures": failures,
    }


def pause_inside(duplex: Duplex, count: int, rng: random.Random) -> dict[str, Any]:
    """Pause 0.4 to 1.0 s in the middle of a sentence: does the agent start to speak there?"""
    sentences = [e.user for e in script.EXCHANGES if len(e.user.split()) >= 5]
    taken = 0
    for index in track(range(count), "pauses"):
        partner = Partner(duplex, np.random.default_rng(1000 + index))
        partner.wait(1)
        words = rng.choice(sentences).split()
        cut = rng.randint(2, len(words) - 2)
        voice = HELD_OUT[index % len(HELD_OUT)]
        _, pause_start = partner.say(speak(" ".join(words[:cut]), voice, rng))
        partner.wait(rng.uniform(0.4, 1.0))
        pause_end, _ = partner.say(speak(" ".join(words[cut:]), voice, rng))
        partner.wait(0.5)
        taken += _first_sound(partner.track(), pause_start, pause_end) is not None
    return {"pauses": count, "spoke_in_pause": taken / count}


def interrupt_stories(duplex: Duplex, count: int, rng: random.Random) -> dict[str, Any]:
    """Ask for a story and interrupt it: how soon is the agent silent?"""
    started = silent = 0
    stops = []
    for index in track(range(count), "interruptions"):
        partner = Partner(duplex, np.random.default_rng(2000 + index))
        partner.wait(1)
        voice = HELD_OUT[index % len(HELD_OUT)]
        partner.say(speak(rng.choice(script.STORY_PROMPTS), voice, rng))
        partner.wait(1 + rng.uniform(*INTERRUPTED_AFTER_S))
        if not sounding(partner.track())[-25:].any():
            continue  # no story to interrupt
        started += 1
        onset, _ = partner.say(speak(rng.choice(script.STOPS), voice, rng))
        partner.wait(2)
        loud = sounding(partner.track())[onset // _STEP :]
        # Silent is when 160 ms without sound begin: "okay" comes only after that.
        quiet = np.convolve(loud, np.ones(8), "valid") == 0
        stop_ms = int(np.argmax(quiet)) * 20 if quiet.any() else len(loud) * 20
        stops.append(stop_ms)
        silent += stop_ms <= SILENT_WITHIN_S * 1000
    return {
        "interruptions": started,
        "stories_started": started / count,
        "silent_in_time": silent / max(started, 1),
        "stop_ms_median": float(np.median(stops)) if stops else None,
    }


# --- the agent's voice ----------------------------------------------------------------------------


def listen_to_agent(bundle: Bundle, known: KnownSentences, chunk_ms: int) -> dict[str, Any]:
    """Speak every known sentence as the engine would and have it recognised."""
    manifest = bundle.manifest
    fmt = bundle.token_format(chunk_ms)
    tokenizer = Tokenizer(bundle.tokenizer)
    recogniser = _Recogniser(script.known_sentences())
    late = manifest.vocoder.delay_ms // FRAME_MS
    vocoder = StreamingVocoder.of(bundle)
    heard: Counter[str] = Counter()
    equal = total = 0
    for sentence in track(recogniser.sentences, "agent's voice"):
        units = known.frames[sentence].tolist() + [manifest.silence_unit] * (12 + late)
        units = units[: len(units) // fmt.chunk_frames * fmt.chunk_frames]
        sent, _ = decode(encode(units, units, fmt), fmt, manifest.silence_unit)
        vocoder.reset()
        sound = vocoder.push(sent)
        again = tokenizer.units(sound)[late:]
        equal += int((again == np.array(sent[: len(again)])).sum())
        total += len(again)
        heard["agent"] += recogniser.names(sound) == sentence
        heard["original"] += recogniser.names(known.originals[sentence]) == sentence
    count = len(recogniser.sentences)
    return {
        "sentences": count,
        "understood": heard["agent"] / count,
        "originals_understood": heard["original"] / count,
        "round_trip": equal / total,
    }


class _Recogniser:
    """pocketsphinx with the agent's sentences as its grammar."""

    def __init__(self, sentences: list[str]) -> None:
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise DuologueError(
                "The independent recogniser is missing; install it (pip install pocketsphinx)."
            ) from error
        self._decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL")
        self.sentences = [
            sentence
            for sentence in sentences
            if all(self._decoder.lookup_word(word) for word in sentence.split())
        ]
        choices = " | ".join(self.sentences)
        self._decoder.add_jsgf_string(
            "agent", f"#JSGF V1.0; grammar agent; public <s> = {choices};"
        )
        self._decoder.activate_search("agent")

    def names(self, sound: np.ndarray) -> str | None:
        """The sentence that it hears, if any."""
        peak = max(float(np.abs(sound).max()), 1e-3)
        samples = (sound * (0.7 * 32767 / peak)).astype(np.int16)
        self._decoder.start_utt()
        self._decoder.process_raw(samples.tobytes(), full_utt=True)
        self._decoder.end_utt()
        guess = self._decoder.hyp()
        return guess.hypstr if guess else None


def _print(figures: dict[str, Any]) -> None:
    table = Table(title=f"{figures['bundle']}, {figures['chunk_ms']} ms chunks")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("goal", justify="right")

    def percent(key: str) -> str:
        return f"{figures[key]:.1%}"

    rows = [
        (f"right answer ({figures['exchanges']} exchanges)", percent("right_answers"), "80 %"),
        ("answered at all", percent("answered"), ""),
        ("median reaction", f"{figures['reaction_ms_median']} ms", "0 to 600 ms"),
        (f"spoke in a pause ({figures['pauses']})", percent("spoke_in_pause"), "at most 20 %"),
        (f"silent in 0.8 s ({figures['interruptions']})", percent("silent_in_time"), "80 %"),
        (f"agent understood ({figures['sentences']})", percent("understood"), "80 %"),
        ("TTS originals understood", percent("originals_understood"), ""),
        ("units heard again as sent", percent("round_trip"), "75 %"),
    ]
    for row in rows:
        table.add_row(*row)
    Console().print(table)
