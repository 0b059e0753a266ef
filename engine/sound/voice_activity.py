"""Voice activity of a live track, block by block: for the state, for barge-in, for labels.

On the user's track WebRTC's detector decides (`webrtcvad`, Gaussian mixtures over six bands), with
the level beside it. Alone it goes by absolute level: loud noise is speech to it for ever, and soft
speech is none. Every figure here was chosen on the development half of the board of voice activity
(docs/evaluation.md). `engine.sound.turn_taking` finds turns in whole tracks. Knows no devices.
"""

from __future__ import annotations

from array import array
from collections import deque

import numpy as np
import webrtcvad

from engine.sound.audio_file import from_pcm, to_pcm
from engine.sound.level import LEVEL_SAMPLES, LOWEST_DB, LevelTrack, levels_db
from engine.sound.turn_taking import IPU_SILENCE_MS
from engine.timebase import SAMPLE_RATE_HZ

ONSET_BLOCKS = 4
"""A voice that goes on for three of so many blocks is an onset; shorter sounds are clicks."""

_FIRST_NOISE_DB, _LEAST_NOISE_DB = -60.0, -90.0
_PAUSE_BLOCKS = IPU_SILENCE_MS * SAMPLE_RATE_HZ // 1000 // LEVEL_SAMPLES

# The level alone.
_ABOVE_NOISE_DB = 12.0
_MIN_DB = -50.0
_NOISE_RISES_DB = 0.02  # per block, so 2 dB a second: a sentence does not become noise
_LOUD_BLOCKS = 3  # shorter sounds are clicks

# webrtcvad and the level.
_STRICT, _LENIENT = 3, 2
_REST_DB, _MOST_GAIN_DB = -62.0, 15.0
"""A track is amplified by half of what its noise lies below this level, or weakened by half of what
it lies above."""
_VOICE_ABOVE_NOISE_DB, _VOICE_MIN_DB = 3.5, -55.0
_NOISE_FOLLOWS_DB = 0.7  # per block without a voice; with one, noise hides under it and rises so:
_NOISE_RISES_UNDER_VOICE_DB = 0.04
_ONSET_VOICED = 3
_BELOW_PEAK_DB, _PEAK_BLOCKS, _SWELL_BLOCKS = 2.0, 10, 2
"""An onset's blocks are about as loud as the loudest of the last 100 ms, and the last of them is no
softer than 20 ms before: a voice swells, a stroke on a key or a door fades."""


class LevelActivityDetector:
    """Tells speech by its level alone, for a track that holds nothing else, such as the agent's."""

    def __init__(self) -> None:
        self.level_db = float(LOWEST_DB)
        """Level of the last block, relative to full scale."""
        self.speaks = False
        """Whether there is speech now; a pause of up to 200 ms lies inside it."""
        self._noise_db = _FIRST_NOISE_DB
        self._loud_blocks = self._quiet_blocks = 0

    def push(self, sound: np.ndarray) -> np.ndarray:
        """Hear the next blocks, float32 (160 n,); returns whether there is speech, bool (n,)."""
        said = []
        for level_db in levels_db(sound).tolist():
            self._noise_db = min(self._noise_db + _NOISE_RISES_DB, max(level_db, _LEAST_NOISE_DB))
            loud = level_db > max(_MIN_DB, self._noise_db + _ABOVE_NOISE_DB)
            self._loud_blocks = self._loud_blocks + 1 if loud else 0
            self._quiet_blocks = 0 if loud else self._quiet_blocks + 1
            if self._loud_blocks >= _LOUD_BLOCKS:
                self.speaks = True
            elif self._quiet_blocks > _PAUSE_BLOCKS:
                self.speaks = False
            self.level_db = level_db
            said.append(self.speaks)
        return np.array(said, bool)


