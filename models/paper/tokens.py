"""Figures 3 and 4: tokens a second by length of chunk, and the share of speech in stage 1.

People's rhythm is that of the ICSI meetings' stretches with two people, and what they say is read
speech of held-out people, in the bundle's units: all conversations are of voices that no training
heard. Both sides have the tokenizer's table, as in the paper. Writes a table and a plot.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.atomic_write import write_atomically, writing_whole
from engine.syncllm.bundle import Bundle
from engine.syncllm.tokens import TokenFormat
from models.dialogue.unit_store import load_store
from models.evaluate.confidence_intervals import Interval, ratio
from models.evaluate.context import EvaluationContext, Run, context_of
from models.language.vocabulary import CHUNKS_MS, Vocabulary
from models.paper.speech_shares import EPOCHS, drawn_shares, realised_shares
from models.paper.timelines import Timeline, lay_speech, read_timelines
from models.paper.token_rates import (
    TokenRate,
    UnitChanges,
    rate_without_deduplication,
    token_rate,
    unit_changes,
)
from models.script.words import script_words
from models.speech.corpus import Reading

PAPER_MEAN = 26.0
"""Mean tokens a second with deduplication at 240 ms, measured from Fig. 3."""
PAPER_SHARES = (0.258, 0.500, 0.798)
"""Realised means of Fig. 4."""
_LONGEST_S = 60.0
_CONTEXT = 1024
Formats = dict[str, dict[int, TokenFormat]]


def evaluate_tokens(
    run: Run,
    stretches: int,
    sequences: int = 1000,
    store: Path | None = None,
    plot: Path | None = None,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Measure ``stretches`` of people's rhythm and ``sequences`` of each epoch of stage 1.

    ``store``: speech as units, which ``duologue-train units`` writes; without it the shares are
    only those that are drawn. Prints, returns (and writes) the figures.
    """
    assert run.data is not None
    context = context_of(run)
    formats = formats_of(context.bundle)
    timelines = drawn_timelines(read_timelines(run.data), stretches, run.seed)
    rates: dict[str, dict[int, list[TokenRate]]] = {
        name: {chunk_ms: [] for chunk_ms in sizes} for name, sizes in formats.items()
    }
    changes = UnitChanges(0, 0, 0, 0)
    people = _people(context.readings)
    for number, timeline in enumerate(track(timelines, "dialogues")):
        sides = dialogue_units(timeline, people, number, context)
        for name, sizes in formats.items():
            for chunk_ms, fmt in sizes.items():
                rates[name][chunk_ms].append(token_rate(*sides, fmt))
        for units, spans in zip(sides, timeline.sides, strict=True):
            changes += unit_changes(units, spans)
    shares = [_shares(epoch, sequences, store, context.bundle, run.seed) for epoch in range(EPOCHS)]
    figures = {
        "dialogues": len(timelines),
        "rates": {
            name: {chunk_ms: _entry(chunk_ms, found) for chunk_ms, found in sizes.items()}
            for name, sizes in rates.items()
        },
        "new_units_a_second_of_speech": changes.in_speech,
        "new_units_a_second_of_silence": changes.in_silence,
        "speech_share_of_a_speaker": changes.speech_share,
        "stage_1": {
            "realised": store is not None,
            "means": [float(found.mean()) for found in shares],
        },
    }
    show(Console(), figures)
    if plot:
        draw(plot, rates["paper"], shares)
    if json_path:
        write_atomically(json_path, json.dumps(figures, indent=2) + "\n")
    return figures


def formats_of(bundle: Bundle) -> Formats:
    """The paper's format and the one with units written again at a border, one table for both."""
    found: Formats = {"paper": {}, "boundary": {}}
    for chunk_ms in CHUNKS_MS:
        fmt = replace(bundle.token_format(chunk_ms), text=None, own_table=None)
        found["paper"][chunk_ms] = replace(fmt, boundary_emit=False)
        found["boundary"][chunk_ms] = replace(fmt, boundary_emit=True)
    return found


def drawn_timelines(timelines: Sequence[Timeline], count: int, seed: int) -> list[Timeline]:
    """So many stretches by chance, the first minute of each."""
    order = np.random.default_rng(seed).permutation(len(timelines))[:count]
    return [timelines[index].first(_LONGEST_S) for index in order]


