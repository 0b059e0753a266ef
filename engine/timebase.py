"""The time base of everything: 16 kHz samples since the conversation began, in frames of 40 ms.

A unit describes one frame. All other times are derived from these constants.
"""

SAMPLE_RATE_HZ = 16_000
FRAME_MS = 40
FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS // 1000
UNIT_RATE_HZ = 1000 // FRAME_MS
