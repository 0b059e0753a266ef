"""Every sentence that the engine or a file may say to a user is known to the translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.window.language import use_language
from app.window.sentences import translate_sentence
from engine.card.devices import dead_microphone

_ROOT = Path(__file__).resolve().parents[3]
_SAID_IN_THE_WINDOW = """
engine/syncllm/bundle engine/card/devices engine/measure/doctor engine/record/events
engine/talk/live_conversation engine/talk/live_events engine/syncllm/llama
engine/onnx_session engine/syncllm/word_pieces engine/card/portaudio_card engine/record/recorder
engine/record/talk_sound engine/record/transcript engine/syncllm/unit_reader engine/log_file
app/bundle_store app/download app/folders app/folder_store app/archive_files app/part_store
engine/part engine/hearing/recogniser engine/hearing/vocabulary engine/hearing/listener
app/abilities engine/assistant/local_server engine/assistant/gguf_mind
engine/assistant/chat_model engine/assistant/chat_template engine/assistant/own_action
engine/assistant/own_actions engine/assistant/own_actions_process engine/assistant/state_files
app/recording_library app/live_session app/player app/settings app/timeline
app/window/session app/window/worker
""".split()
# To whoever types a command; and one whose remedy depends on the system.
_ELSEWHERE = re.compile(r".*see --help\.|The PortAudio library is missing; check.*")


def sentences(path: Path) -> Iterator[str]:
    """The sentences of a module, with its constants and made-up values put in."""
    tree = ast.parse(path.read_text("utf8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    silent = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Expr, ast.JoinedStr))
        for inner in ([node.value] if isinstance(node, ast.Expr) else node.values)
    }
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        text = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(_part(part, constants) for part in node.values)
        if re.match(r"[A-Z<].*[a-z] .*\.$", text, re.DOTALL) and "\n" not in text:
            yield text


def _part(part: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    name = ast.unparse(part.value)
    known = {
        "kind": "speaker",
        "problem": "none has that name",
        "why": "took too long and was ended",
        "remedy": "check in the system's sound settings and on the device that it is not muted",
    }
    return constants.get(name) or known.get(name) or "<17>"


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    assert use_language(qapp, "de") == "de"
    yield
    use_language(qapp, "en")


@pytest.mark.parametrize("module", _SAID_IN_THE_WINDOW)
def test_a_sentence_is_said_in_german(module: str, german: None) -> None:
    for text in sentences(_ROOT / f"{module}.py"):
        if not _ELSEWHERE.fullmatch(text):
            assert translate_sentence(text) != text, text


def test_what_depends_on_the_system_is_known(german: None) -> None:
    for system in ("linux", "darwin", "win32"):
        text = dead_microphone("USB", system)
        assert translate_sentence(text) != text
    missing = "The PortAudio library is missing; install Duologue again."
    assert translate_sentence(missing) != missing


def test_values_stay_and_foreign_sentences_too() -> None:
    said = "The microphone USB {0} now gives sound."
    assert translate_sentence(said) == said
    assert translate_sentence("Nobody wrote this.") == "Nobody wrote this."
    assert translate_sentence(f"{said}\n\nNobody wrote this.").startswith(said)
