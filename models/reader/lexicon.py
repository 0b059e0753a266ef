"""Makes the lexicon for the captions of an agent that has units of its own: the words of its
sentences, as the synthesiser's phones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from engine.syncllm.lexicon import SILENT, Lexicon
from engine.voice.agent_units import AGENT_UNITS, CONSONANTS, SILENCE, VOWELS
from models.speech.natural_corpus import punctuated

_PHONES = CONSONANTS + VOWELS


def agent_lexicon(sentences: Iterable[str], phones_of: Callable[[str], str]) -> Lexicon:
    """The lexicon of these sentences; ``phones_of`` is the synthesiser's front end, a sentence to
    misaki's notation. Sentences whose words it joins or parts are left out."""
    said: Counter[tuple[str, tuple[int, ...]]] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        words = sentence.split()
        groups = [_numbers(group) for group in phones_of(punctuated(sentence, False)).split()]
        spoken = [group for group in groups if group]
        if len(spoken) != len(words):
            continue
        said.update(zip(words, spoken, strict=True))
        pairs.update(pairwise(["", *words]))
    words = sorted({word for word, _ in said})
    number = {word: place for place, word in enumerate(words)} | {"": len(words)}
    return Lexicon(
        phones=[SILENT if name == SILENCE else _PHONES.index(name[0]) for name in AGENT_UNITS],
        words=words,
        said=[
            (number[word], list(phones), count) for (word, phones), count in sorted(said.items())
        ],
        pairs=[(number[a], number[b], count) for (a, b), count in sorted(pairs.items())],
    )


def _numbers(group: str) -> tuple[int, ...]:
    """The phones of a word, equal neighbours as one; without stress and punctuation."""
    numbers = [_PHONES.index(symbol) for symbol in group if symbol in _PHONES]
    return tuple(numbers[:1] + [b for a, b in pairwise(numbers) if a != b])
