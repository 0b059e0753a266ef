"""A user's own actions: real files in a real process, good, failing and hanging ones."""

from __future__ import annotations

import queue
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.assistant.own_action import MODULES, called, described
from engine.assistant.own_actions import OwnActions, OwnAnswer
from engine.errors import DuologueError

_WAIT_SECONDS = 400.0
"""The process has a low priority; on a quiet machine it answers within a second."""
GREET = 'WORDS = ["say hello to {name}"]\n'
_DOCS = Path(__file__).parents[3] / "docs" / "actions.md"

Open = Callable[..., tuple[OwnActions, "queue.Queue[OwnAnswer]"]]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    made: list[OwnActions] = []

    def make(**files: str) -> tuple[OwnActions, queue.Queue[OwnAnswer]]:
        limits = {
            name: float(files.pop(name))
            for name in ("load_seconds", "call_seconds")
            if name in files
        }
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text, "utf8")
        answers: queue.Queue[OwnAnswer] = queue.Queue()
        made.append(
            OwnActions(
                tmp_path, answers.put, **{"load_seconds": 300.0, "call_seconds": 300.0, **limits}
            )
        )
        assert made[-1].ready.wait(_WAIT_SECONDS)
        return made[-1], answers

    yield make
    for one in made:
        one.close()


def _said(own: OwnActions, answers: queue.Queue[OwnAnswer], text: str, turn: int = 1) -> OwnAnswer:
    call = called(text, own.actions)
    assert call
    own.call(turn, call)
    return answers.get(timeout=_WAIT_SECONDS)


def test_the_example_of_the_docs_runs(opened: Open) -> None:
    code = re.search(r"```python\n(.*?)```", _DOCS.read_text("utf8"), re.DOTALL)
    assert code
    own, answers = opened(disk=code[1])
    assert own.problems == () and [one.file for one in own.actions] == ["disk.py"]
    assert re.fullmatch(
        r"It is \d+% full\.", _said(own, answers, "How full is my disk, please?").said
    )
    said = _said(own, answers, "How much room is left on the Blue drive?").said
    assert said == "I do not know the Blue drive."


def test_all_that_a_file_may_import_is_there(opened: Open) -> None:
    lines = "".join(f"import {module}\n" for module in MODULES)
    own, _ = opened(every=f'{lines}WORDS = ["do it all"]\ndef answer(): pass\n')
    assert own.problems == () and len(own.actions) == 1


def test_the_docs_tell_what_is_missing_in_the_installed_program() -> None:
    tops = {module.partition(".")[0] for module in MODULES}
    assert tops <= sys.stdlib_module_names and not tops & {"tkinter", "multiprocessing", "unittest"}


def test_a_failing_file_is_named_and_the_rest_goes_on(opened: Open) -> None:
    own, answers = opened(
        a_error="1 / 0",
        b_exit="import sys\nsys.exit(3)",
        c_syntax="def answer(:",
        d_no_words="def answer(): return 'x'",
        e_no_answer='WORDS = ["do what you can"]',
        f_wrong_slots='WORDS = ["say hello to {name}"]\ndef answer(): return ""',
        g_greedy='WORDS = ["{everything}"]\ndef answer(everything): return ""',
        h_good=GREET + "from _helper import word\ndef answer(name): return f'{word} {name}.'",
        i_raises='WORDS = ["break it now"]\ndef answer(): raise ValueError("on purpose")',
        j_number='WORDS = ["count to three"]\ndef answer(): return 3',
        k_dies='WORDS = ["die at once"]\nimport os\ndef answer(): os._exit(1)',
        _helper="word = 'Hello'",
    )
    assert [one.file for one in own.actions] == [
        "h_good.py",
        "i_raises.py",
        "j_number.py",
        "k_dies.py",
    ]
    named = [re.search(r"[a-g]_\w+\.py", problem)[0] for problem in own.problems]  # type: ignore[index]
    assert named == sorted(named) and len(named) == 7
    assert all("\n" not in problem and problem.endswith(".") for problem in own.problems)
    assert _said(own, answers, "Say hello to Ann Smith.", 1) == OwnAnswer(
        1, "h_good.py", "Hello Ann Smith."
    )
    assert "on purpose" in _said(own, answers, "Break it now.", 2).problem
    assert "returned no text" in _said(own, answers, "Count to three.", 3).problem
    assert "ended the process" in _said(own, answers, "Die at once.", 4).problem
    assert own.ready.wait(_WAIT_SECONDS)
    assert _said(own, answers, "Say hello to Bob.", 5).said == "Hello Bob."


def test_a_file_that_hangs_is_left_out(opened: Open) -> None:
    own, answers = opened(
        a_hangs="while True: pass", b_good=GREET + "def answer(name): return name", load_seconds="4"
    )
    assert [one.file for one in own.actions] == ["b_good.py"]
    assert own.problems == ("The action a_hangs.py took too long and was ended; it is left out.",)
    assert _said(own, answers, "Say hello to Ann.").said == "Ann"


def test_a_call_that_hangs_is_ended_and_the_next_one_runs(opened: Open) -> None:
    own, answers = opened(
        slow='import time\nWORDS = ["sleep for ever"]\ndef answer(): time.sleep(1000)',
        good=GREET + "def answer(name): return name",
        call_seconds="2",
    )
    first = _said(own, answers, "Sleep for ever.")
    assert first.problem == "The action slow.py took too long and was ended."
    assert own.ready.wait(_WAIT_SECONDS)
    own._call_seconds = 300.0
    assert _said(own, answers, "Say hello to Ann.", 2).said == "Ann"


def test_what_a_file_prints_and_reads_does_not_disturb(opened: Open) -> None:
    own, answers = opened(loud=(
        'import sys, os\nprint("{\\"called\\": 1}")\nos.write(1, b"noise\\n")\nsys.stdin.read()\n'
        + GREET + "def answer(name):\n    print(name)\n    return 'quiet'\n"
    ))  # fmt: skip
    assert _said(own, answers, "Say hello to Ann.").said == "quiet"


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    own = OwnActions(tmp_path / "missing", lambda answer: None)
    assert own.ready.is_set() and "not there" in own.problems[0] and own.actions == ()
    own.close()


@pytest.mark.parametrize(
    "words", [None, "one text", [], [3], ["x" * 300], ["one"], ["{a} {b} {c} {d} is it"], ["do {1} now"],
              ["is {a} like {a}"], ["do it"] * 60]
)  # fmt: skip
def test_words_that_cannot_be_used_are_told(words: object) -> None:
    with pytest.raises(DuologueError, match=r"x\.py"):
        described("x.py", words)


def test_slots_take_words_and_the_rest_is_literal() -> None:
    action = described("x.py", ["play {what} in the {room} at volume twenty five"])
    call = called("Could you play Abbey Road in the Living Room at volume 25, please?", (action,))
    assert call and call.slots == {"what": "Abbey Road", "room": "Living Room"}
    assert called("We play in the garden.", (action,)) is None
    assert (
        called("play .* in the [a-z] at volume 25", (described("y.py", ["play a.* now ok"]),))
        is None
    )
