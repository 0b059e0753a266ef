"""The assistant between conversations: what falls due rings, and its settings are followed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.assistant_host import AssistantHost
from app.player import Player
from app.ring_sound import bell
from app.settings import Settings
from app.sound_check import CARD_LOCK
from engine.card.devices import ChosenDevice
from engine.timebase import SAMPLE_RATE_HZ
from tests.app.test_player import KITCHEN, Speaker, recording

_WAIT_SECONDS = 60.0
_PLAIN = Settings(text_model="none", speaker=ChosenDevice("kitchen", "Küche"))


@pytest.fixture(autouse=True)
def _profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))


@pytest.fixture
def rung() -> queue.Queue[str]:
    return queue.Queue()


@pytest.fixture
def host(rung: queue.Queue[str]) -> Iterator[AssistantHost]:
    host = AssistantHost(_PLAIN, rung.put)
    yield host
    host.close()


def set_timer(host: AssistantHost) -> None:
    assert host.mind
    assert host.mind.turn("set a timer for one second").kind == "action"


def loud_seconds(speaker: Speaker) -> float:
    sound = np.concatenate(speaker.taken) if speaker.taken else np.zeros((0, 2), np.int16)
    return np.count_nonzero(np.abs(sound).max(axis=1) > 200) / 48_000


def until(done: Callable[[], object]) -> bool:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.05)
    return False


def test_a_timer_rings_with_a_bell_and_a_sentence(
    host: AssistantHost, rung: queue.Queue[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker = Speaker(monkeypatch)
    set_timer(host)
    assert "timer" in rung.get(timeout=_WAIT_SECONDS)
    bell_seconds = np.count_nonzero(np.abs(bell()) > 200 / 32768) / SAMPLE_RATE_HZ
    assert until(lambda: loud_seconds(speaker) > bell_seconds + 0.5)
    assert set(map(str, speaker.opened)) == {str(KITCHEN)} and len(speaker.opened) == 2


def test_over_a_recording_it_is_mixed_in(
    host: AssistantHost,
    rung: queue.Queue[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    class SlowSpeaker(Speaker):
        def open(self, *arguments: Any, **named: Any) -> tuple[Any, int]:
            assert opens.wait(_WAIT_SECONDS)
            return super().open(*arguments, **named)

    opens, ring = threading.Event(), bell()
    speaker = SlowSpeaker(monkeypatch)
    player = Player(recording(tmp_path), None)
    assert until(lambda: player.mix(ring))
    opens.set()
    assert player.wait(_WAIT_SECONDS) and player.error == ""
    assert len(speaker.opened) == 1
    assert loud_seconds(speaker) > 1  # the recording alone has a quarter of a second
    assert not player.mix(bell())


def test_without_a_sound_card_the_caller_is_told_all_the_same(
    host: AssistantHost, rung: queue.Queue[str]
) -> None:
    with CARD_LOCK:  # in use elsewhere
        set_timer(host)
        assert "timer" in rung.get(timeout=_WAIT_SECONDS)


def test_in_a_conversation_the_conversation_gets_what_falls_due(
    host: AssistantHost, rung: queue.Queue[str]
) -> None:
    host.talk_begins()
    set_timer(host)
    mind = host.mind
    assert mind
    found: list[str] = []
    assert until(lambda: found.extend(reply.kind for reply in mind.poll()) or "ring" in found)
    host.talk_ends()
    assert rung.empty()


def test_a_conversation_keeps_its_mind_until_it_ends(host: AssistantHost) -> None:
    first = host.mind
    host.change(_PLAIN.model_copy(update={"threads": 1}))
    assert host.mind is first
    host.talk_begins()
    host.change(_PLAIN.model_copy(update={"most_sentences": 1}))
    assert host.mind is first
    host.talk_ends()
    assert host.mind is not first and host.mind and host.mind.options.most_sentences == 1
    host.change(_PLAIN.model_copy(update={"assistant": False}))
    assert host.mind is None


def test_nothing_of_it_is_left(rung: queue.Queue[str]) -> None:
    before = set(threading.enumerate())
    AssistantHost(_PLAIN, rung.put).close()
    assert set(threading.enumerate()) <= before
