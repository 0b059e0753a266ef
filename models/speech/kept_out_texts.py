"""Sentences of free talk that no training reads: a fixed share, chosen by a hash of their letters.

Whoever draws texts for a training leaves out those for which ``kept_out`` is true, sentence by
sentence, before joining any. The evaluation takes nothing else. Knows no sound.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_ONE_IN = 50
_WORDS = (4, 14)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z ,']*[.?!]?")
"""One sentence without digits and signs, so that everybody would read it aloud alike."""
_SOURCES = ("self_dialogue", "sgd")


def kept_out(text: str) -> bool:
    """Whether a sentence is for evaluation only (one in fifty).

    Only its letters count, so case, punctuation, digits and spaces may be lost on the way.
    """
    letters = re.sub("[^a-z]", "", text.lower())
    digest = hashlib.sha256(letters.encode()).digest()
    return int.from_bytes(digest[:8]) % _ONE_IN == 0


@lru_cache(maxsize=2)
def free_sentences(dialogues: Path) -> tuple[str, ...]:
    """The sentences of 4 to 14 words that are kept out, with their punctuation, in random but fixed
    order.

    ``dialogues`` is the folder of the dialogues, gzip JSON lines.
    """
    texts = {text.strip() for name in _SOURCES for text in _turns(dialogues / f"{name}.jsonl.gz")}
    plain = (text for text in texts if _PLAIN.fullmatch(text) and kept_out(text))
    some = [text for text in plain if _WORDS[0] <= len(text.split()) <= _WORDS[1]]
    return tuple(sorted(some, key=lambda text: hashlib.sha256(text.encode()).digest()))


def _turns(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf8") as lines:
        for line in lines:
            for turn in json.loads(line)["turns"]:
                yield turn if isinstance(turn, str) else turn[1]
