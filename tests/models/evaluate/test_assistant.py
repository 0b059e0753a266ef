"""The assistant's evaluation: its requests are what they say they are, and verdicts are right."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from engine.assistant.actions import parse, understood
from engine.assistant.request import State
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from models.evaluate.assistant import _is_same, plan
from models.evaluate.assistant_requests import ACTIONS, NONSENSE, facts, script_questions
from models.evaluate.assistant_talk import TalkWithAssistant, without_fillers
from models.evaluate.simulated_user import AcousticConditions
from models.hearing_part import make_hearing_part

NOW = datetime(2026, 3, 4, 12, 0)


def test_there_are_thirty_of_each() -> None:
    trials = plan(30, 0)
    kinds = [trial.kind for trial in trials]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(
        ("script", "fact", "action", "nonsense"), 30
    )
    assert len(facts(30)) == len(script_questions(30, 0)) == len(ACTIONS) == 30


@pytest.mark.parametrize(("text", "action", "before"), ACTIONS)
def test_each_request_is_one(text: str, action: str, before: str) -> None:
    request = parse(text, NOW)
    assert request and request.action == action
    assert not before or parse(before, NOW)


@pytest.mark.parametrize("text", [*NONSENSE, *(text for text, _ in facts(30))])
def test_nothing_else_is_one(text: str) -> None:
    assert understood(text, State(), NOW) is None


def test_the_recognisers_spelling_makes_no_difference() -> None:
    assert _is_same("Set a timer for 12 minutes.", "Set a timer for twelve minutes.")
    assert not _is_same("Set a timer for 20 minutes.", "Set a timer for twelve minutes.")
    assert not _is_same("Nothing.", "Set a timer for twelve minutes.")


def test_fillers_are_no_answer() -> None:
    assert without_fillers(" let me") == without_fillers("let me think one moment") == ""
    assert without_fillers("let me think it is paris") == "it is paris"


@pytest.fixture(scope="module")
def duplex() -> Duplex:
    return Duplex(load_bundle())


def test_silence_does_nothing(duplex: Duplex, tmp_path: Path) -> None:
    part = tmp_path / "part"
    make_hearing_part(part)
    conditions = AcousticConditions()
    talk = TalkWithAssistant(duplex, part, None, tmp_path / "Notes", conditions)
    heard = talk.ask(np.zeros(8000, np.float32), -26)
    talk.close()
    assert heard.done == [] and not heard.thought and heard.words == ""
    assert heard.steps_ms and heard.chunk_ms == 160
