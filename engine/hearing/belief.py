"""What of a recogniser's words is believed: Whisper writes sentences into noise and silence, too.

Pure functions. Every figure was chosen on the development half of the noises and on people's
recordings (docs/hearing.md).
"""

from __future__ import annotations

import zlib

from engine.hearing.recogniser import Recognised

_MOST_NO_SPEECH = 0.6
"""Whisper's own bound, at which an unsure text is refused."""
_UNSURE, _LEAST_PROBABILITY = 0.55, 0.25
_MOST_PIECES_PER_SECOND, _FREE_PIECES = 11, 3
_MOST_COMPRESSION, _COMPRESSIBLE_LETTERS = 2.4, 40
_LEAST_VOICE_S = 0.12


def is_believed(found: Recognised, voice_s: float) -> bool:
    """Whether somebody said this, in a stretch with ``voice_s`` seconds of voice."""
    if not any(letter.isalnum() for letter in found.text) or voice_s < _LEAST_VOICE_S:
        return False
    sure = found.piece_probability
    if sure < _LEAST_PROBABILITY:
        return False
    if found.no_speech_probability > _MOST_NO_SPEECH and sure < _UNSURE:
        return False
    if found.piece_count > _FREE_PIECES + _MOST_PIECES_PER_SECOND * voice_s:
        return False
    return found.complete and not is_repetitive(found.text)


def is_repetitive(text: str) -> bool:
    """Whether a text says the same again and again, as a model does that has lost its way."""
    content = text.encode()
    if len(content) < _COMPRESSIBLE_LETTERS:
        return False
    return len(content) / len(zlib.compress(content)) > _MOST_COMPRESSION
