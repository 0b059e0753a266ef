"""The board of voice activity: truth, figures and rules, on constructed scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from engine.errors import DuologueError
from engine.sound.turn_taking import Span
from models.evaluate.voice_activity import (
    LEVEL,
    SHIPPED,
    evaluate_voice_activity,
    measure,
    rules,
    show,
    summary,
)
from models.evaluate.voice_activity_scenes import VoiceScene, spoken_spans
from models.speech.phones import PAUSE

BLOCK = 160


def blocks(count: int, *spans: tuple[int, int]) -> np.ndarray:
    active = np.zeros(count, bool)
    for start, end in spans:
        active[start:end] = True
    return active


def scene(*spoken: tuple[int, int], kind: str = "10 dB over noise") -> VoiceScene:
    spans = [Span(start * BLOCK, end * BLOCK) for start, end in spoken]
    return VoiceScene(kind, "somebody", np.zeros(1000 * BLOCK, np.float32), spans)


def test_phones_tell_when_somebody_speaks() -> None:
    segments = [(0, 5000, PAUSE), (5000, 7000, 3), (7000, 9000, PAUSE), (9000, 9500, 4)]
    segments += [(9500, 20_000, PAUSE), (20_000, 21_000, 3)]
    assert spoken_spans(segments) == [Span(5000, 9500), Span(20_000, 21_000)]


def test_false_activity_missed_speech_and_delay() -> None:
    active = blocks(1000, (206, 310), (500, 540), (610, 700))
    level = blocks(1000, (204, 300), (575, 700))
    found = measure(scene((200, 300), (600, 700)), "a rule", active, level)
    assert found.false_s == pytest.approx(0.4)
    assert found.false_onsets == 1
    assert found.unspoken_minutes == pytest.approx((1000 - 2 * 140) / 6000)
    assert (found.spoken_blocks, found.missed_blocks) == (200, 16)
    # Before the second the level was not silent.
    assert found.onsets == 2
    assert found.delays_ms == [(70, 50)]


def test_an_onset_that_is_never_told_counts_as_very_late() -> None:
    found = measure(scene((200, 300)), "a rule", blocks(1000), blocks(1000, (200, 300)))
    assert found.delays_ms == [(10_000, 10)]


def test_all_rules_hear_a_burst_and_no_silence() -> None:
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 1e-5, 300 * BLOCK).astype(np.float32)
    sound[100 * BLOCK : 150 * BLOCK] += rng.normal(0, 0.1, 50 * BLOCK).astype(np.float32)
    for name, rule in rules(None).items():
        active = rule(sound)
        assert active.shape == (300,), name
        assert active[105:150].all(), name
        assert not active[50:95].any(), name
        assert not active[190:].any(), name


def test_the_tables_have_every_rule() -> None:
    found = {LEVEL: blocks(1000, (100, 300)), SHIPPED: blocks(1000, (100, 150))}
    measured = [
        measure(one, name, active, active)
        for name, active in found.items()
        for one in (scene((100, 300)), scene(kind="rain"))
    ]
    figures = {"half": "held out"} | summary(measured)
    false = figures["rules"][SHIPPED]["false"]["all noises"]
    assert false["s_a_minute"]["value"] == pytest.approx(3)
    console = Console(record=True, width=200)
    show(console, figures)
    assert "25% of the level's (goal: at most 50%): met" in console.export_text()


def test_a_folder_without_noises_is_named(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match=tmp_path.name):
        evaluate_voice_activity(tmp_path)
