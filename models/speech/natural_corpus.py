"""A corpus of natural synthetic voices, which say the user's sentences of the script and everyday
ones.

It consists of shards of a hundred utterances: a FLAC file (16 kHz) and JSON lines with text, voice
and phone lengths. An utterance depends on the seed and its number alone, and a finished shard is
never rewritten. So the command resumes where it stopped, and two runs give the same corpus.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from models.speech import natural_voices
from models.speech.corpus import CorpusWriter, pad_to_frames, phone_labels
from models.speech.natural_voices import HELD_OUT, Kokoro, SynthesisedSpeech, Voice, draw_voice
from models.speech.phones import PAUSE, from_misaki
from models.speech.voices import Speech

SHARD_UTTERANCES = 100
_SCRIPT_SHARE = 0.6
_SPEEDS = (0.87, 1.18)
_QUESTION_WORDS = frozenset(
    "what who when where why how which whose is are was were do does did can could will would "
    "should shall may".split()
)
_BARE_SHARE = 0.1
"""Share of sentences without a mark at the end, whose intonation stays open."""
_PEAK = 0.7
_SOUND_LEADS = 2
"""Steps of 25 ms by which the sound is earlier than the lengths say: in 100 utterances sibilants
correlate best with high frequencies 50 ms before (0.45, at the told times 0.18)."""
_TOLD = "voice", "text", "phones", "lengths"
_STRESS_MARKS, _LENGTH_MARK, _SPACE = "ˈˌ", "ː", " "


@dataclass(frozen=True)
class PlannedUtterance:
    """An utterance to synthesise."""

    text: str
    voice: Voice
    speed: float


def draw_utterance(
    number: int, seed: int, script: list[str], everyday: list[str], packs: list[str]
) -> PlannedUtterance:
    """Utterance ``number`` of the corpus: a sentence of the script or an everyday one, in some
    voice. Without everyday ones each of the script comes as often as the others."""
    rng = random.Random(f"{seed}:{number}")
    if everyday:
        text = rng.choice(script if rng.random() < _SCRIPT_SHARE else everyday)
    else:
        text = random.Random(seed).sample(script, len(script))[number % len(script)]
    return PlannedUtterance(text, draw_voice(packs, rng), rng.uniform(*_SPEEDS))


def punctuated(text: str, bare: bool) -> str:
    """A sentence with the mark at its end that gives the synthesiser its intonation."""
    if bare:
        return text
    return text + ("?" if text.split()[0] in _QUESTION_WORDS else ".")


def write_shard(
    folder: Path,
    shard: int,
    rows: list[PlannedUtterance],
    say: Callable[[PlannedUtterance], SynthesisedSpeech],
) -> None:
    """Synthesise ``rows`` and write the shard, whole or not at all."""
    stem = folder / f"shard-{shard:05d}"
    sounds, lines, start = [], [], 0
    for row in rows:
        spoken = say(row)
        sound = spoken.at_16_khz()
        sound *= _PEAK / max(float(np.abs(sound).max()), 1e-3)
        sounds.append(sound)
        lines.append(
            {
                "start": start,
                "samples": len(sound),
                "text": row.text,
                "voice": str(row.voice),
                "speed": round(row.speed, 3),
                "phones": spoken.phones,
                "lengths": spoken.lengths_P.tolist(),
            }
        )
        start += len(sound)
    part = stem.with_suffix(".part")
    soundfile.write(part, np.concatenate(sounds), SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    os.replace(part, stem.with_suffix(".flac"))
    # The table is written last, so a shard with a table is complete.
    part.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    os.replace(part, stem.with_suffix(".jsonl"))


def missing_shards(folder: Path, utterances: int) -> list[int]:
    """The numbers of the shards that a corpus of ``utterances`` still lacks."""
    count = -(-utterances // SHARD_UTTERANCES)
    return [n for n in range(count) if not (folder / f"shard-{n:05d}.jsonl").is_file()]


def write_natural(
    folder: Path, packs: Path, script: list[str], everyday: list[str], utterances: int, seed: int,
    jobs: int, tell: Callable[[str], None],
) -> None:  # fmt: skip
    """Write the missing shards of a corpus; resumes where an earlier run stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    names = natural_voices.training_packs(packs)
    speak = partial(_speak_shard, folder, packs, names, script, everyday, seed)
    missing = missing_shards(folder, utterances)
    with ProcessPoolExecutor(jobs) as pool:
        for done, shard in enumerate(pool.map(speak, missing), 1):
            tell(f"shard {shard}: {done} of {len(missing)}")


