"""PyInstaller hook that runs first in the frozen program on Linux."""

import ctypes.util
import os
import sys

# Programs that Duologue starts (pactl, the file manager) must load their own libraries, not ours.
_before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if _before is None:
    os.environ.pop("LD_LIBRARY_PATH", None)
else:
    os.environ["LD_LIBRARY_PATH"] = _before

# A child that is this program again (the self-test, the watch on devices) would otherwise take that
# missing path for set and find none of our libraries (PyInstaller 6's bootloader).
os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"

_find_library = ctypes.util.find_library


def _find_bundled(name: str) -> str | None:
    """sounddevice looks PortAudio up by name, which would find only the system's own."""
    if name == "portaudio":
        return os.path.join(sys._MEIPASS, "libportaudio.so.2")  # type: ignore[attr-defined]
    return _find_library(name)


ctypes.util.find_library = _find_bundled
