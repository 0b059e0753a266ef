"""Allows one window per user and profile: a second start brings the first one forward and ends.

The lock belongs to the kernel and ends with the process, so a crash cannot block later starts.
QLockFile stores a process number instead: it blocked every later start after another process had
got that number, or when it came from another machine. Window's thread only.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from app.folders import config_folder, runtime_folder
from engine.errors import DuologueError

_ANSWER_MS = 3000
_ANSWER = b"forward"
_TOKEN_VARIABLE = "XDG_ACTIVATION_TOKEN"  # a Wayland desktop's permission to come to the front


class SingleInstance(QObject):
    """This process's claim to be the only instance."""

    called = Signal()
    """A second start asks this window to come to the front."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        profile = hashlib.sha256(str(config_folder()).encode()).hexdigest()[:12]
        path = runtime_folder() / f"duologue-{profile}"
        self._name = path.name if sys.platform == "win32" else str(path)
        self._lock_path = Path(f"{path}.lock")
        self._lock: int | None = None
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)

    def claim(self) -> bool:
        """Try to become the first instance, until ``release``; False if there is one."""
        try:
            self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            _lock(self._lock)
        except OSError as error:
            held = self._lock is not None and error.errno in (errno.EAGAIN, errno.EACCES)
            self._unlock()
            # If no lock can be made at all, two windows are better than none.
            return not held
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return True

    def call_first(self) -> None:
        """Ask the first instance to come to the front; DuologueError if it does not answer."""
        if sys.platform == "win32":
            import ctypes

            ctypes.windll.user32.AllowSetForegroundWindow(-1)  # any process
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(_ANSWER_MS):
            socket.write(os.environ.get(_TOKEN_VARIABLE, "").encode() + b"\n")
            if socket.waitForReadyRead(_ANSWER_MS) and socket.readAll().data() == _ANSWER:
                return
        raise DuologueError(
            "Duologue is already running but does not answer; end it in the system's task list and "
            "start it again."
        )

    def release(self) -> None:
        """Give up the claim."""
        self._server.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _answer(self) -> None:
        socket = self._server.nextPendingConnection()
        if socket is None:
            return
        socket.readyRead.connect(lambda: self._come(socket))
        socket.disconnected.connect(socket.deleteLater)
        if socket.canReadLine():
            self._come(socket)

    def _come(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            return
        token = bytes(socket.readLine().data()).decode("utf8", "replace").strip()
        if token:
            os.environ[_TOKEN_VARIABLE] = token
        socket.write(_ANSWER)
        socket.flush()
        self.called.emit()


def _lock(file: int) -> None:
    """Lock an open file for as long as it is open; OSError if another process holds the lock."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
