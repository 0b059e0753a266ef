"""Environments that cannot be: one sentence where something cannot go on, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app import bundle_store
from app.folders import runtime_folder
from app.settings import Settings, SettingsFile
from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from tests.bad_input import check_sentence, content
from tests.engine.tiny_bundle import write_tiny_bundle

_ROOT = Path(__file__).resolve().parents[2]
_HOMES = "HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_RUNTIME_DIR DUOLOGUE_PROFILE"
_LONG = "x" * 300
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the variables are Linux's")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny").folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test runs, with a home, a text and a link to itself."""
    (tmp_path / "home").mkdir()
    (tmp_path / "text").write_text("a file\n", "utf8")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.chdir(tmp_path)
    for name in _HOMES.split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


# --- nowhere to keep things -----------------------------------------------------------------------


_NO_FOLDER: dict[str, dict[str, str | None]] = {
    "profile a file": {"DUOLOGUE_PROFILE": "{place}/text"},
    "profile below a file": {"DUOLOGUE_PROFILE": "{place}/text/below"},
    "profile a device": {"DUOLOGUE_PROFILE": "/dev/null"},
    "profile where nothing can be made": {"DUOLOGUE_PROFILE": "/proc/duologue"},
    "profile's name too long": {"DUOLOGUE_PROFILE": "{place}/" + _LONG},
    "profile a link to itself": {"DUOLOGUE_PROFILE": "{place}/loop"},
    "profile relative to a file": {"DUOLOGUE_PROFILE": "text"},
    "no home": {"HOME": None},
    "home empty": {"HOME": ""},
    "home relative": {"HOME": "home"},
    "home a file": {"HOME": "{place}/text"},
    "home a device": {"HOME": "/dev/null"},
    "home where nothing can be made": {"HOME": "/proc/duologue"},
    "home a link to itself": {"HOME": "{place}/loop"},
    "platform's folders files": {
        "XDG_CONFIG_HOME": "{place}/text",
        "XDG_DATA_HOME": "{place}/text",
    },
    "platform's folders devices": {"XDG_CONFIG_HOME": "/dev/full", "XDG_DATA_HOME": "/dev/full"},
    "platform's folders too long": {
        "XDG_CONFIG_HOME": "/tmp/" + _LONG,
        "XDG_DATA_HOME": "/tmp/" + _LONG,
    },
}
_KEEPING: dict[str, Callable[[Path], object]] = {
    "settings": lambda _bundle: SettingsFile().save(Settings()),
    "a bundle": lambda bundle: bundle_store.import_bundle(bundle, lambda _done, _total: None),
}


def use(variables: Mapping[str, str | None], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value.replace("{place}", str(place)))


