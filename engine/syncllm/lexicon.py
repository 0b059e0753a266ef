"""The lexicon of an agent's own units: its words as phones, a file of the bundle.

Knows no search; `engine.syncllm.lexicon_reader` has it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import DuologueError

SILENT = -1
"""The phone of a unit that is silence."""
Number = Annotated[int, Field(ge=0, lt=100_000)]
Count = Annotated[int, Field(ge=1, lt=1 << 31)]


class Lexicon(BaseModel):
    """The words that the agent says, as phones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phones: list[Annotated[int, Field(ge=SILENT, lt=1_000)]]
    """The phone of each unit; ``SILENT`` for silence."""
    words: list[Annotated[str, Field(min_length=1, max_length=60)]]
    said: list[tuple[Number, list[Number], Count]]
    """(word, its phones, how often): a word may have several pronunciations."""
    pairs: list[tuple[Number, Number, Count]]
    """(word, the next word, how often); ``len(words)`` stands for the beginning of a sentence."""

    @model_validator(mode="after")
    def _fits(self) -> Lexicon:
        count = len(self.words)
        known = set(self.phones)
        if not count or {word for word, _, _ in self.said} != set(range(count)):
            raise ValueError("each word needs a pronunciation, and each pronunciation a word")
        if not all(phones for _, phones, _ in self.said):
            raise ValueError("a pronunciation without phones")
        if any(not known.issuperset(phones) for _, phones, _ in self.said):
            raise ValueError("phones that no unit has")
        if any(first > count or word >= count for first, word, _ in self.pairs):
            raise ValueError("pairs of words that are not there")
        if not all(word.isprintable() and " " not in word for word in self.words):
            raise ValueError("words that cannot be shown")
        return self


def read_lexicon(path: Path, units: int, silence_unit: int) -> Lexicon:
    """Read a bundle's lexicon for so many units; DuologueError if the file holds none."""
    lexicon: Lexicon | None
    try:
        lexicon = Lexicon.model_validate(json.loads(path.read_text(encoding="utf8")))
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); install the bundle again."
        ) from error
    except (ValueError, RecursionError, ValidationError):
        lexicon = None
    if not (lexicon and len(lexicon.phones) == units and lexicon.phones[silence_unit] == SILENT):
        raise DuologueError(f"{path} is no lexicon for {units} units; install the bundle again.")
    return lexicon
