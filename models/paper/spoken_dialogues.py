"""True dialogues in sound, in voices that no training hears: what continuations are compared with.

In distribution: a conversation of the script, with people's timing. Out of it: any text dialogues
(``models.spoken.text_dialogue``). The agent speaks in the synthesiser's voice that it learns, and
its own units are known with the sound; the user in a held-out voice. Nothing depends on where a
dialogue will be cut: a longer one begins as the shorter one. Knows no bundle.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from engine.voice.agent_units import SILENCE_UNIT
from models import script
from models.dialogue.timing import HUMAN
from models.evaluate.user_voices import say
from models.script.scene import Memory
from models.speech.agent_speech import Hibari
from models.speech.natural_corpus import punctuated
from models.speech.rooms import USER_DB, at_level, white_noise
from models.spoken.text_dialogue import TextDialogue, plan_shards, read_shard, text_files

AGENT, USER = 0, 1
"""The sides of a dialogue, and its channels."""
Turns = Iterable[tuple[int, str]]
"""(side, text), in order."""
_LEAD_S = (0.3, 1.5)
_HEARD_S = 0.08
"""The agent's offsets in training are counted from the tokenizer's units, which lag by this."""
_ROOM_DB = -65.0
_PLAIN = re.compile(r"[A-Za-z][A-Za-z ,.?!']*")
"""What every synthesiser reads alike: no digits, no signs."""
_MOST_LETTERS = 240
"""Of a turn; Kokoro takes 509 phones."""
_WORDS_A_SECOND = 3.0
"""More than anybody speaks, pauses between turns included: a dialogue with fewer is too short."""


@dataclass(frozen=True, eq=False)
class TrueDialogue:
    """A dialogue in sound."""

    sound: np.ndarray
    """float32 (2, n): the agent's channel, then the user's; n is a multiple of a frame."""
    own_units: np.ndarray
    """int64 (frames,): the agent's units, in the table of its synthesiser."""
    turns: tuple[tuple[int, str], ...]
    """What is said in it; the last turn may be cut."""


def script_turns(rng: random.Random) -> Iterator[tuple[int, str]]:
    """The turns of an endless conversation of the script."""
    memory = Memory()
    while True:
        scene = script.draw_scene(rng, memory)
        memory = memory.after(scene)
        for turn in scene.turns:
            yield USER, rng.choice(turn.users)
            yield AGENT, turn.agent


def text_dialogues(path: Path, seconds: float, rng: random.Random) -> Iterator[TextDialogue]:
    """The dialogues of a file or folder that last so long when spoken, in random order.

    Those with digits or signs are left out, since not everybody reads them alike. Raises
    DuologueError where the texts cannot be read.
    """
    plans = plan_shards(text_files(path))
    rng.shuffle(plans)
    for plan in plans:
        found = [one for one in read_shard(plan) if _is_plain(one)]
        rng.shuffle(found)
        for one in found:
            if sum(len(text.split()) for _, text in one.turns) >= _WORDS_A_SECOND * seconds:
                yield one


def _is_plain(dialogue: TextDialogue) -> bool:
    return all(_PLAIN.fullmatch(text) and len(text) <= _MOST_LETTERS for _, text in dialogue.turns)


def speak_turns(
    turns: Turns,
    seconds: float,
    voice: str,
    rng: random.Random,
    packs: Path | None = None,
    kept: Path | None = None,
) -> TrueDialogue | None:
    """The first seconds of a dialogue; None where it is over before.

    ``voice`` is the user's, one of ``models.evaluate.user_voices``, with ``packs`` and ``kept`` as
    there. Raises DuologueError where a synthesiser is missing.
    """
    frames = round(seconds * SAMPLE_RATE_HZ) // FRAME_SAMPLES
    samples = frames * FRAME_SAMPLES
    sound = np.zeros((2, samples), np.float32)
    units = np.full(frames, SILENCE_UNIT, np.int64)
    told: list[tuple[int, str]] = []
    end, ends = round(rng.uniform(*_LEAD_S) * SAMPLE_RATE_HZ), [0, 0]
    for side, text in turns:
        # Drawn whether or not the turn is within the seconds, so that longer dialogues begin alike.
        gap = _gap_s(rng, side, told[-1][0] if told else None)
        start = max(end + round(gap * SAMPLE_RATE_HZ), ends[side], 0)
        if start >= samples:
            break
        if side == AGENT:
            frame = start // FRAME_SAMPLES
            end = _say_agent(sound[AGENT], units, frame, text)
        else:
            speech = at_level(say(text, voice, rng, packs, kept).trimmed(), USER_DB)
            end = _add(sound[USER], start, speech)
        ends[side] = end
        told.append((side, text))
    else:
        if max(ends) < samples:
            return None
    noise = np.random.default_rng(rng.getrandbits(64))
    for channel in sound:
        channel += white_noise(samples, noise, _ROOM_DB)
    return TrueDialogue(sound, units, tuple(told))


def _gap_s(rng: random.Random, side: int, before: int | None) -> float:
    if before is None:
        return 0.0
    if side == before:
        return HUMAN.pause.draw(rng, *HUMAN.pauses)
    if side == AGENT:
        return _HEARD_S + HUMAN.floor_transfer.draw(rng, *HUMAN.agent_offset)
    return HUMAN.floor_transfer.draw(rng, *HUMAN.user_offset)


def _say_agent(track: np.ndarray, units: np.ndarray, frame: int, text: str) -> int:
    """Add a sentence of the agent's and its units from a frame on; returns the sample after it."""
    spoken = _hibari().say(punctuated(text, bare=text[-1] in ".?!"))
    said = spoken.units().astype(np.int64)
    (voiced,) = np.nonzero(said != SILENCE_UNIT)
    first, last = int(voiced[0]), int(voiced[-1]) + 1
    kept = said[first:last][: max(len(units) - frame, 0)]
    units[frame : frame + len(kept)] = kept
    loud = at_level(spoken.audio_N, USER_DB)
    _add(track, frame * FRAME_SAMPLES, loud[first * FRAME_SAMPLES : last * FRAME_SAMPLES])
    return (frame + last - first) * FRAME_SAMPLES


def _add(track: np.ndarray, start: int, speech: np.ndarray) -> int:
    """Add what fits of a sound; returns the sample after the whole of it."""
    inside = speech[: max(len(track) - start, 0)]
    track[start : start + len(inside)] += inside
    return start + len(speech)


@lru_cache(maxsize=1)
def _hibari() -> Hibari:
    """The synthesiser of a process."""
    return Hibari()


def first_dialogues(
    texts: Path | None,
    count: int,
    seconds: float,
    voices: tuple[str, ...],
    seed: int,
    packs: Path | None = None,
    kept: Path | None = None,
) -> Iterator[TrueDialogue]:
    """``count`` dialogues of the script, or of ``texts``, in these voices of the user in turn.

    Raises DuologueError where the texts hold too few that last so long.
    """
    draw = random.Random(f"texts {seed}")
    some = text_dialogues(texts, seconds, draw) if texts else iter(())
    for number in range(count):
        rng = random.Random(f"dialogue {seed} {number}")
        voice = voices[number % len(voices)]
        found: TrueDialogue | None = None
        while found is None:
            turns: Turns = script_turns(random.Random(f"script {seed} {number}"))
            if texts:
                one = next(some, None)
                if one is None:
                    raise DuologueError(
                        f"{texts} has only {number} dialogues that last {seconds:g} s; ask for "
                        "fewer or for shorter ones."
                    )
                turns = one.turns
            found = speak_turns(turns, seconds, voice, rng, packs, kept)
        yield found
