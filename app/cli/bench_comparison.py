"""How `bench --against` shows two builds side by side."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from app.cli.progress import progress_bar
from engine.errors import DuologueError

if TYPE_CHECKING:
    import numpy as np

    from engine.measure.speed_comparison import SpeedComparison


def compare_builds(
    old_tree: Path,
    bundle: Path | None,
    user_audio: np.ndarray,
    chunk_ms: int,
    seconds: float,
    rounds: int,
    seed: int,
) -> SpeedComparison:
    """Compare the build in a source tree with this one, twice: both with the bundle of the old
    tree (the program), and this one with its own ``bundle`` (the product).

    Raises DuologueError if there is no build in ``old_tree``, or it cannot be run.
    """
    from engine.measure.speed_comparison import Build, compare, this_tree
    from engine.syncllm.bundle import load_bundle

    tree, old_bundle = this_tree(), old_tree / "resources" / "starter"
    if not (old_tree / "engine").is_dir():
        raise DuologueError(
            f"{old_tree} is no source tree of Duologue; give the folder of an older checkout."
        )
    before, now = load_bundle(old_bundle), load_bundle(bundle)
    builds = [
        Build(f"before, {_named(before)}", old_tree, old_bundle),
        Build(f"now, {_named(before)}", tree, old_bundle),
        Build(f"now, {_named(now)}", tree, now.folder),
    ]
    with progress_bar("comparison") as advance:
        return compare(builds, user_audio, chunk_ms, seconds, rounds, seed, advance)


def _named(bundle: Any) -> str:
    return f"{bundle.manifest.name} {bundle.manifest.version}"


def show_comparison(console: Console, comparison: SpeedComparison) -> None:
    """Print the figures of each build, with their ratios to the first."""
    first, *others = comparison.builds
    table = Table(title=f"ms for a chunk of {comparison.chunk_ms} ms, and the ratio to before")
    table.add_column("what")
    table.add_column(first.build.name, justify="right")
    for other in others:
        table.add_column(other.build.name, justify="right")
        table.add_column("ratio", justify="right", style="bold")
    for name, figure in first.figures.items():
        unit = " MB" if "memory" in name else ""
        cells = [f"{figure:.1f}{unit}"]
        for other in others:
            cells += [f"{other.figures[name]:.1f}{unit}", f"{other.ratios[name]:.2f}"]
        table.add_row(name, *cells)
    console.print(table)
    same = others[0].same_tokens
    console.print(
        f"With {first.build.name.rpartition(', ')[2]} both builds gave "
        f"{'the same tokens' if same else 'different tokens'}."
    )
    console.print(
        f"Medians of {comparison.rounds} rounds of {comparison.seconds:.0f} s on "
        f"{comparison.machine}."
    )


def comparison_figures(comparison: SpeedComparison) -> dict[str, Any]:
    """The comparison ready for JSON."""
    figures = asdict(comparison)
    for entry in figures["builds"]:
        entry["build"] = {name: str(value) for name, value in entry["build"].items()}
    return figures
