"""The two towers: causal in both channels, the same for both, and the same with a cache."""

from __future__ import annotations

import pytest
import torch

from models.dgslm.network import Cache, Towers, TowersConfig, with_begin
from models.language.llama import attend

TINY = TowersConfig(width=16, layers=3, cross_layers=2, heads=2, feed_width=24, window=40)
UNITS = 12


@pytest.fixture(scope="module")
def net() -> Towers:
    torch.manual_seed(3)
    return Towers(TINY, UNITS).eval()


@pytest.fixture(scope="module")
def units() -> torch.Tensor:
    return torch.randint(UNITS, (2, 2, 30), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("channel", [0, 1])
def test_later_steps_change_nothing_before_them(
    net: Towers, units: torch.Tensor, channel: int
) -> None:
    later = units.clone()
    later[:, channel, 17] = (later[:, channel, 17] + 1) % UNITS
    with torch.no_grad():
        before, after = net(units), net(later)
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one[:, :, :17], other[:, :, :17])
        # From that step on both channels know of it.
        assert not torch.allclose(one[:, 0, 17], other[:, 0, 17])
        assert not torch.allclose(one[:, 1, 17], other[:, 1, 17])


def test_without_cross_layers_the_channels_know_nothing_of_one_another(
    units: torch.Tensor,
) -> None:
    alone = Towers(TowersConfig(**{**vars(TINY), "cross_layers": 0}), UNITS).eval()
    other = units.clone()
    other[:, 1] = (other[:, 1] + 1) % UNITS
    with torch.no_grad():
        (one, _), (two, _) = alone(units), alone(other)
    assert torch.equal(one[:, 0], two[:, 0])


def test_swapping_the_channels_swaps_what_comes_out(net: Towers, units: torch.Tensor) -> None:
    with torch.no_grad():
        straight, swapped = net(units), net(units.flip(1))
    for one, other in zip(straight, swapped, strict=True):
        torch.testing.assert_close(one, other.flip(1))
    assert not torch.allclose(straight[0][:, 0], straight[0][:, 1])


def test_steps_with_a_cache_give_the_same(net: Towers, units: torch.Tensor) -> None:
    cache = Cache(TINY, 2, TINY.window)
    with torch.no_grad():
        expected = net(units)
        parts = [net(units[..., :9], cache)]
        parts += [net(units[..., step : step + 1], cache) for step in range(9, 30)]
    assert cache.steps == 30
    for whole, got in zip(expected, zip(*parts, strict=True), strict=True):
        torch.testing.assert_close(torch.cat(got, 2), whole)


def test_a_repeated_cache_is_the_cache_of_a_repeated_batch(
    net: Towers, units: torch.Tensor
) -> None:
    cache = Cache(TINY, 2, TINY.window)
    with torch.no_grad():
        net(units[..., :9], cache)
        got = net(units[..., 9:10].repeat_interleave(3, 0), cache.repeated(3))
        expected = net(units[..., :10])[0][:, :, 9:].repeat_interleave(3, 0)
    torch.testing.assert_close(got[0], expected)


def test_what_comes_out_is_known_a_step_later_only() -> None:
    units = torch.tensor([[[3, 4, 5], [6, 7, 8]]])
    assert with_begin(units, 9).tolist() == [[[9, 3, 4], [9, 6, 7]]]


def test_embedding_rows_give_the_logits_and_the_beginning_is_no_unit(net: Towers) -> None:
    assert net.begin == UNITS
    logits, _ = net(torch.full((1, 2, 1), net.begin))
    assert logits.shape == (1, 2, 1, UNITS)
    logits.sum().backward()
    assert net.embedding.weight.grad is not None
    assert bool((net.embedding.weight.grad[:UNITS] != 0).any(1).all())
    net.zero_grad()


def test_lengths_are_exact_in_bfloat16_too(net: Towers, units: torch.Tensor) -> None:
    with torch.no_grad():
        _, expected = net(units)
        before = net.duration.bias.clone()
        net.duration.bias += 200
        with torch.autocast("cpu", torch.bfloat16):
            _, lengths = net(units)
        net.duration.bias.copy_(before)
    # bfloat16 has no number between 200 and 201.
    torch.testing.assert_close(lengths - 200, expected, atol=0.2, rtol=0)


def test_dropout_leaves_out_what_is_attended_to() -> None:
    query, key, value = torch.randn(3, 1, 2, 5, 4, generator=torch.Generator().manual_seed(0))
    whole = attend(query, key, value)
    torch.manual_seed(0)
    drawn = [attend(query, key, value, 0.4) for _ in range(400)]
    assert not torch.allclose(drawn[0], whole)
    torch.testing.assert_close(torch.stack(drawn).mean(0), whole, atol=0.25, rtol=0)
    assert not attend(query, key, value, 1.0).any()
