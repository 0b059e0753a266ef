"""A conversation with the tiny bundle, for the tests that need any talk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.syncllm.bundle import Bundle
from engine.syncllm.duplex import Duplex
from tests.engine.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def duplex(bundle: Bundle) -> Iterator[Duplex]:
    opened = Duplex(bundle, seed=3)
    yield opened
    opened.close()
