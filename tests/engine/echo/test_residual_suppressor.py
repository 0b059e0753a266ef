"""The network's gains are taken mildly, let the user through, and leave the room's background."""

from __future__ import annotations

import numpy as np
import pytest

from engine.echo.residual_suppressor import HOP, ResidualSuppressor


@pytest.fixture
def suppressor() -> ResidualSuppressor:
    return ResidualSuppressor()


def test_what_is_all_echo_stays_away(suppressor: ResidualSuppressor) -> None:
    gentle = suppressor._gentle(np.full(HOP + 1, 1e-3, np.float32), np.ones(HOP + 1, np.float32))
    assert gentle.max() < 0.01


def test_what_is_mostly_the_user_passes_whole(suppressor: ResidualSuppressor) -> None:
    gains, powers = np.ones(HOP + 1, np.float32), np.ones(HOP + 1, np.float32)
    gains[:40] = 0.05
    gentle = suppressor._gentle(gains, powers)
    assert gentle.min() > 0.9


def test_a_users_breath_is_not_cut_off_at_once(suppressor: ResidualSuppressor) -> None:
    powers = np.ones(HOP + 1, np.float32)
    suppressor._gentle(np.ones(HOP + 1, np.float32), powers)
    none = np.full(HOP + 1, 1e-3, np.float32)
    means = [float(suppressor._gentle(none, powers).mean()) for _ in range(12)]
    assert means[0] > 0.9
    assert means[-1] < 0.01
    assert sorted(means, reverse=True) == means


def test_a_strict_one_spares_nobody(suppressor: ResidualSuppressor) -> None:
    powers = np.ones(HOP + 1, np.float32)
    suppressor._gentle(powers, powers)
    half = np.full(HOP + 1, 0.5, np.float32)
    assert suppressor._gentle(half, powers).min() > 0.9
    assert suppressor._gentle(half, powers, strict=True).max() < 0.2


def test_where_the_estimate_is_wrong_only_what_is_louder_than_an_echo_stays(
    suppressor: ResidualSuppressor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressor, "_gentle", lambda *_: np.ones(HOP + 1, np.float32))
    random, quiet = np.random.default_rng(1), np.zeros(HOP, np.float32)
    left, echo = (0.1 * random.standard_normal((40, HOP)).astype(np.float32) for _ in range(2))

    def level(echo_gain: float, path_changed: bool) -> float:
        suppressor.reset()
        # The echo taken out is silent at last, as where its place in time is wrong.
        echoes = np.float32(echo_gain) * np.concatenate([echo[:30], 0 * echo[30:]])
        sound = [
            suppressor.process(one, other, quiet, quiet, path_changed=path_changed)
            for one, other in zip(left, echoes, strict=True)
        ]
        return float(10 * np.log10(np.square(sound[31:38]).mean() + 1e-12))

    assert level(1.0, path_changed=False) == pytest.approx(-20, abs=1)
    assert level(1.0, path_changed=True) < -40
    assert level(0.03, path_changed=True) == pytest.approx(-20, abs=2)


@pytest.mark.parametrize("level_db", [-70, -60, -50])
def test_the_background_stays_where_all_is_taken_away(
    suppressor: ResidualSuppressor, level_db: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = np.zeros(HOP + 1, np.float32)
    monkeypatch.setattr(suppressor, "_gentle", lambda *_: none)
    random, quiet = np.random.default_rng(1), np.zeros(HOP, np.float32)
    left = 10 ** (level_db / 20) * random.standard_normal((600, HOP)).astype(np.float32)
    # An echo comes and goes over the noise.
    left[300:400] += 0.1 * random.standard_normal((100, HOP)).astype(np.float32)
    echoes = [250 <= index < 450 for index in range(len(left))]
    sound = np.stack(
        [
            suppressor.process(block, quiet, quiet, quiet, echoes=there)
            for block, there in zip(left, echoes, strict=True)
        ]
    )
    for part in (sound[200:300], sound[300:400], sound[450:]):
        assert 10 * np.log10(np.square(part).mean()) == pytest.approx(level_db, abs=3)


def test_where_nothing_is_taken_away_nothing_is_added(
    suppressor: ResidualSuppressor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressor, "_gentle", lambda *_: np.ones(HOP + 1, np.float32))
    voice = np.random.default_rng(1).uniform(-0.1, 0.1, (20, HOP)).astype(np.float32)
    quiet = np.zeros(HOP, np.float32)
    sound = [suppressor.process(block, quiet, quiet, quiet) for block in voice]
    np.testing.assert_allclose(np.concatenate(sound[1:]), np.concatenate(voice[:-1]), atol=1e-5)
