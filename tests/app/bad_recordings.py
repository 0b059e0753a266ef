"""Folders of recordings as they should not be, each made of a whole one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from engine.record.events import EVENTS_NAME
from engine.record.recordings import LABELS_NAME, SOUND_NAME, TITLE_NAME
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.recorded_talks import change_line, lines, put_lines, sound_of_talk

Damage = Callable[[Path], object]


def _events(*those: bytes) -> Damage:
    return lambda folder: put_lines(folder, *those)


def _line(number: int, text: bytes) -> Damage:
    def damage(folder: Path) -> None:
        those = lines(folder)
        those[number] = text
        put_lines(folder, *those)

    return damage


def _values(number: int, **values: object) -> Damage:
    return lambda folder: change_line(folder, number, **values)


def _more(text: bytes) -> Damage:
    return lambda folder: put_lines(folder, *lines(folder), text)


def _file(name: str, content: bytes = b"") -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def _folder_instead(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()

    return damage


def _pipe_instead(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return damage


def _sound(sound: np.ndarray, rate_hz: int = SAMPLE_RATE_HZ, **form: str) -> Damage:
    return lambda folder: soundfile.write(folder / SOUND_NAME, sound, rate_hz, **form)


def _cut(name: str, share: float) -> Damage:
    def damage(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * share)])

    return damage


def _overwritten(name: str, place: float, with_bytes: bytes) -> Damage:
    def damage(folder: Path) -> None:
        whole = bytearray((folder / name).read_bytes())
        start = int(len(whole) * place)
        whole[start : start + len(with_bytes)] = with_bytes
        (folder / name).write_bytes(whole)

    return damage


def _claims_2_to_36(folder: Path) -> None:
    """The length in a FLAC's header: the lower four bits of byte 21 and the four behind it."""
    whole = bytearray((folder / SOUND_NAME).read_bytes())
    whole[21] |= 0x0F
    whole[22:26] = b"\xff" * 4
    (folder / SOUND_NAME).write_bytes(whole)


_DEEP = b'{"kind": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
_DEVICE = b'{"kind": "device", "start_sample": %d, "text": "%s"}\n'
_MONO = sound_of_talk(20)[:, 0]

SOUND_IS_FINE: dict[str, Damage] = {
    "no events": lambda folder: (folder / EVENTS_NAME).unlink(),
    "empty events": _events(),
    "events are zeros": _events(bytes(5000)),
    "events are noise": _events(np.random.default_rng(0).bytes(5000)),
    "events are one line of 9 MB": _events(b"x" * 9_000_000 + b"\n"),
    "events are a folder": _folder_instead(EVENTS_NAME),
    "a first line that is broken": _line(0, b'{"kind": "talk", "vers\n'),
    "a first line that is a list": _line(0, b"[]\n"),
    "a first line 100,000 deep": _line(0, _DEEP),
    "a line that is broken": _line(5, b'{"kind": "chunk", "ind\n'),
    "a line 100,000 deep": _line(5, _DEEP),
    "a line of 9 MB": _line(5, b"x" * 9_000_000 + b"\n"),
    "a line of half characters": _line(5, b'{"kind": "\xff\xfe"}\n'),
    "a last line that is broken": _cut(EVENTS_NAME, 0.99),
    "a last line 100,000 deep": _more(_DEEP),
    "an older version": _values(0, version=1),
    "a newer version": _values(0, version=99),
    "a date of year 1": _values(0, began="0001-01-01T00:00:00"),
    "a date of year 1 in the east": _values(0, began="0001-01-01T00:00:00+14:00"),
    "a date of year 9999": _values(0, began="9999-12-31T23:59:59-14:00"),
    "a date in words": _values(0, began="yesterday"),
    "a date as a number": _values(0, began=1767265200),
    "an order beyond all": _values(0, order_ms=10**300),
    "an order below none": _values(0, order_ms=-1),
    "no bundle": _values(0, bundle=None),
    "chunks of no length": _values(0, chunk_ms=0),
    "chunks of a year": _values(0, chunk_ms=31_536_000_000),
    "a latency below none": _values(0, latency_ms=-160),
    "another sound's name": _values(0, sound="labels.txt"),
    "a sound's name elsewhere": _values(0, sound="../other.flac"),
    "a chunk at 2^40": _values(3, index=2**40),
    "a chunk below none": _values(3, index=-3),
    "a chunk of text": _values(3, index="three"),
    "units that are text": _values(3, user_units="hello"),
    "late by a word": _values(3, late_ms="much"),
    "late by a list": _values(3, late_ms=[1]),
    "two heads": lambda folder: put_lines(folder, lines(folder)[0], *lines(folder)),
    "chunks twice": lambda folder: put_lines(folder, *lines(folder), *lines(folder)[1:]),
    "an unknown record": _more(b'{"kind": "mood", "good": true}\n'),
    "a device at 2^70": _more(_DEVICE % (2**70, b"x")),
    "a device before all": _more(_DEVICE % (-5, b"x")),
    "a device of 1 MB": _more(_DEVICE % (5, b"x" * 1_000_000)),
    "an unknown command": _more(b'{"kind": "command", "start_sample": 0, "command": "sing"}\n'),
    "a summary of another kind": _more(b'{"kind": "summary", "chunks": {}}\n'),
    "what macOS leaves": _file(".DS_Store", b"icons"),
    "what Windows leaves": _file("desktop.ini", b"[.ShellClassInfo]"),
    "what older Windows leaves": _file("Thumbs.db", b"icons"),
    "what KDE leaves": _file(".directory", b"[Desktop Entry]"),
    "an exported WAV inside": _file("talk.wav", b"RIFF"),
    "a folder inside": lambda folder: (folder / "old").mkdir(),
    "a title of noise": _file(TITLE_NAME, np.random.default_rng(0).bytes(500)),
    "a title of 9 MB": _file(TITLE_NAME, b"x" * 9_000_000),
    "a title that is a folder": _folder_instead(TITLE_NAME),
    "labels that are a folder": _folder_instead(LABELS_NAME),
}
SOUND_IS_DAMAGED: dict[str, Damage] = {
    "a sound that breaks off": _cut(SOUND_NAME, 0.5),
    "a sound with a hole": _overwritten(SOUND_NAME, 0.5, bytes(3000)),
    "a sound that claims 2^36 samples": _claims_2_to_36,
}
NO_SOUND: dict[str, Damage] = {
    "no sound": lambda folder: (folder / SOUND_NAME).unlink(),
    "an empty sound": _file(SOUND_NAME),
    "a sound of text": _file(SOUND_NAME, b"no sound"),
    "a sound whose head is cut": _cut(SOUND_NAME, 0.0005),
    "a sound of one track": _sound(_MONO),
    "a sound of three tracks": _sound(np.stack([_MONO] * 3, axis=1)),
    "a sound of another rate": _sound(sound_of_talk(20), 44_100),
    "a sound that is a folder": _folder_instead(SOUND_NAME),
}
if hasattr(os, "mkfifo"):
    SOUND_IS_FINE["events are a pipe"] = _pipe_instead(EVENTS_NAME)
    SOUND_IS_FINE["a title that is a pipe"] = _pipe_instead(TITLE_NAME)
    NO_SOUND["a sound that is a pipe"] = _pipe_instead(SOUND_NAME)
ALL = SOUND_IS_FINE | SOUND_IS_DAMAGED | NO_SOUND
