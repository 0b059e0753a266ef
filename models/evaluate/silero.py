"""Silero VAD, the voice activity detector of most published work, for figures beside theirs.

Its package asks for torch, but its ONNX file needs none. The network hears 512 new samples and the
64 before them. It also accepts 512 alone, and then finds no speech in anything
(findings/silero-vad-hears-nothing-without-context.sh). Spans are found with the package's own
settings. Knows no bundle.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.onnx_session import open_session
from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ

WINDOW_SAMPLES, _CONTEXT_SAMPLES = 512, 64
_TENSORS = (
    [("input", "tensor(float)"), ("state", "tensor(float)"), ("sr", "tensor(int64)")],
    [("output", "tensor(float)"), ("stateN", "tensor(float)")],
)
ONSET, OFFSET = 0.5, 0.35
"""Speech begins above the one probability and ends below the other."""
_LEAST_SILENCE_MS, _LEAST_SPEECH_MS, _PAD_MS = 100, 250, 30


def installed_silero() -> Path | None:
    """The file of the installed package; None where it is not installed. Imports nothing."""
    found = find_spec("silero_vad")
    folders = found.submodule_search_locations if found else None
    path = Path(next(iter(folders))) / "data" / "silero_vad.onnx" if folders else None
    return path if path and path.is_file() else None


class Silero:
    """The network; every sound is heard from a fresh state."""

    def __init__(self, path: Path) -> None:
        """Raises DuologueError if the file is no such model."""
        self._session = open_session(path, *_TENSORS)

    def probabilities(self, sound: np.ndarray) -> np.ndarray:
        """How likely there is speech in each 512 samples of sound (n,), the last ones padded."""
        windows = np.pad(sound, (0, -len(sound) % WINDOW_SAMPLES)).reshape(-1, WINDOW_SAMPLES)
        state, context = np.zeros((2, 1, 128), np.float32), np.zeros(_CONTEXT_SAMPLES, np.float32)
        rate, found = np.array(SAMPLE_RATE_HZ, np.int64), []
        for window in windows:
            heard = np.concatenate([context, window])[None].astype(np.float32)
            output, state = self._session.run(None, {"input": heard, "state": state, "sr": rate})
            context = window[-_CONTEXT_SAMPLES:]
            found.append(float(output[0, 0]))
        return np.array(found)

    def spans(self, sound: np.ndarray) -> list[Span]:
        """The spans of speech in sound (n,) at 16 kHz."""
        return spans_of(self.probabilities(sound), len(sound))


@lru_cache(maxsize=1)
def silero() -> Silero:
    """The process's own, from the installed package; raises DuologueError where it is missing."""
    path = installed_silero()
    if path is None:
        raise DuologueError(
            "Silero VAD is missing; install it without torch: pip install --no-deps "
            "silero-vad==6.2.3."
        )
    return Silero(path)


def spans_of(probabilities: np.ndarray, samples: int) -> list[Span]:
    """Spans of speech from the probabilities of each 512 of ``samples``.

    A silence under 100 ms does not end one, one under 250 ms is dropped, and each is then longer by
    30 ms on both sides, or by half of a shorter silence.
    """
    least_silence = _LEAST_SILENCE_MS * SAMPLE_RATE_HZ // 1000
    found: list[Span] = []
    begun: int | None = None
    quiet_since: int | None = None
    for index, probability in enumerate(probabilities):
        now = index * WINDOW_SAMPLES
        if probability >= ONSET:
            begun = now if begun is None else begun
            quiet_since = None
        elif begun is not None and probability < OFFSET:
            quiet_since = now if quiet_since is None else quiet_since
            if now - quiet_since >= least_silence:
                found.append(Span(begun, quiet_since))
                begun = quiet_since = None
    if begun is not None:
        found.append(Span(begun, samples))
    kept = [span for span in found if span.duration_ms > _LEAST_SPEECH_MS]
    return _padded(kept, samples)


def _padded(spans: list[Span], samples: int) -> list[Span]:
    pad = _PAD_MS * SAMPLE_RATE_HZ // 1000
    padded = []
    for index, span in enumerate(spans):
        before = span.start_sample - spans[index - 1].end_sample if index else 2 * pad
        last = index + 1 == len(spans)
        after = 2 * pad if last else spans[index + 1].start_sample - span.end_sample
        start = span.start_sample - min(pad, before // 2)
        end = span.end_sample + min(pad, after // 2)
        padded.append(Span(max(start, 0), min(end, samples)))
    return padded
