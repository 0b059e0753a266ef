"""Opening the computer's card, and what happens to it meanwhile, with PortAudio's streams faked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.card import devices, portaudio_card, streams
from engine.card.devices import PULSE, Device, DeviceList
from engine.card.playout import Playout
from engine.card.portaudio_card import PortAudioCard
from engine.errors import DuologueError

MICROPHONE = Device("Microphone", PULSE, "in", 1, 48_000, "0", True)
SPEAKER = Device("Speaker", PULSE, "out", 2, 48_000, "0", True)
STEREO = ("front-left", "front-right")
LISTING = DeviceList((MICROPHONE,), (SPEAKER,))


class PortAudioError(Exception):
    pass


class Host:
    """PortAudio's place is taken by this."""

    def __init__(self) -> None:
        self.listing = LISTING
        self.refuses: dict[str, int] = {}
        """Codes by the kind of stream."""
        self.while_listing: Callable[[], None] = lambda: None
        self.while_opening: Callable[[], None] = lambda: None
        self.streams: list[SimpleNamespace] = []
        self.watches: list[SimpleNamespace] = []

    def module(self) -> SimpleNamespace:
        def kind(name: str) -> Callable[..., SimpleNamespace]:
            return lambda **settings: self._stream(name, **settings)

        return SimpleNamespace(
            PortAudioError=PortAudioError,
            **{name: kind(name) for name in ("Stream", "InputStream", "OutputStream")},
        )

    def _stream(self, name: str, **settings: Any) -> SimpleNamespace:
        if name in self.refuses:
            raise PortAudioError("Error opening", self.refuses[name])

        def start() -> None:
            frames = settings["blocksize"]
            sides = {"InputStream": 1, "OutputStream": 1, "Stream": 2}[name]
            for _ in range(4):
                blocks = [np.zeros((frames, 2), np.int16) for _ in range(sides)]
                settings["callback"](*blocks, frames, None, 0)
            self.while_opening()

        def close(ignore_errors: bool) -> None:
            pass

        stream = SimpleNamespace(
            kind=name,
            settings=settings,
            start=start,
            active=True,
            latency=0.05,
            abort=close,
            close=close,
        )
        self.streams.append(stream)
        return stream

    def watch(self, listing: DeviceList, served: bool) -> SimpleNamespace:
        watch = SimpleNamespace(listing=listing, close=lambda: None)
        self.watches.append(watch)
        return watch


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(streams, "portaudio", host.module)
    monkeypatch.setattr(portaudio_card, "refresh", lambda: host.while_listing())
    monkeypatch.setattr(portaudio_card, "list_devices", lambda: host.listing)
    monkeypatch.setattr(streams, "portaudio_index", lambda _device, _kind: 0)
    monkeypatch.setattr(portaudio_card, "DeviceWatch", host.watch)
    return host


@pytest.fixture
def card(host: Host) -> Iterator[PortAudioCard]:
    card = PortAudioCard()
    yield card
    card.end()


def opened(card: PortAudioCard) -> None:
    card.open(Playout().take)


def test_one_stream_for_one_clock(host: Host, card: PortAudioCard) -> None:
    opened(card)
    assert [stream.kind for stream in host.streams] == ["Stream"]
    assert card.reopen_reason() is None
    exchange = card.read(0.1)
    assert exchange and exchange.near.shape == exchange.far.shape == (160,)


def test_two_streams_where_one_is_refused(host: Host, card: PortAudioCard) -> None:
    host.refuses = {"Stream": -9993}
    opened(card)
    assert [stream.kind for stream in host.streams] == ["OutputStream", "InputStream"]


def test_the_loudest_channel_is_heard_and_told(
    host: Host, card: PortAudioCard, caplog: pytest.LogCaptureFixture
) -> None:
    host.listing = DeviceList((replace(MICROPHONE, channels=2, channel_map=STEREO),), (SPEAKER,))
    opened(card)
    voice = np.zeros((160, 2), np.int16)
    voice[:, 1] = 8192
    for _ in range(3):
        host.streams[0].settings["callback"](voice, np.zeros((160, 2), np.int16), 160, None, 0)
    with caplog.at_level(logging.INFO):
        heard = [card.read(0.1) for _ in range(7)]
    assert heard[-1]
    np.testing.assert_array_equal(heard[-1].near, np.full(160, 0.25, np.float32))
    assert [record.message for record in caplog.records] == [
        "the microphone's channel 2 of 2 is heard"
    ]