def read_natural(folder: Path) -> Iterator[tuple[dict[str, object], np.ndarray]]:
    """(row, float32 sound at 16 kHz) of every utterance of the finished shards, in order."""
    for table in sorted(folder.glob("shard-*.jsonl")):
        audio, _ = soundfile.read(table.with_suffix(".flac"), dtype="float32")
        for line in table.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield row, audio[row["start"] : row["start"] + row["samples"]]


def write_labelled(shards: Path, folder: Path) -> int:
    """Write the finished shards as a corpus with phone labels; returns the number of shards."""
    with CorpusWriter(folder) as writer:
        for row, sound in read_natural(shards):
            voice, text, phones, lengths = (row[name] for name in _TOLD)
            if any(pack in str(voice) for pack in HELD_OUT):
                continue
            audio = pad_to_frames(sound)
            segments = phone_segments(str(phones), cast(list[int], lengths))
            labels = phone_labels(Speech(audio, segments), len(audio))
            writer.add(audio, labels, str(voice), str(text))
    return len(list(shards.glob("shard-*.jsonl")))


def phone_segments(phones: str, lengths: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """(start sample, end sample, phone class) of each phone and silence, without gaps, at 16 kHz.

    ``lengths`` are in the synthesiser's steps, one for each of ``phones`` and one more at each end.
    The time of a stress mark belongs to the phone after it, that of a length mark to the phone
    before it, that of a space by halves to both. The sound leads them by ``_SOUND_LEADS`` steps.
    """
    step = natural_voices.PHONE_FRAME_SAMPLES * SAMPLE_RATE_HZ / natural_voices.SAMPLE_RATE_HZ
    ends, classes, lead = [max(0.0, lengths[0] - _SOUND_LEADS)], [PAUSE], 0.0
    for symbol, length in zip(phones, lengths[1:-1], strict=True):
        if symbol in _STRESS_MARKS:
            lead += length
        elif symbol == _LENGTH_MARK:
            ends[-1] += length
        elif symbol == _SPACE:
            ends[-1] += length / 2
            lead += length / 2
        else:
            ends.append(ends[-1] + lead + length)
            classes.append(from_misaki(symbol))
            lead = 0.0
    ends.append(ends[-1] + lead + lengths[-1] + _SOUND_LEADS)
    samples = [round(end * step) for end in ends]
    return tuple(zip([0, *samples[:-1]], samples, [*classes, PAUSE], strict=True))


_kokoro: Kokoro | None = None


def _speak_shard(
    folder: Path, packs: Path, names: list[str], script: list[str], everyday: list[str], seed: int,
    shard: int,
) -> int:  # fmt: skip
    global _kokoro
    _kokoro = _kokoro or Kokoro(packs)
    kokoro = _kokoro
    numbers = range(shard * SHARD_UTTERANCES, (shard + 1) * SHARD_UTTERANCES)
    rows = [draw_utterance(number, seed, script, everyday, names) for number in numbers]

    def say(row: PlannedUtterance) -> SynthesisedSpeech:
        bare = random.Random(row.text + str(row.speed)).random() < _BARE_SHARE
        return kokoro.say(punctuated(row.text, bare), row.voice, row.speed)

    write_shard(folder, shard, rows, say)
    return shard
