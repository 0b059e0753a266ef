"""The core: a dialogue's text to two channels of speech, the times of all words and phones, units.

A row depends on the dialogue's text, its id, the seed and the recipe alone: not on the rows before
it, on the process or on how many there are.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.dialogue.timing import ALTERNATING, HUMAN
from models.speech.phones import PAUSE, PHONES
from models.speech.voices import Speech
from models.speech.word_alignment import word_spans
from models.spoken.sound_bytes import flac_bytes
from models.spoken.speaker import Synthesiser, draw_speaker, say
from models.spoken.text_dialogue import TextDialogue

_LEAD_SECONDS = (0.3, 1.5)
_TAIL_SAMPLES = SAMPLE_RATE_HZ // 2
_PEAKS = (0.15, 0.7)
_FLOOR_DB = (-80.0, -60.0)
"""Of the noise on each channel: real microphones give no zeros."""


@dataclass(frozen=True)
class Recipe:
    """How dialogues are spoken."""

    tokenizer: Path
    """ONNX file."""
    synthesisers: tuple[Synthesiser, ...]
    packs: Path | None = None
    """Kokoro's."""
    seed: int = 1
    keeps_sound: bool = False
    alternating: bool = False
    """Whether nobody speaks before the other has ended. Else offsets are people's."""


def speak_dialogue(dialogue: TextDialogue, recipe: Recipe) -> dict[str, Any]:
    """A row; see `models.spoken.parquet_shards` for its fields.

    A dialogue that cannot be spoken gives a row without turns, which says why. Raises DuologueError
    where a synthesiser or the tokenizer is missing.
    """
    rng = random.Random(f"{recipe.seed}:{dialogue.id}")
    speakers = [draw_speaker(recipe.synthesisers, recipe.packs, rng) for _ in range(2)]
    peaks = [rng.uniform(*_PEAKS) for _ in range(2)]
    row: dict[str, Any] = {"id": dialogue.id, "voices": [speaker.name for speaker in speakers]}
    turns: list[dict[str, Any]] = []
    placed: list[tuple[int, int, np.ndarray]] = []
    end, before = round(rng.uniform(*_LEAD_SECONDS) * SAMPLE_RATE_HZ), None
    ends = [0, 0]
    for channel, text in dialogue.turns:
        seed = rng.getrandbits(30)
        gap = (
            _gap_seconds(rng, before == channel, recipe.alternating) if before is not None else 0.0
        )
        if not any(letter.isalnum() for letter in text):
            continue
        speech = say(text, speakers[channel], recipe.packs, seed)
        body = speech.trimmed()
        start = max(end + round(gap * SAMPLE_RATE_HZ), ends[channel], 0)
        turns.append(_turn(channel, text, start, speech))
        loudest = max(float(np.abs(body).max()), 1e-3)
        placed.append((channel, start, body * np.float32(peaks[channel] / loudest)))
        end, before = start + len(body), channel
        ends[channel] = end
    if not turns:
        return {**row, "left_out": "There is nothing to say in it.", "frames": 0, "turns": [],
                "units": [[], []], "sound": None}  # fmt: skip
    frames = -(-(max(ends) + _TAIL_SAMPLES) // FRAME_SAMPLES)
    noise = np.random.default_rng(rng.getrandbits(64))
    sound = np.zeros((2, frames * FRAME_SAMPLES), np.float32)
    for channel in range(2):
        level = np.float32(10 ** (rng.uniform(*_FLOOR_DB) / 20))
        sound[channel] = noise.normal(size=sound.shape[1]).astype(np.float32) * level
    for channel, start, body in placed:
        sound[channel, start : start + len(body)] += body
    tokenizer = _tokenizer(recipe.tokenizer)
    return {
        **row,
        "left_out": None,
        "frames": frames,
        "turns": turns,
        "units": [tokenizer.units(channel).astype(np.int16).tolist() for channel in sound],
        "sound": flac_bytes(sound) if recipe.keeps_sound else None,
    }


def _gap_seconds(rng: random.Random, same_speaker: bool, alternating: bool) -> float:
    """From the end of a turn to the next; negative where people overlap."""
    timing = ALTERNATING if alternating else HUMAN
    if same_speaker:
        return timing.pause.draw(rng, *timing.pauses)
    return timing.floor_transfer.draw(rng, *timing.user_offset)


def _turn(channel: int, text: str, start: int, speech: Speech) -> dict[str, Any]:
    """The fields of a turn that begins at a sample of the dialogue."""
    spoken = [segment for segment in speech.segments if segment[2] != PAUSE]
    later = start - spoken[0][0]
    sayable = " ".join(word for word in text.split() if any(map(str.isalnum, word)))
    words = [(word, a + later, b + later) for word, a, b in word_spans(sayable, spoken)]
    phones = [(PHONES[phone], a + later, b + later) for a, b, phone in spoken]
    names = "start_sample", "end_sample"
    return {
        "channel": channel,
        "text": text,
        "start_sample": start,
        "end_sample": spoken[-1][1] + later,
        "words": [{"word": name, **dict(zip(names, span, strict=True))} for name, *span in words],
        "phones": [
            {"phone": name, **dict(zip(names, span, strict=True))} for name, *span in phones
        ],
    }


@lru_cache(maxsize=1)
def _tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a process."""
    if not path.is_file():
        raise DuologueError(f"There is no tokenizer {path}; give a bundle with --bundle.")
    return Tokenizer(path)
