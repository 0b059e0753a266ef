"""Trains the language model in the paper's three stages; each of them can be resumed.

The loss is next-token cross-entropy over both speakers, with less weight on the user's units. A
word head, which is discarded after the training, also predicts the words that the user has just
said. They decide the answer but touch few tokens, so the tokens alone would teach them slowly.
"""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor
from torch.utils.data import DataLoader

from engine.errors import DuologueError
from models.dialogue.recorded_dialogues import NO_DIALOGUES, RealDialogues
from models.dialogue.timing import HUMAN, Timing
from models.language.batches import SequenceDataset, held_out_batch, read_store
from models.language.budget import Budget
from models.language.bundle_start import bundle_weights
from models.language.checkpoints import (
    ANOTHER_NETWORK,
    described,
    load_shards,
    recover_shards,
    remove_shards,
    save_file,
    save_shards,
    shards_of,
)
from models.language.dialogue_loss import (
    LlamaWithWordHead,
    Whole,
    dialogue_loss,
    unit_sides,
    words_of,
)
from models.language.llama import Llama
from models.language.mixed_sequences import check_dialogues
from models.language.presets import PRESETS, Preset
from models.language.processes import Processes, gathered, joined, shard, spread
from models.language.sequences import STAGES, Format, SequencePlan, spoken_texts
from models.language.start import Beginning, Start, prepare_start
from models.language.vocabulary import Vocabulary
from models.optimizers import muon_and_adam, set_learning_rates
from models.script.words import script_words
from models.spoken.training_dialogues import NOTHING_SPOKEN, SpokenDialogues, words_in

FINAL_SHARE = 0.05
CHECKPOINT_SECONDS = 180
LOG_STEPS = 25
HELD_OUT_STEPS = 100
LOSS_DIGITS = 4
_COLUMNS = (
    "stage", "step", "seconds", "tokens", "loss", "held_out_loss", "held_out_own", "held_out_user",
    "held_out_named", "tokens_per_second",
)  # fmt: skip


@dataclass(frozen=True)
class Computing:
    """How a training is computed. But for rounding, it learns the same."""

    compiled: bool
    workers: int
    rows_at_once: int | None
    recompute: bool
    bfloat16: bool


