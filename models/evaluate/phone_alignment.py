"""Phone times of recorded people: pocketsphinx aligns the transcript with the sound.

It is independent of our tokenizers, so its times favour none of them. Its dictionary has one class
for both "ah" and its reduced form.
"""

from __future__ import annotations

import numpy as np

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from models.speech.phones import PAUSE, PHONE_ID

_STEP = SAMPLE_RATE_HZ // 100
_PEAK = 0.7
_Segments = list[tuple[int, int, int]]


class PhoneAligner:
    """The aligner; one process, one thread."""

    def __init__(self) -> None:
        """Raises DuologueError where pocketsphinx is missing."""
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise DuologueError(
                "The phone aligner is missing; install it (pip install pocketsphinx)."
            ) from error
        self._decoder = Decoder(samprate=SAMPLE_RATE_HZ, loglevel="FATAL")

    def align(self, text: str, sound: np.ndarray) -> _Segments | None:
        """(start sample, end sample, phone class) of a text of lower-case words in sound (n,).

        None where its dictionary lacks a word or the text does not fit the sound.
        """
        if not all(self._decoder.lookup_word(word) for word in text.split()):
            return None
        peak = max(float(np.abs(sound).max()), 1e-3)
        samples = (sound * (_PEAK * 32767 / peak)).astype(np.int16).tobytes()
        try:
            self._decoder.set_align_text(text)
            self._hear(samples)
            self._decoder.set_alignment()
            self._hear(samples)
        except RuntimeError:
            return None
        alignment = self._decoder.get_alignment()
        phones = [phone for word in alignment for phone in word] if alignment else []
        return [
            (
                phone.start * _STEP,
                (phone.start + phone.duration) * _STEP,
                PHONE_ID.get(phone.name.lower(), PAUSE),
            )
            for phone in phones
        ] or None

    def _hear(self, samples: bytes) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(samples, full_utt=True)
        self._decoder.end_utt()
