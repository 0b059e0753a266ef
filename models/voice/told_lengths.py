"""What the token format leaves of the units of the agent's speech: which they are, but not how long
each lasts within its chunk. Gives the units that the voice will get, and the times of a speech that
fits them. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.timebase import FRAME_MS
from engine.voice.agent_units import (
    SOUND_LEADS_MS,
    frame_phones,
)
from engine.voice.hibari_network import PHONE_STEP_MS, PITCH_STEP_MS
from models.speech.agent_speech import AgentSpeech
from models.vocoder.segments import reexpanded

_LEAST_GAP_MS = 1e-6


def told_speech(
    speech: AgentSpeech, chunk_frames: int, offset: int
) -> tuple[np.ndarray, list[float]]:
    """The agent's own units of a speech as the format gives them back, int16 (frames,), and the
    phone lengths of a speech that says just these, in ms.

    The first chunk begins ``offset`` frames after the speech.
    """
    timed = speech.timed_phones()
    starts_ms = np.array([phone.start_ms for phone in timed])[frame_phones(timed)]
    told, before_ms, after_ms = _told(
        speech.units(), starts_ms, timed[-1].end_ms, chunk_frames, offset, True
    )
    return told, retimed(speech.lengths_ms, before_ms, after_ms)


def told_heard(
    units: np.ndarray, steps: int, chunk_frames: int, offset: int, boundary_emit: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The same for the ``units`` (frames,) that a tokenizer hears in a speech, unit i in frame i;
    and in place of lengths, int (steps,): which step of the speech each step of a speech that says
    just these comes from. Without ``boundary_emit`` the format is the paper's.

    Lengths of phones could not place a unit, which is often a part of a phone.
    """
    starts_ms = np.arange(len(units)) * float(FRAME_MS)
    end_ms = len(units) * float(FRAME_MS)
    told, before_ms, after_ms = _told(units, starts_ms, end_ms, chunk_frames, offset, boundary_emit)
    middles_ms = (np.arange(steps) + 0.5) * PITCH_STEP_MS
    places = np.interp(middles_ms, after_ms, before_ms) / PITCH_STEP_MS
    return told, np.clip(places.astype(int), 0, steps - 1)


def _told(
    units: np.ndarray,
    starts_ms: np.ndarray,
    end_ms: float,
    chunk_frames: int,
    offset: int,
    boundary_emit: bool,
) -> tuple[np.ndarray, list[float], list[float]]:
    """The units as they come back, and moments of the speech before and after that.

    ``starts_ms`` (frames,): where a unit that begins in a frame begins in the speech.
    """
    # Runs of one unit are told apart by their number, so that their boundaries can be found again.
    runs = np.cumsum(np.diff(units, prepend=units[0]) != 0)
    told_runs = reexpanded(runs, chunk_frames, offset, boundary_emit)
    _, first_frames = np.unique(runs, return_index=True)
    kept, told_frames = np.unique(told_runs, return_index=True)
    return (
        units[first_frames[told_runs]],
        [0.0, *starts_ms[first_frames[kept[1:]]].tolist(), end_ms],
        [0.0, *(told_frames[1:] * FRAME_MS).tolist(), len(units) * FRAME_MS],
    )


def retimed(
    lengths_ms: Sequence[float], before_ms: Sequence[float], after_ms: Sequence[float]
) -> list[float]:
    """Phone lengths when the moments ``before_ms`` of the sound become ``after_ms``, as whole steps
    of the synthesiser. Both kinds of moments ascend; between them time is stretched evenly."""
    before = np.maximum.accumulate(
        np.asarray(before_ms) + _LEAST_GAP_MS * np.arange(len(before_ms))
    )
    after = np.maximum.accumulate(np.asarray(after_ms))
    ends = np.interp(np.cumsum(lengths_ms) - SOUND_LEADS_MS, before, after) + SOUND_LEADS_MS
    steps = np.round(ends / PHONE_STEP_MS)
    steps[-1] = max(steps[-1], round(float(after[-1]) / PHONE_STEP_MS))
    lengths: list[float] = (np.diff(steps, prepend=0).clip(0) * PHONE_STEP_MS).tolist()
    return lengths
