"""The tokens of a text LLM: how it writes words, and the text of each token.

A GGUF's tokenizer is llama.cpp's own, so that any kind it knows is exact; that of a Hugging Face
folder is its ``tokenizer.json``. Knows no network.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import llama_cpp
from tokenizers import Tokenizer

from engine.errors import DuologueError
from engine.syncllm.llama_library import BACK_ENDS
from models.language.vocabulary import Spelling, letter_pieces

_BEFORE = "a"
"""A word to stand before another one: some tokenizers put a space before the first word of a text,
others do not."""
_SPACES = str.maketrans({"Ġ": " ", "▁": " "})
"""What byte-level and SentencePiece vocabularies write for a space."""


@dataclass(frozen=True, eq=False)
class TextTokens:
    """A text LLM's tokenizer."""

    encode: Callable[[str], list[int]]
    """Text to token ids, without special tokens."""
    texts: tuple[str, ...]
    """The text of each token, a space included; of others than plain letters, anything."""

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token by text."""
        return {text: token for token, text in enumerate(self.texts)}

    def word(self, word: str) -> list[int]:
        """The tokens of a word in running text.

        Raises ValueError where the tokenizer does not keep the word as it is.
        """
        before, tokens = self.encode(_BEFORE), self.encode(f"{_BEFORE} {word}")
        found = tokens[len(before) :]
        if tokens[: len(before)] != before or self._joined(found) != f" {word}":
            raise ValueError(f"its tokenizer changes the word {word!r}")
        return found

    def _joined(self, tokens: Sequence[int]) -> str:
        return "".join(self.texts[token] for token in tokens)

    def spelling(
        self, words: Sequence[str], others: Sequence[str] = ()
    ) -> tuple[Spelling, tuple[int, ...]]:
        """How ``words`` are written in these tokens, and the token of each piece; -1 for a piece
        that is no token here. Of ``others``, those that the tokenizer changes are left out.

        Single letters come first, as in every vocabulary, so that any other word can be spelled.
        Raises ValueError where the tokenizer changes one of ``words``.
        """
        pieces = list(letter_pieces())
        sources = [self.ids.get(piece, -1) for piece in pieces]
        numbers = {piece: number for number, piece in enumerate(pieces)}

        def written(word: str) -> tuple[int, ...]:
            tokens = self.word(word)
            texts = [self.texts[token] for token in tokens]
            if not all(map(str.strip, texts)):  # a space alone is no piece
                texts = [f" {word[0]}", *word[1:]]
                tokens = [self.ids.get(text, -1) for text in texts]
            for text, token in zip(texts, tokens, strict=True):
                if text not in numbers:
                    numbers[text] = len(pieces)
                    pieces.append(text)
                    sources.append(token)
            return tuple(numbers[text] for text in texts)

        rows = tuple(map(written, words))
        more = []
        for word in sorted({*others} - {*words}):
            with suppress(ValueError):
                more.append((word, written(word)))
        return Spelling(tuple(pieces), rows, tuple(more)), tuple(sources)


def gguf_tokens(path: Path) -> TextTokens:
    """The tokenizer in a GGUF file. Raises DuologueError where llama.cpp finds none."""
    BACK_ENDS.has_gpu()  # llama.cpp opens nothing before its libraries are loaded
    options = llama_cpp.llama_model_default_params()
    options.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), options)
    if not model:
        raise DuologueError(f"llama.cpp cannot open {path}; give another text model.")
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    count = llama_cpp.llama_vocab_n_tokens(vocabulary)
    if llama_cpp.llama_vocab_type(vocabulary) == llama_cpp.LLAMA_VOCAB_TYPE_NONE:
        llama_cpp.llama_model_free(model)
        raise DuologueError(f"{path} has no tokenizer; give a text model.")

    def encode(text: str) -> list[int]:
        content = text.encode()
        room = len(content) + 8  # no token is less than a byte; some texts get a space in front
        ids = (llama_cpp.llama_token * room)()
        found = llama_cpp.llama_tokenize(vocabulary, content, len(content), ids, room, False, False)
        if found < 0:
            raise ValueError("a text has more tokens than bytes")
        return list(ids[:found])

    texts = (llama_cpp.llama_vocab_get_text(vocabulary, token) for token in range(count))
    tokens = TextTokens(encode, tuple(_plain(text.decode(errors="replace")) for text in texts))
    weakref.finalize(tokens, llama_cpp.llama_model_free, model)
    return tokens


def hugging_face_tokens(folder: Path) -> TextTokens:
    """The tokenizer in a folder's ``tokenizer.json``. Raises DuologueError where there is none."""
    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf8"))
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); give the folder of a whole text model."
        ) from error
    except Exception as error:  # the library raises nothing more special
        raise DuologueError(f"{path} is no tokenizer ({error}); download it again.") from error
    # What a training of theirs has left in the file.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = (tokenizer.id_to_token(token) or "" for token in range(tokenizer.get_vocab_size()))
    return TextTokens(
        lambda text: tokenizer.encode(text, add_special_tokens=False).ids,
        tuple(_plain(text) for text in texts),
    )


def _plain(text: str) -> str:
    return text.translate(_SPACES)
