"""Makes a set of our own in Full-Duplex-Bench's form: the published one is not to be had freely.

The same five shapes with voices that no training hears and sentences of the script: pauses, turns,
interruptions and long turns of version 1, and the user's backchannels of version 1.5. It is not
the same set: voices are synthetic, and the sentences are those that the starter can answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.atomic_write import write_atomically
from engine.errors import DuologueError, unwritable
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.dialogue.timing import HUMAN
from models.evaluate.listening import cut_sentence
from models.evaluate.user_voices import check_packs, say, voices_of
from models.paper.agent_tracks import write_track
from models.speech.rooms import USER_DB, at_level, white_noise

_ROOM_DB = -65.0
_LEAD_S, _ANSWER_S = 1.0, 5.0
_INTO_STORY_S = (1.4, 2.9)
"""From the request to the sound; the starter begins after 0.4 s, and its stories last 6 s."""
_TOLD = 6
"""Sentences in a long turn."""


@dataclass(frozen=True)
class _Voice:
    """Says texts in one voice."""

    name: str
    rng: random.Random
    packs: Path | None
    kept: Path | None

    def __call__(self, text: str) -> np.ndarray:
        speech = say(text, self.name, self.rng, self.packs, self.kept)
        return at_level(speech.trimmed(), USER_DB)


@dataclass(frozen=True)
class Made:
    """One sample: the user's sound, its event and annotation, and the sound without the event."""

    sound: list[np.ndarray]
    annotation: tuple[str, Any] | None = None
    """(file's name, content)."""
    clean: list[np.ndarray] | None = None


def make_set(
    folder: Path, count: int, seed: int = 0, packs: Path | None = None, kept: Path | None = None
) -> int:
    """Write ``count`` samples of each shape into a new folder; returns how many there are.

    With style ``packs`` the voices are natural ones, which are kept in the folder ``kept``; else
    formant and diphone voices. Raises DuologueError where the folder is there already.
    """
    if packs:
        check_packs(packs)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise DuologueError(f"{folder} is there already; give another folder.") from error
    except OSError as error:
        raise unwritable(folder, error) from error
    voices = voices_of("natural" if packs else "formant")
    for task, make in _SHAPES.items():
        for number in range(count):
            rng = random.Random(f"{task} {seed} {number}")
            voice = _Voice(voices[number % len(voices)], rng, packs, kept)
            _write(folder / task / str(number), make(voice), np.random.default_rng([seed, number]))
    return count * len(_SHAPES)


def _write(folder: Path, made: Made, noise: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    for name, pieces in (("input.wav", made.sound), ("clean_input.wav", made.clean)):
        if pieces is not None:
            sound = np.concatenate(pieces)
            write_track(folder / name, sound + white_noise(len(sound), noise, _ROOM_DB))
    if made.annotation:
        name, content = made.annotation
        write_atomically(folder / name, json.dumps(content) + "\n")


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)


def _seconds(*pieces: np.ndarray) -> float:
    return sum(map(len, pieces)) / SAMPLE_RATE_HZ


# --- the shapes -----------------------------------------------------------------------------------


def _pause(voice: _Voice) -> Made:
    """A sentence with a pause in it; it ends with the user, so whatever is said takes the turn."""
    before, after = (voice(text) for text in cut_sentence(voice.rng))
    pause = _silence(HUMAN.pause.draw(voice.rng, *HUMAN.pauses))
    start = _seconds(_silence(_LEAD_S), before)
    entry = [{"text": "[PAUSE]", "timestamp": [start, start + _seconds(pause)]}]
    return Made([_silence(_LEAD_S), before, pause, after], ("pause.json", entry))


def _turn(voice: _Voice) -> Made:
    """A question, and time for the answer."""
    sound = [_silence(_LEAD_S), voice(_question(voice.rng))]
    end = _seconds(*sound)
    entry = [{"text": "[TURN-TAKING]", "timestamp": [end, end + 0.4]}]
    return Made([*sound, _silence(_ANSWER_S)], ("turn_taking.json", entry))


def _interruption(voice: _Voice) -> Made:
    """A question into a story that the user asked for."""
    asked, question = voice.rng.choice(script.STORY_PROMPTS), _question(voice.rng)
    sound = _in_story(voice, asked)
    start = _seconds(*sound)
    said = voice(question)
    times = [start, start + _seconds(said)]
    entry = [{"context": asked, "interrupt": question, "timestamp": times}]
    return Made([*sound, said, _silence(_ANSWER_S)], ("interrupt.json", entry))


def _long_turn(voice: _Voice) -> Made:
    """The user tells of their day; it ends with the user."""
    sound = [_silence(_LEAD_S)]
    for text in voice.rng.sample(script.LONG_TALK, _TOLD):
        sound += [voice(text), _silence(HUMAN.pause.draw(voice.rng, *HUMAN.pauses))]
    return Made(sound[:-1])


def _listener(voice: _Voice) -> Made:
    """The user's "mm hmm" into a story."""
    asked, sign = voice.rng.choice(script.STORY_PROMPTS), voice.rng.choice(script.BACKCHANNELS)
    sound = _in_story(voice, asked)
    start, said = _seconds(*sound), voice(sign)
    entry = {
        "context_text": asked,
        "current_turn_text": sign,
        "timestamps": [start, start + _seconds(said)],
    }
    rest = _silence(_ANSWER_S)
    return Made([*sound, said, rest], ("metadata.json", entry), [*sound, 0 * said, rest])


def _in_story(voice: _Voice, asked: str) -> list[np.ndarray]:
    wait = _silence(voice.rng.uniform(*_INTO_STORY_S))
    return [_silence(_LEAD_S), voice(asked), wait]


def _question(rng: random.Random) -> str:
    scenes = script.scenes()
    return rng.choice(rng.choice(scenes[rng.choice(sorted(scenes))]).turns[0].users)


_SHAPES: dict[str, Callable[[_Voice], Made]] = {
    "made_pause_handling": _pause,
    "made_turn_taking": _turn,
    "made_user_interruption": _interruption,
    "made_backchannel": _long_turn,
    "made_user_backchannel": _listener,
}
