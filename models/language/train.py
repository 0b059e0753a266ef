"""Trains the language model in the paper's three stages; each of them can be resumed.

The loss is next-token cross-entropy over both speakers, with less weight on the user's units. A
word head, which is discarded after the training, also predicts the words that the user has just
said. They decide the answer but touch few tokens, so the tokens alone would teach them slowly.
"""

from __future__ import annotations

import csv
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress
from torch import Tensor
from torch.utils.data import DataLoader

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.dialogue.recorded_dialogues import NO_DIALOGUES, RealDialogues
from models.dialogue.timing import HUMAN, Timing
from models.dialogue.unit_store import UnitStore, own_unit_shares
from models.language.batches import SequenceDataset, held_out_batch, read_store
from models.language.dialogue_loss import LlamaWithWordHead, dialogue_loss, unit_sides, words_of
from models.language.gguf import llama_from_gguf
from models.language.llama import Llama, LlamaConfig
from models.language.presets import PRESETS, Preset
from models.language.real_sequences import check_real
from models.language.sequences import STAGES, Format, SequencePlan, spoken_texts
from models.language.start import Beginning, Start, prepare_start
from models.language.vocabulary import Vocabulary
from models.optimizers import muon_and_adam, set_learning_rates
from models.script.words import script_words

FINAL_SHARE = 0.05
CHECKPOINT_SECONDS = 180
LOG_STEPS = 25
HELD_OUT_STEPS = 100
_COLUMNS = (
    "stage", "step", "seconds", "tokens", "loss", "held_out_loss", "held_out_own", "held_out_user",
    "held_out_named", "tokens_per_second",
)  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """How long to train, over all given stages; without either number, for the preset's steps."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None and self.steps is not None:
            raise ValueError("give either minutes or steps")

    def of_stage(self, stage: int, stages: Sequence[int], preset: Preset) -> Budget:
        """A stage's part, in proportion to the preset's steps."""
        own = preset.stages[stage].steps
        share = own / sum(preset.stages[other].steps for other in stages)
        if self.minutes is not None:
            return Budget(minutes=self.minutes * share)
        return Budget(steps=own if self.steps is None else math.ceil(self.steps * share))

    def spent(self, step: int, seconds: float) -> float:
        """Share of the budget that is spent."""
        if self.steps is not None:
            return step / self.steps
        return seconds / (60 * (self.minutes or 0))


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
    start: Start | None = None,
) -> Path:
    """Train the stages one after another; returns ``lm.pt``, a copy of the last one's checkpoint.

    A stage resumes from its own checkpoint. Else it begins with the weights of the stage before it
    in ``stages``, else of the nearest lower stage in ``work``, else of the ``bundle`` or the text
    LLM of ``start``, else with random weights. A text LLM also gives the network's sizes.
    ``compiled`` has an effect where there is a C++ compiler. ``workers`` processes compose the
    sequences. Stage 3 mixes in ``real`` dialogues. Raises ValueError where a checkpoint has other
    sizes, DuologueError where the preset or these dialogues cannot be trained on here.
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
    beginning = prepare_start(start, script_words()) if start else None
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    paths = {stage: work / f"stage{stage}.pt" for stage in STAGES}
    lower = [stage for stage in STAGES if stage < stages[0] and paths[stage].exists()]
    before = paths[lower[-1]] if lower else None
    for stage in stages:
        plan = SequencePlan(
            stage,
            preset.context,
            preset.epoch_sequences,
            form or Format(),
            timing,
            real if stage == 3 else NO_DIALOGUES,
        )
        part = budget.of_stage(stage, stages, preset)
        _train_stage(
            store_path, paths[stage], before, preset, plan, part, seed, compiled, workers, bundle,
            beginning,
        )  # fmt: skip
        before = paths[stage]
    final = work / "lm.pt"
    shutil.copyfile(paths[stages[-1]], final)
    return final


def _bundle_weights(
    bundle: Path, config: LlamaConfig, vocabulary: Vocabulary, store: UnitStore
) -> dict[str, Tensor]:
    """The weights of a bundle's language model; rows of the agent's own units are added where it
    has none. Raises ValueError where it has other sizes."""
    net = llama_from_gguf(load_bundle(bundle).language_model)
    state = net.state_dict()
    known = net.config.vocabulary
    if known == vocabulary.own_unit_base < config.vocabulary:
        rows = state["embedding.weight"]
        grown = torch.zeros(config.vocabulary, config.width)
        grown[:known] = rows
        # Each begins as the mean of the units that describe the same sound.
        shares = torch.from_numpy(own_unit_shares(store)).float()
        grown[known : known + store.own_unit_count] = shares @ rows[: store.unit_count]
        state["embedding.weight"] = grown
        known = config.vocabulary
    # Weights of one rounding may begin those of another.
    if replace(net.config, vocabulary=known, matrices=config.matrices) != config:
        raise ValueError(f"{bundle} holds a network of another size")
    return state


