"""The part of llama.cpp that the clock needs: feed tokens, read logits, roll back, shift.

Only this module and `engine.syncllm.llama_library`, which loads it, call ``llama_cpp``. One thread
owns an instance for life. Every return code of the C side is checked, because a cache that silently
refuses to roll back would corrupt the conversation.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

import llama_cpp
import numpy as np

from engine.errors import DuologueError
from engine.syncllm.llama_library import BACK_ENDS

_MAGIC = b"GGUF"
_FLASH_ATTENTION_OFF = 0  # on by default and 1.5 to 6 times slower for small models on a CPU
_SEQUENCE = 0
MOST_GPU_LAYERS = 1000
"""More than any model has; llama.cpp takes 32 bits and would wrap a larger number."""
_UBATCH_TOKENS = 128  # a step of the clock is shorter; keeps the compute buffers small


class Llama:
    """A model and one context holding one sequence."""

    def __init__(
        self, path: Path, context_tokens: int, gpu_layers: int = 0, threads: int = 1
    ) -> None:
        """Load a GGUF file; ``gpu_layers`` -1 puts all layers on the GPU if there is one.

        Raises DuologueError if the file is missing, damaged, not a GGUF, or a model whose cache
        cannot be rolled back.
        """
        self._path = path
        self._model = self._context = None
        _check_magic(path)
        model_options = llama_cpp.llama_model_default_params()
        self.gpu_layers = gpu_layers if BACK_ENDS.has_gpu() else 0
        """The requested number; 0 if there is no GPU."""
        every = gpu_layers < 0 or gpu_layers > MOST_GPU_LAYERS
        model_options.n_gpu_layers = MOST_GPU_LAYERS if every else self.gpu_layers
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), model_options)
        if not self._model:
            raise DuologueError(
                f"The language model {path} is damaged or of an unknown type; "
                "install the bundle again."
            )
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = options.n_batch = context_tokens
        options.n_ubatch = min(context_tokens, _UBATCH_TOKENS)
        options.n_threads = options.n_threads_batch = threads
        options.flash_attn_type = _FLASH_ATTENTION_OFF
        options.no_perf = False
        self._context = llama_cpp.llama_init_from_model(self._model, options)
        if not self._context:
            self.close()
            raise DuologueError(
                f"There is not enough memory for the language model {path}; close other programs."
            )
        self._memory = llama_cpp.llama_get_memory(self._context)
        vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self._batch = llama_cpp.llama_batch_init(context_tokens, 0, 1)
        self.capacity = context_tokens
        self.length = 0
        self._logits_address = 0
        self._logits_view = np.zeros(0, np.float32)
        try:
            self._self_test()
        except DuologueError:
            self.close()
            raise

    def close(self) -> None:
        """Free the model; the object cannot be used afterwards."""
        if self._context:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._context)
        if self._model:
            llama_cpp.llama_model_free(self._model)
        self._context = self._model = None

    def feed(self, tokens: Sequence[int]) -> None:
        """Append tokens in one batch; afterwards ``logits`` gives those after the last one.

        Raises ValueError without tokens, DuologueError if the context is full or decoding fails.
        """
        self._decode(tokens, every=False)

    def feed_and_keep(self, tokens: Sequence[int]) -> None:
        """The same; afterwards ``logits_after`` also gives those after each of the others."""
        self._decode(tokens, every=True)

    def _decode(self, tokens: Sequence[int], every: bool) -> None:
        if not tokens:
            raise ValueError("nothing to feed")
        if self.length + len(tokens) > self.capacity:
            raise DuologueError(f"The context of {self.capacity} tokens is full; start again.")
        batch = self._batch
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = self.length + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = _SEQUENCE
            batch.logits[index] = every
        batch.logits[len(tokens) - 1] = True
        code = llama_cpp.llama_decode(self._context, batch)
        if code != 0:
            raise DuologueError(
                f"The language model {self._path} failed (llama_decode returned {code}); "
                "restart, and choose another bundle if it happens again."
            )
        self.length += len(tokens)

    def logits(self) -> np.ndarray:
        """Logits (vocabulary,) float32 after the last token fed; a copy."""
        pointer = llama_cpp.llama_get_logits_ith(self._context, -1)
        if not pointer:
            raise DuologueError(f"The language model {self._path} gave no output; restart.")
        address = ctypes.addressof(pointer.contents)
        if address != self._logits_address:
            # Making the view takes longer than copying it, and the address hardly ever changes.
            self._logits_address = address
            self._logits_view = np.ctypeslib.as_array(pointer, (self.vocabulary,))
        return self._logits_view.copy()

    def logits_after(self, index: int) -> np.ndarray:
        """Logits (vocabulary,) float32 after token ``index`` of ``feed_and_keep``; a copy.

        Raises DuologueError where there is no such token.
        """
        pointer = llama_cpp.llama_get_logits_ith(self._context, index)
        if not pointer:
            raise DuologueError(f"The language model {self._path} gave no output; restart.")
        return np.ctypeslib.as_array(pointer, (self.vocabulary,)).copy()

    def truncate(self, length: int) -> None:
        """Remove all tokens from position ``length`` on."""
        if length < self.length:
            self._remove(length, -1)
            self.length = length

    def drop(self, start: int, stop: int) -> None:
        """Remove positions [start, stop) and move the later ones down (context shift)."""
        if not 0 <= start < stop <= self.length:
            raise ValueError(f"no tokens [{start}, {stop}) in a context of {self.length}")
        self._remove(start, stop)
        llama_cpp.llama_memory_seq_add(self._memory, _SEQUENCE, stop, -1, start - stop)
        self.length -= stop - start

    def native_ms(self) -> float:
        """Decoding time that llama.cpp itself has counted since the model was loaded, in ms.

        Complete only if ``logits`` was read after each feed.
        """
        figures = llama_cpp.llama_perf_context(self._context)
        return float(figures.t_eval_ms + figures.t_p_eval_ms)

    def native_ms_per_token(self, count: int) -> float:
        """llama.cpp's own ms per token, for ``count`` tokens fed one by one into an empty context.

        Leaves the context empty.
        """
        self.truncate(0)
        self.feed([0])
        self.logits()
        before_ms = self.native_ms()
        for _ in range(count):
            self.feed([0])
            self.logits()
        self.truncate(0)
        return (self.native_ms() - before_ms) / count

    def _remove(self, start: int, stop: int) -> None:
        checked_roll_back(
            llama_cpp.llama_memory_seq_rm(self._memory, _SEQUENCE, start, stop), self._path
        )

    def _self_test(self) -> None:
        """Check that ten tokens, removed and fed again, give the same logits."""
        sliding = llama_cpp.llama_model_n_swa(self._model) > 0
        shifts = llama_cpp.llama_memory_can_shift(self._memory)
        checked_roll_back(shifts and not sliding, self._path)
        tokens = [index % self.vocabulary for index in range(20)]
        self.feed(tokens[:10])
        self.feed(tokens[10:])
        first = self.logits()
        if not np.isfinite(first).all():
            raise DuologueError(
                f"The language model {self._path} produces values that are not numbers; "
                "install the bundle again."
            )
        self.truncate(10)
        self.feed(tokens[10:])
        checked_roll_back(np.allclose(first, self.logits(), atol=0.05), self._path)
        self.truncate(0)


def checked_roll_back(done: bool, path: Path) -> None:
    """Raise DuologueError if llama.cpp did not change the cache."""
    if not done:
        raise DuologueError(
            f"The language model {path} cannot forget what it has heard (it is recurrent or "
            "has a sliding window); choose a bundle with a plain Llama model."
        )


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(_MAGIC))
    except OSError as error:
        raise DuologueError(
            f"The language model {path} cannot be read ({error.strerror}); "
            "install the bundle again."
        ) from error
    if magic != _MAGIC:
        raise DuologueError(
            f"The language model {path} is not a GGUF file; install the bundle again."
        )
