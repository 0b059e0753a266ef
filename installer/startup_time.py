"""Measures the time from the double-click to the window and to the first spoken answer.

    python -m installer.startup_time PROGRAM [PICTURES]

It plays a new user's first start on a virtual screen and a virtual sound card. The program's files
are not in memory. Keys skip the first run's page and start the conversation, and the bundled sample
plays until the agent speaks. Needs Xvfb, xdotool, PulseAudio and Pillow. PICTURES gets screenshots.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PIL import Image, ImageGrab

_SOURCE = Path(__file__).parent.parent
_SAMPLE = _SOURCE / "resources" / "samples" / "user.flac"
_CARD = _SOURCE / "script" / "virtual-card"
_MAX_SECONDS = 60.0
_MIN_COLOURS = 40  # a painted page has hundreds, an empty window one
_LOUD = 600  # of 32768; silence is 0 here
_SAMPLE_RATE_HZ = 16_000


def drop_page_cache(folder: Path) -> None:
    """Remove these files from the system's page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def first_onset(sound: bytes) -> int | None:
    """Index of the first loud sample of 16-bit sound; None if there is none."""
    samples = memoryview(sound[: len(sound) // 2 * 2]).cast("h")
    return next((index for index, value in enumerate(samples) if abs(value) > _LOUD), None)


@contextmanager
def _running(*command: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _wait(check: Callable[[], bool], what: str) -> float:
    """Wait until ``check`` is true; returns that moment on the clock of ``time.perf_counter``."""
    deadline = time.perf_counter() + _MAX_SECONDS
    while not check():
        if time.perf_counter() > deadline:
            raise SystemExit(f"{what} did not come within {_MAX_SECONDS:.0f} s")
        time.sleep(0.02)
    return time.perf_counter()


def measure(program: Path, pictures: Path | None) -> tuple[float, float]:
    """Seconds to the painted window, and to the agent's first sound."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        display = f":{90 + os.getpid() % 900}"
        stack.enter_context(_running("Xvfb", display, "-screen", "0", "1280x800x24"))
        said = subprocess.run([_CARD, "start", folder / "card"], capture_output=True, text=True)
        stack.callback(lambda: subprocess.run([_CARD, "stop", folder / "card"]))
        environment = dict(
            assignment.replace("'", "").split("=", 1)
            for assignment in said.stdout.split()
            if "=" in assignment
        )
        environment = {
            **{key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"},
            **environment,
            "DISPLAY": display,
            "DUOLOGUE_PROFILE": str(folder / "profile"),
            "LC_ALL": "C.UTF-8",
        }
        time.sleep(1)

        def screen() -> Image.Image:
            return ImageGrab.grab(xdisplay=display)

        def keys(*names: str) -> None:
            subprocess.run(["xdotool", "key", *names], env=environment, check=True)

        def keep(name: str) -> None:
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                screen().save(pictures / f"{name}.png")

        drop_page_cache(program.resolve().parent)
        begin = time.perf_counter()
        stack.enter_context(_running(str(program), env=environment))
        shown = _wait(lambda: len(screen().getcolors(1 << 24) or ()) > _MIN_COLOURS, "The window")
        keep("first-run")
        search = ["xdotool", "search", "--onlyvisible", "--name", "^Duologue$"]
        window = subprocess.run(search, env=environment, capture_output=True, text=True)
        subprocess.run(["xdotool", "windowfocus", window.stdout.split()[0]], env=environment)
        keys("alt+s")
        time.sleep(0.3)
        keep("talk")
        heard = folder / "heard"
        with heard.open("wb") as target:
            record = ["parec", "-d", "speaker.monitor", f"--rate={_SAMPLE_RATE_HZ}", "--channels=1"]
            stack.enter_context(
                _running(*record, "--format=s16le", "--raw", env=environment, stdout=target)
            )
        keys("space")
        stack.enter_context(_running("paplay", "-d", "voice", str(_SAMPLE), env=environment))
        answered = _wait(lambda: first_onset(heard.read_bytes()) is not None, "An answer")
        keep("answer")
        return shown - begin, answered - begin


def main() -> None:
    """Measure, and print both times."""
    pictures = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    shown, answered = measure(Path(sys.argv[1]), pictures)
    print(f"window after {shown:.1f} s, first spoken answer after {answered:.1f} s")


if __name__ == "__main__":
    main()
