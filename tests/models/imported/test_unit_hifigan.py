"""The imported HiFi-GAN against a plain one with the published names, whole and as a stream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from engine.errors import DuologueError
from engine.syncllm.vocoder import StreamingVocoder, Vocoder
from models.imported.commands import app
from models.imported.parts import MODEL, VOCODER, VocoderPart, read_part
from models.imported.seams import example_units, measure_seams, read_units
from models.imported.streaming_hifigan import StreamingHifigan, export_streaming_hifigan
from models.imported.unit_hifigan import load_unit_hifigan
from tests.models.imported.checkpoints import HIFIGAN, write_hifigan

_UNITS = example_units(HIFIGAN["num_embeddings"], 60)


def _plain(net: Any, units: np.ndarray = _UNITS, speaker: int = 0) -> np.ndarray:
    with torch.no_grad():
        sound: np.ndarray = net(torch.from_numpy(units), speaker).numpy()
    return sound


@torch.no_grad()
def test_it_says_what_the_plain_network_says(tmp_path: Path) -> None:
    expected = _plain(write_hifigan(tmp_path))
    got = load_unit_hifigan(tmp_path)(torch.from_numpy(_UNITS[None]))[0].numpy()
    assert expected.std() > 0.01
    np.testing.assert_allclose(got, expected, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(
    ("config", "weights"),
    [
        # As textless stores its download, and as the training of the network leaves it.
        ("hifigan_lj_mhubert_base_25hz_config.json", "hifigan_lj_mhubert_base_25hz.pt"),
        ("config.json", "g_00500000"),
    ],
)
def test_published_names_are_known(tmp_path: Path, config: str, weights: str) -> None:
    expected = _plain(write_hifigan(tmp_path))
    (tmp_path / "config.json").rename(tmp_path / config)
    (tmp_path / "g_00400000.pt").rename(tmp_path / weights)
    (tmp_path / "do_00500000").write_bytes(b"the state of an optimizer")
    got = load_unit_hifigan(tmp_path)(torch.from_numpy(_UNITS[None]))[0].numpy()
    np.testing.assert_allclose(got, expected, atol=1e-4)
    (tmp_path / "g_00400000").write_bytes(b"")
    with pytest.raises(DuologueError, match="has 2 files of weights"):
        load_unit_hifigan(tmp_path)


@torch.no_grad()
def test_one_of_several_speakers_is_taken(tmp_path: Path) -> None:
    several = {"multispkr": "_", "num_speakers": 3, "model_in_dim": 24}
    plain = write_hifigan(tmp_path, **several)
    for speaker in range(3):
        net = load_unit_hifigan(tmp_path, speaker)
        got = net(torch.from_numpy(_UNITS[None]))[0].numpy()
        np.testing.assert_allclose(got, _plain(plain, speaker=speaker), atol=1e-4)
    with pytest.raises(DuologueError, match="has 3 of spkr; there is no 3"):
        load_unit_hifigan(tmp_path, 3)


@torch.no_grad()
def test_the_reach_is_what_the_sound_depends_on(tmp_path: Path) -> None:
    write_hifigan(tmp_path)
    net = load_unit_hifigan(tmp_path).double()
    reach, middle = net.config.reach_frames, 30
    assert reach == 15
    before = net(torch.from_numpy(_UNITS[None]))[0]
    frame = slice(640 * middle, 640 * (middle + 1))
    for distance in (reach - 2, reach + 1):
        for other in (middle - distance, middle + distance):
            changed = _UNITS.copy()
            changed[other] = (changed[other] + 1) % HIFIGAN["num_embeddings"]
            after = net(torch.from_numpy(changed[None]))[0]
            assert torch.equal(before[frame], after[frame]) == (distance > reach)


@torch.no_grad()
def test_a_part_costs_less_and_is_the_same(tmp_path: Path) -> None:
    write_hifigan(tmp_path)
    net = load_unit_hifigan(tmp_path)
    inputs = net.embedded(torch.from_numpy(_UNITS[None]))
    whole = net(torch.from_numpy(_UNITS[None]))
    got = net.sound_within(inputs, 20, 15, 80)
    torch.testing.assert_close(got, whole[:, 20 * 640 : 45 * 640 + 80], atol=1e-4, rtol=0)


def test_a_stream_that_waits_for_all_is_the_whole_files_sound(tmp_path: Path) -> None:
    expected = _plain(write_hifigan(tmp_path))
    net = load_unit_hifigan(tmp_path)
    reach = net.config.reach_frames
    for chunk_frames in (1, 4, 7):
        got = StreamingHifigan(net, reach).stream(_UNITS, chunk_frames)
        assert len(got) == (len(_UNITS) - reach) * 640
        # At the edge of a file the network gets zeros in every layer, a stream in the first.
        after = reach * 640
        np.testing.assert_allclose(got[after:], expected[after : len(got)], atol=1e-4)


def test_a_delay_brings_the_stream_closer_to_the_whole_file(tmp_path: Path) -> None:
    write_hifigan(tmp_path)
    net = load_unit_hifigan(tmp_path)
    units = example_units(HIFIGAN["num_embeddings"], 80)
    none, some, all_of_it = measure_seams(net, units, 4, [0, 2, net.config.reach_frames])
    assert none.error_db > some.error_db > all_of_it.error_db
    assert all_of_it.error_db < -60
    assert some.delay_ms == 80


def test_seams_fade(tmp_path: Path) -> None:
    write_hifigan(tmp_path, smooth=True)
    net = load_unit_hifigan(tmp_path)
    units = example_units(HIFIGAN["num_embeddings"], 120)
    none, all_of_it = measure_seams(net, units, 4, [0, net.config.reach_frames])
    assert none.cut > 5
    assert none.faded < none.cut / 3
    assert all_of_it.cut < 2


def test_the_engine_streams_the_exported_file(tmp_path: Path) -> None:
    write_hifigan(tmp_path)
    stream = StreamingHifigan(load_unit_hifigan(tmp_path), 2)
    path = tmp_path / "vocoder.onnx"
    export_streaming_hifigan(stream, path)
    past, silence = stream.past_frames, 3
    before = np.full(past, silence)
    vocoder = StreamingVocoder(Vocoder(path), past, silence)
    for chunk_frames in (1, 4, 6):
        vocoder.reset()
        chunks = [_UNITS[first : first + chunk_frames] for first in range(0, 60, chunk_frames)]
        sound = np.concatenate([vocoder.push(list(chunk)) for chunk in chunks])
        # Of the silence the engine makes one chunk.
        state, expected = stream(torch.from_numpy(before[None]), stream.begin())[1], []
        for chunk in chunks:
            audio, state = stream(torch.from_numpy(chunk[None]), state)
            expected.append(audio[0].detach().numpy())
        assert sound.shape == (60 * 640,)
        assert sound.std() > 0.01
        # Its weights are stored as float16.
        assert (sound - np.concatenate(expected)).std() < 0.02 * sound.std()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"upsample_rates": [5, 4, 4, 2, 2]}, "320 samples for a unit"),
        ({"f0": True}, "that needs the pitch as well"),
        ({"embedder_params": {"a": 1}}, "a recording of its speaker"),
        ({"resblock": "2"}, "residual blocks of kind 2"),
        ({"sampling_rate": 22_050}, "at 22050 Hz"),
        ({"upsample_kernel_sizes": [12, 8, 8, 8, 4]}, "by 5 has a kernel of 12"),
        ({"num_embeddings": 41}, r"shape \(40, 12\) instead of \(41, 12\)"),
        ({"upsample_rates": None}, "no usable sizes"),
    ],
)
def test_other_vocoders_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    write_hifigan(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(HIFIGAN | change))
    with pytest.raises(DuologueError, match=said):
        load_unit_hifigan(tmp_path)


def test_the_command_writes_the_part(tmp_path: Path) -> None:
    write_hifigan(tmp_path / "their", multispkr="_", num_speakers=3, model_in_dim=24)
    work = tmp_path / "work"
    arguments = ["import-vocoder", str(tmp_path / "their"), "--work", str(work)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "number 0 is taken" in result.output
    assert "differs by" in result.output
    part = read_part(work / VOCODER, VocoderPart)
    assert part == VocoderPart(unit_count=40, past_frames=17, delay_ms=80)
    assert (work / VOCODER / MODEL).is_file()


def test_units_to_measure_with(tmp_path: Path) -> None:
    path = tmp_path / "units.npy"
    np.save(path, _UNITS.astype(np.int16))
    np.testing.assert_array_equal(read_units(path, 40, 60), _UNITS)
    for count, least, said in ((_UNITS.max(), 60, "does not hold"), (40, 61, "holds 60 units")):
        with pytest.raises(DuologueError, match=said):
            read_units(path, int(count), least)
    path.write_bytes(b"no units")
    with pytest.raises(DuologueError, match="is no .npy file of units"):
        read_units(path, 40, 1)
