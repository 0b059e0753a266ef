"""Trains the language model in the paper's three stages; each of them can be resumed.

The loss is next-token cross-entropy over both speakers, with less weight on the user's units. A
word head, which is discarded after the training, also predicts the words that the user has just
said. They decide the answer but touch few tokens, so the tokens alone would teach them slowly.
Where the agent has units of its own, the other speaker's units are no candidates, as in the engine.
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
from models.dialogue.recorded_dialogues import NO_DIALOGUES, RealDialogues
from models.dialogue.timing import HUMAN, Timing
from models.dialogue.unit_store import (
    UnitStore,
    load_store,
    own_unit_shares,
    single_table,
    split_held_out,
)
from models.language.gguf import llama_from_gguf
from models.language.llama import Llama, LlamaConfig
from models.language.presets import PRESETS, Preset
from models.language.real_sequences import all_sequences, check_real
from models.language.sequences import (
    NOTHING_SAID,
    STAGES,
    Format,
    SequencePlan,
    TrainingSequence,
    is_unit,
    spoken_texts,
    token_owners,
)
from models.language.vocabulary import Vocabulary
from models.optimizers import muon_and_adam, set_learning_rates
from models.script.words import script_words
from models.tokenizer.changed_table import rows_of_new_units

FINAL_SHARE = 0.05
CHECKPOINT_SECONDS = 180
LOG_STEPS = 25
HELD_OUT_STEPS = 100
HELD_OUT_SEQUENCES = 8
_HELD_OUT_SEED = 7
_MOST_WORDS = 20
"""Most words of a sentence that are counted among those named."""
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


def _read_store(path: Path, form: Format) -> UnitStore:
    store = load_store(path)
    return store if form.own_table else single_table(store)


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
        training, _ = split_held_out(_read_store(self._store, self._plan.format))
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        numbers = (
            batch * self._batch + row
            for batch in itertools.count(self._first_batch + first, step)
            for row in range(self._batch)
        )
        return all_sequences(
            training, self._vocabulary, self._plan, self._seed, numbers, held_out=False
        )


def held_out_batch(store: UnitStore, vocabulary: Vocabulary, plan: SequencePlan) -> list[Tensor]:
    """Sequences (HELD_OUT_SEQUENCES, context + 1) of held-out utterances.

    In stage 1 they are of the last epoch, which has most speech.
    """
    _, held_out = split_held_out(store)
    plan = replace(plan, epoch_sequences=1)
    numbers = range(2, 2 + HELD_OUT_SEQUENCES)
    batch = list(all_sequences(held_out, vocabulary, plan, _HELD_OUT_SEED, numbers, held_out=True))
    return [torch.from_numpy(np.stack(part)) for part in zip(*batch, strict=True)]


def words_of(texts: Sequence[str], words: Sequence[str]) -> Tensor:
    """(texts, words) bool: which words each text has."""
    numbers = {word: number for number, word in enumerate(words)}
    bags = torch.zeros(len(texts), len(words), dtype=torch.bool)
    for row, text in enumerate(texts):
        bags[row, [numbers[word] for word in text.split() if word in numbers]] = True
    return bags


class LlamaWithWordHead(nn.Module):
    """The language model with a word head on a layer in the middle.

    Shape letters as in ``llama``, and U: the ids that the format uses, in their order.
    """

    used_U: Tensor
    place_V: Tensor
    barred_2U: Tensor

    def __init__(self, net: Llama, words: int, vocabulary: Vocabulary, text: bool) -> None:
        super().__init__()
        self.net = net
        self.layer = len(net.layers) * 5 // 8
        self.norm = nn.RMSNorm(net.config.width, net.config.norm_epsilon)
        self.head = nn.Linear(net.config.width, words)
        self.s0, self.s1 = vocabulary.s0, vocabulary.s1
        ids = torch.arange(vocabulary.size)
        own = ids >= vocabulary.own_unit_base
        user = (ids < vocabulary.unit_count) & bool(vocabulary.own_unit_count)
        used = torch.ones_like(own) if text else own | (ids < vocabulary.own_base)
        self.register_buffer("used_U", ids[used], persistent=False)
        self.register_buffer("place_V", used.cumsum(0) - 1, persistent=False)
        # What cannot follow in the agent's part of a chunk, and in the user's.
        self.register_buffer("barred_2U", torch.stack([user, own])[:, used], persistent=False)

    def forward(self, ids_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the next token (B, T, U) and of the words (B, T, words)."""
        hidden = self.net.hidden(ids_BT)
        rows_UD = self.net.embedding.weight[self.used_U]
        logits_BTU = functional.linear(self.net.norm(hidden[-1]), rows_UD).float()
        logits_BTU = logits_BTU.masked_fill(self.barred_2U[self._sides(ids_BT)], -torch.inf)
        return logits_BTU, self.head(self.norm(hidden[self.layer]))

    def _sides(self, ids_BT: Tensor) -> Tensor:
        """(B, T): 1 in the user's part of a chunk, else 0."""
        tags_BT = (ids_BT == self.s0) | (ids_BT == self.s1)
        places_BT = torch.arange(ids_BT.shape[1], device=ids_BT.device) * tags_BT
        return (ids_BT.gather(1, places_BT.cummax(1).values) == self.s1).long()


