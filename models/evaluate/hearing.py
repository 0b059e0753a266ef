"""The board of hearing: words of people whom no training of ours heard, and words out of noises.

The sound goes chunk by chunk to the same `Turns` that a conversation's process runs. Words of
people are compared with what they read. Noises and silence hold no words, so each text there is
an invention. Knows no bundle.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.atomic_write import write_atomically
from engine.hearing.recogniser import Recogniser
from engine.hearing.turns import Turns
from engine.hearing.words import HeardWords
from engine.part import check_part
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.confidence_intervals import ratio
from models.evaluate.context import Run, context_of
from models.evaluate.people import PLACES, choose_readings
from models.evaluate.robustness import in_room
from models.evaluate.spoken_words import spoken_words
from models.evaluate.word_errors import word_errors
from models.speech.corpus import held_out_noise, read_tar_audio
from models.speech.rooms import USER_DB, at_level, coloured_noise, white_noise

CHUNK_SAMPLES = 160 * SAMPLE_RATE_HZ // 1000
_AFTER_SAMPLES = 2 * SAMPLE_RATE_HZ
_FIRST_ROOM = 5_000_000
_ROOM_DB, _NOISE_DB = -65, -30
_QUIET_SAMPLES = 60 * SAMPLE_RATE_HZ


class _Meter:
    """A recogniser that counts its calls and its processor time."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self.calls, self.seconds = 0, 0.0

    def recognise(self, sound_N: np.ndarray, careful: bool) -> Any:
        """As the recogniser."""
        begin = time.process_time()
        found = self._recogniser.recognise(sound_N, careful)
        self.calls, self.seconds = self.calls + 1, self.seconds + time.process_time() - begin
        return found


def words_of(sound: np.ndarray, recogniser: Any) -> list[HeardWords]:
    """All words of a sound (n,) and of the silence after it, as a quick machine gives them."""
    turns, words = Turns(recogniser), []
    sound = np.pad(sound, (0, _AFTER_SAMPLES)).astype(np.float32)
    for start in range(0, len(sound), CHUNK_SAMPLES):
        turns.push(sound[start : start + CHUNK_SAMPLES], start)
        while turns.is_due:
            said = turns.listen()
            if said:
                words.append(said)
    return words


def evaluate_hearing(
    data: Path, part: Path, recordings: int = 60, seed: int = 0, json_path: Path | None = None
) -> dict[str, Any]:
    """Run the board, print its table, and return (and write) its figures.

    ``data`` is the folder of open data, ``part`` that of the part for hearing.
    """
    check_part(part)
    recogniser = Recogniser(part)
    run = Run(data=data, seed=seed)
    found: dict[str, Any] = {"people": _people(run, recogniser, recordings)}
    found["noises"] = _noises(data / "noise", recogniser, seed)
    _show(found)
    if json_path:
        write_atomically(json_path, _json(found))
    return found


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=1) + "\n"


def _people(run: Run, recogniser: Recogniser, count: int) -> dict[str, Any]:
    readings = context_of(run).readings
    found: dict[str, Any] = {}
    for place in PLACES:
        rows: dict[str, list[list[int]]] = {}
        sources: dict[str, list[int]] = {}
        meter, seconds, examples = _Meter(recogniser), 0.0, []
        for index in track(choose_readings(run, count), PLACES[place]):
            reading = readings[index]
            sound = at_level(reading.audio, USER_DB)
            if place == "room":
                sound = in_room(sound, _FIRST_ROOM + index)
            noise = white_noise(len(sound), np.random.default_rng(index), _ROOM_DB)
            said = words_of(sound + noise, meter)
            text = " ".join(one.text for one in said if one.final)
            wrong = list(word_errors(spoken_words(reading.text), spoken_words(text)))
            rows.setdefault(reading.speaker, []).append(wrong)
            source = sources.setdefault(reading.speaker.partition(":")[0], [0, 0])
            source[:] = [a + b for a, b in zip(source, wrong, strict=True)]
            seconds += len(sound) / SAMPLE_RATE_HZ
            examples.append({"said": reading.text, "heard": text, "wrong": wrong[0]})
        by_speaker = [[sum(part) for part in zip(*some, strict=True)] for some in rows.values()]
        interval = ratio(by_speaker)
        assert interval is not None
        found[place] = {
            "wrong": [interval.value, interval.low, interval.high],
            "wrong_by_source": {name: a / max(b, 1) for name, (a, b) in sources.items()},
            "processor_seconds_per_second": meter.seconds / seconds,
            "processor_ms_per_transcription": 1000 * meter.seconds / meter.calls,
            "examples": examples,
        }
    return found


def noises(folder: Path, seed: int, held_out: bool = True) -> Iterator[tuple[str, np.ndarray]]:
    """(class, sound) of ESC-10's noises, and of silence and of noise without an end."""
    archive = folder / "esc10.tar"
    for row, audio in read_tar_audio(
        archive,
        archive.with_suffix(".tsv"),
        lambda row: held_out_noise(row["path"]) == held_out,
    ):
        yield row["class"], audio.astype(np.float32)
    rng = np.random.default_rng(seed)
    yield "silence", np.zeros(_QUIET_SAMPLES, np.float32)
    yield "faint noise", white_noise(_QUIET_SAMPLES, rng, _ROOM_DB)
    for level_db in (-50, _NOISE_DB):
        yield "white noise", white_noise(_QUIET_SAMPLES, rng, level_db)
    coloured = coloured_noise(seed, _QUIET_SAMPLES)
    yield "coloured noise", coloured * 10 ** (_NOISE_DB / 20)


def _noises(folder: Path, recogniser: Recogniser, seed: int) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {}
    for kind, sound in track(list(noises(folder, seed)), "noises"):
        said = words_of(sound, recogniser)
        entry = kinds.setdefault(kind, {"minutes": 0.0, "final": 0, "in_between": 0, "texts": []})
        entry["minutes"] += len(sound) / SAMPLE_RATE_HZ / 60
        entry["final"] += sum(one.final and bool(one.text) for one in said)
        entry["in_between"] += len({one.start_sample for one in said if one.text})
        entry["texts"] += [one.text for one in said if one.final and one.text]
    return kinds


def _show(found: dict[str, Any]) -> None:
    table = Table(title="Words of people", box=None, title_justify="left")
    for column in ("", "wrong words", "interval", "processor per second of sound", "each"):
        table.add_column(column)
    for place, entry in found["people"].items():
        value, low, high = entry["wrong"]
        table.add_row(
            PLACES[place],
            f"{value:.1%}",
            f"{low:.1%} to {high:.1%}",
            f"{entry['processor_seconds_per_second']:.3f} s",
            f"{entry['processor_ms_per_transcription']:.0f} ms",
        )
        for name, share in entry["wrong_by_source"].items():
            table.add_row(f"  {name}", f"{share:.1%}", "", "", "")
    Console().print(table)
    table = Table(title="Words out of noises", box=None, title_justify="left")
    for column in ("", "minutes", "final texts", "shown for a moment, or longer"):
        table.add_column(column)
    for kind, entry in found["noises"].items():
        table.add_row(
            kind, f"{entry['minutes']:.1f}", str(entry["final"]), str(entry["in_between"])
        )
    Console().print(table)