@pytest.mark.parametrize(
    ("refused", "blamed"), [("OutputStream", "speaker"), ("InputStream", "microphone")]
)
def test_the_busy_device_is_blamed(
    host: Host, card: PortAudioCard, refused: str, blamed: str
) -> None:
    host.refuses = {"Stream": -9985, refused: -9985}
    with pytest.raises(DuologueError, match=f"The {blamed} .* is used by another program"):
        opened(card)


@pytest.mark.parametrize("moment", ["while_listing", "while_opening"])
def test_a_change_while_the_card_is_opened_is_noticed(
    host: Host, card: PortAudioCard, moment: str
) -> None:
    opened(card)
    headset = replace(SPEAKER, name="Headset", port="headset")

    def plug() -> None:
        (watch,) = host.watches
        watch.listing = DeviceList((MICROPHONE,), (replace(SPEAKER, is_default=False), headset))

    setattr(host, moment, plug)
    opened(card)
    assert card.reopen_reason() == "The speaker is now Headset."


def test_a_choice_while_the_card_is_opened_is_noticed(host: Host, card: PortAudioCard) -> None:
    other = replace(MICROPHONE, name="Other", port="other", is_default=False)
    host.listing = DeviceList((MICROPHONE, other), (SPEAKER,))
    host.while_opening = lambda: card.choose("Other", None, 50)
    opened(card)
    assert card.reopen_reason() == "The microphone is now Other."


def test_a_stream_that_ends_is_noticed(host: Host, card: PortAudioCard) -> None:
    opened(card)
    host.streams[0].active = False
    assert card.reopen_reason() == "The sound card has stopped; Duologue is opening it again."


def test_what_a_server_still_has_is_listed(host: Host, card: PortAudioCard) -> None:
    assert not card.listed  # nothing is open
    opened(card)
    assert card.listed
    host.watches[0].listing = DeviceList((), (SPEAKER,))
    assert not card.listed


def test_nobody_reports_changes_without_a_server(host: Host, card: PortAudioCard) -> None:
    alsa = (replace(MICROPHONE, host_api="ALSA"),), (replace(SPEAKER, host_api="ALSA"),)
    host.listing = DeviceList(*alsa)
    opened(card)
    assert not card.listed


def test_hardware_that_is_in_use_is_not_taken_for_unplugged(host: Host) -> None:
    built_in = replace(MICROPHONE, name="default", port="default", host_api="ALSA")
    usb = replace(built_in, name="USB (hw:1,0)", port="USB (hw:1,0)", is_default=False)
    speaker = replace(SPEAKER, host_api="ALSA")
    host.listing = DeviceList((built_in, usb), (speaker,))
    card = PortAudioCard("USB")
    opened(card)
    host.watches[0].listing = DeviceList((built_in,), (speaker,))
    assert card.reopen_reason() is None
    host.watches[0].listing = DeviceList((), (speaker,))
    assert card.reopen_reason() is None
    card.end()


def test_the_default_that_is_in_use_stays_the_default(host: Host, card: PortAudioCard) -> None:
    speaker = replace(SPEAKER, host_api="ALSA")
    first = replace(MICROPHONE, name="USB (hw:1,0)", port="USB (hw:1,0)", host_api="ALSA")
    second = replace(first, name="HDA (hw:0,0)", port="HDA (hw:0,0)")
    host.listing = DeviceList((first, replace(second, is_default=False)), (speaker,))
    opened(card)
    host.watches[0].listing = DeviceList((second,), (speaker,))  # as PortAudio sees it now
    assert card.reopen_reason() is None


def test_portaudio_is_started_again_after_a_start_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = [False, True]
    module = SimpleNamespace(PortAudioError=PortAudioError, _initialized=1)

    def terminate() -> None:
        if not module._initialized:
            raise PortAudioError("PortAudio not initialized", -10000)
        module._initialized -= 1

    def initialize() -> None:
        if not started.pop(0):
            raise PortAudioError("Error initializing PortAudio", -9999)
        module._initialized += 1

    module._terminate, module._initialize = terminate, initialize
    monkeypatch.setattr(devices, "portaudio", lambda: module)
    with pytest.raises(DuologueError, match="does not answer"):
        devices.refresh()
    devices.refresh()
    assert module._initialized == 1
