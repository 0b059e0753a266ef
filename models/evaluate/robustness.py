"""The robustness board: does speech give the same units in noise and in a room as close by?

Each recording is encoded five times: clean, with noise, in a simulated room, at half the level, and
clean but chunk by chunk, as in a conversation. The figure is the unit edit distance to the first,
with repeated units once, as the language model sees them. With natural voices, the same is measured
between two of them that say the same sentence. Knows no torch.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.signal import fftconvolve

from engine.atomic_write import write_atomically
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.unit_encoder import Tokenizer, streamed_units
from engine.timebase import FRAME_MS, FRAME_SAMPLES
from models import script
from models.edit_distance import edit_distance
from models.evaluate.echo_open_loop import deduplicated, find_speakers
from models.evaluate.user_voices import NATURAL, say
from models.speech.rooms import USER_DB, at_level, coloured_noise, draw_room, speech_level_db

NOISE_DB = -20.0
GOAL_NOISE, GOAL_ROOM, GOAL_CHUNKS, GOAL_VOICES = 0.12, 0.22, 0.10, 0.45
_FIRST_ROOM = 3_000_000
_MOST_SECONDS = 12.0
_CONFIDENCE = 1.96


def evaluate_robustness(
    speech: Path,
    bundle_path: Path | None = None,
    recordings: int = 120,
    seed: int = 0,
    json_path: Path | None = None,
    packs: Path | None = None,
    kept: Path | None = None,
) -> dict[str, Any]:
    """Run the board, print its table, and return (and write) the shares of wrong units.

    ``speech`` is a folder of recordings with one folder per speaker, ``packs`` that of the natural
    voices, whose speech is kept in ``kept``. Raises DuologueError where there are fewer than two
    speakers.
    """
    bundle = load_bundle(bundle_path)
    tokenizer = Tokenizer(bundle.tokenizer)
    rng = random.Random(seed)
    people = find_speakers(speech)
    errors: dict[str, list[float]] = {"noise": [], "room": [], "level": [], "chunks": []}
    for index in track(range(recordings), "recordings"):
        paths = people[sorted(people)[index % len(people)]]
        sound = whole_chunks(bundle, at_level(read_mono(rng.choice(paths), _MOST_SECONDS), USER_DB))
        clean = deduplicated(tokenizer.encode_file(sound))
        ways: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
            "noise": in_noise,
            "room": in_room,
            "level": at_half,
        }
        heard = {
            name: tokenizer.encode_file(way(sound, _FIRST_ROOM + 1000 * seed + index))
            for name, way in ways.items()
        } | {"chunks": in_chunks(sound, bundle, tokenizer)}
        for name, units in heard.items():
            errors[name].append(edit_distance(clean, deduplicated(units)) / len(clean))
    if packs:
        errors["voices"] = [
            two_voices(tokenizer, index, seed, packs, kept)
            for index in track(range(recordings), "pairs of voices")
        ]
    figures: dict[str, Any] = {"recordings": recordings, "speakers": len(people), "seed": seed}
    for name, shares in errors.items():
        mean = float(np.mean(shares))
        margin = _CONFIDENCE * float(np.std(shares)) / len(shares) ** 0.5
        figures[name] = {"unit_error": mean, "low": mean - margin, "high": mean + margin}
    _show(Console(), figures)
    if json_path:
        write_atomically(json_path, json.dumps(figures, indent=2) + "\n")
    return figures


def two_voices(
    tokenizer: Tokenizer, number: int, seed: int, packs: Path, kept: Path | None
) -> float:
    """The share of units that differ where two held-out natural voices say the same sentence."""
    rng = random.Random(f"{seed}:{number}")
    text = rng.choice(script.user_sentences())
    first, second = (
        deduplicated(tokenizer.encode_file(at_level(speech.trimmed(), USER_DB)))
        for speech in (say(text, voice, rng, packs, kept) for voice in rng.sample(NATURAL, 2))
    )
    return edit_distance(first, second) / max(len(first), len(second))


def in_noise(sound: np.ndarray, seed: int, noise_db: float = NOISE_DB) -> np.ndarray:
    """Add noise of a level against the speech, stronger towards low frequencies; float32 (n,)."""
    noise = coloured_noise(seed, len(sound))
    level_db = speech_level_db(sound) + noise_db
    noisy: np.ndarray = (sound + noise * (10 ** (level_db / 20) / noise.std())).astype(np.float32)
    return noisy


def in_room(sound: np.ndarray, seed: int) -> np.ndarray:
    """As heard by a microphone 0.4 to 1.5 m away in a room with an RT60 of 0.2 to 0.8 s."""
    room = draw_room(seed, 0)
    # Removes the sound's travel time, so that both are aligned.
    delay = int(np.argmax(np.abs(room.user_response)))
    wet = fftconvolve(sound, room.user_response)[delay : delay + len(sound)]
    return at_level(wet, USER_DB)


def at_half(sound: np.ndarray, _seed: int) -> np.ndarray:
    """At half the level."""
    return 0.5 * sound


def in_chunks(sound: np.ndarray, bundle: Bundle, tokenizer: Tokenizer) -> np.ndarray:
    """Units (frames,) of whole chunks of sound (n,), encoded chunk by chunk."""
    settings = bundle.manifest.encoder
    return streamed_units(
        tokenizer, sound, _chunk_frames(bundle), settings.window_ms, settings.lookahead_ms
    )


def whole_chunks(bundle: Bundle, sound: np.ndarray) -> np.ndarray:
    """The sound (n,) without what follows its last whole chunk."""
    chunk = _chunk_frames(bundle) * FRAME_SAMPLES
    return sound[: len(sound) // chunk * chunk]


def _chunk_frames(bundle: Bundle) -> int:
    return bundle.manifest.default_chunk_ms // FRAME_MS


def _show(console: Console, figures: dict[str, Any]) -> None:
    table = Table(title=f"{figures['recordings']} recordings of {figures['speakers']} speakers")
    for heading in ("recording", "units that differ", "95 % interval", "goal"):
        table.add_column(heading)
    for name, label, goal in (
        ("noise", "with noise at 20 dB", f"at most {GOAL_NOISE:.0%}"),
        ("room", "in a room", f"at most {GOAL_ROOM:.0%}"),
        ("level", "half as loud", ""),
        ("chunks", "in chunks", f"at most {GOAL_CHUNKS:.0%}"),
        ("voices", "same sentence by two natural voices", f"at most {GOAL_VOICES:.0%}"),
    ):
        if name not in figures:
            continue
        entry = figures[name]
        between = f"{entry['low']:.1%} - {entry['high']:.1%}"
        table.add_row(label, f"{entry['unit_error']:.1%}", between, goal)
    console.print(table)
