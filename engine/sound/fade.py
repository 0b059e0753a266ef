"""The fade at the start and end of sound: 5 ms of a raised cosine, against clicks."""

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ

FADE_MS = 5
FADE_SAMPLES = FADE_MS * SAMPLE_RATE_HZ // 1000
FADE_IN = np.sin(np.linspace(0, np.pi / 2, FADE_SAMPLES)).astype(np.float32) ** 2
FADE_OUT = FADE_IN[::-1].copy()
