"""The judges of the agent's voice: what is drawn, counted and, where they are installed, heard."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models import script
from models.evaluate import agent_voice, judges
from models.evaluate.agent_side import agent_source
from models.evaluate.agent_voice import Batch, EngineVoice, HeardSentence
from models.evaluate.context import Run
from models.evaluate.sentence_matcher import plain_sentences

missing = judges.missing_packages()


def test_half_of_the_sentences_are_no_orders() -> None:
    sentences = agent_voice.sample_sentences(40, 1)
    assert sentences == agent_voice.sample_sentences(40, 1)
    assert len(set(sentences)) == 40
    assert set(sentences) <= set(script.agent_sentences())
    assert sum(text in plain_sentences() for text in sentences) == 20


def test_without_data_only_its_own_sentences_are_planned() -> None:
    planned = agent_voice.plan_words(Run(exchanges=25))
    assert {texts for texts, _ in planned} == {"own"}
    assert sum(len(sentences) for _, sentences in planned) == 25


def test_report_sets_the_originals_beside_the_agent() -> None:
    makes = HeardSentence("own", "that makes 49", "that makes forty nine", "that makes forty nine")
    rome = HeardSentence("free", "it is Rome.", "it is running", "it is rome")
    report = agent_voice.report_words(
        [Batch((makes,), ((2.0, 4.0), (3.0, 4.5))), Batch((rome,), ())], Run()
    )
    values = [score.measured.value for score in report.scores if score.measured]
    assert values == [0.0, 0.0, 1 / 3, 0.0, 2.5, 4.25]
    assert [failure["expected"] for failure in report.details["failures"]] == ["it is Rome."]


@pytest.mark.skipif(not missing, reason="the judges are installed")
def test_a_missing_judge_is_one_sentence() -> None:
    with pytest.raises(DuologueError, match="is missing, which judges .* docs/evaluation.md"):
        judges.Recogniser() if "faster_whisper" in missing else judges.NaturalnessMetre()


@pytest.mark.skipif(bool(missing), reason="the judges are not installed")
def test_the_judges_hear_the_starter() -> None:
    bundle = load_bundle()
    original = agent_source(bundle).speak("the capital of italy is rome")
    spoken = EngineVoice(bundle, None).say(original.units_T.tolist())
    recogniser, metre = judges.recogniser(), judges.naturalness_metre()
    assert recogniser.words(original.audio_N) == "the capital of italy is rome".split()
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * 16_000).astype(np.float32)
    assert metre.score(original.audio_N) > metre.score(noise)
    assert metre.score(0.1 * spoken) == pytest.approx(metre.score(spoken), abs=0.05)
