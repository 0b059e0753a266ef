"""The status and the summary that `duologue live` shows."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from app.cli.live_status import LiveStatus, drops, show_live_summary
from engine.card.sound_card import CardInfo
from engine.syncllm.duplex import Step
from engine.talk.live_events import NOT_NUMBERS, ChunkDone, Counts, DeviceChanged, Levels

INFO = CardInfo("Mic [USB]", "Loudspeaker", 16_000, 100.0)
LEVELS = Levels(-20.0, -80.0, (0.1,) * 5, (0.0,) * 5, True, False)
STEP = Step(
    index=0,
    agent_audio=np.zeros(2560, np.float32),
    user_units=[],
    user_estimates=[],
    own_units=[],
    own_frames=[0] * 4,
    estimate_hits=0,
    estimate_misses=0,
    tokens_refed=0,
    timings_ms={"total": 40.0},
    lost=False,
    speak=True,
)


def shown(terminal: bool, counts: Counts) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=80)
    with LiveStatus(console, INFO, 160, 160) as status:
        status.show(LEVELS, counts)
        status.show(ChunkDone(STEP, 40.0, 12.0, 0.0), counts)
        status.show(DeviceChanged("The microphone is now Headset.", True), counts)
    return stream.getvalue()


def test_a_terminal_shows_the_state() -> None:
    text = shown(True, Counts(chunks=100, late_chunks=3))
    assert "speaks" in text
    assert "40 ms" in text
    assert "lag 12 ms" in text
    assert "3 of 100 chunks late" in text
    assert "Headset" in text


def test_a_terminal_shows_the_last_words() -> None:
    stream = io.StringIO()
    with LiveStatus(Console(file=stream, force_terminal=True, width=80), INFO, 160, 160) as status:
        said = replace(STEP, own_text=[" it", " is"], heard_text=[" what", " " + "x" * 80])
        status.show(ChunkDone(said, 40.0, 12.0, 0.0), Counts())
    text = stream.getvalue()
    assert "agent:" in text and "it is" in text
    assert "you:" in text and "… " + "x" * 60 in text
    assert "what" not in text
    assert "agent:" not in shown(True, Counts())


def test_a_file_gets_only_what_happens() -> None:
    lines = shown(False, Counts()).splitlines()
    assert len(lines) == 2
    assert "Mic [USB] and Loudspeaker" in lines[0]
    assert lines[1] == "The microphone is now Headset."


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(), "none"),
        (Counts(lost_samples=8000), "0.5 s of sound lost"),
        (Counts(xruns=2, events_dropped=1), "2 gaps in the card's sound, 1 messages not shown"),
    ],
)
def test_drops_in_words(counts: Counts, said: str) -> None:
    assert drops(counts) == said


def test_the_summary_of_a_talk_that_never_began() -> None:
    stream = io.StringIO()
    show_live_summary(Console(file=stream, width=80), Counts(), [])
    assert "0 chunks" in stream.getvalue()


def test_models_that_break_are_told_once_and_counted() -> None:
    stream = io.StringIO()
    with LiveStatus(Console(file=stream, width=200), INFO, 160, 160) as status:
        for _ in range(3):
            broken = replace(STEP, not_numbers=2560)
            status.show(ChunkDone(broken, 40.0, 12.0, 0.0), Counts(broken_chunks=3))
    assert stream.getvalue().count(NOT_NUMBERS) == 1
    assert drops(Counts(broken_chunks=3)) == "3 chunks broken by the models"


@pytest.mark.parametrize("closed", [(True, False), (False, True)])
def test_what_is_closed_says_that_the_microphone_is_open(closed: tuple[bool, bool]) -> None:
    stream = io.StringIO()
    with LiveStatus(Console(file=stream, force_terminal=True, width=80), INFO, 160, 160) as status:
        status.show_keys(*closed)
    assert "stays open until you end" in stream.getvalue()
