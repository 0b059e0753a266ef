"""What the token format leaves of the agent's units: which they are, but not how long each lasts
within its chunk. Gives the units that the voice will get, and phone lengths that fit them. Pure
functions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.timebase import FRAME_MS
from engine.voice.agent_units import (
    SOUND_LEADS_MS,
    frame_phones,
)
from engine.voice.hibari_network import PHONE_STEP_MS
from models.speech.agent_speech import AgentSpeech
from models.vocoder.segments import reexpanded

_LEAST_GAP_MS = 1e-6


def told_speech(
    speech: AgentSpeech, chunk_frames: int, offset: int
) -> tuple[np.ndarray, list[float]]:
    """The units of a speech as the format gives them back, int16 (frames,), and the phone lengths
    of a speech that says just these, in ms.

    The first chunk begins ``offset`` frames after the speech.
    """
    timed, units = speech.timed_phones(), speech.units()
    # Runs of one unit are told apart by their number, so that their boundaries can be found again.
    runs = np.cumsum(np.diff(units, prepend=units[0]) != 0)
    told_runs = reexpanded(runs, chunk_frames, offset)
    _, first_frames = np.unique(runs, return_index=True)
    phones = frame_phones(timed)
    kept, told_frames = np.unique(told_runs, return_index=True)
    before = [timed[phones[first_frames[run]]].start_ms for run in kept[1:]]
    lengths = retimed(
        speech.lengths_ms,
        [0.0, *before, timed[-1].end_ms],
        [0.0, *(told_frames[1:] * FRAME_MS).tolist(), len(units) * FRAME_MS],
    )
    return units[first_frames[told_runs]], lengths


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
