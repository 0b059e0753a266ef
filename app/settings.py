"""What the user has chosen: checked values, and the file that keeps them.

The file is JSON with a version. A single bad value falls back to its default; a file that is no
JSON at all, or that a newer program wrote, is set aside. Nothing is ever overwritten that cannot be
read. Knows no Qt.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.folders import config_folder
from engine.audio_file import unwritable
from engine.bundle import ChunkMs
from engine.duplex import MOST_LATENCY_MS
from engine.errors import DuologueError
from engine.llama import MOST_GPU_LAYERS
from engine.portaudio_card import DEFAULT_CARD_LATENCY_MS, MOST_CARD_LATENCY_MS
from engine.recorder import MOST_BYTES, MOST_TALKS
from engine.whole_file import write_whole

VERSION = 1
FILE_NAME = "settings.json"
MOST_THREADS = os.cpu_count() or 1


class Settings(BaseModel):
    """One set of choices; `model_copy(update=...)` makes another."""

    model_config = ConfigDict(frozen=True, extra="allow")

    chunk_ms: ChunkMs | None = None
    """None: the bundle's."""
    latency_ms: Annotated[int, Field(ge=0, le=MOST_LATENCY_MS)] | None = None
    """How late the user's sound is used; None: one chunk."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """None: the bundle's."""
    microphone: str | None = None
    """A name as `engine.devices.choose` takes it; None follows the system's default."""
    speaker: str | None = None
    card_latency_ms: Annotated[int, Field(ge=5, le=MOST_CARD_LATENCY_MS)] = DEFAULT_CARD_LATENCY_MS
    echo_cancelling: bool = True
    noise_suppression: bool = False
    gain_control: bool = False
    hold_to_talk: bool = False
    threads: Annotated[int, Field(ge=1, le=MOST_THREADS)] = 1
    gpu_layers: Annotated[int, Field(ge=-1, le=MOST_GPU_LAYERS)] = -1
    """Of the language model, where there is a GPU; -1: all."""
    bundle: Path | None = None
    """None: the starter."""
    record: bool = True
    recording_folder: Path | None = None
    """None: the platform's folder of documents."""
    most_recordings: Annotated[int, Field(ge=1, le=100_000)] = MOST_TALKS
    most_gigabytes: Annotated[float, Field(ge=0.1, le=10_000)] = MOST_BYTES / 1e9
    language: Literal["", "en", "de"] = ""
    """"": the system's."""
    theme: Literal["system", "light", "dark"] = "system"
    first_run_done: bool = False


def settings_of_options(**values: Any) -> Settings:
    """Settings from a command's options; DuologueError names the option that cannot be."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise DuologueError(f"{option}: {first['msg']}; see --help.") from error


class SettingsFile:
    """The file; used by one thread."""

    def __init__(self, path: Path | None = None) -> None:
        """The platform's file by default."""
        self.path = path or config_folder() / FILE_NAME

    def load(self) -> tuple[Settings, str | None]:
        """The settings, and what the user should know about them, if anything.

        A missing file gives the defaults. Never raises.
        """
        try:
            kept = json.loads(self.path.read_text("utf8"))
            if not isinstance(kept, dict):
                raise ValueError("not an object")
        except FileNotFoundError:
            return Settings(), None
        except OSError as error:
            return Settings(), (
                f"The settings in {self.path} cannot be read ({error.strerror}); "
                "the defaults are used."
            )
        except ValueError:
            return Settings(), self._set_aside("broken", newer=False)
        version = kept.get("version")
        if isinstance(version, int) and version > VERSION:
            return Settings(), self._set_aside(f"version-{version}", newer=True)
        kept = migrated(kept)
        kept.pop("version", None)
        return self._checked(kept)

    def save(self, settings: Settings) -> None:
        """Write the file whole or not at all; DuologueError where that fails."""
        content = {"version": VERSION, **settings.model_dump(mode="json")}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.path, error) from error
        write_whole(self.path, json.dumps(content, indent=2) + "\n")

    def _checked(self, kept: dict[str, Any]) -> tuple[Settings, str | None]:
        try:
            return Settings.model_validate(kept), None
        except ValidationError as error:
            bad = sorted({str(entry["loc"][0]) for entry in error.errors() if entry["loc"]})
        for name in bad:
            kept.pop(name, None)
        said = f"Some settings were not valid and have their defaults again: {', '.join(bad)}."
        return Settings.model_validate(kept), said

    def _set_aside(self, name: str, newer: bool) -> str:
        count = 1
        while (aside := self.path.with_name(f"settings.{name}-{count}.json")).exists():
            count += 1
        try:
            self.path.rename(aside)
        except OSError as error:
            why = error.strerror
            if newer:
                return (
                    f"The settings in {self.path} are from a newer Duologue and cannot be set "
                    f"aside ({why}); the defaults are used."
                )
            return (
                f"The settings in {self.path} are damaged and cannot be set aside ({why}); "
                "the defaults are used."
            )
        if newer:
            return (
                "The settings are from a newer Duologue; the defaults are used. "
                f"The old file is kept as {aside}."
            )
        return f"The settings were damaged; the defaults are used. The old file is kept as {aside}."


def migrated(kept: dict[str, Any]) -> dict[str, Any]:
    """The content of an older file as this version writes it."""
    version = kept.get("version")
    for migrate in MIGRATIONS[version if isinstance(version, int) and version > 0 else 0 :]:
        kept = migrate(kept)
    return kept


def _to_1(kept: dict[str, Any]) -> dict[str, Any]:
    """Files without a version were never shipped; they are taken as they are."""
    return {**kept, "version": 1}


MIGRATIONS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [_to_1]
"""The n-th makes version n + 1 of version n."""
