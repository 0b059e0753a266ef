"""One window for each user and profile: a second start brings the first one forward and ends.

The lock is the kernel's and goes with its process, so what a crash leaves behind holds nobody up:
QLockFile's, which names a process, held up every later start where another had got its number, or
where it had run on another machine. Only the window's thread comes here.
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
_TOKEN_VARIABLE = "XDG_ACTIVATION_TOKEN"  # a Wayland desktop's permission to come forward


class SingleInstance(QObject):
    """This process's claim to be the only one."""

    called = Signal()
    """Another start asks this window to come forward."""

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
        """Whether this process is the first; it is until ``release``."""
        try:
            self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            _lock(self._lock)
        except OSError as error:
            held = self._lock is not None and error.errno in (errno.EAGAIN, errno.EACCES)
            self._unlock()
            # Where no lock can be had at all, two windows are better than none.
            return not held
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return True

    def call_first(self) -> None:
        """Ask the first process's window to come forward; DuologueError if it does not answer."""
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
        """Let another process be the first."""
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
    """Lock an open file for as long as it is open; OSError where another process has."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
