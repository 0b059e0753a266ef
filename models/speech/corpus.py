"""A speech corpus on disk: utterances end to end, each with a phone label every 20 ms.

``audio.i16`` holds 16 kHz samples, ``labels.u8`` one phone class per 320 samples, and
``utterances.jsonl`` the place, speaker and text of each utterance. Every utterance fills whole
frames of 40 ms. Synthesisers give the phone times. Those of real people are ``UNKNOWN`` until
``models.tokenizer.align_corpus`` finds them.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from rich.progress import track

from engine.timebase import FRAME_SAMPLES
from models import script
from models.speech.phones import PAUSE
from models.speech.voices import Speech, speak, training_voice

LABEL_SAMPLES = 320
UNKNOWN = 255

HELD_OUT_LIBRISPEECH = {"1221", "2961", "4446", "260", "672", "1320"}
"""Speakers of the test split that the data's notes ask for; no training hears them."""


@dataclass(frozen=True)
class Utterance:
    """One stretch of the corpus."""

    start: int
    """First sample."""
    samples: int
    voice: str
    text: str


class Corpus:
    """A finished corpus, memory-mapped. Alignment may rewrite its labels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.audio = np.memmap(folder / "audio.i16", np.int16, "r")
        self.labels = np.memmap(folder / "labels.u8", np.uint8, "r+")
        with (folder / "utterances.jsonl").open() as lines:
            self.utterances = [Utterance(**json.loads(line)) for line in lines]

    def sound(self, utterance: Utterance) -> np.ndarray:
        """The samples as float32."""
        part = self.audio[utterance.start : utterance.start + utterance.samples]
        return part.astype(np.float32) / 32768

    def label_slice(self, utterance: Utterance) -> slice:
        """The utterance's part of ``labels``."""
        first = utterance.start // LABEL_SAMPLES
        return slice(first, first + utterance.samples // LABEL_SAMPLES)


class CorpusWriter:
    """Writes a corpus, utterance by utterance; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._audio = (folder / "audio.i16").open("wb")
        self._labels = (folder / "labels.u8").open("wb")
        self._lines = (folder / "utterances.jsonl").open("w")
        self._position = 0

    def __enter__(self) -> CorpusWriter:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._audio, self._labels, self._lines):
            stream.close()

    def add(self, audio: np.ndarray, labels: np.ndarray, voice: str, text: str) -> None:
        """Append one utterance of whole frames (see ``pad_to_frames``)."""
        peak = max(float(np.abs(audio).max()), 1e-3)
        (audio * (0.7 * 32767 / peak)).astype(np.int16).tofile(self._audio)
        labels.astype(np.uint8).tofile(self._labels)
        entry = Utterance(self._position, len(audio), voice, text)
        self._lines.write(json.dumps(asdict(entry)) + "\n")
        self._position += len(audio)


def pad_to_frames(audio: np.ndarray) -> np.ndarray:
    """Pad with silence to whole 40 ms frames."""
    return np.pad(audio, (0, -len(audio) % FRAME_SAMPLES))


def phone_labels(speech: Speech, samples: int) -> np.ndarray:
    """The phone class at the middle of every step of 20 ms."""
    labels = np.full(samples // LABEL_SAMPLES, PAUSE, np.uint8)
    for start, end, phone in speech.segments:
        half = LABEL_SAMPLES // 2
        labels[(start + half) // LABEL_SAMPLES : (end + half) // LABEL_SAMPLES] = phone
    return labels


# --- synthetic speech -----------------------------------------------------------------------------


def _normalised(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[^a-z' ]", " ", text.lower())).strip()


def dialogue_sentences(dialogues: Path) -> list[str]:
    """Short everyday sentences from a gzip JSON-lines file of dialogues."""
    with gzip.open(dialogues, "rt") as lines:
        turns = [turn for line in lines for turn in json.loads(line)["turns"]]
    plain = {_normalised(turn) for turn in turns if isinstance(turn, str)}
    return sorted(text for text in plain if 4 <= len(text.split()) <= 14)


def _say(job: tuple[str, str, int]) -> tuple[str, str, np.ndarray, np.ndarray]:
    text, voice, seed = job
    speech = speak(text, voice, random.Random(seed))
    audio = pad_to_frames(speech.audio)
    return text, voice, audio, phone_labels(speech, len(audio))


def write_synthetic(folder: Path, dialogues: Path, utterances: int, seed: int, jobs: int) -> None:
    """Write a corpus of synthetic voices; 65 % of its texts are everyday ones, the others the
    script's."""
    rng = random.Random(seed)
    everyday = dialogue_sentences(dialogues)
    topics = script.user_sentences() + script.agent_sentences()
    plan = [
        (rng.choice(everyday if rng.random() < 0.65 else topics), training_voice(rng), index)
        for index in range(utterances)
    ]
    with CorpusWriter(folder) as writer, ProcessPoolExecutor(jobs) as pool:
        spoken = pool.map(_say, plan, chunksize=16)
        for text, voice, audio, labels in track(spoken, "speaking", total=len(plan)):
            writer.add(audio, labels, voice, text)


# --- real people ----------------------------------------------------------------------------------


Row = dict[str, str]


def read_tar_audio(
    archive: Path, table: Path, wanted: Callable[[Row], bool] = lambda row: True
) -> Iterator[tuple[Row, np.ndarray]]:
    """(row of the table, float32 sound at 16 kHz) of the recordings of a tar file."""
    with table.open(newline="") as lines:
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        rows = {row["path"]: row for row in reader if wanted(row)}
    with tarfile.open(archive) as tar:
        for member in tar:
            row = rows.get(member.name)
            stream = tar.extractfile(member) if row else None
            if row and stream:
                audio, _ = soundfile.read(io.BytesIO(stream.read()), dtype="float32")
                yield row, audio


def transcribed_recordings(speech: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """(voice, text, audio) of the transcribed recordings that training may use."""
    for part in ("1", "2"):
        archive = speech / f"librispeech-test-clean-{part}.tar"
        for row, audio in read_tar_audio(archive, speech / "librispeech-test-clean.tsv"):
            if row["speaker"] not in HELD_OUT_LIBRISPEECH:
                yield f"librispeech:{row['speaker']}", _normalised(row["text"]), audio
    archive = speech / "speechocean762-subset.tar"
    for row, audio in read_tar_audio(archive, speech / "speechocean762-subset.tsv"):
        if not held_out_speechocean(row["speaker"]):
            yield f"speechocean:{row['speaker']}", _normalised(row["text"]), audio
    for text, audio in kathleen(speech):
        yield "kathleen", text, audio


def untranscribed_recordings(speech: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """(voice, "", audio) of recordings without transcripts, made with many microphones."""
    for name in ("picovoice-commands", "picovoice-words"):
        for row, audio in read_tar_audio(speech / f"{name}.tar", speech / f"{name}.tsv"):
            if name == "picovoice-words" or not held_out_order(row["path"]):
                yield name, "", audio


def spoken_orders(speech: Path) -> Iterator[tuple[str, np.ndarray]]:
    """(slots as spoken, audio) of the coffee orders that training may use."""
    archive = speech / "picovoice-commands.tar"
    for row, audio in read_tar_audio(archive, archive.with_suffix(".tsv")):
        if not held_out_order(row["path"]):
            yield row["slots_as_spoken"], audio


def kathleen(speech: Path) -> Iterator[tuple[str, np.ndarray]]:
    """(text, audio) of the recordings of the agent's voice."""
    archive = speech / "kathleen-cc0.tar"
    for row, audio in read_tar_audio(archive, archive.with_suffix(".tsv")):
        yield _normalised(row["text"]), audio


def held_out_orders(speech: Path) -> Iterator[tuple[str, np.ndarray]]:
    """(slots as spoken, audio) of the held-out coffee orders."""
    archive = speech / "picovoice-commands.tar"
    table = archive.with_suffix(".tsv")
    for row, audio in read_tar_audio(archive, table, lambda row: held_out_order(row["path"])):
        yield row["slots_as_spoken"], audio


def held_out_people(speech: Path) -> Iterator[np.ndarray]:
    """Read speech of LibriSpeech's held-out speakers."""

    def held_out(row: Row) -> bool:
        return row["speaker"] in HELD_OUT_LIBRISPEECH

    table = speech / "librispeech-test-clean.tsv"
    for part in ("1", "2"):
        archive = speech / f"librispeech-test-clean-{part}.tar"
        for _, audio in read_tar_audio(archive, table, held_out):
            yield audio


@dataclass(frozen=True, eq=False)
class Reading:
    """A person reads a text."""

    speaker: str
    text: str
    audio: np.ndarray
    """Mono float32, 16 kHz."""


def held_out_readings(speech: Path) -> Iterator[Reading]:
    """Texts that people read whom no training hears: LibriSpeech's held-out speakers, and
    speechocean762's, whose mother tongue is not English."""

    def librispeech(row: Row) -> bool:
        return row["speaker"] in HELD_OUT_LIBRISPEECH

    def speechocean(row: Row) -> bool:
        return held_out_speechocean(row["speaker"])

    sources = [
        ("librispeech-test-clean-1.tar", "librispeech-test-clean.tsv", librispeech),
        ("librispeech-test-clean-2.tar", "librispeech-test-clean.tsv", librispeech),
        ("speechocean762-subset.tar", "speechocean762-subset.tsv", speechocean),
    ]
    for archive, table, wanted in sources:
        for row, audio in read_tar_audio(speech / archive, speech / table, wanted):
            source = table.partition("-")[0]
            yield Reading(f"{source}:{row['speaker']}", _normalised(row["text"]), audio)


def held_out_speechocean(speaker: str) -> bool:
    """Whether a speaker of speechocean762 is in the test split that the data's notes ask for."""
    return speaker.endswith("3")


def held_out_order(path: str) -> bool:
    """Whether a spoken coffee order is in the test split that the data's notes ask for."""
    return Path(path).name[0] in "012"


def held_out_noise(path: str) -> bool:
    """Whether a clip of ESC-10 is in its fifth fold, which no training hears."""
    return "_5-" in Path(path).name


def write_recorded(folder: Path, people: Iterator[tuple[str, str, np.ndarray]]) -> None:
    """Write a corpus of real people; its labels are ``UNKNOWN`` until alignment."""
    with CorpusWriter(folder) as writer:
        for voice, text, audio in track(people, "reading recordings"):
            padded = pad_to_frames(audio)
            labels = np.full(len(padded) // LABEL_SAMPLES, UNKNOWN, np.uint8)
            writer.add(padded, labels, voice, text)
