"""Detects any use of the network: by Python code everywhere, by native code on Linux.

Python calls audit hooks for every socket and every name look-up. Native code calls no hook, but on
Linux the kernel can end a process when it opens its first internet socket, in any thread or
library. It ends a child process too, but reports that to nobody. A look-up that another program
does for this one through a local socket (systemd-resolved, nscd) is not detected; the connection
after it is.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import DuologueError

_LOCAL_FAMILIES = ("AF_UNIX",)
_NETWORK_EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")

# --- Python's code --------------------------------------------------------------------------------

_denied = False
_watching = False


@contextmanager
def no_network() -> Iterator[None]:
    """Make every use of the network by Python code raise; local sockets stay allowed."""
    global _denied, _watching
    if not _watching:  # an audit hook cannot be removed
        sys.addaudithook(_deny)
        _watching = True
    _denied = True
    try:
        yield
    finally:
        _denied = False


def _deny(event: str, arguments: tuple[Any, ...]) -> None:
    if not _denied or event not in _NETWORK_EVENTS:
        return
    if event != "socket.getaddrinfo" and arguments[0].family.name in _LOCAL_FAMILIES:
        return
    raise DuologueError(f"Something tried to use the network ({event}); please report it.")


# --- native code ----------------------------------------------------------------------------------

# The architecture's number in linux/audit.h, and its number of the system call socket.
_SOCKET_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_AF_UNIX, _AF_NETLINK = 1, 16
# From linux/filter.h and linux/seccomp.h.
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _END_PROCESS = 0x7FFF0000, 0x80000000
_CALL_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2


def end_at_network_use() -> bool:
    """Have the kernel end this process with SIGSYS when it opens its first internet socket.

    This cannot be undone, and also applies to threads and processes started from now on. Returns
    False if the system cannot do it.
    """
    machine = platform.machine()
    if not sys.platform.startswith("linux") or machine not in _SOCKET_CALLS:
        return False
    architecture, socket_call = _SOCKET_CALLS[machine]
    # Each line: operation, lines to skip if equal, lines to skip if not, operand.
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_IF_EQUAL, 0, 5, architecture),
        (_LOAD, 0, 0, _CALL_AT),
        (_JUMP_IF_EQUAL, 0, 3, socket_call),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_IF_EQUAL, 1, 0, _AF_UNIX),
        (_JUMP_IF_EQUAL, 0, 1, _AF_NETLINK),  # messages from the kernel
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _END_PROCESS),
    ]
    lines = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    head = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(lines)))
    prctl = ctypes.CDLL(None).prctl
    zero = ctypes.c_ulong(0)
    if prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero) != 0:
        return False
    return bool(prctl(_SECCOMP, ctypes.c_ulong(_FILTER), head) == 0)
