"""What Duologue can do with what is installed and chosen. Knows no Qt.

Looks at files, so it belongs in a worker's thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.assistant import small_text_model
from app.part_store import part_for
from app.settings import Settings
from engine.assistant.local_server import local_address
from engine.errors import DuologueError
from engine.part import GGUF_NAME
from engine.voice.front_end import hibari_assets

_NO_PART = (
    "The assistant needs the part for hearing, which is not installed; install it on the page "
    "Models."
)
_NO_VOICE = (
    "The assistant needs the part for the voice, which is not installed; install it on the page "
    "Models."
)


@dataclass(frozen=True)
class Abilities:
    """The answers to what the window asks before it offers something."""

    missing: str = ""
    """Why the assistant cannot be used; empty if it can."""
    assistant: bool = False
    """It is on, and nothing is missing."""
    text_model: str = ""
    """What answers open questions: a file's name or a server's address; empty: nothing does."""
    server: str = ""
    """The address of the text server, while one is used."""
    own_files: tuple[str, ...] = ()
    """The files of the user's own actions, by name."""
    script: bool = True
    """The bundle is the starter, so it knows the starter's script."""


def abilities(settings: Settings) -> Abilities:
    """What these settings lead to on this computer. Never raises."""
    missing = _missing()
    if missing or not settings.assistant:
        return Abilities(missing, script=settings.bundle is None)
    server = text_model = ""
    if settings.text_model == "server" and settings.text_server:
        text_model = server = local_address(settings.text_server).shown
    elif settings.text_model == "file":
        path = settings.text_file or small_text_model()
        text_model = model_name(path) if path and path.is_file() else ""
    own = _own_files(settings.own_actions)
    return Abilities("", True, text_model, server, own, settings.bundle is None)


def model_name(path: Path) -> str:
    """A text model's name as it is shown: its file's, or that of its part."""
    return path.parent.name if path.name == GGUF_NAME else path.name


def _own_files(folder: Path | None) -> tuple[str, ...]:
    """Those that the process of own actions loads."""
    try:
        names = sorted(path.name for path in folder.glob("*.py")) if folder else []
    except OSError:
        return ()
    return tuple(name for name in names if not name.startswith(("_", ".")))


def _missing() -> str:
    try:
        if part_for("hearing") is None:
            return _NO_PART
        if part_for("voice") is None and not _voice_of_package():
            return _NO_VOICE
    except DuologueError as error:
        return str(error)
    return ""


def _voice_of_package() -> bool:
    """Whether the package beside a source tree has the voice."""
    try:
        hibari_assets()
    except DuologueError:
        return False
    return True
