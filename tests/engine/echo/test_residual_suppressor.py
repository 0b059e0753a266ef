"""The network's gains are taken mildly, let the user through, and leave the room's background."""

from __future__ import annotations

import numpy as np
import pytest

from engine.echo.residual_suppressor import HOP, ResidualSuppressor


@pytest.fixture
def suppressor() -> ResidualSuppressor:
    return ResidualSuppressor()


def process(
    suppressor: ResidualSuppressor,
    left: np.ndarray,
    echo: np.ndarray,
    path_changed: bool = False,
    echoes: list[bool] | None = None,
) -> np.ndarray:
    """The output for blocks (T, 160) of the residual and of the estimate."""
    quiet, flags = np.zeros(left.size, np.float32), np.zeros(len(left), bool)
    sound = suppressor.process(
        left.reshape(-1),
        echo.reshape(-1),
        quiet,
        quiet,
        strict=flags,
        path_changed=flags | path_changed,
        echoes=flags | np.array(echoes if echoes else False),
    )
    return sound.reshape(left.shape)


def gentle(
    suppressor: ResidualSuppressor, gains: np.ndarray, powers: np.ndarray, strict: bool = False
) -> np.ndarray:
    """Of one spectrum (161,)."""
    found: np.ndarray = suppressor._gentle(gains[None], powers[None], np.array([strict]))[0]
    return found


def test_what_is_all_echo_stays_away(suppressor: ResidualSuppressor) -> None:
    ones = np.ones(HOP + 1, np.float32)
    assert gentle(suppressor, np.float32(1e-3) * ones, ones).max() < 0.01


def test_what_is_mostly_the_user_passes_whole(suppressor: ResidualSuppressor) -> None:
    gains, powers = np.ones(HOP + 1, np.float32), np.ones(HOP + 1, np.float32)
    gains[:40] = 0.05
    assert gentle(suppressor, gains, powers).min() > 0.9


def test_a_users_breath_is_not_cut_off_at_once(suppressor: ResidualSuppressor) -> None:
    powers = np.ones(HOP + 1, np.float32)
    gentle(suppressor, np.ones(HOP + 1, np.float32), powers)
    none = np.full((12, HOP + 1), 1e-3, np.float32)
    after = suppressor._gentle(none, np.tile(powers, (12, 1)), np.zeros(12, bool))
    means = after.mean(axis=1).tolist()
    assert means[0] > 0.9
    assert means[-1] < 0.01
    assert sorted(means, reverse=True) == means


def test_a_strict_one_spares_nobody(suppressor: ResidualSuppressor) -> None:
    powers = np.ones(HOP + 1, np.float32)
    gentle(suppressor, powers, powers)
    half = np.full(HOP + 1, 0.5, np.float32)
    assert gentle(suppressor, half, powers).min() > 0.9
    assert gentle(suppressor, half, powers, strict=True).max() < 0.2


def test_where_the_estimate_is_wrong_only_what_is_louder_than_an_echo_stays(
    suppressor: ResidualSuppressor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressor, "_gentle", lambda gains, *_: np.ones_like(gains))
    random = np.random.default_rng(1)
    left, echo = (0.1 * random.standard_normal((40, HOP)).astype(np.float32) for _ in range(2))

    def level(echo_gain: float, path_changed: bool) -> float:
        suppressor.reset()
        # The echo taken out is silent at last, as where its place in time is wrong.
        echoes = np.float32(echo_gain) * np.concatenate([echo[:30], 0 * echo[30:]])
        sound = process(suppressor, left, echoes, path_changed)
        return float(10 * np.log10(np.square(sound[31:38]).mean() + 1e-12))

    assert level(1.0, path_changed=False) == pytest.approx(-20, abs=1)
    assert level(1.0, path_changed=True) < -40
    assert level(0.03, path_changed=True) == pytest.approx(-20, abs=2)


@pytest.mark.parametrize("level_db", [-70, -60, -50])
def test_the_background_stays_where_all_is_taken_away(
    suppressor: ResidualSuppressor, level_db: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressor, "_gentle", lambda gains, *_: np.zeros_like(gains))
    random = np.random.default_rng(1)
    left = 10 ** (level_db / 20) * random.standard_normal((600, HOP)).astype(np.float32)
    # An echo comes and goes over the noise.
    left[300:400] += 0.1 * random.standard_normal((100, HOP)).astype(np.float32)
    echoes = [250 <= index < 450 for index in range(len(left))]
    sound = process(suppressor, left, np.zeros_like(left), echoes=echoes)
    for part in (sound[200:300], sound[300:400], sound[450:]):
        assert 10 * np.log10(np.square(part).mean()) == pytest.approx(level_db, abs=3)


def test_where_nothing_is_taken_away_nothing_is_added(
    suppressor: ResidualSuppressor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressor, "_gentle", lambda gains, *_: np.ones_like(gains))
    voice = np.random.default_rng(1).uniform(-0.1, 0.1, (20, HOP)).astype(np.float32)
    sound = process(suppressor, voice, np.zeros_like(voice))
    np.testing.assert_allclose(sound[1:], voice[:-1], atol=1e-5)


def test_many_frames_at_once_are_the_same_as_one_by_one() -> None:
    left, echo = np.random.default_rng(1).normal(0, 0.1, (2, 24, HOP)).astype(np.float32)
    once, again = ResidualSuppressor(), ResidualSuppressor()
    one_by_one = [process(again, left[i : i + 1], echo[i : i + 1]) for i in range(len(left))]
    np.testing.assert_allclose(process(once, left, echo), np.concatenate(one_by_one), atol=1e-5)
