"""A GGUF chat model through llama.cpp: a talk in, pieces of text out, one token at a time.

Unlike `engine.syncllm.llama` it takes any model that llama.cpp can run, also one whose cache cannot
be rolled back; then it feeds the talk anew. One thread owns an instance; `stopped` is asked before
each token and inside a long feed. Every return code is checked.
"""

from __future__ import annotations

import codecs
import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import llama_cpp

from engine.assistant.chat_template import ChatTemplate
from engine.assistant.text_mind import Message
from engine.errors import DuologueError
from engine.syncllm.llama_library import BACK_ENDS

_MAGIC = b"GGUF"
_EVERY_LAYER = 1000
_BATCH_TOKENS = 256
_FLASH_ATTENTION_OFF = 0  # slower for small models on a CPU (engine/syncllm/llama.py)
_PENALTY_TOKENS, _PENALTY = 64, 1.1
_TOP_K, _TOP_P, _MIN_P = 40, 0.95, 0.05
_ABORTED = 2
_MOST_PIECE_BYTES = 256


class ChatModel:
    """A model and its context."""

    def __init__(
        self,
        path: Path,
        context_tokens: int,
        threads: int,
        gpu_layers: int,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Load a file; ``gpu_layers`` -1 puts all layers on the GPU if there is one.

        ``context_tokens`` is made smaller for a model that was trained with less. Raises
        DuologueError if the file is missing, damaged or no model that can chat.
        """
        self._path = path
        self._model = self._context = self._sampler = None
        self._stopped = stopped
        self._fed: list[int] = []
        self._memory: Any = None
        self._template: ChatTemplate
        self.context_tokens = context_tokens
        self.has_template = False
        """Whether the file brings a chat template."""
        self.ended = False
        """Whether the model ended its last answer by itself."""
        _check_file(path)
        options = llama_cpp.llama_model_default_params()
        every = gpu_layers < 0 or gpu_layers > _EVERY_LAYER
        options.n_gpu_layers = (_EVERY_LAYER if every else gpu_layers) if BACK_ENDS.has_gpu() else 0
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), options)
        if not self._model:
            raise DuologueError(
                f"The text model {path} is damaged or of an unknown type; choose another file."
            )
        try:
            self._open(context_tokens, threads)
        except DuologueError:
            self.close()
            raise

    def _open(self, context_tokens: int, threads: int) -> None:
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        if llama_cpp.llama_vocab_type(self._vocabulary) == llama_cpp.LLAMA_VOCAB_TYPE_NONE:
            raise DuologueError(
                f"{self._path} has no words, so it cannot chat; choose another file."
            )
        if not llama_cpp.llama_model_has_decoder(self._model) or llama_cpp.llama_model_has_encoder(
            self._model
        ):
            raise DuologueError(f"{self._path} is no chat model; choose another file.")
        trained = llama_cpp.llama_model_n_ctx_train(self._model)
        self.context_tokens = min(context_tokens, trained) if trained > 0 else context_tokens
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = self.context_tokens
        options.n_batch = options.n_ubatch = min(self.context_tokens, _BATCH_TOKENS)
        options.n_threads = options.n_threads_batch = threads
        options.flash_attn_type = _FLASH_ATTENTION_OFF
        self._context = llama_cpp.llama_init_from_model(self._model, options)
        if not self._context:
            raise DuologueError(
                f"There is not enough memory for the text model {self._path}; choose a smaller one."
            )
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._abort = llama_cpp.ggml_abort_callback(lambda _data: self._stopped())
        llama_cpp.llama_set_abort_callback(self._context, self._abort, ctypes.c_void_p(0))
        template = llama_cpp.llama_model_chat_template(self._model, None)
        self.has_template = bool(template)
        self._template = ChatTemplate(
            template.decode("utf8", "replace") if template else "",
            self._special(llama_cpp.llama_vocab_bos(self._vocabulary)),
            self._special(llama_cpp.llama_vocab_eos(self._vocabulary)),
        )

    def close(self) -> None:
        """Free the model; the object cannot be used afterwards."""
        if self._sampler:
            llama_cpp.llama_sampler_free(self._sampler)
        if self._context:
            llama_cpp.llama_free(self._context)
        if self._model:
            llama_cpp.llama_model_free(self._model)
        self._model = self._context = self._sampler = None

    def prompt(self, messages: Sequence[Message], most_answer_tokens: int) -> list[int]:
        """The talk as tokens, with so much of its beginning left out that the answer has room.

        The system's words and the last turn always stay. Raises DuologueError if they are too long.
        """
        head = [one for one in messages if one["role"] == "system"]
        rest = [one for one in messages if one["role"] != "system"]
        while True:
            tokens = self._tokens(self._template.render([*head, *rest]))
            if len(tokens) + most_answer_tokens <= self.context_tokens:
                return tokens
            if len(rest) <= 1:
                raise DuologueError("That was too long for the text model; say it in fewer words.")
            # A talk begins with the user's words; some templates insist on it.
            rest = rest[1:]
            while len(rest) > 1 and rest[0]["role"] != "user":
                rest = rest[1:]

    def feed(self, tokens: Sequence[int]) -> bool:
        """Bring the cache to exactly these tokens; what it holds of them already is not fed again.

        Returns False if `stopped` ended it. Raises DuologueError if decoding fails.
        """
        shared = 0
        while shared < min(len(self._fed), len(tokens) - 1) and self._fed[shared] == tokens[shared]:
            shared += 1
        self._cut(shared)
        rest = list(tokens[len(self._fed) :])
        for start in range(0, len(rest), _BATCH_TOKENS):
            if self._stopped() or not self._decode(rest[start : start + _BATCH_TOKENS]):
                return False
        return True

    def answer(self, most_tokens: int, temperature: float, seed: int) -> Iterator[str]:
        """Pieces of text after what was fed, until the model ends, is stopped or the limit comes.

        Afterwards `ended` says whether the model itself ended.
        """
        self.ended = False
        self._new_sampler(temperature, seed)
        decoder = codecs.getincrementaldecoder("utf8")("replace")
        for _ in range(most_tokens):
            if self._stopped():
                return
            token = llama_cpp.llama_sampler_sample(self._sampler, self._context, -1)
            if llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
                self.ended = True
                return
            if text := decoder.decode(self._piece(token)):
                yield text
            if not self._decode([token]):
                return

    def _decode(self, tokens: list[int]) -> bool:
        """Feed up to a batch; False if it was stopped, and then the cache is as before."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        code = llama_cpp.llama_decode(
            self._context, llama_cpp.llama_batch_get_one(array, len(tokens))
        )
        if code == _ABORTED:
            self._cut(len(self._fed), even_if_equal=True)
            return False
        if code != 0:
            raise DuologueError(
                f"The text model {self._path.name} failed (llama_decode: {code}); ask again."
            )
        self._fed += tokens
        return True

    def _cut(self, length: int, even_if_equal: bool = False) -> None:
        """Remove the cache's tokens from ``length`` on; all of them if it refuses."""
        if length == len(self._fed) and not even_if_equal:
            return
        if llama_cpp.llama_memory_seq_rm(self._memory, 0, length, -1):
            del self._fed[length:]
        else:  # recurrent, or with a sliding window
            llama_cpp.llama_memory_clear(self._memory, True)
            self._fed.clear()

    def _new_sampler(self, temperature: float, seed: int) -> None:
        if self._sampler:
            llama_cpp.llama_sampler_free(self._sampler)
        chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        words = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        parts = [llama_cpp.llama_sampler_init_penalties(words, _PENALTY_TOKENS, _PENALTY, 0.0, 0.0)]
        if temperature <= 0:
            parts.append(llama_cpp.llama_sampler_init_greedy())
        else:
            parts += [
                llama_cpp.llama_sampler_init_top_k(_TOP_K),
                llama_cpp.llama_sampler_init_top_p(_TOP_P, 1),
                llama_cpp.llama_sampler_init_min_p(_MIN_P, 1),
                llama_cpp.llama_sampler_init_temp(temperature),
                llama_cpp.llama_sampler_init_dist(seed),
            ]
        for part in parts:
            llama_cpp.llama_sampler_chain_add(chain, part)
        self._sampler = chain

    def _tokens(self, text: str) -> list[int]:
        # Most templates write the first token themselves; a second one makes answers worse.
        begin = self._special(llama_cpp.llama_vocab_bos(self._vocabulary))
        add = not (begin and text.startswith(begin))
        data = text.encode("utf8", "replace")
        count, room = 0, len(data) + 8
        for _ in range(2):
            tokens = (llama_cpp.llama_token * room)()
            count = llama_cpp.llama_tokenize(
                self._vocabulary, data, len(data), tokens, room, add, True
            )
            if count >= 0:
                break
            room = -count  # a space can be three bytes in the tokenizer's own spelling
        if count <= 0:
            raise DuologueError(f"The text model {self._path.name} cannot read the words.")
        return list(tokens[:count])

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(_MOST_PIECE_BYTES)
        length = llama_cpp.llama_token_to_piece(
            self._vocabulary, token, buffer, _MOST_PIECE_BYTES, 0, False
        )
        return buffer.raw[: max(0, length)]

    def _special(self, token: int) -> str:
        text = llama_cpp.llama_vocab_get_text(self._vocabulary, token) if token >= 0 else None
        return text.decode("utf8", "replace") if text else ""


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(_MAGIC))
    except OSError as error:
        raise DuologueError(
            f"The text model {path} cannot be read ({error.strerror}); choose another file."
        ) from error
    if magic != _MAGIC:
        raise DuologueError(f"The text model {path} is not a GGUF file; choose another one.")