@pytest.mark.bad_input("environments")
@pytest.mark.parametrize("keep", _KEEPING.values(), ids=_KEEPING.keys())
@pytest.mark.parametrize("variables", _NO_FOLDER.values(), ids=_NO_FOLDER.keys())
def test_nowhere_to_keep_things(
    variables: dict[str, str | None],
    keep: Callable[[Path], object],
    place: Path,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(variables, place, monkeypatch)
    monkeypatch.setattr("pwd.getpwuid", _nobody)
    before = content(place)
    with pytest.raises(DuologueError) as caught:
        keep(bundle)
    check_sentence(str(caught.value))
    assert content(place) == before  # no folder named "~" either


def _nobody(_user: int) -> None:
    """As in a container whose user has no entry."""
    raise KeyError


# --- a folder of the session's that is a stranger's -----------------------------------------------


def _a_file(folder: Path) -> None:
    folder.touch()


def _a_link(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir(0o700)
    folder.symlink_to(elsewhere)


def _of_everybody(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def _of_a_stranger(folder: Path) -> None:
    folder.mkdir(0o700)
    if os.geteuid():
        pytest.skip("only root can make a stranger's folder")
    os.chown(folder, 54321, 54321)


@pytest.mark.bad_input("environments")
@pytest.mark.parametrize("make", [_a_file, _a_link, _of_everybody, _of_a_stranger])
def test_the_sessions_folder_is_a_strangers(
    make: Callable[[Path], None], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path(f"/run/user/{os.geteuid()}").exists():
        pytest.skip("a session's own folder is there and will be used")
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", None)  # so it is read again
    make(place / f"runtime-{os.geteuid()}")
    before = content(place)
    with pytest.raises(DuologueError) as caught:
        runtime_folder()
    check_sentence(str(caught.value))
    assert "XDG_RUNTIME_DIR" in str(caught.value)
    assert content(place) == before


def test_the_sessions_folder_is_made_for_this_user_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = place / "session"
    session.mkdir(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    assert runtime_folder() == session / "duologue"
    assert runtime_folder().stat().st_mode & 0o777 == 0o700


# --- the program as a user starts it --------------------------------------------------------------


def start(
    place: Path, shell: str, variables: Mapping[str, str | None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell, in which $duologue is the program."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        "DUOLOGUE_PROFILE": str(place / "profile"),
        "duologue": f"{sys.executable} -m app",
    }
    for name, value in (variables or {}).items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value.replace("{place}", str(place))
    return subprocess.run(
        ["sh", "-c", shell], cwd=place, env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


_FULL: dict[str, str] = {
    "output full": "$duologue devices >/dev/full",
    "output full, of the help": "$duologue --help >/dev/full",
    "output full, of the version": "$duologue --version >/dev/full",
    "disk full in a talk": "ulimit -f 20; $duologue talk --bundle {bundle} --user user.wav",
    "no place for the talk": "cd /proc; $duologue talk --bundle {bundle} --user {place}/user.wav",
    "no display": "unset DISPLAY WAYLAND_DISPLAY QT_QPA_PLATFORM; $duologue",
    "a display that is not there": "unset QT_QPA_PLATFORM; DISPLAY=:99 $duologue",
    "a platform that Qt lacks": "QT_QPA_PLATFORM=nonsense $duologue",
    "no home for the window": (
        "unset HOME DUOLOGUE_PROFILE; QT_QPA_PLATFORM=offscreen "
        f"{sys.executable} -c 'import pwd; pwd.getpwuid = {{}}.__getitem__; "
        "import app.cli; app.cli.main([])'"
    ),
    "sound server missing": "PULSE_SERVER=unix:/missing $duologue devices",
    "no home to forget": (
        "unset HOME DUOLOGUE_PROFILE; "
        f"{sys.executable} -c 'import pwd; pwd.getpwuid = {{}}.__getitem__; "
        'import app.cli; app.cli.main(["forget"])\''
    ),
}


@pytest.mark.bad_input("environments")
@pytest.mark.parametrize("shell", _FULL.values(), ids=_FULL.keys())
def test_what_cannot_go_on_is_one_sentence(shell: str, place: Path, bundle: Path) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE_HZ)
    soundfile.write(place / "user.wav", sound, SAMPLE_RATE_HZ)
    kept = content(place)
    ended = start(place, shell.replace("{bundle}", str(bundle)).replace("{place}", str(place)))
    assert ended.returncode == 2 and ended.stdout == "", ended
    check_sentence(ended.stderr)
    assert kept.items() <= content(place).items()


_DEVICES = ("Microphones", "Speakers")
_ONE_FILE = "mkdir -p profile/config; echo {} > profile/config/settings.json; "
_HARMLESS: dict[str, tuple[str, dict[str, str | None], tuple[str, ...]]] = {
    "input closed": ("$duologue devices <&-", {}, _DEVICES),
    "errors closed": ("$duologue devices 2>&-", {}, _DEVICES),
    "output closed": ("$duologue devices >&-", {}, ()),
    "all closed": ("$duologue devices <&- >&- 2>&-", {}, ()),
    "no answer to a question": (_ONE_FILE + "$duologue forget <&-", {}, ("stay",)),
    "a folder that is gone": ("mkdir d; cd d; rmdir ../d; $duologue devices", {}, _DEVICES),
    "no columns": ("$duologue devices", {"COLUMNS": "0"}, _DEVICES),
    "one column": ("$duologue devices", {"COLUMNS": "1"}, _DEVICES),
    "columns of nonsense": ("$duologue devices", {"COLUMNS": "many"}, _DEVICES),
    "terminal of nonsense": ("$duologue devices", {"TERM": "nonsense"}, _DEVICES),
    "language of nonsense": ("$duologue devices", {"LC_ALL": "xx_YY.nonsense"}, _DEVICES),
    "letters of 1963": ("$duologue talk --help", {"PYTHONIOENCODING": "ascii"}, ("bundle",)),
    "no home": ("$duologue devices", {"HOME": None, "DUOLOGUE_PROFILE": None}, _DEVICES),
    "temporary folder missing": ("$duologue devices", {"TMPDIR": "/missing"}, _DEVICES),
    "profile a device": ("$duologue devices", {"DUOLOGUE_PROFILE": "/dev/full"}, _DEVICES),
    "back ends of nonsense": (
        "$duologue talk --bundle {bundle} --user user.wav --out out",
        {"DUOLOGUE_BACKENDS": "{place}/user.wav"},
        ("reaction",),
    ),
    "back ends' name too long": (
        "$duologue talk --bundle {bundle} --user user.wav --out out",
        {"DUOLOGUE_BACKENDS": "/" + _LONG},
        ("reaction",),
    ),
    "a back end of text": (
        "mkdir b; cp user.wav b/libggml-cuda.so; "
        "$duologue talk --bundle {bundle} --user user.wav --out out",
        {"DUOLOGUE_BACKENDS": "{place}/b"},
        ("reaction",),
    ),
}


@pytest.mark.bad_input("environments")
@pytest.mark.parametrize(("shell", "variables", "shown"), _HARMLESS.values(), ids=_HARMLESS.keys())
def test_what_can_go_on_does(
    shell: str,
    variables: dict[str, str | None],
    shown: tuple[str, ...],
    place: Path,
    bundle: Path,
) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE_HZ)
    soundfile.write(place / "user.wav", sound, SAMPLE_RATE_HZ)
    ended = start(place, shell.replace("{bundle}", str(bundle)), variables)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    together = "".join(ended.stdout.split())  # in one column, too
    assert all(word in together for word in shown), ended.stdout


def test_whoever_stops_reading_ends_the_program_quietly(place: Path) -> None:
    ended = start(place, "{ $duologue talk --help; echo $? >code; } | true")
    assert ended.stderr == ""
    assert (place / "code").read_text("utf8").strip() in ("0", "1")


_LIVE = """
import functools, numpy, app.cli, app.live_session
from app.prerecorded_card import PrerecordedCard
noise = numpy.random.default_rng(0).normal(0, 0.1, 160_000).astype("float32")
app.live_session.LiveSession = functools.partial(
    app.live_session.LiveSession, make_card=lambda *_: PrerecordedCard(noise)
)
app.cli.main(["live", "--bundle", BUNDLE, "--record", "talks"])
"""


@pytest.mark.bad_input("environments")
def test_a_live_talk_without_standard_input(place: Path, bundle: Path) -> None:
    script = place / "live_conversation.py"
    script.write_text(_LIVE.replace("BUNDLE", repr(str(bundle))), "utf8")
    talk = subprocess.Popen(
        ["sh", "-c", 'exec "$0" live_conversation.py <&-', sys.executable], cwd=place, text=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT), "DUOLOGUE_PROFILE": str(place / "profile")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while talk.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(StopIteration, OSError):
            if next((place / "talks").glob("*/events.jsonl")).read_text("utf8").count("\n") > 3:
                break
        time.sleep(0.05)
    talk.send_signal(signal.SIGINT)
    out, err = talk.communicate(timeout=60)
    assert (talk.returncode, err) == (0, "")
    assert "Recorded in" in out
