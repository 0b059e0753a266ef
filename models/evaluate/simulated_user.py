"""The simulated user: speaks to the agent in an evaluation, waits, and records what it does.

The engine hears the user chunk by chunk, with the room's noise and reverberation. All times are
samples since the conversation began. Knows no script and scores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from engine.record.transcript import Side, captioned_sides
from engine.sound.turn_taking import Span, merged
from engine.syncllm.duplex import Duplex
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.speech.rooms import USER_DB, at_level, coloured_noise, white_noise
from models.speech.voices import Speech

SOUND_DB = -42
"""Level above which 20 ms of the agent's track count as speech."""
LATEST_ANSWER_S = 2.0
"""An answer begins at most this long after the user's end."""
EARLIEST_ANSWER_S = 0.5
"""And at most this long before it; speech that begins earlier interrupts the user
(``engine.sound.turn_taking``)."""
_ROOM_DB = -65
_ANSWERED_S = 1.0
"""After this much silence the agent's answer is over."""
_LONGEST_ANSWER_S = 15.0
_NOISE_S = 20
"""Length of the noise, which is repeated."""
_TURN_S = 0.2
_STEP = SAMPLE_RATE_HZ // 50


@dataclass(frozen=True, eq=False)
class AcousticConditions:
    """The sound's way from the user's mouth to the microphone; a quiet room by default."""

    noise_db: float | None = None
    """Level of the noise against the user's speech; it lasts for the whole conversation."""
    impulse_response: np.ndarray | None = None
    """float32 (n,): the room's, from mouth to microphone."""
    seed: int = 0


