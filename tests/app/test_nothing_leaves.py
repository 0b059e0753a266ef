"""Nothing leaves the computer: no name is asked for, and nothing is left but what is listed here.

As a user has it: a fresh home, and no variable of a build server, under which ONNX Runtime is
silent. Native code is watched too. Linux only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.hearing_part import make_hearing_part
from tests.app.network_watch import WAYS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watched on Linux")

ROOT = Path(__file__).parents[2]
Watch = Callable[[list[str], dict[str, str], Path], list[str]]

# Native: Python's own audit hooks see nothing of it. A name, and an address without one.
_LOOK_UP = "import ctypes; ctypes.CDLL(None).getaddrinfo(b'duologue.example', None, None, \
ctypes.byref(ctypes.c_void_p()))"
_CONNECT = "import ctypes, socket; s = socket.socket(); ctypes.CDLL(None).connect(s.fileno(), \
bytes((2, 0, 0, 9, 192, 0, 2, 1)) + bytes(8), 16)"
_NOTHING = "pass"

ALLOWED = (
    "tmp/pulse-",  # the client of PulseAudio, for a session without a folder of its own
    ".config/pulse/",
    ".cache/fontconfig/",  # the system's own list of its fonts, where that was never made
    "talk/conversation.wav",  # what the talk is for
    "talk/conversation.png",
    "talk/events.jsonl",
    "talk/transcript.txt",
    ".cache/duologue/plotting/fontlist-",  # Matplotlib's, in our folder
)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has never run anything."""
    folder = tmp_path / "home"
    (folder / "tmp").mkdir(parents=True)
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "app", *arguments]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def proven(home: dict[str, str], folder: Path, names: tuple[str, ...] = tuple(WAYS)) -> Watch:
    """The first way of watching that sees native code here, and not what is none."""
    refused = []
    for name in names:
        scratch = folder / f"proof-{name}"
        scratch.mkdir()
        try:
            looked_up = WAYS[name](python(_LOOK_UP), home, scratch)
            connected = WAYS[name](python(_CONNECT), home, fresh(scratch / "connect"))
            nothing = WAYS[name](python(_NOTHING), home, fresh(scratch / "nothing"))
        except (OSError, subprocess.CalledProcessError) as error:
            refused.append(f"{name}: {error}")
            continue
        assert connected and not nothing, (name, connected, nothing)
        if looked_up:
            return WAYS[name]
        refused.append(f"{name}: did not see a look-up")
    raise AssertionError(f"no way of watching the network works here: {refused}")


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


def left_behind(home: dict[str, str]) -> list[str]:
    folder = Path(home["HOME"])
    found = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    return sorted(str(path.relative_to(folder)) for path in found)


def unexpected(home: dict[str, str]) -> list[str]:
    return [path for path in left_behind(home) if not path.startswith(ALLOWED)]


@pytest.mark.parametrize("name", WAYS)
def test_each_way_sees_native_code_or_is_refused(
    name: str, home: dict[str, str], tmp_path: Path
) -> None:
    try:
        proven(home, tmp_path, (name,))
    except AssertionError as error:
        if "works here" not in str(error):
            raise
        pytest.skip(str(error))


def test_the_self_test_and_a_talk_ask_for_nothing(home: dict[str, str], tmp_path: Path) -> None:
    watch = proven(home, tmp_path)
    asked = watch(program("--self-test"), home, fresh(tmp_path / "self-test"))
    talk = program("talk", "--out", str(Path(home["HOME"]) / "talk"))
    asked += watch(talk, home, fresh(tmp_path / "watched-talk"))
    assert not asked
    assert not unexpected(home)
    assert "talk/conversation.wav" in left_behind(home)


_HEAR = """
import time
from pathlib import Path
from engine.hearing.listener import Listener
from engine.resource_files import resources
from engine.sound.audio_file import read_mono
listener = Listener(Path({part!r}))
for second in range(12):
    listener.push(read_mono(resources() / "samples" / "user.flac", 12.0)[second * 16000 :][:16000])
words = []
while not words and not listener.problem:
    words = [one.text for one in listener.poll() if one.final]
    time.sleep(0.02)
assert words, listener.problem
listener.close()
"""


def test_hearing_asks_for_nothing(home: dict[str, str], tmp_path: Path) -> None:
    make_hearing_part(tmp_path / "part")
    watch = proven(home, tmp_path)
    code = _HEAR.format(part=str(tmp_path / "part"))
    assert not watch(python(code), home, fresh(tmp_path / "watched-hearing"))
    assert not unexpected(home)


@pytest.mark.parametrize("package", ["engine", "app", "models", "installer"])
def test_every_package_forbids_it_before_all_else(package: str, home: dict[str, str]) -> None:
    """Whatever the user's environment says, and for children too."""
    code = f"import {package}, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {**home, "ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run(python(code), env=environment, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "1", done.stderr