def dialogue_units(
    timeline: Timeline, people: Sequence[np.ndarray], number: int, context: EvaluationContext
) -> tuple[np.ndarray, np.ndarray]:
    """Two different people's units, one a frame, in a stretch's rhythm."""
    rng = np.random.default_rng([context.run.seed, number])
    voices = rng.choice(len(people), 2, replace=False)
    tracks = [
        lay_speech(spans, timeline.samples, people[voice], rng)
        for spans, voice in zip(timeline.sides, voices, strict=True)
    ]
    first, second = (context.tokenizer.encode_file(sound) for sound in tracks)
    return first, second


def _people(readings: Sequence[Reading]) -> list[np.ndarray]:
    """All that each of the held-out people reads, end to end."""
    spoken: dict[str, list[np.ndarray]] = {}
    for reading in readings:
        spoken.setdefault(reading.speaker, []).append(reading.audio)
    return [np.concatenate(one) for _, one in sorted(spoken.items())]


def _shares(epoch: int, count: int, store: Path | None, bundle: Bundle, seed: int) -> np.ndarray:
    if store is None:
        return drawn_shares(epoch, count, seed)
    loaded = load_store(store)
    vocabulary = Vocabulary(loaded.unit_count, script_words(), loaded.own_unit_count)
    return realised_shares(loaded, vocabulary, epoch, count, _CONTEXT, seed)


def _entry(chunk_ms: int, rates: Sequence[TokenRate]) -> dict[str, Any]:
    found = ratio([(one.tokens, one.seconds) for one in rates])
    tags = sum(one.tags for one in rates) / max(sum(one.tokens for one in rates), 1)
    return {
        "with": vars(found) if found else None,
        "without": rate_without_deduplication(chunk_ms),
        "tags_share": tags,
    }


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print both figures' numbers."""
    table = Table(title=f"Tokens a second, {figures['dialogues']} dialogues in people's rhythm")
    for heading in ("format", "chunk", "deduplicated, 95 %", "not", "tags"):
        table.add_column(heading, justify="right")
    for name, sizes in figures["rates"].items():
        for chunk_ms, row in sizes.items():
            found = Interval(**row["with"])
            between = "" if found.low is None else f" ({found.low:.1f} to {found.high:.1f})"
            table.add_row(
                name, f"{chunk_ms} ms", f"{found.value:.1f}{between}", f"{row['without']:.1f}",
                f"{row['tags_share']:.0%}",
            )  # fmt: skip
    console.print(table)
    console.print(
        f"A speaker speaks {figures['speech_share_of_a_speaker']:.1%} of the time, with "
        f"{figures['new_units_a_second_of_speech']:.1f} new units a second of speech and "
        f"{figures['new_units_a_second_of_silence']:.1f} a second of silence."
    )
    kind = "realised" if figures["stage_1"]["realised"] else "drawn"
    said = ", ".join(f"{mean:.1%}" for mean in figures["stage_1"]["means"])
    console.print(f"Stage 1, mean share of speech as {kind}, epochs 0, 1 and from 2 on: {said}.")


def draw(path: Path, rates: dict[int, list[TokenRate]], shares: Sequence[np.ndarray]) -> None:
    """Draw both histograms as a PNG; DuologueError if it cannot be written."""
    figure = Figure(figsize=(12, 4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    colours = ("#2b6cb0", "#dd6b20", "#2f855a")
    for colour, (chunk_ms, found) in zip(colours, rates.items(), strict=True):
        values = [one.a_second for one in found]
        left.hist(values, bins=list(range(70)), alpha=0.5, color=colour, label=f"{chunk_ms} ms")
        left.axvline(rate_without_deduplication(chunk_ms), color=colour, linestyle="--")
    left.axvline(PAPER_MEAN, color="#718096", linestyle=":", label="the paper's mean, 240 ms")
    left.set_title("tokens a second; dashed: without deduplication", fontsize=10)
    left.legend(fontsize=8)
    for epoch, (colour, drawn) in enumerate(zip(colours, shares, strict=True)):
        label = f"epoch {epoch}" if epoch + 1 < len(shares) else f"epochs from {epoch} on"
        right.hist(100 * drawn, bins=list(range(0, 102, 2)), alpha=0.5, color=colour, label=label)
        right.axvline(100 * PAPER_SHARES[epoch], color=colour, linestyle=":")
    right.set_title("speech in a sequence of stage 1, %; dotted: the paper's means", fontsize=10)
    right.legend(fontsize=8)
    with writing_whole(path) as part:
        figure.savefig(part, format="png")
