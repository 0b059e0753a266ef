"""The agent's words are read from its own units, also where phones are wrong or missing."""

from __future__ import annotations

import random

import pytest
from pydantic import ValidationError

from engine.syncllm.bundle import load_bundle
from engine.syncllm.lexicon import SILENT, Lexicon
from engine.syncllm.lexicon_reader import LexiconReader
from engine.voice.agent_units import AGENT_UNITS
from models import script
from models.reader.lexicon import agent_lexicon
from models.speech.agent_speech import Hibari
from models.speech.natural_corpus import punctuated

PHONES = "_abdeiklnrstz"
WORDS = {
    "red": "red",
    "bread": "bred",
    "is": "iz",
    "late": "leit",
    "lately": "leitli",
    "tin": "tin",
}
SILENCE = 0


def lexicon(pairs: dict[tuple[str, str], int] | None = None) -> Lexicon:
    words = [*WORDS]
    places = {word: number for number, word in enumerate([*words, ""])}
    return Lexicon(
        phones=[SILENT, *range(1, len(PHONES))],
        words=words,
        said=[
            (number, [PHONES.index(phone) for phone in WORDS[word]], 1)
            for number, word in enumerate(words)
        ],
        pairs=[(places[a], places[b], count) for (a, b), count in (pairs or {}).items()],
    )


def units(phones: str, frames: int = 2) -> list[int]:
    return [PHONES.index(phone) for phone in phones for _ in range(frames)]


def read(phones: str, reader: LexiconReader | None = None) -> str:
    reader = reader or LexiconReader(lexicon())
    return "".join(reader.push(units(phones + "____"))).strip()


@pytest.mark.parametrize(
    ("phones", "words"),
    [
        ("rediz", "red is"),
        ("bredizleit", "bread is late"),
        ("leitliiz", "lately is"),
        ("leittin", "late tin"),
        ("leitin", "late tin"),  # two equal phones have run together
        ("brezizleit", "bread is late"),  # a phone is another
        ("bredizlet", "bread is late"),  # a phone is missing
        ("brednizleit", "bread is late"),  # a phone is too much
        ("red_iz", "red is"),  # a short pause
        ("redizlei", "red is"),  # broken off
        ("", ""),
    ],
)
def test_the_likeliest_words_are_read(phones: str, words: str) -> None:
    assert read(phones) == words


def test_words_that_sound_alike_are_told_by_the_word_before() -> None:
    assert read("redtin") == "red tin"
    twins = lexicon().model_dump()
    twins["words"] = [*WORDS, "read"]
    twins["said"].append((len(WORDS), [PHONES.index(phone) for phone in "red"], 1))
    twins["pairs"] = [(2, len(WORDS), 3), (1, 0, 3)]  # "is read", "bread red"
    reader = LexiconReader(Lexicon.model_validate(twins))
    assert read("izred", reader) == "is read"
    assert read("bredred", reader) == "bread red"


def test_words_come_while_the_agent_speaks_and_are_the_same_in_pieces() -> None:
    stream = units("bredizleit____redizleitli____")
    whole = LexiconReader(lexicon()).push(stream)
    reader = LexiconReader(lexicon())
    pieces = [reader.push(stream[start : start + 4]) for start in range(0, len(stream), 4)]
    assert [word for piece in pieces for word in piece] == whole
    assert "".join(whole) == " bread is late red is lately"
    first = next(number for number, piece in enumerate(pieces) if piece)
    assert first * 4 < len(units("bredizleit"))


def test_a_stream_begins_anew() -> None:
    reader = LexiconReader(lexicon())
    assert reader.push(units("bre")) == []
    reader.reset()
    assert read("tin", reader) == "tin"


@pytest.mark.parametrize(
    "change",
    [
        {"words": []},
        {"words": ["one", "two", "three"]},
        {"said": [(0, [], 1)]},
        {"said": [(0, [99], 1)]},
        {"pairs": [(0, 40, 1)]},
        {"pairs": [(0, 1, 0)]},
        {"words": ["a\nb", *list(WORDS)[1:]]},
        {"later": 1},
    ],
)
def test_a_wrong_lexicon_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Lexicon.model_validate(lexicon().model_dump() | change)


def test_the_starters_sentences_are_read_word_for_word() -> None:
    shipped = load_bundle().lexicon
    assert shipped
    hibari = Hibari()
    made = agent_lexicon(script.agent_sentences(), hibari._network.phones)
    assert made == shipped
    reader = LexiconReader(shipped)
    for text in random.Random(0).sample(script.agent_sentences(), 12):
        said = hibari.say(punctuated(text, False)).units().tolist()
        # As the token format gives it back: without lengths in a chunk.
        chunks = [list(dict.fromkeys(said[at : at + 4])) for at in range(0, len(said), 4)]
        spread = [chunk[place * len(chunk) // 4] for chunk in chunks for place in range(4)]
        assert "".join(reader.push([*spread, *[SILENCE] * 8])).split() == text.split()
    assert len(shipped.phones) == len(AGENT_UNITS)
