"""Hidden commands with which an installed program starts what runs in processes of its own."""

from __future__ import annotations


def think() -> None:
    """Answer questions with a text model, as the standard input asks.

    The assistant starts this command.
    """
    from engine.assistant.chat_process import think as answer_questions

    answer_questions()


def own_actions() -> None:
    """Run the user's own actions, as the standard input asks.

    The assistant starts this command.
    """
    from engine.assistant.own_actions_process import run_own_actions

    run_own_actions()
