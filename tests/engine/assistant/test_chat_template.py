"""Chat templates as files have them, and what they must not do."""

from __future__ import annotations

import pytest

from engine.assistant.chat_template import CHATML, ChatTemplate
from engine.errors import DuologueError

TALK = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi."}]
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}{{ m.role }}: {{ m.content | trim }}\n{% endfor %}"
)
THINKING = (
    "{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}"
)


def test_messages_are_written_as_the_template_says() -> None:
    said = ChatTemplate("", "<s>", "</s>").render(TALK)
    assert said == ChatTemplate(CHATML, "<s>", "</s>").render(TALK)
    assert said.endswith("<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\n")


def test_a_template_without_a_system_role_gets_the_words_with_the_first_turn() -> None:
    assert ChatTemplate(GEMMA, "<bos>", "").render(TALK) == "<bos>user: Be kind.\n\nHi.\n"


def test_a_model_that_thinks_is_told_not_to() -> None:
    assert ChatTemplate(THINKING, "", "").render(TALK) == "<think></think>"


def test_words_of_transformers_are_known() -> None:
    text = "{% generation %}{{ strftime_now('%Y') | length }}{% endgeneration %}{{ messages | tojson }}"
    assert ChatTemplate(text, "", "").render(TALK[1:]) == '4[{"role": "user", "content": "Hi."}]'


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ raise_exception('never') }}",
        "{% for i in range(999999999) %}x{% endfor %}",
        "{{ messages[99].content.foo.bar }}",
        "{{ 1 / 0 }}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_what_a_template_must_not_do_is_one_sentence(template: str) -> None:
    with pytest.raises(DuologueError, match="chat template failed"):
        ChatTemplate(template, "", "").render(TALK)