def _described(saved: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint tells of its network; what an older one leaves out has its default."""
    names = ("unit_count", "own_unit_count", "words", "format", "context")
    return {
        "config": asdict(LlamaConfig(**saved["config"])),
        "pieces": saved.get("pieces", []),
        **{name: saved.get(name) for name in names},
    }


def _train_stage(
    store_path: Path,
    path: Path,
    before: Path | None,
    preset: Preset,
    plan: SequencePlan,
    budget: Budget,
    seed: int,
    compiled: bool,
    workers: int,
    bundle: Path | None,
    beginning: Beginning | None,
) -> None:
    store = read_store(store_path, plan.format)
    vocabulary = Vocabulary(
        store.unit_count,
        script_words(),
        store.own_unit_count,
        beginning.spelling if beginning else None,
    )
    check_real(plan, vocabulary)
    config = (
        beginning.config(vocabulary, preset.network.matrices)
        if beginning
        else replace(preset.network, vocabulary=vocabulary.size)
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    net = Llama(config, preset.dropout)
    words = vocabulary.words if preset.words_weight else ()
    with_text = plan.format.text or plan.stage == 1
    model = LlamaWithWordHead(net, len(words), vocabulary, with_text).to(device)
    stage = preset.stages[plan.stage]
    matrices = [weight for weight in model.net.layers.parameters() if weight.dim() > 1]
    optimizers = muon_and_adam(
        model.parameters(),
        matrices,
        stage.peak_learning_rate,
        stage.matrix_learning_rate,
        (0.9, 0.95),
    )
    described = {
        "config": asdict(config),
        "unit_count": store.unit_count,
        "own_unit_count": store.own_unit_count,
        "words": list(vocabulary.words),
        "pieces": list(vocabulary.spelling.pieces) if vocabulary.spelling else [],
        "format": asdict(plan.format),
        "context": plan.context,
    }
    step, spent = 0, 0.0
    source = path if path.exists() else before
    if source is None and bundle is not None:
        model.net.load_state_dict(_bundle_weights(bundle, config, vocabulary, store))
    if source is None and beginning and (weights := beginning.weights(vocabulary, seed)):
        model.net.load_state_dict(weights)
    if source is not None:
        saved = torch.load(source, map_location=device, weights_only=True)
        if _described(saved) != described:
            raise ValueError(f"{source} holds a network of another size or format")
        model.load_state_dict(saved["listener"])
        if source == path:
            for (optimizer, _), state in zip(optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            step, spent = saved["step"], saved["spent"]

    def save() -> None:
        state = described | {
            "net": model.net.state_dict(),
            "listener": model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer, _ in optimizers],
            "step": step,
            "spent": spent,
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    # Compiling is a quarter faster on one thread, a seventh on two (docs/training-log.md). The
    # held-out loss is not compiled: evaluation mode would compile everything again.
    fast = torch.compile(model) if compiled and shutil.which("g++") else model
    bags = words_of(spoken_texts(store), words).to(device)
    sequences = SequenceDataset(store_path, vocabulary, plan, seed, stage.batch, step)
    loader = iter(DataLoader(sequences, stage.batch, num_workers=workers))
    held_out = held_out_batch(store, vocabulary, plan)
    sides = [side[:, 1:].flatten() for side in unit_sides(held_out[0], vocabulary)]
    held_out = [part.to(device) for part in held_out]

    def unheard() -> list[str]:
        model.eval()
        with torch.no_grad():
            loss = dialogue_loss(model, model.place_V, bags, *held_out)
        model.train()
        own, user = (loss.each_N.cpu()[side].mean() for side in sides)
        return [f"{figure.item():.4f}" for figure in (loss.tokens, own, user, loss.named)]

    rows = model.net.embedding.weight.detach()[vocabulary.own_unit_base :]
    heard = [""] * 4
    clock = saved_at = time.monotonic()
    first_step = logged_step = step
    logged_at = clock
    log_path = path.with_name("lm.csv")
    with Progress() as progress, log_path.open("a", newline="") as log:
        table = csv.writer(log)
        if not log_path.stat().st_size:
            table.writerow(_COLUMNS)
        bar = progress.add_task(f"language model, stage {plan.stage}", total=1.0)
        while (done := budget.spent(step, spent)) < 1:
            set_learning_rates(optimizers, done, step, stage.warmup, FINAL_SHARE)
            batch = [part.to(device) for part in next(loader)]
            losses = dialogue_loss(fast, model.place_V, bags, *batch)
            loss = losses.tokens
            model.zero_grad(set_to_none=True)
            (loss + preset.words_weight * losses.naming).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            old = rows.clone()
            for optimizer, _ in optimizers:
                optimizer.step()
            rows += (preset.new_row_speed - 1) * (rows - old)
            step += 1
            if step % HELD_OUT_STEPS == 0:
                heard = unheard()
            now = time.monotonic()
            if step > first_step + 1:  # the first step includes compiling
                spent += now - clock
            clock = now
            if step % LOG_STEPS == 0:
                tokens = stage.batch * plan.context
                pace = round((step - logged_step) * tokens / (now - logged_at))
                logged_step, logged_at = step, now
                told = heard if step % HELD_OUT_STEPS == 0 else [""] * 4
                figures = [round(spent), step * tokens, f"{loss.item():.4f}", *told, pace]
                table.writerow([plan.stage, step, *figures])
                log.flush()
                text = f"stage {plan.stage}, step {step}, loss {loss.item():.3f}"
                if heard[0]:
                    text += f", held out {heard[0]}, {float(heard[3]):.0%} of words named"
                progress.update(bar, completed=done, description=text)
            if now - saved_at > CHECKPOINT_SECONDS:
                save()
                saved_at = now
        if step > first_step and step % HELD_OUT_STEPS:
            # A short stage may end before its first held-out loss.
            figures = [round(spent), step * stage.batch * plan.context, f"{loss.item():.4f}"]
            table.writerow([plan.stage, step, *figures, *unheard(), ""])
    save()
