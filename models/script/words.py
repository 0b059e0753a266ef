"""The words of the script: of all that the user and the agent can say."""

from __future__ import annotations

from models.script import agent_sentences, user_sentences


def script_words() -> tuple[str, ...]:
    """All words of the script, sorted."""
    sentences = (*user_sentences(), *agent_sentences())
    return tuple(sorted({word for text in sentences for word in text.split()}))
