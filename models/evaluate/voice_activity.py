"""The board of voice activity: does the detector tell people's speech from other sounds, and soon?

It compares the detector that ships with the level alone, with webrtcvad alone in its four modes,
with webrtcvad and the level in plain conjunction, and, where its file is given, with Silero VAD as
a reference. Knows no bundle and no torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import webrtcvad
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.atomic_write import write_atomically
from engine.errors import DuologueError
from engine.sound.audio_file import to_pcm
from engine.sound.level import LEVEL_SAMPLES, levels_db
from engine.sound.turn_taking import IPU_SILENCE_MS, voice_activity
from engine.sound.voice_activity import (
    LevelActivityDetector,
    VoiceActivityDetector,
    VoiceTrack,
)
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.confidence_intervals import bootstrap, ratio
from models.evaluate.silero import ONSET, WINDOW_SAMPLES, Silero
from models.evaluate.voice_activity_scenes import (
    VoiceScene,
    echo_scenes,
    noise_scenes,
    speech_scenes,
)

LEVEL, SHIPPED = "level alone", "as shipped"
GOAL_FALSE_SHARE = 0.5
"""Of the level's false activity."""
_BLOCK_MS = 10
_PAUSE_BLOCKS = IPU_SILENCE_MS // _BLOCK_MS
_EARLY_BLOCKS, _LATE_BLOCKS = 10, 30
"""Activity this near a person's speech is not false: alignment is inexact, pauses are held."""
_PAUSE_BEFORE_BLOCKS = 50
"""An onset follows a pause of half a second ..."""
_LOOK_BEFORE_BLOCKS = 15
"""... and counts where the detector was silent this long before it."""
_NEVER_MS = 10_000.0
_ONSET_BLOCKS = 3

Rule = Callable[[np.ndarray], np.ndarray]
"""Sound (160 n,) to whether somebody speaks, bool (n,); for a talk's beginning."""


# --- the rules ------------------------------------------------------------------------------------


def rules(silero: Path | None) -> dict[str, Rule]:
    """All rules by name. Raises DuologueError where Silero's file cannot be used."""
    found: dict[str, Rule] = {LEVEL: lambda sound: LevelActivityDetector().push(sound)}
    for mode in range(4):
        found[f"webrtcvad, mode {mode}"] = partial(_alone, mode)
    for mode in (2, 3):
        found[f"mode {mode} and level"] = partial(_beside_level, mode)
    found[SHIPPED] = lambda sound: VoiceActivityDetector().push(sound)
    found["labels, level alone"] = lambda sound: _labelled(sound, False)
    found["labels, as shipped"] = lambda sound: _labelled(sound, True)
    if silero:
        network = Silero(silero)
        found["Silero VAD (reference)"] = lambda sound: _held(_silero(network, sound), 1)
    return found


def _webrtc(mode: int, sound: np.ndarray) -> np.ndarray:
    """What webrtcvad alone says of each block, bool (n,)."""
    vad = webrtcvad.Vad(mode)
    blocks = to_pcm(sound).reshape(-1, LEVEL_SAMPLES)
    return np.array([vad.is_speech(block.tobytes(), SAMPLE_RATE_HZ) for block in blocks], bool)


def _alone(mode: int, sound: np.ndarray) -> np.ndarray:
    return _held(_webrtc(mode, sound))


def _beside_level(mode: int, sound: np.ndarray) -> np.ndarray:
    return _held(_webrtc(mode, sound) & _loud(sound))


