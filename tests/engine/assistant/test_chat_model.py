"""A chat model of any kind: what it is fed, how it is stopped, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.assistant.chat_model import ChatModel
from engine.errors import DuologueError
from tests.engine.tiny_llama import write_tiny_llama, write_tiny_mamba

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}[assistant]"
)
SYSTEM = {"role": "system", "content": "Be short."}


def _talk(*texts: str) -> list[dict[str, str]]:
    return [
        {"role": ("user", "assistant")[index % 2], "content": text}
        for index, text in enumerate(texts)
    ]


def _answer(model: ChatModel, messages: list[dict[str, str]], most: int = 24) -> str:
    assert model.feed(model.prompt(messages, most))
    return "".join(model.answer(most, 0.0, 1))


@pytest.mark.parametrize("write", [write_tiny_llama, write_tiny_mamba], ids=["llama", "mamba"])
def test_a_talk_that_goes_on_is_answered_as_if_it_were_fed_anew(tmp_path: Path, write) -> None:
    path = write(tmp_path / "tiny.gguf", template=TEMPLATE)
    model, fresh = (ChatModel(path, 1024, 1, 0) for _ in range(2))
    first, second = [SYSTEM, *_talk("Hello.")], [SYSTEM, *_talk("Hello.", "Hi.", "And now?")]
    other = [SYSTEM, *_talk("Something else.")]
    try:
        for messages in (first, second, other, first):
            fresh.close()
            fresh = ChatModel(path, 1024, 1, 0)
            said = _answer(model, messages)
            assert said and said == _answer(fresh, messages)
    finally:
        model.close()
        fresh.close()


def test_a_stop_ends_the_answer_before_the_next_token(tmp_path: Path) -> None:
    path = write_tiny_llama(tmp_path / "tiny.gguf", template=TEMPLATE)
    stopped = False
    model = ChatModel(path, 1024, 1, 0, lambda: stopped)
    try:
        whole = _answer(model, [*_talk("Go on.")], 40)
        assert model.feed(model.prompt(_talk("Go on."), 40))
        pieces = []
        for piece in model.answer(40, 0.0, 1):
            pieces.append(piece)
            stopped = len(pieces) >= 3
        assert len(pieces) == 3 and not model.ended
        stopped = True
        assert not model.feed(model.prompt(_talk("A long talk that is new. " * 12), 40))
        stopped = False
        assert _answer(model, _talk("Go on."), 40) == whole
    finally:
        model.close()


def test_the_beginning_of_a_long_talk_is_left_out_and_its_system_words_stay(tmp_path: Path) -> None:
    path = write_tiny_llama(tmp_path / "tiny.gguf", template=TEMPLATE)
    model = ChatModel(path, 256, 1, 0)
    try:
        long = [SYSTEM, *_talk(*["word " * 10] * 9)]
        tokens = model.prompt(long, 40)
        assert len(tokens) + 40 <= 256
        text = bytes(token - 3 for token in tokens if token >= 3).decode().replace("▁", " ")
        assert "Be short." in text and "[system]" in text
        assert text.split("Be short.\n")[1].startswith("[user]")
        with pytest.raises(DuologueError, match="too long for the text model"):
            model.prompt(_talk("word " * 100), 40)
    finally:
        model.close()


def test_no_more_context_is_taken_than_the_model_was_trained_with(tmp_path: Path) -> None:
    model = ChatModel(write_tiny_llama(tmp_path / "t.gguf", template=TEMPLATE), 100_000, 1, 0)
    assert model.context_tokens == 4096
    model.close()


def test_a_file_without_a_template_chats_as_llama_cpp_has_it(tmp_path: Path) -> None:
    model = ChatModel(write_tiny_llama(tmp_path / "tiny.gguf", template=""), 512, 1, 0)
    try:
        assert not model.has_template
        tokens = model.prompt(_talk("Hi"), 10)
        assert "<|im_start|>user\nHi<|im_end|>" in bytes(
            t - 3 for t in tokens if t >= 3
        ).decode().replace("▁", " ")
    finally:
        model.close()


def test_files_that_cannot_chat_are_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("no model")
    (tmp_path / "cut.gguf").write_bytes(b"GGUF" + bytes(40))
    write_tiny_llama(tmp_path / "speechless.gguf")
    write_tiny_llama(tmp_path / "wrong.gguf", template="{% for %}")
    for name, reason in (
        ("missing.gguf", "cannot be read"), ("text.gguf", "not a GGUF"), ("cut.gguf", "damaged"),
        ("speechless.gguf", "no words"), ("wrong.gguf", "chat template is not valid"),
    ):  # fmt: skip
        with pytest.raises(DuologueError, match=reason):
            ChatModel(tmp_path / name, 512, 1, 0)