class VoiceActivityDetector:
    """Tells a user's speech from the other sounds of a room.

    It hears what a recording keeps (16 bits), so a recording gives what the talk gave, in pieces of
    any number of blocks. There is no reset: a detector that has heard something differs from a new
    one, so every conversation begins with a new one.
    """

    def __init__(self) -> None:
        self.level_db = float(LOWEST_DB)
        """Level of the last block, relative to full scale."""
        self.speaks = False
        """Whether the user speaks now; a pause of up to 200 ms lies inside it."""
        self._strict, self._lenient = webrtcvad.Vad(_STRICT), webrtcvad.Vad(_LENIENT)
        self._floor_db = self._noise_db = _FIRST_NOISE_DB
        self._levels_db = deque([float(LOWEST_DB)] * _PEAK_BLOCKS, _PEAK_BLOCKS)
        # Of each of the last blocks: 0 no voice, 1 a voice, 2 surely a voice.
        self._onset = deque([0] * ONSET_BLOCKS, ONSET_BLOCKS)
        self._quiet_blocks = 0

    def push(self, sound: np.ndarray) -> np.ndarray:
        """Hear the next blocks, float32 (160 n,); returns whether the user speaks, bool (n,)."""
        pcm = to_pcm(sound).reshape(-1, LEVEL_SAMPLES)
        levels = levels_db(from_pcm(pcm).reshape(-1)).tolist()
        even = self._towards_one_level(pcm, levels)
        said = []
        for index, level_db in enumerate(levels):
            block = even[index].tobytes()
            strict = self._strict.is_speech(block, SAMPLE_RATE_HZ)
            lenient = self._lenient.is_speech(block, SAMPLE_RATE_HZ)
            self._decide(level_db, strict, lenient)
            said.append(self.speaks)
        return np.array(said, bool)

    def _towards_one_level(self, pcm: np.ndarray, levels: list[float]) -> np.ndarray:
        """int16 (n, 160): the blocks, brought half of the way to one level of noise."""
        gains_db = []
        for level_db in levels:
            lowest = max(level_db, _LEAST_NOISE_DB)
            self._floor_db = min(self._floor_db + _NOISE_RISES_DB, lowest)
            gain_db = (_REST_DB - self._floor_db) / 2
            gains_db.append(min(max(gain_db, -_MOST_GAIN_DB), _MOST_GAIN_DB))
        gains = 10 ** (np.array(gains_db, np.float32)[:, None] / 20)
        return np.clip(np.rint(pcm * gains), -32768, 32767).astype(np.int16)

    def _decide(self, level_db: float, strict: bool, lenient: bool) -> None:
        rise_db = _NOISE_RISES_UNDER_VOICE_DB if strict else _NOISE_FOLLOWS_DB
        self._noise_db = min(self._noise_db + rise_db, max(level_db, _LEAST_NOISE_DB))
        loud = level_db > max(_VOICE_MIN_DB, self._noise_db + _VOICE_ABOVE_NOISE_DB)
        voiced = loud and (strict or lenient)
        self._levels_db.append(level_db)
        at_peak = voiced and level_db >= max(self._levels_db) - _BELOW_PEAK_DB
        self._onset.append(1 + strict if at_peak else 0)
        swells = level_db >= self._levels_db[-1 - _SWELL_BLOCKS]
        enough = ONSET_BLOCKS - self._onset.count(0) >= _ONSET_VOICED
        self._quiet_blocks = 0 if voiced else self._quiet_blocks + 1
        if enough and swells and 2 in self._onset:
            self.speaks = True
        elif self._quiet_blocks > _PAUSE_BLOCKS:
            self.speaks = False
        self.level_db = level_db


class VoiceTrack(LevelTrack):
    """The user's growing track: levels, peaks and voice, three bytes per 10 ms."""

    def __init__(self) -> None:
        super().__init__()
        self._detector = VoiceActivityDetector()
        self._speaks = array("B")

    def push(self, audio: np.ndarray) -> None:
        """Add float32 sound (n,); n is a multiple of 160."""
        super().push(audio)
        self._speaks.frombytes(self._detector.push(audio).astype(np.uint8).tobytes())

    @property
    def voiced(self) -> np.ndarray:
        """bool, one per 10 ms: whether a voice is heard at most 200 ms before or after."""
        speaks = np.pad(np.array(self._speaks, bool), (0, _PAUSE_BLOCKS + 1))
        windows = np.lib.stride_tricks.sliding_window_view(speaks, _PAUSE_BLOCKS + 1)
        near: np.ndarray = windows.max(axis=1)
        return near[: len(self._speaks)]
