"""Writes NIST SPHERE files for the tests: mu-law, plain or compressed with shorten.

The compressor is as simple as the format allows: blocks of differences, all with one Rice
parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

BLOCK = 256
_SIZE_BITS, _ENERGY_BITS = 2, 3
_DIFFERENCE, _QUIT, _BLOCK_SIZE = 1, 4, 5
_MU_LAW = 8


def mu_law(sound: np.ndarray) -> np.ndarray:
    """uint8: float samples in [-1, 1] by ITU-T G.711, all bits inverted as it asks."""
    biased = np.minimum(np.abs(sound) * 32768, 32635).astype(np.int64) + 132
    segment = np.floor(np.log2(biased)).astype(np.int64) - 7
    mantissa = (biased >> (segment + 3)) & 15
    return (~((np.asarray(sound) < 0) * 128 | segment << 4 | mantissa) & 255).astype(np.uint8)


def expanded(codes: np.ndarray) -> np.ndarray:
    """int16: the samples that mu-law codes stand for, by ITU-T G.711."""
    inverted = ~codes.astype(np.int64) & 255
    magnitude = (((inverted & 15) << 3) + 132 << (inverted >> 4 & 7)) - 132
    return np.where(inverted & 128, -magnitude, magnitude).astype(np.int16)


class _Bits:
    """A stream of bits, the highest first."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def unsigned(self, value: int, low_bits: int) -> None:
        self.bits += [0] * (value >> low_bits) + [1]
        self.bits += [value >> place & 1 for place in reversed(range(low_bits))]

    def signed(self, value: int, low_bits: int) -> None:
        self.unsigned(value << 1 if value >= 0 else ~value << 1 | 1, low_bits)

    def number(self, value: int) -> None:
        width = value.bit_length()
        self.unsigned(width, _SIZE_BITS)
        self.unsigned(value, width)

    def to_bytes(self) -> bytes:
        return np.packbits(self.bits).tobytes()


def shortened(codes: np.ndarray) -> bytes:
    """mu-law codes (n, channels) as a shorten stream of version 2."""
    # Shorten sorts the codes by loudness: 0 is silence, -1 the softest negative sample.
    signed = codes.astype(np.int64)
    ranks = np.where(signed >= 128, 255 - signed, signed - 128)
    stream = _Bits()
    for value in (_MU_LAW, codes.shape[1], BLOCK, 0, 0, 0):
        stream.number(value)
    before = [0] * codes.shape[1]
    for start in range(0, len(ranks), BLOCK):
        block = ranks[start : start + BLOCK]
        if len(block) < BLOCK:
            stream.unsigned(_BLOCK_SIZE, _SIZE_BITS)
            stream.number(len(block))
        for channel in range(codes.shape[1]):
            differences = np.diff(block[:, channel], prepend=before[channel])
            before[channel] = int(block[-1, channel])
            largest = int(np.abs(differences).max())
            energy = min(max(largest.bit_length() - 1, 0), 6)
            stream.unsigned(_DIFFERENCE, _SIZE_BITS)
            stream.unsigned(energy, _ENERGY_BITS)
            for difference in differences.tolist():
                stream.signed(difference, energy + 1)
    stream.unsigned(_QUIT, _SIZE_BITS)
    return b"ajkg\x02" + stream.to_bytes()


def sphere_bytes(
    channels: Sequence[np.ndarray], compressed: bool, rate_hz: int = 8_000, coding: str = ""
) -> bytes:
    """A SPHERE file of float sounds of equal length, one for each channel."""
    codes = np.stack([mu_law(sound) for sound in channels], 1)
    coding = coding or ("ulaw,embedded-shorten-v2.00" if compressed else "ulaw")
    header = (
        "NIST_1A\n   1024\n"
        f"sample_count -i {len(codes)}\nsample_rate -i {rate_hz}\n"
        f"channel_count -i {codes.shape[1]}\nsample_n_bytes -i 1\nsample_byte_format -s1 1\n"
        f"sample_sig_bits -i 8\nsample_coding -s{len(coding)} {coding}\nend_head\n"
    )
    data = shortened(codes) if compressed else codes.tobytes()
    return header.encode().ljust(1024) + data


def write_sphere(
    path: Path, channels: Sequence[np.ndarray], compressed: bool = True, rate_hz: int = 8_000
) -> None:
    """Write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sphere_bytes(channels, compressed, rate_hz))
