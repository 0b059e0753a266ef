"""The streaming encoder: a stream's units are the file's, where the window reaches far enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.syncllm.unit_encoder import Tokenizer, UnitEncoder, measure_agreement
from engine.timebase import FRAME_MS, FRAME_SAMPLES
from tests.engine.tiny_bundle import SILENCE, UNIT_COUNT, write_tiny_tokenizer

LOOKAHEAD_FRAMES = 2
chunk_lengths = pytest.mark.parametrize("chunk_frames", [4, 5, 6])


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer(write_tiny_tokenizer(tmp_path_factory.mktemp("causal") / "tokenizer.onnx"))


@pytest.fixture(scope="module")
def looking_ahead(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("ahead") / "tokenizer.onnx"
    return Tokenizer(write_tiny_tokenizer(path, lookahead_frames=LOOKAHEAD_FRAMES, past_frames=9))


def noise(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames * FRAME_SAMPLES).astype(np.float32)


@chunk_lengths
def test_a_causal_stream_equals_the_whole_file(causal: Tokenizer, chunk_frames: int) -> None:
    audio = noise(20 * chunk_frames)
    encoder = UnitEncoder(causal, chunk_frames, window_ms=400)
    chunk = chunk_frames * FRAME_SAMPLES
    got = [encoder.push(audio[start : start + chunk]) for start in range(0, len(audio), chunk)]
    assert all(len(units) == 1 for units in got)
    np.testing.assert_array_equal(
        np.concatenate([units[0] for units in got]), causal.encode_file(audio)
    )


@chunk_lengths
def test_looking_ahead_equals_the_whole_file(looking_ahead: Tokenizer, chunk_frames: int) -> None:
    audio = noise(20 * chunk_frames)
    lookahead_ms = LOOKAHEAD_FRAMES * FRAME_MS
    encoder = UnitEncoder(looking_ahead, chunk_frames, 400, lookahead_ms)
    got = encoder.push(audio)
    assert len(got) == 19  # the last chunk's look-ahead has not been heard
    np.testing.assert_array_equal(
        np.concatenate(got), looking_ahead.encode_file(audio)[: 19 * chunk_frames]
    )
    rest = encoder.push(np.zeros(LOOKAHEAD_FRAMES * FRAME_SAMPLES, np.float32))
    assert len(rest) == 1


@pytest.mark.parametrize("lookahead_frames", [0, LOOKAHEAD_FRAMES])
def test_the_next_chunks_beginning_is_that_of_the_whole_file(
    looking_ahead: Tokenizer, lookahead_frames: int
) -> None:
    """As of a file that ends where the look-ahead does."""
    audio = noise(40)
    encoder = UnitEncoder(looking_ahead, 4, 400, lookahead_frames * FRAME_MS, prefix_frames=2)
    assert not len(encoder.prefix)
    for chunk in range(1, 9):
        heard = (4 * chunk + 2 + lookahead_frames) * FRAME_SAMPLES
        last = 0 if chunk == 1 else heard - 4 * FRAME_SAMPLES
        assert len(encoder.push(audio[last:heard])) == 1
        whole = looking_ahead.encode_file(audio[:heard])
        np.testing.assert_array_equal(encoder.prefix, whole[4 * chunk : 4 * chunk + 2])
    encoder.reset()
    assert not len(encoder.prefix)


def test_any_pieces_give_the_same_units(causal: Tokenizer) -> None:
    audio = noise(40)
    whole = UnitEncoder(causal, 4, 400).push(audio)
    encoder = UnitEncoder(causal, 4, 400)
    pieces = []
    cuts = np.sort(np.random.default_rng(1).integers(0, len(audio), 30))
    for piece in np.split(audio, cuts):
        pieces += encoder.push(piece)
    np.testing.assert_array_equal(np.concatenate(whole), np.concatenate(pieces))


def test_reset_forgets_everything(causal: Tokenizer) -> None:
    encoder = UnitEncoder(causal, 4, 400)
    first = encoder.push(noise(4))
    encoder.push(noise(7, seed=1))
    encoder.reset()
    np.testing.assert_array_equal(first, encoder.push(noise(4)))


def test_every_chunk_costs_the_same_window(causal: Tokenizer) -> None:
    heard: list[int] = []

    class Witness(Tokenizer):
        def __init__(self) -> None:
            pass

        def begin(self) -> np.ndarray:
            return causal.begin()

        def units(self, audio: np.ndarray) -> np.ndarray:
            heard.append(len(audio))
            return causal.units(audio)

    encoder = UnitEncoder(Witness(), 4, window_ms=400, lookahead_ms=80)
    for seed in range(10):
        encoder.push(noise(4, seed))
    assert set(heard) == {(10 + 4 + 2) * FRAME_SAMPLES}


def test_a_files_last_frame_is_filled_with_silence(causal: Tokenizer) -> None:
    audio = noise(3)[:-100]
    units = causal.encode_file(audio)
    assert len(units) == 3
    np.testing.assert_array_equal(units, causal.units(np.append(audio, np.zeros(100, np.float32))))
    assert len(causal.encode_file(audio[:0])) == 0


def test_digital_silence_is_the_silence_unit(causal: Tokenizer) -> None:
    assert set(causal.encode_file(np.zeros(6400, np.float32)).tolist()) == {SILENCE}


def test_agreement_is_whole_where_the_window_suffices(looking_ahead: Tokenizer) -> None:
    agreement = measure_agreement(looking_ahead, noise(203), 4, 400, LOOKAHEAD_FRAMES * FRAME_MS)
    assert agreement.share == 1
    assert agreement.frames == 200
    assert (agreement.window_ms, agreement.lookahead_ms) == (400, 80)


def test_agreement_falls_where_the_window_is_short(looking_ahead: Tokenizer) -> None:
    shares = [
        measure_agreement(looking_ahead, noise(200), 4, window_ms, lookahead_ms).share
        for window_ms, lookahead_ms in [(400, 80), (400, 0), (0, 0)]
    ]
    assert shares[0] == 1 and shares[1] < 0.8 and shares[2] < shares[1]


def test_agreement_of_too_little_sound_is_of_no_frames(causal: Tokenizer) -> None:
    assert measure_agreement(causal, noise(3), 4, 400, 0).frames == 0


def test_a_unit_beyond_the_bundles_is_refused(tmp_path: Path) -> None:
    path = write_tiny_tokenizer(tmp_path / "tokenizer.onnx")
    tokenizer = Tokenizer(path, unit_count=10)
    with pytest.raises(
        DuologueError, match=r"tokenizer.onnx is not the expected model \(it gave unit"
    ):
        tokenizer.units(noise(50))
    assert Tokenizer(path, unit_count=UNIT_COUNT).units(noise(50)).max() < UNIT_COUNT
