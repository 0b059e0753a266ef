"""Deletes what Duologue keeps for its user, after asking: for an uninstallation. Knows no Qt.

In the folder of recordings, which may hold other things, only recordings are touched.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from app.folders import (
    cache_folder,
    config_folder,
    data_folder,
    log_folder,
    recordings_folder,
    usage_data_folder,
)
from app.library import delete, entries
from app.settings import SettingsFile
from engine.errors import DuologueError


def forget(sure: Callable[[str], bool], tell: Callable[[str], None]) -> None:
    """Ask about settings and bundles, then about recordings, and delete what may go.

    Raises DuologueError where something stays that should have gone.
    """
    settings, _ = SettingsFile().load()
    folder = settings.recording_folder or recordings_folder()
    talks = entries(folder)
    own = [
        path for path in _outermost(config_folder(), data_folder(), log_folder(), cache_folder())
    ]
    usage_data = usage_data_folder()
    if not own and not talks and not usage_data:
        tell("Duologue keeps nothing of yours.")
        return
    listed = ", ".join(map(str, own))
    if own and sure(f"Delete your settings, imported bundles and the log ({listed})?"):
        for path in own:
            _delete(path)
        tell("Settings, bundles and log are deleted.")
    elif own:
        tell(f"Your settings and bundles stay in {listed}.")
    if talks and sure(f"Delete your {len(talks)} recorded conversations in {folder}?"):
        for talk in talks:
            delete(talk)
        if not any(folder.iterdir()):
            folder.rmdir()
        tell("The recordings are deleted.")
    elif talks:
        tell(f"Your recordings stay in {folder}.")
    # Nobody can tell whose it is: all programs with ONNX Runtime share it.
    # So it is not deleted unasked.
    if usage_data and sure(
        f"Delete the device id and the unsent usage data in {usage_data}? Earlier versions of "
        "Duologue let ONNX Runtime write them; another program may have, too."
    ):
        _delete(usage_data)
        tell("The device id and the usage data are deleted.")


def _outermost(*folders: Path) -> list[Path]:
    """Those that exist, without those inside another; some systems have one for all."""
    there = [path for path in dict.fromkeys(folders) if path.is_dir()]
    return [path for path in there if not any(other in path.parents for other in there)]


def _delete(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DuologueError(
            f"{folder} could not be deleted whole ({error.strerror}); close Duologue, "
            "or delete it yourself."
        ) from error
