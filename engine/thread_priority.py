"""Asks the system for the priority that audio programs get, for the calling thread; or for less,
for what must never be in their way.

Nothing depends on it: a system that refuses leaves everything as it is. On Linux, a nice value if
the user may set one, else by RealtimeKit, which most desktops run; real-time scheduling is not
asked for, because a step of the models takes longer than a real-time thread may. On Windows, the
multimedia class scheduler. On macOS, the class of work that a user waits for.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import subprocess
import sys
import threading

_LOG = logging.getLogger(__name__)

_NICE = -11
"""What PipeWire and PulseAudio ask for, too."""
_REALTIME_KIT = "org.freedesktop.RealtimeKit1"
_ANSWER_SECONDS = 2.0
_USER_INTERACTIVE = 0x21
_BACKGROUND_NICE = 5
"""A third of what an ordinary program gets. At 10 it is a tenth, and on a machine with eight busy
programs words came twenty seconds late."""
_BELOW_NORMAL_CLASS = 0x4000


def raise_for_audio() -> bool:
    """Raise the calling thread's priority; whether the system agreed."""
    try:
        agreed = _raise()
    except (OSError, AttributeError, subprocess.SubprocessError) as error:
        _LOG.debug("no higher priority: %s", error)
        agreed = False
    _LOG.info("priority of the engine's thread: %s", "raised" if agreed else "as it was")
    return agreed


def _raise() -> bool:
    if sys.platform == "win32":
        task = ctypes.c_ulong(0)
        handle = ctypes.WinDLL("avrt").AvSetMmThreadCharacteristicsW
        handle.restype = ctypes.c_void_p
        return bool(handle("Pro Audio", ctypes.byref(task)))
    if sys.platform == "darwin":
        system = ctypes.CDLL(None)
        return bool(system.pthread_set_qos_class_self_np(_USER_INTERACTIVE, 0) == 0)
    thread = threading.get_native_id()
    try:
        # On Linux this is the thread's alone.
        os.setpriority(os.PRIO_PROCESS, thread, _NICE)
    except PermissionError:
        return _ask_realtime_kit(thread)
    return True


def _ask_realtime_kit(thread: int) -> bool:
    """RealtimeKit knows a process by its number, so a tool of the system can ask for us."""
    tool = shutil.which("busctl")
    if tool is None:
        return False
    asked = subprocess.run(
        [
            tool, "--system", "call", _REALTIME_KIT, "/" + _REALTIME_KIT.replace(".", "/"),
            _REALTIME_KIT, "MakeThreadHighPriorityWithPID", "tti",
            str(os.getpid()), str(thread), "--", str(_NICE),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_ANSWER_SECONDS,
        check=False,
    )  # fmt: skip
    return asked.returncode == 0


def lower_for_background() -> None:
    """Lower the priority of this process, before it has other threads, below all that is live."""
    try:
        if sys.platform == "win32":
            system = ctypes.WinDLL("kernel32")
            system.GetCurrentProcess.restype = ctypes.c_void_p
            system.SetPriorityClass(
                ctypes.c_void_p(system.GetCurrentProcess()), _BELOW_NORMAL_CLASS
            )
        else:
            # Not os.nice, which would count from what a parent of high priority has left.
            os.setpriority(os.PRIO_PROCESS, 0, _BACKGROUND_NICE)
    except (OSError, AttributeError) as error:
        _LOG.debug("no lower priority: %s", error)


def lower_this_thread() -> None:
    """On Linux, lower the calling thread's priority: what it starts inherits that from the first
    moment on. Elsewhere threads pass nothing on."""
    if sys.platform == "linux":
        lower_for_background()
