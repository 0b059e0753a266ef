"""The user's settings: validated values, and the file that stores them.

The file is JSON with a version. An invalid value falls back to its default, and a copy of the file
is kept. A file that is not JSON, or that a newer version wrote, is renamed. A file that cannot be
read is never overwritten. If it is unreadable whether to record, how many recordings to keep, or
whether to listen all the time, the cautious value is used. Knows no Qt.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.folders import config_folder, recordings_folder
from engine.assistant.local_server import local_address
from engine.assistant.talk_history import DEFAULT_PROMPT
from engine.atomic_write import write_atomically, writing_whole
from engine.card.devices import Wanted
from engine.card.portaudio_card import DEFAULT_CARD_LATENCY_MS, MAX_CARD_LATENCY_MS
from engine.errors import DuologueError, unwritable
from engine.syncllm.bundle import ChunkMs
from engine.syncllm.duplex import MAX_LATENCY_MS
from engine.syncllm.llama import MOST_GPU_LAYERS

VERSION = 1
FILE_NAME = "settings.json"
MAX_THREADS = os.cpu_count() or 1
NO_LIMITS: dict[str, Any] = {"most_recordings": 100_000, "most_gigabytes": 10_000.0}
"""Limits with which no recording is deleted."""
CAUTIOUS: dict[str, Any] = NO_LIMITS | {"record": False}
"""Used if the file cannot be read: the user may have chosen not to record."""
_CAUTIOUS_EACH = CAUTIOUS | {"hold_to_talk": True}
"""Used if only this one value cannot be read."""
_BROKEN = "broken"
_MOST_FILE_BYTES = 1_000_000


def _shown(device: Wanted) -> Wanted:
    f"{getattr(device, 'key', '')}{device}".encode()  # raises if it contains half a surrogate pair
    return device


def _plain(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("not a valid file name")
    return path


def _whole(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def _local(address: str) -> str:
    if address:
        try:
            local_address(address)
        except DuologueError as error:
            raise ValueError(str(error)) from error
    return address


class Settings(BaseModel):
    """One set of choices; `model_copy(update=...)` makes a changed copy."""

    model_config = ConfigDict(frozen=True, extra="allow")

    chunk_ms: ChunkMs | None = None
    """None: the bundle's."""
    latency_ms: Annotated[int, Field(ge=0, le=MAX_LATENCY_MS)] | None = None
    """How late the user's sound is used. None: one chunk."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """None: the bundle's."""
    microphone: Annotated[Wanted, AfterValidator(_shown)] = None
    """As `engine.card.devices.choose` takes it. Older versions and command options give a plain
    name."""
    speaker: Annotated[Wanted, AfterValidator(_shown)] = None
    card_latency_ms: Annotated[int, Field(ge=5, le=MAX_CARD_LATENCY_MS)] = DEFAULT_CARD_LATENCY_MS
    echo_cancelling: bool = True
    noise_suppression: bool = False
    gain_control: bool = False
    hold_to_talk: bool = False
    threads: Annotated[int, Field(ge=1, le=MAX_THREADS)] = 1
    gpu_layers: Annotated[int, Field(ge=-1, le=MOST_GPU_LAYERS)] = -1
    """Layers of the language model on the GPU, if there is one; -1: all. With 0 nothing runs on a
    GPU, the models of ONNX Runtime neither."""
    bundle: Annotated[Path, AfterValidator(_plain)] | None = None
    """None: the starter."""
    record: bool = True
    recording_folder: Annotated[Path, AfterValidator(_plain), AfterValidator(_whole)] | None = None
    """None: the platform's documents folder."""
    most_recordings: Annotated[int, Field(ge=1, le=100_000)] = 100
    most_gigabytes: Annotated[float, Field(ge=0.1, le=10_000)] = 4.0
    """About 40 hours."""
    assistant: bool = True
    """Do actions, and answer with the text model where there is one."""
    text_model: Literal["none", "file", "server"] = "file"
    """What answers open questions: a GGUF file, or a server on this computer."""
    text_file: Annotated[Path, AfterValidator(_plain), AfterValidator(_whole)] | None = None
    """None: SmolLM2, if that part is installed."""
    text_context_tokens: Annotated[int, Field(ge=512, le=131_072)] = 2048
    text_threads: Annotated[int, Field(ge=1, le=MAX_THREADS)] = 1
    text_gpu_layers: Annotated[int, Field(ge=-1, le=MOST_GPU_LAYERS)] = -1
    text_server: Annotated[str, Field(max_length=200), AfterValidator(_local)] = ""
    """Address on this computer, such as http://127.0.0.1:11434/v1."""
    text_server_model: Annotated[str, Field(max_length=200)] = ""
    """Its name at the server; empty: the first that the server lists."""
    system_prompt: Annotated[str, Field(max_length=4000)] = DEFAULT_PROMPT
    """What the text model is told first; {date} becomes the day."""
    most_sentences: Annotated[int, Field(ge=1, le=10)] = 3
    """Of one answer of the text model."""
    own_actions: Annotated[Path, AfterValidator(_plain), AfterValidator(_whole)] | None = None
    """Folder of the user's own actions, whose files are run; None: none are."""
    language: Literal["", "en", "de"] = ""
    """"": the system's."""
    theme: Literal["system", "light", "dark"] = "system"
    draw_less: bool = False
    """Draw the moving waveform less often, for a slow computer."""
    first_run_done: bool = False


