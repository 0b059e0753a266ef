"""Deletes what Duologue stores for its user, after asking: for an uninstallation. Knows no Qt.

Its folders may hold foreign files, and the folder of recordings may lie inside one of them. So only
files that are known to be Duologue's are deleted, and recordings only as whole recordings. What
else lies in the folder of recordings, such as an exported sound file, stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from app.folders import (
    cache_folder,
    config_folder,
    data_folder,
    log_folder,
    notes_folder,
    recordings_folder,
    usage_data_folder,
)
from app.settings import SettingsFile
from engine.assistant.state_files import FILE_NAMES
from engine.atomic_write import PART_NAME
from engine.errors import DuologueError
from engine.part import PART_MANIFEST_NAME
from engine.record.recordings import is_recording, recordings
from engine.record.retention import delete_recording
from engine.syncllm.bundle import MANIFEST_NAME

_CONFIG = re.compile(rf"settings(\.[\w-]+)?\.json|settings\.part|window\.ini.*|{PART_NAME.pattern}")
_DATA = re.compile(r"bundles|backends|parts|text-models")
_STAGING = re.compile(r"\.(import|pull|old)-")
_CACHE = re.compile(r"plotting")
_LOG = re.compile(r"duologue\.log(\.\d+)?|crash\.log")


def forget(sure: Callable[[str], bool], report: Callable[[str], None]) -> None:
    """Ask about settings and bundles, recordings, and notes, and delete what the user agrees to.

    ``sure`` asks a question and returns the answer. Raises DuologueError if a deletion fails.
    """
    settings = SettingsFile().read()
    folder = settings.recording_folder or recordings_folder()
    talks = _talks(folder)
    own = list(dict.fromkeys(_own_files()))
    usage_data = usage_data_folder()
    notes = [path for name in FILE_NAMES if (path := notes_folder() / name).is_file()]
    if not own and not talks and not notes and not usage_data:
        report("Duologue has stored nothing of yours.")
        return
    listed = ", ".join(map(str, dict.fromkeys(path.parent for path in own)))
    if own and sure(
        f"Delete your settings, imported bundles, text models, optional parts and the log "
        f"({listed})?"
    ):
        for path in own:
            _delete(path, folder)
        # Folders may lie inside one another.
        for kept in (cache_folder(), log_folder(), data_folder(), config_folder()):
            _drop_if_empty(kept)
        report("Settings, bundles and log are deleted.")
    elif own:
        report(f"Your settings and bundles stay in {listed}.")
    if talks and sure(f"Delete your {len(talks)} recorded conversations in {folder}?"):
        stay = [talk for talk in talks if not delete_recording(talk)]
        _drop_if_empty(folder)
        if stay:
            raise DuologueError(
                f"{stay[0]} could not be deleted completely; close Duologue and try again, "
                "or delete it yourself."
            )
        report("The recordings are deleted.")
    elif talks:
        report(f"Your recordings stay in {folder}.")
    if notes and sure(f"Delete your notes, shopping list and reminders in {notes_folder()}?"):
        for path in notes:
            _delete(path, folder)
        for kept in (notes_folder(), notes_folder().parent):
            _drop_if_empty(kept)
        report("Notes, shopping list and reminders are deleted.")
    elif notes:
        report(f"Your notes, shopping list and reminders stay in {notes_folder()}.")
    # All programs with ONNX Runtime share this folder, so it is never deleted unasked.
    if usage_data and sure(
        f"Delete the device id and the unsent usage data in {usage_data}? Earlier versions of "
        "Duologue let ONNX Runtime write them; another program may have written them, too."
    ):
        _delete(usage_data, folder)
        report("The device id and the usage data are deleted.")


def _talks(folder: Path) -> list[Path]:
    """The recordings in a folder whose events show that Duologue wrote them."""
    try:
        return [one.path for one in recordings(folder) if one.head]
    except OSError:
        return []


def _own_files() -> Iterator[Path]:
    for folder, names in (
        (config_folder(), _CONFIG),
        (data_folder(), _DATA),
        (log_folder(), _LOG),
        (cache_folder(), _CACHE),
    ):
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if names.fullmatch(path.name))


def _delete(path: Path, spared: Path) -> None:
    """Delete a file or folder, except recordings inside it.

    ``spared`` is the folder of recordings. What the user keeps there stays; bundles go.
    """
    try:
        if path.is_dir() and path.resolve() == spared.resolve():
            for inside in filter(_is_bundle, path.iterdir()):
                _delete(inside, spared)
            _drop_if_empty(path)
        elif path.is_symlink() or not path.is_dir():
            path.unlink()
        elif not is_recording(path):
            for inside in path.iterdir():
                _delete(inside, spared)
            _drop_if_empty(path)
    except OSError as error:
        raise DuologueError(
            f"{path} could not be deleted ({error.strerror}); close Duologue and try again, "
            "or delete it yourself."
        ) from error


def _is_bundle(path: Path) -> bool:
    """Whether a folder is a bundle or a part, or what an import or a download left of one."""
    manifests = {"bundles": MANIFEST_NAME, "parts": PART_MANIFEST_NAME}
    if path.parent.parent != data_folder() or path.parent.name not in manifests:
        return False
    whole = (path / manifests[path.parent.name]).is_file()
    return whole or bool(_STAGING.match(path.name))


def _drop_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
