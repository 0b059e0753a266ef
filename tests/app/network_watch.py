"""Runs programs and tells what they asked of the network, in three ways: not every machine has all.

A namespace with nothing but a loopback and a resolver that logs; strace; a library loaded before
all others, which logs and refuses. Only the first sees what other programs ask on behalf of these.
Run as a program this is the namespace's inside: it serves names, runs a command and reports.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

_LIBRARY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void say(const char *what, const char *name) {
    FILE *file = fopen(getenv("NETWORK_WATCH"), "a");
    if (file) { fprintf(file, "%s %s\n", what, name ? name : ""); fclose(file); }
}
static int far(const struct sockaddr *to) {
    return to && (to->sa_family == AF_INET || to->sa_family == AF_INET6);
}
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    say("name", node); return EAI_NONAME;
}
struct hostent *gethostbyname(const char *name) { say("name", name); return NULL; }
struct hostent *gethostbyname2(const char *name, int family) { say("name", name); return NULL; }
int __res_query(const char *name, int kind, int type, unsigned char *answer, int size) {
    say("name", name); return -1;
}
int res_query(const char *name, int kind, int type, unsigned char *answer, int size) {
    say("name", name); return -1;
}
#define REFUSE(to) if (far(to)) { say("address", __func__); errno = ENETUNREACH; return -1; }
int connect(int fd, const struct sockaddr *to, socklen_t size) {
    REFUSE(to)
    return ((int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect"))
        (fd, to, size);
}
ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
               socklen_t length) {
    REFUSE(to)
    return ((ssize_t (*)(int, const void *, size_t, int, const struct sockaddr *, socklen_t))
            dlsym(RTLD_NEXT, "sendto"))(fd, data, size, flags, to, length);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    REFUSE((const struct sockaddr *)message->msg_name)
    return ((ssize_t (*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg"))
        (fd, message, flags);
}
"""


def by_namespace(command: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """What ``command`` asked for, in a network of its own; raises OSError where it is refused."""
    report = folder / "report.json"
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    # Only root may bind the resolver's port; others are root in a namespace of their own.
    mine = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    inside = [sys.executable, __file__, str(report), str(folder / "resolv.conf"), *command]
    unshare = ["unshare", *mine, "--net", "--mount", *inside]
    done = _run(unshare, environment)
    if not report.exists():
        raise OSError(f"no namespace: {done.stderr}")
    content = json.loads(report.read_text())
    _check(content["status"], content["output"])
    return [str(each) for each in content["asked"]]


def by_strace(command: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """What ``command`` asked for, by its system calls; raises OSError where it is refused."""
    log = folder / "strace"
    strace = ["strace", "-f", "-qq", "-e", "trace=%network", "-e", "signal=none", "-o", str(log)]
    done = _run([*strace, *command], environment)
    if not log.exists() or "PTRACE" in done.stderr.upper():
        raise OSError(f"no strace: {done.stderr}")
    _check(done.returncode, done.stdout + done.stderr)
    return re.findall(r"(?:socket\(|sa_family=)(?:AF_INET6?|AF_PACKET)\b.*", log.read_text())


def by_library(command: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """What ``command`` asked of the C library; raises OSError where none can be compiled."""
    source, library, log = (folder / name for name in ("watch.c", "watch.so", "asked"))
    source.write_text(_LIBRARY)
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise OSError("no compiler")
    build = [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(build, check=True, capture_output=True)
    log.touch()
    own = {**environment, "LD_PRELOAD": str(library), "NETWORK_WATCH": str(log)}
    done = _run(command, own)
    _check(done.returncode, done.stdout + done.stderr)
    return log.read_text().splitlines()


WAYS = {"namespace": by_namespace, "strace": by_strace, "library": by_library}


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """At home, where a file that it leaves in its folder is found."""
    return subprocess.run(
        command, env=environment, cwd=environment["HOME"], capture_output=True, text=True
    )


def _check(status: int, output: str) -> None:
    assert status == 0, output


# --- inside the namespace -------------------------------------------------------------------------


def _serve_names(asked: list[str], server: socket.socket) -> None:
    """Log every name and say that there is none."""
    while True:
        question, sender = server.recvfrom(4096)
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
            at += 1 + question[at]
        asked.append("name " + ".".join(labels))
        server.sendto(question[:2] + b"\x81\x83" + question[4:12] + question[12:], sender)


def _lift_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up_and_running = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")
        fcntl.ioctl(any_socket, 0x8914, up_and_running)


def _unreached() -> list[str]:
    """Addresses for which this network has no way: counted by the kernel, from nought."""
    counters = {}
    lines = Path("/proc/net/snmp").read_text().splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        counters.update(zip(names.split(), values.split(), strict=True))
    six = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    count = int(counters["OutNoRoutes"]) + int(six.get("Ip6OutNoRoutes", 0))
    connections = int(counters["ActiveOpens"])
    return [f"address ({count} without a way, {connections} opened)"] if count + connections else []


def _inside(report: Path, resolver: Path, command: list[str]) -> None:
    _lift_loopback()
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", str(resolver), "/etc/resolv.conf"], check=True)
    asked: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        threading.Thread(target=_serve_names, args=(asked, server), daemon=True).start()
        done = subprocess.run(command, capture_output=True, text=True)
    content = {
        "asked": [*asked, *_unreached()],
        "status": done.returncode,
        "output": done.stdout + done.stderr,
    }
    part = report.with_suffix(".part")
    part.write_text(json.dumps(content))
    os.replace(part, report)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        _inside(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
