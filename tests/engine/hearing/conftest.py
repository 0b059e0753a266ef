"""The part for hearing, made once from the installed package, and somebody who speaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.hearing.recogniser import Recogniser
from engine.resource_files import resources
from engine.sound.audio_file import read_mono
from models.hearing_part import make_hearing_part


@pytest.fixture(scope="session")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hearing") / "part"
    make_hearing_part(folder)
    return folder


@pytest.fixture(scope="session")
def recogniser(part: Path) -> Recogniser:
    return Recogniser(part)


@pytest.fixture(scope="session")
def sample() -> np.ndarray:
    """The sample recording: ten short sentences of a user, with silence for answers."""
    return read_mono(resources() / "samples" / "user.flac", 60.0)