def train_lm(
    store_path: Path,
    work: Path,
    budget: Budget,
    threads: int,
    seed: int,
    preset_name: str = "starter-cpu",
    stages: Sequence[int] = STAGES,
    form: Format | None = None,
    timing: Timing = HUMAN,
    compiled: bool = True,
    workers: int = 1,
    bundle: Path | None = None,
    real: RealDialogues = NO_DIALOGUES,
    coincidence: np.ndarray | None = None,
    start: Start | None = None,
    rows_at_once: int | None = None,
    recompute: bool = False,
    bfloat16: bool = True,
    spoken: SpokenDialogues = NOTHING_SPOKEN,
) -> Path:
    """Train the stages one after another; returns ``lm.pt``, a copy of the last one's checkpoint.

    A stage resumes from its own checkpoint. Else it begins with the weights of the stage before it
    in ``stages``, else of the nearest lower stage in ``work``, else of the ``bundle`` or the text
    LLM of ``start``, else with random weights. A text LLM also gives the network's sizes.
    ``compiled`` has an effect where there is a C++ compiler. ``workers`` processes compose the
    sequences. Stages 1 and 2 mix in ``spoken`` dialogues, stage 3 ``real`` ones. ``coincidence``
    (units, the bundle's units) relates the store's units to the bundle's, where the tokenizer is
    another. With ``start``, all stages want the same ``spoken``: its words are written, too.

    Under torchrun, several processes train one network: each takes its share of every step. A
    process computes ``rows_at_once`` sequences at once (None: all of its share) and adds up their
    gradients. With ``recompute`` layers keep only their input for the backward pass.

    Raises DuologueError where a checkpoint has other sizes, where the preset or these dialogues
    cannot be trained on here, or not by so many processes.
    """
    preset = PRESETS[preset_name]
    if preset.base and start is None:
        raise DuologueError(
            f"The preset {preset_name} begins with {preset.base}; give it with --start."
        )
    if start and bundle:
        raise DuologueError("A training begins with a bundle or a text model; give one of them.")
    known = set(preset.stages)
    if not stages or sorted(set(stages)) != list(stages) or not set(stages) <= known:
        raise ValueError(f"stages are some of {sorted(known)}, in their order")
    if real.folders and 3 not in stages:
        raise DuologueError("People's dialogues are for stage 3; add it to --stages.")
    if spoken.folders and not start and not {1, 2} & {*stages}:
        raise DuologueError("Spoken dialogues are for stages 1 and 2; add one to --stages.")
    others = words_in(spoken.folders) if start else ()
    beginning = prepare_start(start, script_words(), others) if start else None
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    paths = {stage: work / f"stage{stage}.pt" for stage in STAGES}
    lower = [stage for stage in STAGES if stage < stages[0] and paths[stage].exists()]
    before = paths[lower[-1]] if lower else None
    final = work / "lm.pt"
    computing = Computing(compiled, workers, rows_at_once, recompute, bfloat16)
    with joined() as processes:
        _check_processes(preset, preset_name, stages, processes)
        for stage in stages:
            if processes.first:
                recover_shards(shards_of(paths[stage]))
            processes.wait()
            plan = SequencePlan(
                stage,
                preset.context,
                preset.epoch_sequences,
                form or Format(),
                timing,
                real if stage == 3 else NO_DIALOGUES,
                NOTHING_SPOKEN if stage == 3 else spoken,
            )
            part = budget.of_stage(stage, stages, preset)
            _train_stage(
                store_path, paths[stage], before, preset, plan, part, seed, bundle, coincidence,
                beginning, computing, processes,
            )  # fmt: skip
            before = paths[stage]
        if processes.first:
            shutil.copyfile(paths[stages[-1]], final)
        processes.wait()
    return final


def _check_processes(
    preset: Preset, name: str, stages: Sequence[int], processes: Processes
) -> None:
    """Raises DuologueError where these processes cannot train the preset together."""
    for stage in stages:
        if (batch := preset.stages[stage].batch) % processes.count:
            raise DuologueError(
                f"A step of stage {stage} has {batch} sequences, which {processes.count} processes "
                "cannot share evenly; start a number that divides it."
            )
    if processes.sharded and preset.new_row_speed != 1:
        raise DuologueError(f"The preset {name} is for one process; run it without torchrun.")


