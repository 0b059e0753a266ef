"""Trains the language model in the paper's three stages; each of them can be resumed.

The loss is next-token cross-entropy over both speakers, with less weight on the user's units. A
word head, which is discarded after the training, also predicts the words that the user has just
said. They decide the answer but touch few tokens, so the tokens alone would teach them slowly.
"""

from __future__ import annotations

import csv
import itertools
import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.dialogue.timing import HUMAN, Timing
from models.dialogue.unit_store import UnitStore, load_store, split_held_out
from models.language.gguf import llama_from_gguf
from models.language.llama import Llama, LlamaConfig
from models.language.presets import PRESETS, Preset
from models.language.sequences import (
    NOTHING_SAID,
    STAGES,
    Format,
    SequencePlan,
    TrainingSequence,
    spoken_texts,
    training_sequences,
)
from models.language.vocabulary import Vocabulary
from models.optimizers import muon_and_adam, set_learning_rates
from models.script.words import script_words

FINAL_SHARE = 0.05
CHECKPOINT_SECONDS = 180
LOG_STEPS = 25
HELD_OUT_STEPS = 100
HELD_OUT_SEQUENCES = 8
_HELD_OUT_SEED = 7
_MOST_WORDS = 20
"""Most words of a sentence that are counted among those named."""
_COLUMNS = (
    "stage", "step", "seconds", "tokens", "loss", "held_out_loss", "held_out_named",
    "tokens_per_second",
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


class SequenceDataset(IterableDataset[TrainingSequence]):
    """The training sequences of a store's file from a batch on. Each of several processes composes
    whole batches."""

    def __init__(
        self,
        store: Path,
        vocabulary: Vocabulary,
        plan: SequencePlan,
        seed: int,
        batch: int,
        first_batch: int,
    ) -> None:
        self._store, self._vocabulary, self._plan, self._seed = store, vocabulary, plan, seed
        self._batch, self._first_batch = batch, first_batch

    def __iter__(self) -> Iterator[TrainingSequence]:
        training, _ = split_held_out(load_store(self._store))
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        numbers = (
            batch * self._batch + row
            for batch in itertools.count(self._first_batch + first, step)
            for row in range(self._batch)
        )
        return training_sequences(training, self._vocabulary, self._plan, self._seed, numbers)


def held_out_batch(store: UnitStore, vocabulary: Vocabulary, plan: SequencePlan) -> list[Tensor]:
    """Sequences (HELD_OUT_SEQUENCES, context + 1) of held-out utterances.

    In stage 1 they are of the last epoch, which has most speech.
    """
    _, held_out = split_held_out(store)
    plan = replace(plan, epoch_sequences=1)
    numbers = range(2, 2 + HELD_OUT_SEQUENCES)
    batch = list(training_sequences(held_out, vocabulary, plan, _HELD_OUT_SEED, numbers))
    return [torch.from_numpy(np.stack(part)) for part in zip(*batch, strict=True)]


def words_of(texts: Sequence[str], words: Sequence[str]) -> Tensor:
    """(texts, words) bool: which words each text has."""
    numbers = {word: number for number, word in enumerate(words)}
    bags = torch.zeros(len(texts), len(words), dtype=torch.bool)
    for row, text in enumerate(texts):
        bags[row, [numbers[word] for word in text.split() if word in numbers]] = True
    return bags


class LlamaWithWordHead(nn.Module):
    """The language model with a word head on a layer in the middle."""

    def __init__(self, net: Llama, words: int) -> None:
        super().__init__()
        self.net = net
        self.layer = len(net.layers) * 5 // 8
        self.norm = nn.RMSNorm(net.config.width, net.config.norm_epsilon)
        self.head = nn.Linear(net.config.width, words)

    def forward(self, ids_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the next token (B, T, V) and of the words (B, T, words)."""
        hidden = self.net.hidden(ids_BT)
        return self.net.logits(hidden[-1]), self.head(self.norm(hidden[self.layer]))


def dialogue_loss(
    model: Callable[[Tensor], tuple[Tensor, Tensor]],
    bags_SW: Tensor,
    ids_BT: Tensor,
    weights_BT: Tensor,
    said_BT: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """(weighted cross-entropy per token, cross-entropy of the words, share of words named); the
    first two in nats.

    ``bags_SW`` are the words of each sentence, by the numbers in ``said_BT``.
    """
    with torch.autocast(ids_BT.device.type, torch.bfloat16):
        logits, words = model(ids_BT[:, :-1])
    losses = functional.cross_entropy(
        logits.float().flatten(0, 1), ids_BT[:, 1:].flatten(), reduction="none"
    )
    weights = weights_BT[:, 1:].flatten()
    said = said_BT[:, :-1].flatten()
    told = said != NOTHING_SAID
    named = words.float().flatten(0, 1)[told]
    bags = bags_SW[said[told]]
    count = bags.sum(-1, keepdim=True).clamp(min=1)
    # Not a mean: a batch may have no token with words to name.
    naming = -(named.log_softmax(-1) * bags / count).sum() / max(len(bags), 1)
    most = min(_MOST_WORDS, bags.shape[1])
    hits = bags.gather(1, named.topk(most).indices)
    looked_for = torch.arange(most, device=bags.device) < count
    right = (hits & looked_for).sum() / bags.sum().clamp(min=1)
    return (losses * weights).sum() / weights.sum(), naming, right


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
) -> Path:
    """Train the stages one after another; returns ``lm.pt``, a copy of the last one's checkpoint.

    A stage resumes from its own checkpoint. Else it begins with the weights of the stage before it
    in ``stages``, else of the nearest lower stage in ``work``, else of the ``bundle``, else with
    random weights. ``compiled`` has an effect where there is a C++ compiler. ``workers`` processes
    compose the sequences. Raises ValueError where a checkpoint has other sizes, DuologueError where
    the preset cannot be trained here.
    """
    preset = PRESETS[preset_name]
    if preset.network is None:
        raise DuologueError(
            f"The preset {preset_name} is the paper's recipe written out; it begins with the "
            f"weights of {preset.base}. Train starter-cpu or starter-gpu."
        )
    known = set(preset.stages)
    if not stages or sorted(set(stages)) != list(stages) or not set(stages) <= known:
        raise ValueError(f"stages are some of {sorted(known)}, in their order")
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    paths = {stage: work / f"stage{stage}.pt" for stage in STAGES}
    lower = [stage for stage in STAGES if stage < stages[0] and paths[stage].exists()]
    before = paths[lower[-1]] if lower else None
    for stage in stages:
        plan = SequencePlan(stage, preset.context, preset.epoch_sequences, form or Format(), timing)
        part = budget.of_stage(stage, stages, preset)
        _train_stage(
            store_path, paths[stage], before, preset, plan, part, seed, compiled, workers, bundle
        )
        before = paths[stage]
    final = work / "lm.pt"
    shutil.copyfile(paths[stages[-1]], final)
    return final


def _bundle_weights(bundle: Path, config: LlamaConfig) -> dict[str, Tensor]:
    """The weights of a bundle's language model. Raises ValueError where it has other sizes."""
    net = llama_from_gguf(load_bundle(bundle).language_model)
    if net.config != config:
        raise ValueError(f"{bundle} holds a network of another size")
    return net.state_dict()


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
) -> None:
    store = load_store(store_path)
    vocabulary = Vocabulary(store.unit_count, script_words())
    assert preset.network is not None
    config = replace(preset.network, vocabulary=vocabulary.size)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    net = Llama(config, preset.dropout)
    model = LlamaWithWordHead(net, len(vocabulary.words)).to(device)
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
        "words": list(vocabulary.words),
        "format": asdict(plan.format),
        "context": plan.context,
    }
    step, spent = 0, 0.0
    source = path if path.exists() else before
    if source is None and bundle is not None:
        model.net.load_state_dict(_bundle_weights(bundle, config))
    if source is not None:
        saved = torch.load(source, map_location=device, weights_only=True)
        if {name: saved[name] for name in described} != described:
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
    bags = words_of(spoken_texts(store), vocabulary.words).to(device)
    sequences = SequenceDataset(store_path, vocabulary, plan, seed, stage.batch, step)
    loader = iter(DataLoader(sequences, stage.batch, num_workers=workers))
    held_out = [part.to(device) for part in held_out_batch(store, vocabulary, plan)]

    def unheard() -> tuple[str, str]:
        model.eval()
        with torch.no_grad():
            loss, _, right = dialogue_loss(model, bags, *held_out)
        model.train()
        return f"{loss.item():.4f}", f"{right.item():.4f}"

    heard = ("", "")
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
            loss, naming, _ = dialogue_loss(fast, bags, *batch)
            model.zero_grad(set_to_none=True)
            (loss + preset.words_weight * naming).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer, _ in optimizers:
                optimizer.step()
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
                told = heard if step % HELD_OUT_STEPS == 0 else ("", "")
                figures = [round(spent), step * tokens, f"{loss.item():.4f}", *told, pace]
                table.writerow([plan.stage, step, *figures])
                log.flush()
                text = f"stage {plan.stage}, step {step}, loss {loss.item():.3f}"
                if heard[0]:
                    text += f", held out {heard[0]}, {float(heard[1]):.0%} of words named"
                progress.update(bar, completed=done, description=text)
            if now - saved_at > CHECKPOINT_SECONDS:
                save()
                saved_at = now
        if step > first_step and step % HELD_OUT_STEPS:
            # A short stage may end before its first held-out loss.
            figures = [round(spent), step * stage.batch * plan.context, f"{loss.item():.4f}"]
            table.writerow([plan.stage, step, *figures, *unheard(), ""])
    save()
