"""Makes small corpora of exactly the published layouts, of tones and noise."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from tests.models.corpora.sphere_files import write_sphere

AUDIOPHILE = (
    "turn_id", "speaker", "start", "stop", "utterance", "interval", "delta", "questions",
    "end_question", "overlap", "n_words",
)  # fmt: skip
BACKBITER = (
    "turn_id", "speaker", "start", "stop", "utterance", "backchannel", "backchannel_count",
    "backchannel_speaker", "backchannel_start", "backchannel_stop", "interval", "delta",
    "questions", "end_question", "overlap", "n_words",
)  # fmt: skip
CALLDATA = (
    "CALL_ID,DATE_TIME,TOPICID,SIG_GRADE,CNV_GRADE,APIN,ASX.DL,APHNUM,APHSET,APHTYP,"
    "BPIN,BSX.DL,BPHNUM,BPHSET,BPHTYP"
)


def two_sounds(seconds: float, rate_hz: int, seed: int = 0) -> list[np.ndarray]:
    """A low tone with pauses and bursts of noise."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    noise = np.random.default_rng(seed).normal(0, 0.1, len(times)) * (times % 0.5 < 0.2)
    return [0.4 * np.sin(2 * np.pi * 300 * times) * (times % 0.7 < 0.4), np.clip(noise, -1, 1)]


def make_fisher(
    folder: Path, calls: Sequence[tuple[int, int, int]], disc: str = "fe_03_p1_sph1"
) -> None:
    """Calls (number, PIN on channel 1, PIN on channel 2), compressed and plain in turn."""
    rows = [CALLDATA]
    for index, (number, first, second) in enumerate(calls):
        name, group = f"fe_03_{number:05}", f"{number // 100:03}"
        sound = two_sounds(1.2, 8_000, number)
        write_sphere(folder / disc / "audio" / group / f"{name}.sph", sound, not index % 2)
        text = folder / "fe_03_p1_tran" / "data" / "trans" / group / f"{name}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(
            f"# {name}.sph\n# Transcribed at the LDC\n\n"
            "0.10 0.50 A: [noise] hello ((is this)) on\n\n0.48 1.02 B: (( ))\n\n"
            "0.90 1.10 A: [laughter] mhm\n"
        )
        rows.append(
            f"{number:05},20021209_22:25:12,ENG01,3,4,{first},f.a,aaa,4,2,{second},m.a,bbb,4,1"
        )
    table = folder / "fe_03_p1_tran" / "doc" / "fe_03_p1_calldata.tbl"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("\n".join(rows) + "\n")


def make_conversation(folder: Path, name: str, left: str, right: str, seed: int = 0) -> Path:
    """A conversation of CANDOR: stereo MP3 at 48 kHz, channel map and the three tables."""
    place = folder / name
    (place / "processed").mkdir(parents=True)
    (place / "transcription").mkdir()
    sound = np.stack(two_sounds(1.5, 48_000, seed), 1)
    soundfile.write(place / "processed" / f"{name}.mp3", sound, 48_000)
    (place / "processed" / "channel_map.json").write_text(json.dumps({"L": left, "R": right}))
    turns: list[dict[str, object]] = [
        {"turn_id": 0, "speaker": right, "start": 0.1, "stop": 0.7, "utterance": "Any news, then?",
         "interval": "", "delta": 0.6, "questions": 1, "end_question": True, "overlap": False,
         "n_words": 3, "backchannel": "mhm", "backchannel_count": 1, "backchannel_speaker": left,
         "backchannel_start": 0.3, "backchannel_stop": 0.4},
        {"turn_id": 1, "speaker": left, "start": 0.65, "stop": 1.2, "utterance": "None",
         "interval": -0.05, "delta": 0.55, "questions": 0, "end_question": False, "overlap": True,
         "n_words": 1, "backchannel": "", "backchannel_count": 0, "backchannel_speaker": "",
         "backchannel_start": "", "backchannel_stop": ""},
    ]  # fmt: skip
    for table, columns in (
        ("audiophile", AUDIOPHILE),
        ("cliffhanger", AUDIOPHILE),
        ("backbiter", BACKBITER),
    ):
        path = place / "transcription" / f"transcript_{table}.csv"
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(turns)
    return place
