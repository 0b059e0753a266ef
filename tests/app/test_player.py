"""Playing a recording: through the speaker that was chosen, to its end, or told why not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from app import player as player_module
from app.player import Player
from engine.card.devices import PULSE, ChosenDevice, Device, DeviceList
from engine.timebase import SAMPLE_RATE_HZ

BUILT_IN = Device("Built-in", PULSE, "built-in", 2, 48_000, "", True)
KITCHEN = Device("Küche", PULSE, "kitchen", 2, 48_000, "", False)


class Speaker:
    """Takes the place of a stream, and all sound as fast as it comes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[Device | None] = []
        self.active = True
        self.give: Any = None
        self.taken: list[np.ndarray] = []
        monkeypatch.setattr(player_module, "refresh", lambda: None)
        listing = DeviceList((), (BUILT_IN, KITCHEN))
        monkeypatch.setattr(player_module, "list_devices", lambda: listing)
        monkeypatch.setattr(player_module, "open_stream", self.open)
        monkeypatch.setattr(player_module, "runs", lambda _stream: self._runs())

    def open(
        self, make_callback: Any, rates_hz: Any, latency_ms: float, speaker: Device
    ) -> tuple[Any, int]:
        self.opened.append(speaker)
        self.give = make_callback(rates_hz[0])
        nothing = lambda ignore_errors: None  # noqa: E731
        return SimpleNamespace(abort=nothing, close=nothing), rates_hz[0]

    def _runs(self) -> bool:
        block = np.zeros((480, 2), np.int16)
        self.give(block, 480, None, 0)
        self.taken.append(block)
        return self.active


def recording(folder: Path) -> Path:
    path = folder / "conversation.flac"
    sound = np.full((SAMPLE_RATE_HZ // 4 + 77, 2), 0.2, np.float32)
    soundfile.write(path, sound, SAMPLE_RATE_HZ)
    return path


def test_the_chosen_speaker_gets_the_whole_recording(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speaker = Speaker(monkeypatch)
    player = Player(recording(tmp_path), ChosenDevice("kitchen", "Küche"))
    assert player.wait(20)
    assert player.error == ""
    assert speaker.opened == [KITCHEN]
    sound = np.concatenate(speaker.taken)
    loud = np.abs(sound).min(axis=1) > 0.1 * 32768
    assert np.count_nonzero(loud) == pytest.approx(3 * (SAMPLE_RATE_HZ // 4 + 77), abs=100)


def test_a_speaker_that_goes_ends_it_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speaker = Speaker(monkeypatch)
    speaker.active = False
    player = Player(recording(tmp_path), ChosenDevice("kitchen", "Küche"))
    assert player.wait(20)
    assert player.error == "The speaker Küche is gone; plug it in again."