@dataclass(frozen=True, eq=False)
class DialogueLoss:
    """Losses in nats, of one batch."""

    tokens: Tensor
    """Weighted mean per token."""
    naming: Tensor
    """Of the words that the user has just said."""
    named: Tensor
    """Share of these words among the likeliest."""
    each_N: Tensor
    """Of each token of the batch but the first ones, unweighted."""


def dialogue_loss(
    model: Callable[[Tensor], tuple[Tensor, Tensor]],
    place_V: Tensor,
    bags_SW: Tensor,
    ids_BT: Tensor,
    weights_BT: Tensor,
    said_BT: Tensor,
) -> DialogueLoss:
    """The losses of a batch.

    ``place_V`` are the places of the ids among the logits, ``bags_SW`` the words of each sentence,
    by the numbers in ``said_BT``.
    """
    with torch.autocast(ids_BT.device.type, torch.bfloat16):
        logits, words = model(ids_BT[:, :-1])
    losses = functional.cross_entropy(
        logits.flatten(0, 1), place_V[ids_BT[:, 1:]].flatten(), reduction="none"
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
    return DialogueLoss((losses * weights).sum() / weights.sum(), naming, right, losses)


def unit_sides(ids_BT: Tensor, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """(B, T) bool each: which tokens are the agent's units, and which the user's."""
    ids = ids_BT.numpy()
    sides = [token_owners(row, vocabulary) for row in ids]
    units = is_unit(ids, vocabulary)
    own, user = (np.stack(sides) == tag for tag in (vocabulary.s0, vocabulary.s1))
    return torch.from_numpy(own & units), torch.from_numpy(user & units)


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
) -> Path:
    """Train the stages one after another; returns ``lm.pt``, a copy of the last one's checkpoint.

    A stage resumes from its own checkpoint. Else it begins with the weights of the stage before it
    in ``stages``, else of the nearest lower stage in ``work``, else of the ``bundle``, else with
    random weights. ``compiled`` has an effect where there is a C++ compiler. ``workers`` processes
    compose the sequences. Stage 3 mixes in ``real`` dialogues. ``coincidence`` (units, the bundle's
    units) relates the store's units to the bundle's, where the tokenizer is another. Raises
    ValueError where a checkpoint has other sizes, DuologueError where the preset or these dialogues
    cannot be trained on here.
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
    if real.folders and 3 not in stages:
        raise DuologueError("People's dialogues are for stage 3; add it to --stages.")
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
            store_path,
            paths[stage],
            before,
            preset,
            plan,
            part,
            seed,
            compiled,
            workers,
            bundle,
            coincidence,
        )
        before = paths[stage]
    final = work / "lm.pt"
    shutil.copyfile(paths[stages[-1]], final)
    return final


def _bundle_weights(
    bundle: Path,
    config: LlamaConfig,
    vocabulary: Vocabulary,
    store: UnitStore,
    coincidence: np.ndarray | None,
) -> dict[str, Tensor]:
    """The weights of a bundle's language model. Rows of the agent's own units are added where it
    has none; with ``coincidence`` the user's begin anew. Raises ValueError for other sizes."""
    net = llama_from_gguf(load_bundle(bundle).language_model)
    state = net.state_dict()
    if coincidence is not None:
        state["embedding.weight"] = rows_of_new_units(state["embedding.weight"], coincidence)
    known = len(state["embedding.weight"])
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
    coincidence: np.ndarray | None,
) -> None:
    store = _read_store(store_path, plan.format)
    vocabulary = Vocabulary(store.unit_count, script_words(), store.own_unit_count)
    check_real(plan, vocabulary)
    assert preset.network is not None
    config = replace(preset.network, vocabulary=vocabulary.size)
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
        "format": asdict(plan.format),
        "context": plan.context,
    }
    step, spent = 0, 0.0
    source = path if path.exists() else before
    if source is None and bundle is not None:
        model.net.load_state_dict(_bundle_weights(bundle, config, vocabulary, store, coincidence))
    if source is not None:
        saved = torch.load(source, map_location=device, weights_only=True)
        if {name: saved.get(name) for name in described} != described:
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
