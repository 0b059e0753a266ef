"""How recordings become what dialogues are made of."""

from __future__ import annotations

import numpy as np

from engine.tokens import RATE_HZ
from models.encode_speech import phrases
from models.voices import Speech, resized


def test_a_pause_that_a_listener_would_use_parts_phrases() -> None:
    quarter = RATE_HZ // 4
    spoken = [(100, 900, 3), (900, 2000, 4), (2000 + quarter // 2, 5000, 5)]
    spoken += [(5000 + quarter, 9000, 6)]
    assert phrases(spoken) == [(100, 5000), (5000 + quarter, 9000)]
    assert phrases(spoken[:1]) == [(100, 900)]


def test_a_longer_throat_is_deeper_and_slower() -> None:
    times = np.arange(RATE_HZ) / RATE_HZ
    speech = Speech(np.sin(2 * np.pi * 400 * times).astype(np.float32), ((0, 8000, 1),))
    deeper = resized(speech, 1.25)
    assert abs(len(deeper.audio) - 1.25 * RATE_HZ) <= 1
    assert deeper.segments == ((0, 10000, 1),)
    loudest_hz = np.abs(np.fft.rfft(deeper.audio[:RATE_HZ])).argmax()
    assert loudest_hz == 320
