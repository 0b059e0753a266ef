"""The program `duologue`: its options, and its commands in the order in which the help lists them.

Each command is a function in another module of this folder. Every one imports what is slow to load
in its body, so that `duologue --help` is quick. A test checks this.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Annotated

import typer

from app.cli.assistant import own_actions, think
from app.cli.bench import bench
from app.cli.bench_gpu import bench_gpu
from app.cli.devices import devices, watch_devices
from app.cli.doctor import doctor
from app.cli.hearing import hear_words, install_part
from app.cli.installation import forget, program_version, self_test, self_test_guarded
from app.cli.live import live
from app.cli.paper import evaluate
from app.cli.rate import rate
from app.cli.replay import replay
from app.cli.talk import talk
from app.cli.window import animation, bench_window, screenshots, show_window
from app.folders import PLOTTING_VARIABLE, back_ends_folder, cache_folder
from engine.errors import DuologueError
from engine.program_end import run_program
from engine.resource_files import BACK_ENDS_VARIABLE

_COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Conversations": (live, talk, replay),
    "This computer": (devices, doctor, install_part, forget),
    "Measurements": (bench, bench_gpu, bench_window),
}
_HIDDEN_COMMANDS: tuple[Callable[..., None], ...] = (
    watch_devices,
    think,
    own_actions,
    hear_words,
    self_test_guarded,
    screenshots,
    animation,
)

app = typer.Typer(
    name="duologue",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _panel, _group in _COMMANDS.items():
    for _command in _group:
        app.command(rich_help_panel=_panel)(_command)
app.add_typer(evaluate, name="evaluate", rich_help_panel="Measurements")
app.add_typer(rate, name="rate", rich_help_panel="Measurements")
for _command in _HIDDEN_COMMANDS:
    app.command(hidden=True)(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the program; ends with SystemExit.

    A DuologueError is one sentence on stderr and exit code 2. So is a wrong option, and an error
    that nobody foresaw, whose traceback goes into the log.
    """
    with contextlib.suppress(DuologueError):  # without a home folder there is none of these either
        os.environ.setdefault(BACK_ENDS_VARIABLE, str(back_ends_folder()))
        os.environ.setdefault(PLOTTING_VARIABLE, str(cache_folder() / "plotting"))
    run_program(app, arguments, typer.TyperException)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"duologue {program_version()}")
        raise typer.Exit


def _self_test(asked: bool) -> None:
    if asked:
        raise typer.Exit(self_test())


@app.callback()
def duologue(
    context: typer.Context,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version of the program and exit.",
            is_eager=True,
            callback=_show_version,
        ),
    ] = False,
    test_self: Annotated[
        bool,
        typer.Option(
            "--self-test",
            help="Test every part of this installation and exit. Takes half a minute and needs "
            "no network.",
            is_eager=True,
            callback=_self_test,
        ),
    ] = False,
) -> None:
    """Talk with a voice assistant that listens while it speaks.

    Without a command, Duologue opens its window.
    """
    if context.invoked_subcommand is None:
        raise typer.Exit(show_window())
