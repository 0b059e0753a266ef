"""Renders a talk with the chat template that a GGUF file has.

A template is a program from the file's maker. It runs in Jinja's sandbox, which gives it neither
files nor Python's own names; its process can be ended (`engine.assistant.chat_process`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.assistant.text_mind import Message
from engine.errors import DuologueError

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For a file without a template, as llama.cpp does."""


class _GenerationTag(Extension):
    """Lets Transformers' tag for training pass."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own declaration

    def parse(self, parser: Any) -> Any:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class ChatTemplate:
    """A file's template, compiled."""

    def __init__(self, template: str, begin: str, end: str) -> None:
        """``begin``, ``end``: the text of the model's first and last token.

        Raises DuologueError if the template is none.
        """
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        self._names = {"bos_token": begin, "eos_token": end, "strftime_now": _now}
        try:
            self._template = environment.from_string(template or CHATML)
        except (jinja2.TemplateError, RecursionError) as error:
            raise DuologueError(
                f"The model's chat template is not valid ({error}); choose another file."
            ) from error

    def render(self, messages: Sequence[Message]) -> str:
        """The text before the model's answer.

        A template without a system role, such as Gemma's, gets the instructions with the user's
        first words. Raises DuologueError if the template fails all the same.
        """
        try:
            return self._rendered(messages)
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            merged = without_system(messages)
            if merged == list(messages):
                raise _failed(error) from error
        try:
            return self._rendered(merged)
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise _failed(error) from error

    def _rendered(self, messages: Sequence[Message]) -> str:
        return self._template.render(
            messages=list(messages),
            add_generation_prompt=True,
            # Qwen and others think aloud at length unless they are told not to.
            enable_thinking=False,
            raise_exception=_refuse,
            **self._names,
        )


def without_system(messages: Sequence[Message]) -> list[Message]:
    """The same talk with the system's words at the head of the user's first."""
    system = "\n".join(one["content"] for one in messages if one["role"] == "system")
    rest = [one for one in messages if one["role"] != "system"]
    if not system or not rest:
        return list(messages)
    first = {"role": rest[0]["role"], "content": f"{system}\n\n{rest[0]['content']}"}
    return [first, *rest[1:]]


def _failed(error: Exception) -> DuologueError:
    return DuologueError(f"The model's chat template failed ({error}); choose another file.")


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def _now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)
