"""The folders in which Duologue keeps its files: the platform's, or one profile folder.

If DUOLOGUE_PROFILE names a folder, that folder holds everything, for tests and portable use.
"""

from __future__ import annotations

import os
import stat
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import platformdirs

from engine import log_file
from engine.errors import DuologueError
from engine.log_file import NAME, PROFILE_VARIABLE

PLOTTING_VARIABLE = "MPLCONFIGDIR"
"""For Matplotlib's list of fonts, so that it is deleted together with our folders."""


def config_folder() -> Path:
    """Settings."""
    return _profile("config") or _at_home(lambda: platformdirs.user_config_path(NAME, False))


def data_folder() -> Path:
    """Installed bundles."""
    return _profile("data") or _at_home(lambda: platformdirs.user_data_path(NAME, False))


def log_folder() -> Path:
    """The log."""
    return _at_home(log_file.log_folder)


def cache_folder() -> Path:
    """Files that can be recreated."""
    return _profile("cache") or _at_home(lambda: platformdirs.user_cache_path(NAME, False))


def recordings_folder() -> Path:
    """Recorded conversations, unless the settings name another folder."""
    return _profile("recordings") or _at_home(platformdirs.user_documents_path) / "Duologue"


def notes_folder() -> Path:
    """Notes, shopping list and reminders, which belong to the user."""
    return _profile("notes") or _at_home(platformdirs.user_documents_path) / "Duologue" / "Notes"


def runtime_folder() -> Path:
    """Files that live as long as the session: the lock and socket of the running program.

    Ignores the profile, since a socket's path must be short. Creates the folder if it is missing.
    Raises DuologueError if others can write to it, as in a shared /tmp.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # for a session without a folder of its own
            folder = platformdirs.user_runtime_path(NAME, False)
        for path in (folder.parent, folder):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_own(path)
    except OSError as error:
        raise DuologueError(
            f"There is no folder for the files of this session ({error}); set XDG_RUNTIME_DIR to a "
            "folder of your own that nobody else may write to."
        ) from error
    return folder


def _check_own(path: Path) -> None:
    """Raise PermissionError if another user could replace the socket."""
    if sys.platform == "win32":
        return
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{path} is not a folder")
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} belongs to or is open to others")


def back_ends_folder() -> Path:
    """Libraries for a GPU that the user has added."""
    return data_folder() / "backends"


def usage_data_folder() -> Path | None:
    """The folder where ONNX Runtime keeps a device id and unsent usage data, if it exists.

    Earlier versions of Duologue let it do so on Linux; other programs may still. None inside a
    profile, since a profile contains everything of ours.
    """
    if sys.platform != "linux" or os.environ.get(PROFILE_VARIABLE):
        return None
    folder = platformdirs.user_cache_path() / "Microsoft" / "DeveloperTools" / ".onnxruntime"
    return folder if folder.is_dir() else None


def _profile(part: str) -> Path | None:
    profile = os.environ.get(PROFILE_VARIABLE)
    return Path(profile) / part if profile else None


def _at_home(find: Callable[[], Path]) -> Path:
    """One of the platform's folders; DuologueError if this user has no home folder."""
    try:
        folder = find()
    except RuntimeError:
        folder = Path("~")
    if not folder.is_absolute():  # older versions of platformdirs
        raise DuologueError(
            "Your home folder is not known; set HOME to it, or set DUOLOGUE_PROFILE to another "
            "folder for all that Duologue keeps."
        )
    return folder
