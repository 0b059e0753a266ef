"""Where the program keeps things: the platform's folders, or one profile folder.

DUOLOGUE_PROFILE names a folder that holds everything instead, for tests and portable use.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import platformdirs

PROFILE_VARIABLE = "DUOLOGUE_PROFILE"
PLOTTING_VARIABLE = "MPLCONFIGDIR"
"""Where Matplotlib keeps its list of fonts; its own folders would stay when ours are deleted."""
_NAME = "duologue"


def config_folder() -> Path:
    """Settings."""
    return _profile("config") or platformdirs.user_config_path(_NAME, appauthor=False)


def data_folder() -> Path:
    """Installed bundles."""
    return _profile("data") or platformdirs.user_data_path(_NAME, appauthor=False)


def log_folder() -> Path:
    """The log."""
    return _profile("log") or platformdirs.user_log_path(_NAME, appauthor=False)


def cache_folder() -> Path:
    """What can be made again."""
    return _profile("cache") or platformdirs.user_cache_path(_NAME, appauthor=False)


def recordings_folder() -> Path:
    """Recorded conversations, where the settings name no other folder."""
    return _profile("recordings") or platformdirs.user_documents_path() / "Duologue"


def runtime_folder() -> Path:
    """What lives as long as the session: the lock and socket of the running program.

    The profile does not count, since a socket's path must be short.
    """
    with warnings.catch_warnings(action="ignore"):  # of a session without a folder of its own
        return platformdirs.user_runtime_path(_NAME, appauthor=False)


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
