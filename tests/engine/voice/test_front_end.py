"""The voice from a part for it: the same as from the package, and refused where it is damaged."""

from __future__ import annotations

import sys
from pathlib import Path

import hibari
import pytest
from hibari.g2p import G2P

from engine.errors import DuologueError
from engine.part import PART_FILES
from engine.voice.agent_voice import AgentVoice
from engine.voice.front_end import FrontEnd
from models.voice_part import make_voice_part


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voice") / "part"
    make_voice_part(folder)
    return folder


@pytest.fixture(scope="module")
def front_end(part: Path) -> FrontEnd:
    return FrontEnd(part)


@pytest.mark.parametrize(
    "text",
    [
        "Your timer is set for five minutes.",
        "Zaborowsky met the quokka at 7:30 pm.",  # words that no table has
        "I read it; they read it on the 3rd of March.",
    ],
)
def test_the_phones_are_those_of_the_package(front_end: FrontEnd, text: str) -> None:
    assert front_end.phones(text) == G2P()(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hi there. It is noon! Is it?",
        "Dr. Smith is here. J. K. Rowling wrote it.",
        "It opens at 5 p.m. on Monday... and closes late.\nNext line",
        "",
        "\n \n",
    ],
)
def test_the_sentences_are_those_of_the_package(front_end: FrontEnd, text: str) -> None:
    assert front_end.sentences(text) == hibari.Hibari.split_sentences(text)


def test_a_quotation_keeps_its_end(front_end: FrontEnd) -> None:
    assert front_end.sentences('He said "Go." Then he left.') == ['He said "Go."', "Then he left."]


def test_the_voice_is_the_same(part: Path) -> None:
    text = "The capital of France is Paris. Blorptang is nowhere."
    assert AgentVoice(part=part).say(text) == AgentVoice().say(text)


@pytest.mark.bad_input("hearing")
@pytest.mark.parametrize("name", PART_FILES["voice"])
def test_a_damaged_part_is_refused(part: Path, tmp_path: Path, name: str) -> None:
    for path in part.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DuologueError, match="is damaged; install that part again"):
        AgentVoice(part=tmp_path)


def test_without_part_and_package_one_sentence_tells_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "hibari", None)
    with pytest.raises(DuologueError, match=r"not installed; install the part .*install-part"):
        AgentVoice()
