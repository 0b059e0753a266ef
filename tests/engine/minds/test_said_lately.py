"""What the agent has said lately: utterances, without fillers, and before a request."""

from __future__ import annotations

from engine.minds.said_lately import SaidLately
from engine.timebase import SAMPLE_RATE_HZ


def test_the_last_utterance_before_the_request_is_found() -> None:
    said = SaidLately()
    assert said.before(10**9) == ""
    for second, words in (
        (0, " a"),
        (0.5, " spider"),
        (3, " it"),
        (3.5, " has"),
        (9, " let me think"),
    ):
        said.add(words.split("|"), round(second * SAMPLE_RATE_HZ))
    assert said.before(20 * SAMPLE_RATE_HZ) == "it has"  # a filler is not worth repeating
    assert said.before(2 * SAMPLE_RATE_HZ) == "a spider"
    assert said.since(2 * SAMPLE_RATE_HZ) == "it has let me think"
    said.clear()
    assert said.before(20 * SAMPLE_RATE_HZ) == ""


def test_it_does_not_grow() -> None:
    said = SaidLately()
    for second in range(10_000):
        said.add([" word"], second * SAMPLE_RATE_HZ // 2)
    assert len(said.before(10**12)) <= 600
