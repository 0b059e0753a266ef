"""The streaming vocoder: no seam at the chunks' borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.vocoder import StreamingVocoder, Vocoder
from engine.timebase import FRAME_SAMPLES
from tests.engine.tiny_bundle import (
    PAST_FRAMES,
    SILENCE,
    UNIT_COUNT,
    write_state_of_shape,
    write_tiny_state_vocoder,
    write_tiny_vocoder,
)

FLOAT_ERROR = 1e-6
STARTER = Path(__file__).parents[3] / "resources" / "starter"


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


# --- a vocoder with a state -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_state(tmp_path_factory: pytest.TempPathFactory) -> Vocoder:
    folder = tmp_path_factory.mktemp("state")
    return Vocoder(write_tiny_state_vocoder(folder / "vocoder.onnx"))


@pytest.mark.parametrize("chunk_frames", [1, 4, 5, 6])
def test_chunks_on_a_state_equal_the_whole_file(with_state: Vocoder, chunk_frames: int) -> None:
    units = words(25 * chunk_frames)
    stream = StreamingVocoder(with_state, PAST_FRAMES, SILENCE)
    chunks = [
        stream.push(units[start : start + chunk_frames])
        for start in range(0, len(units), chunk_frames)
    ]
    assert {chunk.shape for chunk in chunks} == {(chunk_frames * FRAME_SAMPLES,)}
    sound = np.concatenate(chunks)
    assert sound.dtype == np.float32 and 0.05 < np.abs(sound).max() <= 1
    np.testing.assert_allclose(sound, whole(with_state, units), rtol=0, atol=FLOAT_ERROR)


def test_the_state_holds_more_than_the_past_units(with_state: Vocoder) -> None:
    """The test above can fail."""
    units = words(40)
    cut = with_state.sound(units[36 - PAST_FRAMES :])[-4 * FRAME_SAMPLES :]
    assert np.abs(cut - whole(with_state, units)[-4 * FRAME_SAMPLES :]).max() > 1000 * FLOAT_ERROR


def test_reset_and_silence_before_belong_to_the_state(with_state: Vocoder) -> None:
    stream = StreamingVocoder(with_state, PAST_FRAMES, SILENCE)
    first = stream.push(words(4))
    assert stream.push([]).shape == (0,)
    assert not np.array_equal(first, stream.push(words(4)))
    stream.reset()
    np.testing.assert_array_equal(first, stream.push(words(4)))
    assert not np.array_equal(first, StreamingVocoder(with_state, 0, SILENCE).push(words(4)))


def test_a_state_that_is_not_finite_costs_one_chunk(tmp_path: Path) -> None:
    broken = 77
    path = write_tiny_state_vocoder(tmp_path / "vocoder.onnx", broken_unit=broken)
    stream = StreamingVocoder(Vocoder(path), PAST_FRAMES, SILENCE)
    chunk = [unit for unit in words(8) if unit != broken][:4]
    first = stream.push(chunk)
    assert np.isfinite(first).all()
    for bad in ([1, 2, 3, broken], [broken, 1, 2, 3]):
        assert np.isnan(stream.push(bad)).all()
        np.testing.assert_array_equal(stream.push(chunk), first)


@pytest.mark.parametrize("shape", [[1, 1 << 30], [1, 0], [1, "k"], ["b", 4], [4], [1, 2, 3]])
def test_a_state_without_a_fair_size_is_refused(tmp_path: Path, shape: list[int | str]) -> None:
    path = write_state_of_shape(tmp_path / "vocoder.onnx", shape)
    with pytest.raises(DuologueError, match=r"vocoder.onnx is not the .*its state has shape .*;"):
        Vocoder(path)


def test_a_state_of_a_fair_size_is_taken(tmp_path: Path) -> None:
    """The test above can fail."""
    path = write_state_of_shape(tmp_path / "vocoder.onnx", [1, 4])
    assert StreamingVocoder(Vocoder(path), PAST_FRAMES, SILENCE).push([1, 2]).shape == (1280,)


def test_a_vocoder_that_cannot_be_silent_is_refused(tmp_path: Path) -> None:
    path = write_tiny_state_vocoder(tmp_path / "vocoder.onnx", broken_unit=SILENCE)
    with pytest.raises(DuologueError, match=r"its state of silence is not finite\); install"):
        StreamingVocoder(Vocoder(path), PAST_FRAMES, SILENCE)


def test_a_next_state_of_another_size_is_refused(tmp_path: Path) -> None:
    path = write_tiny_state_vocoder(tmp_path / "vocoder.onnx", kept_frames=PAST_FRAMES - 1)
    with pytest.raises(DuologueError, match=r"it gave next_state of shape \(1, 33\) instead"):
        Vocoder(path).sound([1, 2, 3, 4])


@pytest.mark.parametrize("chunk_frames", [4, 6])
def test_in_long_silence_the_starters_voice_rests(chunk_frames: int) -> None:
    bundle = load_bundle(STARTER)
    stream = StreamingVocoder.of(bundle)
    silence = [bundle.manifest.own_silence_unit] * chunk_frames
    spoken = np.random.default_rng(0).integers(1, 140, (5, chunk_frames)).tolist()
    first = [stream.push(units) for units in spoken]
    assert max(np.abs(sound).max() for sound in first) > 0.05
    chunks = -(-bundle.manifest.vocoder.past_frames // chunk_frames)
    fading = [stream.push(silence) for _ in range(chunks)]
    assert all(sound.any() for sound in fading)
    assert not any(stream.push(silence).any() for _ in range(10))
    again = [stream.push(units) for units in spoken]
    np.testing.assert_array_equal(np.concatenate(again), np.concatenate(first))


def test_a_silence_that_is_meant_to_be_heard_is_spoken(vocoder: Vocoder) -> None:
    hum = next(
        unit for unit in range(UNIT_COUNT) if np.abs(vocoder.sound([unit] * 20)).max() > 0.05
    )
    stream = StreamingVocoder(vocoder, PAST_FRAMES, hum)
    for _ in range(20):
        sound = stream.push([hum] * 4)
    assert np.abs(sound).max() > 0.05
