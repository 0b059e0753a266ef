"""Two small dialogues and a recipe whose tokenizer is tiny."""

from __future__ import annotations

import pytest

from models.spoken.speak_dialogue import Recipe
from models.spoken.speaker import Synthesiser
from models.spoken.text_dialogue import TextDialogue
from tests.engine.tiny_bundle import write_tiny_tokenizer


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    tokenizer = write_tiny_tokenizer(tmp_path_factory.mktemp("tokenizer") / "tokenizer.onnx")
    return Recipe(tokenizer, (Synthesiser.FLITE, Synthesiser.ESPEAK), seed=3, keeps_sound=True)


@pytest.fixture(scope="session")
def dialogues() -> list[TextDialogue]:
    turns = (0, "Have you seen it?"), (1, "I have, twice."), (1, "Well."), (0, "...")
    return [TextDialogue(name, turns) for name in ("first", "second", "third", "fourth")]