def _loud(sound: np.ndarray) -> np.ndarray:
    """The level's rule for a single block: 12 dB over a floor that rises 2 dB a second."""
    levels, rises = levels_db(sound), 0.02 * np.arange(len(sound) // LEVEL_SAMPLES)
    floor = np.minimum.accumulate(np.minimum(np.maximum(levels, -90), -60 + rises) - rises) + rises
    return np.asarray(levels > np.maximum(-50.0, floor + 12.0))


def _held(voiced: np.ndarray, onset_blocks: int = _ONSET_BLOCKS) -> np.ndarray:
    """Onsets after so many blocks of voice, pauses of up to 200 ms inside, as for the level."""
    index = np.arange(len(voiced))
    quiet_for = index - np.maximum.accumulate(np.where(voiced, index, -1))
    voiced_for = index - np.maximum.accumulate(np.where(voiced, -1, index))
    onset = np.maximum.accumulate(np.where(voiced & (voiced_for >= onset_blocks), index, -1))
    end = np.maximum.accumulate(np.where(quiet_for > _PAUSE_BLOCKS, index, -1))
    return np.asarray(onset > end)


def _labelled(sound: np.ndarray, voice: bool) -> np.ndarray:
    """The labels of a whole recording."""
    heard = VoiceTrack()
    heard.push(sound)
    labelled = np.zeros(len(sound) // LEVEL_SAMPLES, bool)
    for span in voice_activity(heard.levels_db, heard.voiced if voice else None):
        labelled[span.start_sample // LEVEL_SAMPLES : span.end_sample // LEVEL_SAMPLES] = True
    return labelled


def _silero(network: Silero, sound: np.ndarray) -> np.ndarray:
    """Silero's decision, known at the end of each 32 ms, for each block."""
    speech = np.concatenate([[False], network.probabilities(sound) > ONSET])
    ends = (np.arange(len(sound) // LEVEL_SAMPLES) + 1) * LEVEL_SAMPLES
    return np.asarray(speech[ends // WINDOW_SAMPLES])


# --- figures --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SceneFigures:
    """How one rule did in one scene."""

    kind: str
    source: str
    rule: str
    people: bool
    unspoken_minutes: float
    """How long nobody spoke."""
    false_s: float
    false_onsets: int
    spoken_blocks: int
    missed_blocks: int
    onsets: int
    delays_ms: list[tuple[float, float]]
    """The rule's and the level's delay at onsets before which both were silent."""


def measure(scene: VoiceScene, rule: str, active: np.ndarray, level: np.ndarray) -> SceneFigures:
    """Compare a rule's activity, bool (n,), with the truth; ``level`` is the level's activity."""
    spans = [
        (span.start_sample // LEVEL_SAMPLES, span.end_sample // LEVEL_SAMPLES)
        for span in scene.spoken
    ]
    spoken, near = np.zeros(len(active), bool), np.zeros(len(active), bool)
    for start, end in spans:
        spoken[start:end] = True
        near[max(start - _EARLY_BLOCKS, 0) : end + _LATE_BLOCKS] = True
    onsets = np.flatnonzero(active & ~np.concatenate([[False], active[:-1]]))
    delays, count, before = [], 0, -_PAUSE_BEFORE_BLOCKS
    for start, end in spans:
        looked = max(start - _LOOK_BEFORE_BLOCKS, 0)
        if start - before >= _PAUSE_BEFORE_BLOCKS:
            count += 1
            if not active[looked] and not level[looked]:
                pair = [_delay(one, looked, start, end) for one in (active, level)]
                delays.append((pair[0], pair[1]))
        before = end
    return SceneFigures(
        kind=scene.kind,
        source=scene.source,
        rule=rule,
        people=bool(spans),
        unspoken_minutes=float((~near).sum()) * _BLOCK_MS / 60_000,
        false_s=float((active & ~near).sum()) * _BLOCK_MS / 1000,
        false_onsets=int((~near[onsets]).sum()),
        spoken_blocks=int(spoken.sum()),
        missed_blocks=int((spoken & ~active).sum()),
        onsets=count,
        delays_ms=delays,
    )


def _delay(active: np.ndarray, looked: int, start: int, end: int) -> float:
    """From an onset to the end of the block in which it was told; negative before it."""
    told = np.flatnonzero(active[looked:end])
    return float(looked + told[0] + 1 - start) * _BLOCK_MS if len(told) else _NEVER_MS


def evaluate_voice_activity(
    data: Path,
    readings: int = 5,
    clips: int = 6,
    rooms: int = 4,
    silero: Path | None = None,
    development: bool = False,
    seed: int = 0,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Run the board, print its tables, and return (and write) the figures.

    ``readings`` of each of six speakers, ``clips`` of each kind of noise. Raises DuologueError
    where the data or Silero's file cannot be read.
    """
    if not (data / "noise" / "esc10.tar").is_file():
        raise DuologueError(f"{data} holds no noise/esc10.tar; give the folder of open data.")
    measured = _measured(
        chain(
            speech_scenes(data, readings, not development, seed),
            noise_scenes(data, clips, not development, seed),
            echo_scenes(data, rooms, not development, seed),
        ),
        rules(silero),
    )
    figures = {"half": "development" if development else "held out", "seed": seed}
    figures |= summary(measured)
    show(Console(), figures)
    if json_path:
        scenes = [asdict(one) for one in measured]
        write_atomically(json_path, json.dumps(figures | {"scenes": scenes}, indent=2) + "\n")
    return figures


def _measured(scenes: Iterable[VoiceScene], chosen: dict[str, Rule]) -> list[SceneFigures]:
    found = []
    for scene in track(scenes, "scenes"):
        level = chosen[LEVEL](scene.sound)
        found += [measure(scene, name, rule(scene.sound), level) for name, rule in chosen.items()]
    return found


def summary(measured: Sequence[SceneFigures]) -> dict[str, Any]:
    """False activity by group and by kind, missed speech and delays by kind, for every rule."""
    table: dict[str, Any] = {}
    for rule in dict.fromkeys(one.rule for one in measured):
        mine = [one for one in measured if one.rule == rule]
        table[rule] = {
            "false": {group: _false(some) for group, some in _groups(mine).items()},
            "speech": {
                kind: _speech([one for one in mine if one.kind == kind])
                for kind in dict.fromkeys(one.kind for one in mine if one.people)
            },
        }
    return {"rules": table}


def _groups(mine: Sequence[SceneFigures]) -> dict[str, list[SceneFigures]]:
    groups: dict[str, list[SceneFigures]] = {"all noises": [one for one in mine if not one.people]}
    for one in mine:
        group = "people's pauses" if one.people else one.kind
        groups.setdefault(group, []).append(one)
    return groups


def _false(some: Sequence[SceneFigures]) -> dict[str, Any]:
    seconds = ratio([(one.false_s, one.unspoken_minutes) for one in some])
    onsets = ratio([(one.false_onsets, one.unspoken_minutes) for one in some])
    return {
        "minutes": sum(one.unspoken_minutes for one in some),
        "s_a_minute": asdict(seconds) if seconds else None,
        "onsets_a_minute": asdict(onsets) if onsets else None,
    }


def _speech(some: Sequence[SceneFigures]) -> dict[str, Any]:
    missed = ratio([(one.missed_blocks, one.spoken_blocks) for one in some])
    delays = [pair for one in some for pair in one.delays_ms]
    figures: dict[str, Any] = {
        "minutes": sum(one.spoken_blocks for one in some) * _BLOCK_MS / 60_000,
        "missed": asdict(missed) if missed else None,
        "onsets": sum(one.onsets for one in some),
        "counted_onsets": len(delays),
    }
    for percent in (50, 90):
        for column, whose in enumerate(("", "level_")):
            found = bootstrap(delays, _percentile(column, percent))
            figures[f"{whose}delay_ms_{percent}"] = asdict(found) if found else None
    return figures


def _percentile(column: int, percent: int) -> Callable[[np.ndarray], float]:
    return lambda drawn: float(np.percentile(drawn[:, column], percent))


# --- tables ---------------------------------------------------------------------------------------


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print the tables, and whether the goal is met."""
    found = figures["rules"]
    names = list(found)
    table = Table(title=f"False activity, s a minute (onsets a minute); {figures['half']}")
    for heading in ("sound", *names):
        table.add_column(heading, justify="left" if heading == "sound" else "right")
    for group in found[LEVEL]["false"]:
        cells = []
        for name in names:
            one = found[name]["false"][group]
            cells.append(f"{_value(one['s_a_minute'])} ({_value(one['onsets_a_minute'])})")
        table.add_row(group, *cells)
    console.print(table)
    table = Table(title="Missed speech; delay of onsets, median and 90th percentile (the level's)")
    for heading in ("rule", *found[LEVEL]["speech"]):
        table.add_column(heading)
    for name in names:
        cells = []
        for one in found[name]["speech"].values():
            missed = one["missed"]["value"] if one["missed"] else float("nan")
            delays = "/".join(_value(one[f"delay_ms_{p}"], 0) for p in (50, 90))
            levels = "/".join(_value(one[f"level_delay_ms_{p}"], 0) for p in (50, 90))
            cells.append(f"{missed:.1%}; {delays} ({levels}) ms of {one['counted_onsets']}")
        table.add_row(name, *cells)
    console.print(table)
    pair = [found[name]["false"]["all noises"]["s_a_minute"] for name in (SHIPPED, LEVEL)]
    if all(pair) and pair[1]["value"]:
        share = pair[0]["value"] / pair[1]["value"]
        met = "met" if share <= GOAL_FALSE_SHARE else "missed"
        console.print(
            f"False activity in noises {share:.0%} of the level's "
            f"(goal: at most {GOAL_FALSE_SHARE:.0%}): {met}"
        )


def _value(interval: dict[str, Any] | None, digits: int = 1) -> str:
    return f"{interval['value']:.{digits}f}" if interval else "-"
