"""The streaming vocoder: no seam at the chunks' borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.syncllm.vocoder import StreamingVocoder, Vocoder
from engine.timebase import FRAME_SAMPLES
from tests.engine.tiny_bundle import PAST_FRAMES, SILENCE, UNIT_COUNT, write_tiny_vocoder

FLOAT_ERROR = 1e-6


@pytest.fixture(scope="module")
def vocoder(tmp_path_factory: pytest.TempPathFactory) -> Vocoder:
    return Vocoder(write_tiny_vocoder(tmp_path_factory.mktemp("vocoder") / "vocoder.onnx"))


def words(frames: int) -> list[int]:
    units: list[int] = np.random.default_rng(0).integers(0, UNIT_COUNT, frames).tolist()
    return units


def whole(vocoder: Vocoder, units: list[int]) -> np.ndarray:
    """Synthesis in one go; silence lies before it."""
    return vocoder.sound([SILENCE] * PAST_FRAMES + units)[PAST_FRAMES * FRAME_SAMPLES :]


@pytest.mark.parametrize("chunk_frames", [4, 5, 6])
def test_chunks_equal_the_whole_file(vocoder: Vocoder, chunk_frames: int) -> None:
    units = words(25 * chunk_frames)
    stream = StreamingVocoder(vocoder, PAST_FRAMES, SILENCE)
    chunks = [
        stream.push(units[start : start + chunk_frames])
        for start in range(0, len(units), chunk_frames)
    ]
    assert {chunk.shape for chunk in chunks} == {(chunk_frames * FRAME_SAMPLES,)}
    np.testing.assert_allclose(
        np.concatenate(chunks), whole(vocoder, units), rtol=0, atol=FLOAT_ERROR
    )


def test_too_short_a_past_makes_a_seam(vocoder: Vocoder) -> None:
    """The test above can fail."""
    units = words(40)
    stream = StreamingVocoder(vocoder, PAST_FRAMES - 1, SILENCE)
    sound = np.concatenate([stream.push(units[start : start + 4]) for start in range(0, 40, 4)])
    assert np.abs(sound - whole(vocoder, units)).max() > 1000 * FLOAT_ERROR


def test_sound_is_audible_float32(vocoder: Vocoder) -> None:
    sound = vocoder.sound(words(20))
    assert sound.dtype == np.float32
    assert 0.05 < np.abs(sound).max() <= 1


def test_sound_is_clipped(tmp_path: Path) -> None:
    loud = Vocoder(write_tiny_vocoder(tmp_path / "vocoder.onnx", volume=20))
    sound = StreamingVocoder(loud, PAST_FRAMES, SILENCE).push(words(20))
    assert sound.max() == 1 and sound.min() == -1


def test_reset_forgets_what_was_said(vocoder: Vocoder) -> None:
    stream = StreamingVocoder(vocoder, PAST_FRAMES, SILENCE)
    first = stream.push(words(4))
    assert not np.array_equal(first, stream.push(words(4)))
    stream.reset()
    np.testing.assert_array_equal(first, stream.push(words(4)))


def test_a_past_of_nothing_works(vocoder: Vocoder) -> None:
    stream = StreamingVocoder(vocoder, 0, SILENCE)
    np.testing.assert_array_equal(stream.push(words(4)), stream.push(words(4)))


def test_a_unit_that_the_vocoder_lacks_is_refused(vocoder: Vocoder) -> None:
    with pytest.raises(DuologueError, match="vocoder.onnx could not be run"):
        vocoder.sound([UNIT_COUNT])