def _train_stage(
    store_path: Path,
    path: Path,
    before: Path | None,
    preset: Preset,
    plan: SequencePlan,
    budget: Budget,
    seed: int,
    bundle: Path | None,
    coincidence: np.ndarray | None,
    beginning: Beginning | None,
    computing: Computing,
    processes: Processes,
) -> None:
    store = read_store(store_path, plan.format)
    vocabulary = Vocabulary(
        store.unit_count,
        script_words(),
        store.own_unit_count,
        beginning.spelling if beginning else None,
    )
    check_dialogues(plan, vocabulary)
    config = (
        beginning.config(vocabulary, preset.network.matrices)
        if beginning
        else replace(preset.network, vocabulary=vocabulary.size)
    )
    description = {
        "config": asdict(config),
        "unit_count": store.unit_count,
        "own_unit_count": store.own_unit_count,
        "words": list(vocabulary.words),
        "pieces": list(vocabulary.spelling.pieces) if vocabulary.spelling else [],
        "format": asdict(plan.format),
        "context": plan.context,
    }
    words = vocabulary.words if preset.words_weight else ()
    with_text = plan.format.text or plan.stage == 1
    stage, sharded, device = preset.stages[plan.stage], processes.sharded, processes.device
    shards = shards_of(path)
    source = path if path.exists() else before
    saved: dict[str, Any] = {}
    if source is not None and not shards.exists():
        # Several processes read only what they need of a file.
        saved = torch.load(source, map_location="cpu", weights_only=True, mmap=sharded)
        if described(saved) != description:
            raise DuologueError(ANOTHER_NETWORK.format(source))

    def made() -> LlamaWithWordHead:
        net = Llama(config, preset.dropout)
        return LlamaWithWordHead(net, len(words), vocabulary, with_text)

    def begun() -> LlamaWithWordHead:
        """The whole model with the weights that the stage begins with."""
        torch.manual_seed(seed)
        model = made()
        if saved:
            model.load_state_dict(saved["listener"])
        elif bundle is not None:
            known = bundle_weights(bundle, config, vocabulary, store, coincidence)
            model.net.load_state_dict(known)
        elif beginning and (weights := beginning.weights(vocabulary, seed)):
            model.net.load_state_dict(weights)
        return model

    # Compiling is a quarter faster on one thread, a seventh on two (docs/training-log.md). The
    # held-out loss is not compiled: evaluation mode would compile everything again.
    compiled = computing.compiled and shutil.which("g++") is not None
    if sharded:
        with torch.device("meta"):
            model = made()
        if compiled:
            for layer in model.net.layers:
                layer.compile()
        shard(model, list(model.net.layers), processes, computing.bfloat16)
        if not shards.exists():
            spread(model, begun().state_dict() if processes.first else {})
        torch.manual_seed(seed + processes.rank)  # each leaves out other parts (dropout)
        fast: Callable[[Tensor], tuple[Tensor, Tensor]] = model
    else:
        model = begun().to(device)
        fast = torch.compile(model) if compiled else model
    model.net.recompute = computing.recompute
    matrices = [weight for weight in model.net.layers.parameters() if weight.dim() > 1]
    optimizers = muon_and_adam(
        model.parameters(),
        matrices,
        stage.peak_learning_rate,
        stage.matrix_learning_rate,
        (0.9, 0.95),
    )
    moments = [optimizer for optimizer, _ in optimizers]
    step, spent = 0, 0.0
    if shards.exists():
        step, spent = load_shards(shards, description, model, moments)
    elif saved and source == path:
        step, spent = saved["step"], saved["spent"]
        if budget.spent(step, spent) >= 1 and (sharded or not saved["optimizers"]):
            return
        if sharded or not saved["optimizers"]:
            raise DuologueError(
                f"{path} is of a stage that was finished, or was begun by one process, and has no "
                "parts for several; go on as it was begun, or remove it."
            )
        for optimizer, state in zip(moments, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
    saved.clear()

    def save() -> None:
        if sharded and budget.spent(step, spent) < 1:
            save_shards(shards, description, model, moments, step, spent, processes)
            return
        whole = gathered(model) if sharded else model.state_dict()
        if processes.first:
            ours = {"step": step, "spent": spent, "listener": whole}
            ours["net"] = {
                name.removeprefix("net."): weight
                for name, weight in whole.items()
                if name.startswith("net.")
            }
            ours["optimizers"] = [] if sharded else [one.state_dict() for one in moments]
            save_file(path, description | ours)
            remove_shards(shards)
        processes.wait()

    bags = words_of(spoken_texts(store), words).to(device)
    share = stage.batch // processes.count
    mine = range(processes.rank * share, (processes.rank + 1) * share)
    sequences = SequenceDataset(store_path, vocabulary, plan, seed, stage.batch, step, mine)
    loader = iter(DataLoader(sequences, share, num_workers=computing.workers))
    held_out = held_out_batch(store, vocabulary, plan)
    sides = [side[:, 1:].flatten() for side in unit_sides(held_out[0], vocabulary)]
    held_out = [part.to(device) for part in held_out]
    autocast = computing.bfloat16 and not sharded  # where it is divided, weights are gathered so
    at_once = computing.rows_at_once or share
    divided = processes.count > 1 or at_once < share

    def backward(batch: list[Tensor]) -> Tensor:
        """The gradients of a step; gives the loss of its sequences here."""
        whole = Whole(*processes.total(Whole.of(batch))) if divided else None
        loss = torch.zeros(())
        for part in zip(*(one.split(at_once) for one in batch), strict=True):
            losses = dialogue_loss(fast, model.place_V, bags, *part, whole=whole, autocast=autocast)
            # Gradients of several processes are averaged, but losses are shares of the whole.
            total = losses.tokens + preset.words_weight * losses.naming
            (total * processes.count if divided else total).backward()
            loss = loss + losses.tokens.detach().cpu()
        return loss

    def unheard() -> list[str]:
        model.eval()
        with torch.no_grad():
            loss = dialogue_loss(model, model.place_V, bags, *held_out, autocast=autocast)
        model.train()
        own, user = (loss.each_N.cpu()[side].mean() for side in sides)
        return [f"{figure.item():.4f}" for figure in (loss.tokens, own, user, loss.named)]

    heard = [""] * 4
    clock = saved_at = time.monotonic()
    first_step = logged_step = step
    logged_at = clock
    log_path = path.with_name("lm.csv") if processes.first else Path(os.devnull)
    with Progress(disable=not processes.first) as progress, log_path.open("a", newline="") as log:
        table = csv.writer(log)
        if not log_path.stat().st_size:
            table.writerow(_COLUMNS)
        bar = progress.add_task(f"language model, stage {plan.stage}", total=1.0)
        while (done := budget.spent(step, spent)) < 1:
            set_learning_rates(optimizers, done, step, stage.warmup, FINAL_SHARE)
            model.zero_grad(set_to_none=True)
            here = backward([part.to(device) for part in next(loader)])
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            with _faster_rows(model.net, vocabulary.own_unit_base, preset.new_row_speed):
                for optimizer in moments:
                    optimizer.step()
            step += 1
            if step % HELD_OUT_STEPS == 0:
                heard = unheard()
            now = time.monotonic()
            if step > first_step + 1:  # the first step includes compiling
                spent += now - clock
            clock = now
            if step % LOG_STEPS == 0:
                (loss,) = processes.total([here.item()])
                tokens = stage.batch * plan.context
                pace = round((step - logged_step) * tokens / (now - logged_at))
                logged_step, logged_at = step, now
                told = heard if step % HELD_OUT_STEPS == 0 else [""] * 4
                figures = [round(spent), step * tokens, f"{loss:.{LOSS_DIGITS}f}", *told, pace]
                table.writerow([plan.stage, step, *figures])
                log.flush()
                text = f"stage {plan.stage}, step {step}, loss {loss:.3f}"
                if heard[0]:
                    text += f", held out {heard[0]}, {float(heard[3]):.0%} of words named"
                progress.update(bar, completed=done, description=text)
            # All have to see one clock: else one would stop or save alone.
            spent, due = processes.from_first([spent, now - saved_at > CHECKPOINT_SECONDS])
            if due and budget.spent(step, spent) < 1:
                save()
                saved_at = now
        if step > first_step and step % HELD_OUT_STEPS:
            # A short stage may end before its first held-out loss.
            (loss,) = processes.total([here.item()])
            figures = [round(spent), step * stage.batch * plan.context, f"{loss:.{LOSS_DIGITS}f}"]
            table.writerow([plan.stage, step, *figures, *unheard(), ""])
    save()


@contextmanager
def _faster_rows(net: Llama, first: int, speed: float) -> Iterator[None]:
    """Whatever the embedding's rows from ``first`` on move meanwhile, they move ``speed`` times as
    far."""
    if speed == 1:
        yield
        return
    rows = net.embedding.weight.detach()[first:]
    old = rows.clone()
    yield
    rows += (speed - 1) * (rows - old)
