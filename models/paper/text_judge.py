"""How likely a text model finds the words of a transcript: SmolLM2-135M, run by llama.cpp.

The text has one fixed form: words as ``spoken_words`` gives them (lower case, no punctuation,
numbers as words), a line for each turn, and the model's end of text before the first. Perplexity is
per token of the words; the ends of lines are context, but do not count: when the speaker changes is
a figure of timing. Knows no sound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.syncllm.llama import Llama
from models.language.text_tokens import gguf_tokens
from models.text_model_package import checked_text_model

LEAST_WORDS = 5
"""The perplexity of fewer words says more about which ones they are than about their order."""
_END_OF_TEXT = 0
"""Its token."""
_CONTEXT_TOKENS = 1024
"""About three minutes of two people's talk; of a longer text the last half is remembered."""
_BATCH_TOKENS = 64
"""The scores of a batch are in memory at once, 200 kB for each token."""
_NOBODY = -1


@dataclass(frozen=True)
class WordLoss:
    """How surprising a word is."""

    nats: float
    """Negative logarithm of its probability."""
    tokens: int
    """Of the model; a rare word has several."""


class TextJudge:
    """The text model; one thread."""

    def __init__(self, path: Path | None = None, context_tokens: int = _CONTEXT_TOKENS) -> None:
        """Open a GGUF whose token 0 is the end of a text; None: SmolLM2 of its package.

        Raises DuologueError where the package is missing or holds another file.
        """
        path = path or checked_text_model()
        self._tokens = gguf_tokens(path)
        self._llama = Llama(path, context_tokens)

    def word_losses(
        self, lines: Sequence[Sequence[str]], before: Sequence[Sequence[str]] = ()
    ) -> list[list[WordLoss]]:
        """How surprising each word of each line is, after the lines ``before``.

        A line is a turn, its words as of ``spoken_words``.
        """
        ids, owners = [_END_OF_TEXT], [_NOBODY]
        words = 0
        for line, counts in [
            *((line, False) for line in before),
            *((line, True) for line in lines),
        ]:
            if line and len(ids) > 1:
                self._add(ids, owners, "\n", _NOBODY)
            for index, word in enumerate(line):
                self._add(ids, owners, f" {word}" if index else word, words if counts else _NOBODY)
                words += counts
        nats, tokens = np.zeros(words), np.zeros(words, int)
        counted = [place for place, owner in enumerate(owners) if owner != _NOBODY]
        for place, loss in zip(counted, self._losses(ids, counted), strict=True):
            nats[owners[place]] += loss
            tokens[owners[place]] += 1
        found = iter(map(WordLoss, nats.tolist(), tokens.tolist()))
        return [[next(found) for _ in line] for line in lines]

    def perplexity(
        self, lines: Sequence[Sequence[str]], before: Sequence[Sequence[str]] = ()
    ) -> float | None:
        """Per token of the lines' words; None where there are too few words."""
        return perplexity([loss for line in self.word_losses(lines, before) for loss in line])

    def _add(self, ids: list[int], owners: list[int], text: str, owner: int) -> None:
        tokens = self._tokens.encode(text)
        ids += tokens
        owners += [owner] * len(tokens)

    def _losses(self, ids: Sequence[int], places: Sequence[int]) -> Iterator[float]:
        """The loss of the tokens at these places, in order."""
        llama = self._llama
        llama.truncate(0)
        wanted = set(places)
        for start in range(0, places[-1] if places else 0, _BATCH_TOKENS):
            batch = ids[start : min(start + _BATCH_TOKENS, places[-1])]
            if llama.length + len(batch) > llama.capacity:
                llama.truncate(0)
                llama.feed([_END_OF_TEXT, *ids[start - llama.capacity // 2 : start]])
            llama.feed_and_keep(batch)
            for index in range(len(batch)):
                following = start + index + 1
                if following in wanted:
                    scores = llama.logits_after(index).astype(np.float64)
                    top = scores.max()
                    yield float(top + np.log(np.exp(scores - top).sum()) - scores[ids[following]])


def perplexity(losses: Sequence[WordLoss]) -> float | None:
    """Per token; None for fewer than ``LEAST_WORDS`` words."""
    if len(losses) < LEAST_WORDS:
        return None
    return math.exp(sum(loss.nats for loss in losses) / sum(loss.tokens for loss in losses))


@lru_cache(maxsize=1)
def text_judge() -> TextJudge:
    """The process's own."""
    return TextJudge()
