"""What of a recogniser's words is believed: Whisper writes sentences into noise and silence, too.

Pure functions. The figures were chosen on the development half of the noises and on recordings of
people (docs/hearing.md).
"""

from __future__ import annotations

import re

from engine.hearing.recogniser import Recognised, repeats_itself

_LEAST_VOICE_S = 0.18
"""A spoken "no" has more; clicks that pass for a voice have less."""
_LEAST_PROBABILITY = 0.3
_MOST_NO_SPEECH, _SURE = 0.6, 0.55
"""Where the model itself hears no speech, it must be surer of what it writes."""
_MOST_PIECES_PER_SECOND, _FREE_PIECES = 11, 4
_REPEATED, _SURE_OF_REPEATED = 3, 0.65
"""Words that are there three times each on average, or a sentence twice. "No, no, no" may be said,
and is then sure."""
_NO_WORD = re.compile(r"a+h*|[eou]+h+|[ou]+|[ao]w+|(ha+)+h*|(ho){2,}|h*m+[hm]*|h+|ya+y|sh+|you")
"""Sounds of people that are no words (ah, oh, ha, mm hmm, uh, ow), and what Whisper writes for
silence: "you"."""


def is_believed(found: Recognised, voice_s: float) -> bool:
    """Whether somebody said this, in a stretch with ``voice_s`` seconds of voice."""
    words = re.findall("[a-z0-9']+", found.text.lower())
    sure = found.piece_probability
    if not found.complete or voice_s < _LEAST_VOICE_S or sure < _LEAST_PROBABILITY:
        return False
    if found.no_speech_probability > _MOST_NO_SPEECH and sure < _SURE:
        return False
    if found.piece_count > _FREE_PIECES + _MOST_PIECES_PER_SECOND * voice_s:
        return False
    if all(_NO_WORD.fullmatch(word) for word in words):
        return False
    repeated = len(words) >= _REPEATED * len(set(words)) or repeats_itself(found.text)
    return not repeated or sure >= _SURE_OF_REPEATED