class SimulatedUser:
    """The user of one conversation, with the agent's track and units."""

    def __init__(self, duplex: Duplex, conditions: AcousticConditions | None = None) -> None:
        self._duplex = duplex
        self._conditions = conditions or AcousticConditions()
        self._rng = np.random.default_rng(self._conditions.seed)
        duplex.reset()
        # The agent's first chunk can only be heard after interval 0.
        chunk = duplex.format.chunk_samples
        self._sound = [np.zeros(chunk, np.float32)]
        silence = duplex.bundle.manifest.own_silence_unit
        self._frames = [silence] * duplex.format.chunk_frames
        self._pieces: list[tuple[int, str]] = []
        """(end of the chunk in samples, piece of the agent's words)."""
        self._heard_pieces: list[tuple[int, str]] = []
        """The same for the user's words."""
        self.yields: list[int] = []
        """Samples at which the agent fell silent in an answer, because the user interrupted."""
        self._rest = np.zeros(0, np.float32)
        self._tail = np.zeros(0, np.float32)
        """Reverberation that has not been heard yet."""
        self._noise = self._endless_noise()
        self.now = 0
        """Samples of the user's track so far."""

    # --- what the user does ---------------------------------------------------------------------

    def say(self, speech: Speech) -> tuple[int, int]:
        """Speak; returns the first sample of the words and the one after them."""
        start = self.now
        self.play(speech.trimmed())
        return start, self.now

    def play(self, sound: np.ndarray, level_db: float = USER_DB) -> None:
        """Play speech or another sound, float32 (n,); ``level_db`` is that of its active parts."""
        response = self._conditions.impulse_response
        if response is not None:
            # Removes the sound's travel time, so that times are those of the mouth.
            delay = int(np.argmax(np.abs(response)))
            wet = at_level(fftconvolve(sound, response)[delay:].astype(np.float32), level_db)
            sound, ringing = wet[: len(sound)], wet[len(sound) :]
            self._hear(sound)
            self._ring(ringing)
        else:
            self._hear(at_level(sound, level_db))

    def wait(self, seconds: float) -> None:
        """Be silent."""
        self._hear(np.zeros(int(seconds * SAMPLE_RATE_HZ), np.float32))

    def wait_for_answer(self) -> None:
        """Be silent until the agent has answered, or until an answer would be too late."""
        self.wait(LATEST_ANSWER_S)
        longest = self.now + round(_LONGEST_ANSWER_S * SAMPLE_RATE_HZ)
        while self.agent_is_speaking(_ANSWERED_S) and self.now < longest:
            self.wait(_TURN_S)

    def _hear(self, sound: np.ndarray) -> None:
        """Let the agent hear sound, with the room's noise and reverberation."""
        heard = sound + white_noise(len(sound), self._rng, _ROOM_DB)
        ringing = min(len(self._tail), len(sound))
        heard[:ringing] += self._tail[:ringing]
        self._tail = self._tail[ringing:]
        if len(self._noise):
            heard += np.take(self._noise, np.arange(self.now, self.now + len(sound)), mode="wrap")
        self.now += len(sound)
        self._rest = np.concatenate([self._rest, heard])
        chunk = self._duplex.format.chunk_samples
        while len(self._rest) >= chunk:
            step = self._duplex.step(self._rest[:chunk])
            self._rest = self._rest[chunk:]
            self._sound.append(step.agent_audio)
            self._frames += step.own_frames
            end = len(self._sound) * chunk
            if step.yields:
                self.yields.append(end - chunk)
            self._pieces += [(end, piece) for piece in step.own_text]
            self._heard_pieces += [(end, piece) for piece in step.heard_text]

    def _ring(self, sound: np.ndarray) -> None:
        longer = max(len(self._tail), len(sound))
        tails = (np.pad(part, (0, longer - len(part))) for part in (self._tail, sound))
        self._tail = np.sum(list(tails), axis=0, dtype=np.float32)

    def _endless_noise(self) -> np.ndarray:
        level_db = self._conditions.noise_db
        if level_db is None:
            return np.zeros(0, np.float32)
        noise = coloured_noise(self._conditions.seed, _NOISE_S * SAMPLE_RATE_HZ)
        loud: np.ndarray = noise * (10 ** ((USER_DB + level_db) / 20) / noise.std())
        return loud.astype(np.float32)

    # --- what the agent does --------------------------------------------------------------------

    def track(self) -> np.ndarray:
        """The agent's sound from the beginning, float32 (n,); one chunk longer than the user's."""
        return np.concatenate(self._sound)

    def frames_since(self, sample: int) -> np.ndarray:
        """The agent's units from a sample on, one per frame."""
        return np.array(self._frames[sample // FRAME_SAMPLES :])

    def frames_in(self, span: Span) -> np.ndarray:
        """The agent's units in a span of its track, one per frame."""
        delay = self._duplex.bundle.manifest.vocoder.delay_ms * SAMPLE_RATE_HZ // 1000
        first, last = span.start_sample - delay, span.end_sample - delay
        return np.array(self._frames[max(first // FRAME_SAMPLES, 0) : -(-last // FRAME_SAMPLES)])

    def captions_since(self, samples: Mapping[Side, int]) -> dict[Side, str]:
        """The captions of each side, from the chunk of its sample on.

        A side that the bundle does not caption is left out.
        """
        until = len(self._sound) * self._duplex.format.chunk_samples
        shown: dict[Side, list[tuple[int, str]]] = {
            "user": self._heard_pieces, "agent": self._pieces,
        }  # fmt: skip
        covered = captioned_sides(self._duplex.bundle.manifest)
        return {side: self._joined(shown[side], samples[side], until) for side in covered}

    def words_since(self, sample: int) -> str | None:
        """The agent's words from the chunk of a sample on; None without a text slot."""
        if self._duplex.format.text is None:
            return None
        until = len(self._sound) * self._duplex.format.chunk_samples
        return self._joined(self._pieces, sample, until)

    def _joined(self, pieces: list[tuple[int, str]], start: int, end: int) -> str:
        """The words of the chunks that overlap [start, end)."""
        chunk = self._duplex.format.chunk_samples
        inside = (piece for after, piece in pieces if start < after < end + chunk)
        return " ".join("".join(inside).split())

    def agent_is_speaking(self, seconds: float) -> bool:
        """Whether the agent spoke in the last seconds of its track."""
        chunk = self._duplex.format.chunk_samples
        chunks = -(-round(seconds * SAMPLE_RATE_HZ) // chunk)
        return bool(voice_activity(np.concatenate(self._sound[-chunks:])).any())

    def floor_transfer_offset_ms(self, start: int, end: int) -> float | None:
        """From the end of the user's words [start, end) to the answer; negative where they overlap,
        None where no answer came in time."""
        earliest = max(start, end - round(EARLIEST_ANSWER_S * SAMPLE_RATE_HZ))
        onsets = (span.start_sample for span in speech_spans(self.track()))
        onset = next((sample for sample in onsets if sample >= earliest), None)
        if onset is None or onset > end + LATEST_ANSWER_S * SAMPLE_RATE_HZ:
            return None
        return (onset - end) * 1000 / SAMPLE_RATE_HZ


def voice_activity(track: np.ndarray) -> np.ndarray:
    """Whether each 20 ms of a track hold speech; isolated steps do not count."""
    steps = track[: len(track) // _STEP * _STEP].reshape(-1, _STEP)
    loud = np.sqrt((steps**2).mean(1)) > 10 ** (SOUND_DB / 20)
    beside = np.pad(loud, 1)
    found: np.ndarray = loud & (beside[:-2] | beside[2:])
    return found


def speech_spans(track: np.ndarray) -> list[Span]:
    """A track's spans of speech; silences of up to 200 ms lie inside a span."""
    edges = np.flatnonzero(np.diff(np.pad(voice_activity(track), 1)))
    spans = [Span(int(a) * _STEP, int(b) * _STEP) for a, b in edges.reshape(-1, 2)]
    return merged(spans)


def longest_silence_ms(track: np.ndarray) -> float:
    """Length of the track's longest silence."""
    edges = np.flatnonzero(np.diff(np.pad(~voice_activity(track), 1)))
    lengths = edges[1::2] - edges[::2]
    return float(lengths.max(initial=0) * _STEP * 1000 / SAMPLE_RATE_HZ)
