"""The loss of the language model on dialogues, and the word head that is trained beside it.

Next-token cross-entropy over both speakers, with the weights of the sequences. The word head
predicts the words that the user has just said. Where the agent has units of its own, the other
speaker's units are no candidates, as in the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.language.llama import Llama
from models.language.sequences import NOTHING_SAID, is_unit, token_owners
from models.language.vocabulary import Vocabulary

_MOST_WORDS = 20
"""Most words of a sentence that are counted among those named."""


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
        # Real also where the weights are on the meta device.
        ids = torch.arange(vocabulary.size, device="cpu")
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
        rows_UD = self.net.output_rows[self.used_U]
        logits_BTU = functional.linear(self.net.norm(hidden[-1]), rows_UD).float()
        logits_BTU = logits_BTU.masked_fill(self.barred_2U[self._sides(ids_BT)], -torch.inf)
        return logits_BTU, self.head(self.norm(hidden[self.layer]))

    def _sides(self, ids_BT: Tensor) -> Tensor:
        """(B, T): 1 in the user's part of a chunk, else 0."""
        tags_BT = (ids_BT == self.s0) | (ids_BT == self.s1)
        places_BT = torch.arange(ids_BT.shape[1], device=ids_BT.device) * tags_BT
        return (ids_BT.gather(1, places_BT.cummax(1).values) == self.s1).long()


class Whole(NamedTuple):
    """What the losses of a step are shares of, where the step is computed in parts."""

    weights: float
    """The sum of its loss weights."""
    told: float
    """How many of its tokens have words to name."""

    @classmethod
    def of(cls, batch: Sequence[Tensor]) -> Whole:
        """Of ids, weights and numbers of sentences, (B, T) each."""
        _, weights_BT, said_BT = batch
        told = (said_BT[:, :-1] != NOTHING_SAID).sum()
        return cls(weights_BT[:, 1:].double().sum().item(), told.item())


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
    *,
    whole: Whole | None = None,
    autocast: bool = True,
) -> DialogueLoss:
    """The losses of a batch, or its share of those of the ``whole`` step.

    ``place_V`` are the places of the ids among the logits, ``bags_SW`` the words of each sentence,
    by the numbers in ``said_BT``. ``autocast`` computes in bfloat16.
    """
    with torch.autocast(ids_BT.device.type, torch.bfloat16, enabled=autocast):
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
    most_told = max(whole.told if whole else len(bags), 1)
    naming = -(named.log_softmax(-1) * bags / count).sum() / most_told
    most = min(_MOST_WORDS, bags.shape[1])
    hits = bags.gather(1, named.topk(most).indices)
    looked_for = torch.arange(most, device=bags.device) < count
    right = (hits & looked_for).sum() / bags.sum().clamp(min=1)
    tokens = (losses * weights).sum() / (whole.weights if whole else weights.sum())
    return DialogueLoss(tokens, naming, right, losses)


def unit_sides(ids_BT: Tensor, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """(B, T) bool each: which tokens are the agent's units, and which the user's."""
    ids = ids_BT.numpy()
    sides = [token_owners(row, vocabulary) for row in ids]
    units = is_unit(ids, vocabulary)
    own, user = (np.stack(sides) == tag for tag in (vocabulary.s0, vocabulary.s1))
    return torch.from_numpy(own & units), torch.from_numpy(user & units)
