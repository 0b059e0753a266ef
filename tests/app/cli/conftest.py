"""A bundle and recordings for the commands."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_bundle(tmp_path_factory.mktemp("bundle")).folder)


@pytest.fixture(scope="session")
def call(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A recording of two people, one on each channel."""
    path = tmp_path_factory.mktemp("call") / "call.wav"
    sound = np.random.default_rng(0).normal(0, 0.1, (SAMPLE_RATE_HZ * 3, 2))
    soundfile.write(path, sound, SAMPLE_RATE_HZ)
    return str(path)


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("user") / "user.flac"
    sound = np.random.default_rng(0).normal(0, 0.1, (22_050 * 2, 2))
    soundfile.write(path, sound, 22_050)
    return str(path)
