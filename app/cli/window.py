"""The commands that use the window: opening it, what it costs the engine, pictures of its pages.

The only module here that imports the window, and so Qt; each function does it when it is called.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from app.cli.figures import write_json
from app.cli.options import MOST_TALK_SECONDS, MOST_TIMES, JsonOption
from app.cli.user_sound import MEASURED_SECONDS, sample_path
from engine.errors import DuologueError

_MOST_BESIDE = 64
REAL_TIME_PACE = 0.97
"""A conversation that runs slower than this was not in real time."""


def show_window() -> int:
    """Open the window and wait for its end; raises DuologueError where there is no display."""
    try:
        from app.window.start import display_missing, open_window
    except ImportError as error:
        raise DuologueError(
            f"The window cannot be opened ({error}); install what is missing, "
            "or talk in the terminal: duologue live."
        ) from error
    if display_missing():
        raise DuologueError(
            "There is no display to open a window on. Talk in the terminal (duologue live), "
            "or let the recorded user talk (duologue talk)."
        )
    return open_window()


def bench_window(
    seconds: Annotated[
        float,
        typer.Option(help="Length of each conversation in seconds.", min=5, max=MOST_TALK_SECONDS),
    ] = 60.0,
    rounds: Annotated[
        int,
        typer.Option(
            help="How many conversations with the window, and as many without it.",
            min=1,
            max=MOST_TIMES,
        ),
    ] = 2,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Folder of another source tree. Compares the CPU time of both windows, thread by "
            "thread, in conversations that alternate; Linux only.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    sound_card: Annotated[
        bool, typer.Option("--sound-card", help="With --against: use the computer's sound card.")
    ] = False,
    beside: Annotated[
        int,
        typer.Option(
            help="With --against: number of busy programs beside the conversations.",
            min=0,
            max=_MOST_BESIDE,
        ),
    ] = 0,
    json_path: JsonOption = None,
) -> None:
    """Measure what the window costs the engine.

    Compares chunk times with and without the window, and shows how long the
    window's thread is busy.
    """
    from app.window.bench_window import compare_trees, measure_window, window_figures
    from engine.sound.audio_file import read_mono

    if against:
        compared = compare_trees(against, sample_path(), seconds, rounds, sound_card, beside)
        show_comparison(Console(), compared)
        if json_path:
            write_json(json_path, compared)
        return
    figures = window_figures(
        *measure_window(read_mono(sample_path(), MEASURED_SECONDS), seconds, rounds)
    )
    show_window_cost(Console(), figures)
    if json_path:
        write_json(json_path, figures)


def screenshots(
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("screenshots"),
    language: Annotated[Literal["en", "de"], typer.Option(help="en or de.")] = "en",
) -> None:
    """Take pictures of every page of the window, light and dark."""
    from app.window.screenshots import take_screenshots

    for path in take_screenshots(sample_path(), out, language):
        print(path)


def show_window_cost(console: Console, figures: dict[str, Any]) -> None:
    """Print chunk times with and without the window, and the load of the window's thread."""
    table = Table(title="What the window costs")
    for name in ("window", "chunks", "p50 ms", "p99 ms", "late", "core", "busy p99", "busy most"):
        table.add_column(name, justify="right")
    table.add_column("over 16 ms", justify="right")
    for one in figures["passes"]:
        table.add_row(
            "yes" if one["window"] else "no",
            str(one["chunks"]),
            f"{one['chunk_p50_ms']:.1f}",
            f"{one['chunk_p99_ms']:.1f}",
            str(one["late_chunks"]),
            f"{one['gui_cpu_share']:.1%}",
            f"{one['busy_p99_ms']:.1f} ms",
            f"{one['busy_most_ms']:.1f} ms",
            str(one["busy_over_frame"]),
        )
    console.print(table)
    console.print(f"p99 with the window is {figures['p99_ratio']:.2f} of that without.")
    steps = Table(title="How long the window's thread is busy")
    steps.add_column("with")
    for name in ("own computing", "wait", "over 16 ms"):
        steps.add_column(name, justify="right")
    for step in figures["steps"]:
        steps.add_row(
            step["name"],
            f"{step['cpu_most_ms']:.1f} ms",
            f"{step['busy_most_ms']:.1f} ms",
            str(step["busy_over_frame"]),
        )
    console.print(steps)


def show_comparison(console: Console, compared: dict[str, Any]) -> None:
    """Print the CPU time of each part of both trees, the means of all passes, and the ratios."""
    table = Table(title="A conversation in the window, in shares of one core and of its chunks")
    trees: dict[str, list[dict[str, float]]] = compared["passes"]
    for name in ("", *trees, "ratio"):
        table.add_column(name, justify="right")
    parts = ("process", "window", "engine", "models", "canceller", "rest")
    for part in (*parts, "waits for a core", "waits for Python", "late", "unspoken"):
        shares = (f"{mean(one[part] for one in passes):.1%}" for passes in trees.values())
        ratio = f"{compared['ratios'][part]:.2f}" if part in parts else ""
        table.add_row(part, *shares, ratio)
    table.add_row("lag", *(f"{max(p['lag'] for p in passes):.2f} s" for passes in trees.values()))
    table.add_row("pace", *(f"{mean(p['pace'] for p in passes):.2f}" for passes in trees.values()))
    console.print(table)
    slowest = min(one["pace"] for passes in compared["passes"].values() for one in passes)
    if slowest < REAL_TIME_PACE:
        console.print(
            f"The slowest conversation ran at {slowest:.2f} of real time: the computer was too "
            "busy, and the window painted less than it would. Measure again on a quiet one.",
            style="yellow",
        )


def animation(
    out: Annotated[Path, typer.Option(help="The new file.")] = Path("conversation.webp"),
    begin: Annotated[float, typer.Option(help="Its first second.", min=0, max=60)] = 24.2,
    seconds: Annotated[float, typer.Option(help="Its length.", min=1, max=60)] = 10.0,
) -> None:
    """Record the window in a conversation with the sample, as an animated picture."""
    from app.window.animation import animate

    print(animate(sample_path(), out, begin, seconds))
