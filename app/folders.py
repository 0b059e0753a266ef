"""Where the program keeps things: the platform's folders, or one profile folder.

DUOLOGUE_PROFILE names a folder that holds everything instead, for tests and portable use.
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
"""Where Matplotlib keeps its list of fonts; its own folders would stay when ours are deleted."""


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
    """What can be made again."""
    return _profile("cache") or _at_home(lambda: platformdirs.user_cache_path(NAME, False))


def recordings_folder() -> Path:
    """Recorded conversations, where the settings name no other folder."""
    return _profile("recordings") or _at_home(platformdirs.user_documents_path) / "Duologue"


def runtime_folder() -> Path:
    """What lives as long as the session: the lock and socket of the running program.

    The profile does not count, since a socket's path must be short. The folder is made where it is
    missing; DuologueError where it is not this user's alone, as in a /tmp that others write to.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of a session without a folder of its own
            folder = platformdirs.user_runtime_path(NAME, False)
        for path in (folder.parent, folder):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_own(path)
    except OSError as error:
        raise DuologueError(
            f"There is no folder for what belongs to this session ({error}); let XDG_RUNTIME_DIR "
            "name one of your own that nobody else may write to."
        ) from error
    return folder


def _check_own(path: Path) -> None:
    """Raise PermissionError where somebody else could put another socket in this one's place."""
    if sys.platform == "win32":
        return
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{path} is not a folder")
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} is not yours alone")


def back_ends_folder() -> Path:
    """Libraries for a GPU that the user has added."""
    return data_folder() / "backends"


def usage_data_folder() -> Path | None:
    """Where ONNX Runtime keeps a device id and unsent usage data, where it has done so.

    Earlier versions of Duologue let it, on Linux; any other program may have. None inside a
    profile, which holds all that is ours.
    """
    if sys.platform != "linux" or os.environ.get(PROFILE_VARIABLE):
        return None
    folder = platformdirs.user_cache_path() / "Microsoft" / "DeveloperTools" / ".onnxruntime"
    return folder if folder.is_dir() else None


def _profile(part: str) -> Path | None:
    profile = os.environ.get(PROFILE_VARIABLE)
    return Path(profile) / part if profile else None


def _at_home(find: Callable[[], Path]) -> Path:
    """A folder of the platform's; DuologueError where this user has no home folder."""
    try:
        folder = find()
    except RuntimeError:
        folder = Path("~")
    if not folder.is_absolute():  # so older ones of platformdirs say it
        raise DuologueError(
            "Your home folder is not known; let HOME name it, or DUOLOGUE_PROFILE another folder "
            "for all that Duologue keeps."
        )
    return folder
