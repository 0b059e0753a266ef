"""A continuation holds each unit for the length that the network tells, and draws at edges only."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import pytest
import torch
from torch import Tensor

from models.dgslm import generate
from models.dgslm.generate import continue_units
from models.dgslm.network import Towers, TowersConfig
from tests.models.dgslm.test_network import TINY, UNITS


def _runs(units: np.ndarray) -> list[tuple[int, int]]:
    return [(int(unit), len([*same])) for unit, same in groupby(units)]


@pytest.fixture(scope="module")
def told() -> Towers:
    """A network without context: unit u lasts 1.2 + 0.7 u steps, and never follows itself."""
    config = TowersConfig(width=16, layers=1, cross_layers=0, heads=2, feed_width=16, window=64)
    net = Towers(config, 8)
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
        net.positions.zero_()  # type: ignore[operator]
        # A row is a one, and a minus one beside it: its norm is sqrt(8) times itself.
        for row in range(9):
            net.embedding.weight[row, 2 * (row % 8)] = 1 if row < 8 else 0
            net.embedding.weight[row, 2 * (row % 8) + 1] = -1 if row < 8 else 0
        net.norm.weight.fill_(-100)
        for unit in range(8):
            net.duration.weight[0, 2 * unit] = -0.7 * unit / (100 * math.sqrt(8))
        net.duration.bias.fill_(1.2)
    return net.eval()


def test_every_unit_lasts_as_long_as_the_network_tells(told: Towers) -> None:
    units = continue_units(told, np.zeros((2, 0), int), 300, 5)
    assert units.shape == (2, 300) and units.dtype == np.int64
    seen = set()
    for channel in units:
        for unit, length in _runs(channel)[:-1]:
            assert length == (1, 2, 3, 3, 4, 5, 5, 6)[unit], unit
            seen.add(unit)
    assert seen == set(range(8))


def test_the_duration_temperature_divides_the_lengths(told: Towers) -> None:
    units = continue_units(told, np.zeros((2, 0), int), 200, 5, duration_temperature=2.0)
    for channel in units:
        for unit, length in _runs(channel)[:-1]:
            assert length == (1, 1, 1, 2, 2, 2, 3, 3)[unit], unit


def test_a_prompts_last_unit_is_held_for_what_is_left_of_it(told: Towers) -> None:
    # Unit 6 lasts 5 steps, of which 4 are over; unit 7 should have ended long ago.
    prompt = np.array([[1, 1, 1, 1, 6, 6, 6, 6], [7, 7, 7, 7, 7, 7, 7, 7]])
    for seed in range(6):
        units = continue_units(told, prompt, 4, seed, beam=1)
        assert units[0, 0] == 6 != units[0, 1]
        assert units[1, 0] != 7
    # A length that was told for a unit before does not go on.
    prompt = np.array([[7, 1], [7, 0]])
    first = [continue_units(told, prompt, 1, seed, beam=1)[1, 0] for seed in range(6)]
    assert 0 not in first


def _uncached(self: generate._State, written_B2T: Tensor) -> tuple[Tensor, Tensor]:
    room = self._net.config.window - 1
    logits, lengths = self._read(written_B2T[..., -room:], len(written_B2T))
    return logits[:, :, -1], lengths[:, :, -1]


def test_the_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    net = Towers(TINY, UNITS)
    prompt = np.random.default_rng(0).integers(0, UNITS, (2, 12))
    got = continue_units(net, prompt, 25, 7)
    monkeypatch.setattr(generate._State, "step", _uncached)
    np.testing.assert_array_equal(continue_units(net, prompt, 25, 7), got)
    assert not np.array_equal(continue_units(net, prompt, 25, 8), got)


def test_beyond_the_window_the_older_half_is_forgotten() -> None:
    torch.manual_seed(1)
    net = Towers(TINY, UNITS)
    seen: list[int] = []
    net.register_forward_hook(lambda _, given, __: seen.append(given[0].shape[-1]))
    long = np.random.default_rng(0).integers(0, UNITS, (2, 120))
    units = continue_units(net, long, 60, 7, beam=2)
    assert units.shape == (2, 60)
    # The prompt's last 19 of 39 steps that there is room for, 20 more, and so on.
    assert seen == [20, *[1] * 20, 20, *[1] * 20, 20, *[1] * 18]
    np.testing.assert_array_equal(continue_units(net, long[:, -19:], 60, 7, beam=2), units)


def test_the_likeliest_of_several_continuations_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    net = Towers(TINY, UNITS)
    prompt = np.random.default_rng(0).integers(0, UNITS, (2, 12))
    drawn: list[Tensor] = []
    honest = generate._State.step

    def told(self: generate._State, written_B2T: Tensor) -> tuple[Tensor, Tensor]:
        drawn[:] = [written_B2T]
        return honest(self, written_B2T)

    monkeypatch.setattr(generate._State, "step", told)
    got = continue_units(net, prompt, 15, 4)
    written = drawn[0]
    assert len({tuple(one.flatten().tolist()) for one in written}) == 5
    begin = torch.full((5, 2, 1), net.begin)
    with torch.no_grad():
        logits, _ = net(torch.cat([begin, written], -1)[..., :-1])
    chances = logits.log_softmax(-1).gather(-1, written[..., None])[..., -15:, 0].sum((1, 2))
    np.testing.assert_array_equal(got, written[int(chances.argmax()), :, -15:])


def test_prompts_that_the_network_cannot_read_are_refused() -> None:
    net = Towers(TINY, UNITS)
    with pytest.raises(ValueError, match="two channels"):
        continue_units(net, np.zeros((3, 4), int), 1, 1)
    with pytest.raises(ValueError, match="0 to 11"):
        continue_units(net, np.full((2, 4), UNITS), 1, 1)
