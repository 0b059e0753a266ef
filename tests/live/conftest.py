"""The window of the live tests needs no display; their cards are PulseAudio's and PipeWire's."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.live.virtual_card import VirtualCard, running_card

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A shell starts what runs in its background with Ctrl-C ignored, and that is inherited: the
# programs under test would not hear theirs.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", params=["pulseaudio", "pipewire"])
def virtual_card(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VirtualCard]:
    """A card of each server, but for tests that are marked `tests.live.virtual_card.on_one`."""
    with running_card(tmp_path_factory.mktemp("card"), request.param) as card:
        yield card
