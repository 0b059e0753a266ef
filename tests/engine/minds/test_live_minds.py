"""A live conversation with a background mind attached, on a simulated card."""

from __future__ import annotations

from pathlib import Path

from engine.minds.mind import UNASKED, Outcome, Reply
from engine.minds.openings import Lines
from engine.minds.two_minds import TwoMinds
from engine.record.recorder import Recorder
from engine.record.replay import replay
from engine.syncllm.duplex import Duplex
from engine.talk.live_conversation import LiveConversation
from tests.engine.minds.test_two_minds import LINES, ReadyMind, sentence
from tests.engine.simulated_card import SimulatedCard
from tests.engine.tiny_bundle import OWN_SILENCE, write_tiny_bundle

_RING = sentence("your timer rings", 10)


def test_a_timer_rings_in_a_live_conversation_and_its_replay(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle", own_units=True, reader=True, state=True)
    duplex = Duplex(bundle, seed=2)
    mind = ReadyMind()
    lines = Lines(LINES.opening, sentence("sorry", 1), (sentence("well", 2),))
    duplex.attach(TwoMinds(duplex.format, OWN_SILENCE, mind, lines))
    recorder = Recorder(tmp_path, duplex)

    def ring(card: SimulatedCard) -> None:
        if round(card.seconds, 2) == 1.5:
            mind.replies.append(Reply(UNASKED, (_RING,), takes_over=True))
        if card.seconds > 5:
            live.request_stop()

    live = LiveConversation(duplex, SimulatedCard(on_block=ring), None, recorder)
    live.run()
    duplex.close()
    recorder.close()
    assert mind.outcomes == [Outcome(UNASKED, _RING.text, True)]
    (text,) = [path for path in recorder.folder.iterdir() if path.name == "transcript.txt"]
    assert "your timer rings" in text.read_text("utf8")
    result = replay(recorder.folder, bundle)
    assert result.identical
    assert result.chunks > 20
