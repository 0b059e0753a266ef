"""However a program of ours ends: one sentence on stderr, the traceback in the log."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import log_file
from engine.errors import DuologueError
from engine.log_file import begin_log, unexpected
from engine.program_end import run_program


class _WrongUseError(Exception):
    def format_message(self) -> str:
        return "No such option: --x"


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))
    return tmp_path / "profile" / "log" / "duologue.log"


def ended(
    work: Callable[[], object], capsys: pytest.CaptureFixture[str]
) -> tuple[object, str, str]:
    """Exit code, output and errors of a program that does ``work``."""

    def program(args: list[str] | None, standalone_mode: bool) -> object:
        assert args == ["--x"] and not standalone_mode
        return work()

    with pytest.raises(SystemExit) as caught:
        run_program(program, ["--x"], _WrongUseError)
    return caught.value.code, *capsys.readouterr()


def fail(error: BaseException) -> Callable[[], object]:
    def work() -> None:
        raise error

    return work


def test_what_is_well_ends_with_its_status(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(lambda: print("well"), capsys) == (0, "well\n", "")
    assert ended(lambda: 1, capsys) == (1, "", "")
    assert not log.exists()  # nothing is written where nothing is wrong


def test_known_errors_are_their_sentence(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "The disk is full; make room."
    assert ended(fail(DuologueError(sentence)), capsys) == (2, "", sentence + "\n")
    said = "No such option: --x; see --help.\n"
    assert ended(fail(_WrongUseError()), capsys) == (2, "", said)
    assert not log.exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("two\nlines"), "Something unexpected failed (ValueError: two lines)"),
        (ValueError("x" * 10_000), "Something unexpected failed (ValueError: xxx"),
        (KeyError(), "Something unexpected failed (KeyError); please report it with "),
        (RecursionError("deep"), "RecursionError: deep"),
        (MemoryError(), "There is not enough memory"),
        (ImportError("no module of that name"), "A part of the program cannot be loaded"),
        (FileNotFoundError(2, "No such file or directory", "a.wav"), "a.wav cannot be used"),
        (AssertionError(), "AssertionError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_unforeseen_is_a_sentence_and_its_traceback_is_kept(
    error: Exception, said: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, sentence = ended(fail(error), capsys)
    assert (code, out) == (2, "")
    assert said in sentence and sentence.count("\n") == 1 and len(sentence) < 500
    kept = log.read_text("utf8")
    assert "Traceback" in kept and "in work" in kept and type(error).__name__ in kept
    assert str(log) in sentence or "Something unexpected" not in sentence


def test_an_end_of_file_that_the_command_line_took_for_a_wish_to_stop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop = RuntimeError()
    stop.__cause__ = EOFError("the file is cut")
    assert "EOFError: the file is cut" in ended(fail(stop), capsys)[2]


def test_where_no_log_can_be_written_the_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "file"))
    assert "no log can be written" in ended(fail(ValueError()), capsys)[2]


def test_a_thread_that_fails_is_told_of(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        thread = threading.Thread(target=fail(ValueError("in a thread")))
        thread.start()
        thread.join()

    before = threading.excepthook
    code, _, said = ended(work, capsys)
    assert code == 0 and "ValueError: in a thread" in said and said.count("\n") == 1
    assert "Traceback" in log.read_text("utf8")
    assert threading.excepthook is before


def test_what_the_engine_logs_is_in_the_log_and_not_in_the_terminal(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("engine.test")
    assert ended(lambda: logger.error("the engine's thread failed"), capsys) == (0, "", "")
    assert "the engine's thread failed" in log.read_text("utf8")


def test_streams_that_are_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)

    def work() -> None:
        print("to nobody")
        print("to nobody", file=sys.stderr)
        assert sys.stdin.read() == "" and not sys.stdin.isatty()

    with pytest.raises(SystemExit) as caught:
        run_program(lambda **_: work(), [], _WrongUseError)
    assert caught.value.code == 0


def test_the_log_stays_small(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_MOST_BYTES", 5_000)
    for number in range(100):
        unexpected(ValueError(f"number {number}" + "x" * 1_000))
    files = sorted(log.parent.iterdir())
    assert [path.name for path in files] == ["duologue.log", "duologue.log.1"]
    assert all(path.stat().st_size < 10_000 for path in files)
    assert "number 99" in log.read_text("utf8")


def test_the_windows_log_takes_all_in_one_file(log: Path) -> None:
    root, level = logging.getLogger(), logging.getLogger().level
    try:
        assert begin_log() == log == begin_log()
        logging.getLogger("app").info("the window is there")
        unexpected(ValueError("in a slot"))
        kept = log.read_text("utf8")
        assert kept.count("the window is there") == 1 and kept.count("ValueError: in a slot") == 1
    finally:
        root.setLevel(level)
        for handler in root.handlers[:]:
            if getattr(handler, "baseFilename", None) == str(log):
                root.removeHandler(handler)
                handler.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_disk_keeps_the_log_quiet(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.parent.mkdir(parents=True)
    log.symlink_to("/dev/full")
    assert "no log can be written" in ended(fail(ValueError()), capsys)[2]