def settings_of_options(**values: Any) -> Settings:
    """Settings from a command's options; DuologueError names an invalid option."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise DuologueError(f"{option}: {first['msg']}; see --help.") from error


def recording_limits(folder: Path | None) -> dict[str, Any]:
    """The limits for a folder: those of the settings for their own folder, none for another."""
    if folder:
        kept = SettingsFile().read()
        if folder.resolve() == (kept.recording_folder or recordings_folder()).resolve():
            return {name: getattr(kept, name) for name in NO_LIMITS}
    return NO_LIMITS


class SettingsFile:
    """The settings file. For one thread."""

    def __init__(self, path: Path | None = None) -> None:
        """``path`` defaults to the platform's file."""
        self.path = path or config_folder() / FILE_NAME

    def load(self) -> tuple[Settings, str | None]:
        """The settings, and a notice for the user or None.

        A missing file gives the defaults. A file of no use is renamed and cautious settings take
        its place, so that the next start is as cautious. Never raises.
        """
        settings, problem = self._parsed()
        match problem:
            case None:
                return settings, None
            case OSError():
                return settings, (
                    f"The settings in {self.path} cannot be read ({problem.strerror}); "
                    "the defaults are used, but nothing is recorded or deleted."
                )
            case list():
                return settings, self._reset_notice(problem)
        notice = self._set_aside(problem, newer=problem != _BROKEN)
        if not self.path.exists():
            with contextlib.suppress(DuologueError):
                self.save(settings)
        return settings, notice

    def read(self) -> Settings:
        """The settings for whoever only looks at them: the file stays as it is. Never raises."""
        return self._parsed()[0]

    def _parsed(self) -> tuple[Settings, OSError | list[str] | str | None]:
        """The settings, and what is wrong with the file.

        That is an OSError, the names of bad values, or the name under which to keep a file of no
        use.
        """
        try:
            # Editors on Windows put a byte order mark before UTF-8.
            kept = json.loads(self._read().decode("utf-8-sig"))
            if not isinstance(kept, dict):
                raise ValueError("not an object")
            version = kept.get("version")
            if isinstance(version, int) and version > VERSION:
                return Settings(**CAUTIOUS), f"version-{version}"[:30]
            kept = migrated(kept)
            kept.pop("version", None)
            settings, bad = _checked(kept)
            _text(settings)  # raises if it is nested too deeply to be written again
        except FileNotFoundError:
            return Settings(), None
        except OSError as error:
            return Settings(**CAUTIOUS), error
        except (ValueError, RecursionError):
            return Settings(**CAUTIOUS), _BROKEN
        return settings, bad or None

    def save(self, settings: Settings) -> None:
        """Write the file completely or not at all; DuologueError if that fails."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.path, error) from error
        write_atomically(self.path, _text(settings))

    def _read(self) -> bytes:
        if self.path.exists() and not self.path.is_file():
            raise OSError(errno.EINVAL, "not a file")  # a pipe would block
        with self.path.open("rb") as stream:
            content = stream.read(_MOST_FILE_BYTES + 1)
        if len(content) > _MOST_FILE_BYTES:
            raise ValueError("too long")
        return content

    def _reset_notice(self, bad: list[str]) -> str:
        if copy := self._copy_aside():
            return (
                "Some settings were not valid and were reset: "
                f"{', '.join(bad)}. The old file is kept as {copy}."
            )
        return f"Some settings were not valid and were reset: {', '.join(bad)}."

    def _asides(self, name: str) -> Iterator[Path]:
        """Names for a copy, beside the real file, to which ``path`` may be a link."""
        real = Path(os.path.realpath(self.path))
        yield from (real.with_name(f"settings.{name}-{count}.json") for count in itertools.count(1))

    def _copy_aside(self) -> Path | None:
        """Copy the file's content to a new file; returns its path, or None if that fails."""
        try:
            content = self._read()
            for aside in self._asides("invalid"):
                if not os.path.lexists(aside):
                    with writing_whole(aside) as part:
                        part.write_bytes(content)
                    return aside
                if aside.is_file() and aside.read_bytes() == content:
                    return aside
        except (OSError, ValueError, DuologueError):
            pass
        return None

    def _set_aside(self, name: str, newer: bool) -> str:
        aside = next(path for path in self._asides(name) if not os.path.lexists(path))
        try:
            Path(os.path.realpath(self.path)).rename(aside)
        except OSError as error:
            why = error.strerror
            if newer:
                return (
                    f"The settings in {self.path} are from a newer Duologue and cannot be "
                    f"renamed ({why}); the defaults are used, but nothing is recorded or deleted."
                )
            return (
                f"The settings in {self.path} are damaged and cannot be renamed ({why}); "
                "the defaults are used, but nothing is recorded or deleted."
            )
        if newer:
            return (
                "The settings are from a newer Duologue; the defaults are used, but nothing is "
                f"recorded or deleted. The old file is kept as {aside}."
            )
        return (
            "The settings were damaged; the defaults are used, but nothing is recorded or deleted. "
            f"The old file is kept as {aside}."
        )


def _checked(kept: dict[str, Any]) -> tuple[Settings, list[str]]:
    """The settings, and the names of values that were not valid."""
    try:
        return Settings.model_validate(kept), []
    except ValidationError as error:
        bad = sorted({str(entry["loc"][0]) for entry in error.errors() if entry["loc"]})
    for name in bad:
        kept.pop(name, None)
        if name in _CAUTIOUS_EACH:
            kept[name] = _CAUTIOUS_EACH[name]
    return Settings.model_validate(kept), bad


def _text(settings: Settings) -> str:
    """The content of the file."""
    content = {"version": VERSION, **settings.model_dump(mode="json")}
    return json.dumps(content, indent=2) + "\n"


def migrated(kept: dict[str, Any]) -> dict[str, Any]:
    """The content of an older file, converted to this version."""
    version = kept.get("version")
    for migrate in MIGRATIONS[version if isinstance(version, int) and version > 0 else 0 :]:
        kept = migrate(kept)
    return kept


def _to_1(kept: dict[str, Any]) -> dict[str, Any]:
    """Files without a version were never released; they stay as they are."""
    return {**kept, "version": 1}


MIGRATIONS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [_to_1]
"""Entry n converts version n to version n + 1."""
