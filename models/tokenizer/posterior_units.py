"""What all tokenizers share: units are the clusters of phone posteriors.

A network gives the logits of two phones for each frame, one for each half (20 ms). Units are
quantised from the square roots of the posteriors: Euclidean distance of these features is Hellinger
distance; they hold little of the speaker, and a frame covered by noise does not become a unit of
its own.

Tokenizers are streams: all that one needs of the past is a state of fixed size, so a chunk costs
only its own frames, and the units of a stream are those of the whole sound.

Shape letters: B batch, N samples, T frames (N / 640), F features, P phone classes, C centroids,
K units, S numbers of the state.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from engine.timebase import FRAME_SAMPLES
from models.speech.phones import PHONES

DELAY_FRAMES = 2
"""Unit i uses the sound up to the end of frame i and describes frame i - DELAY_FRAMES. So 80 ms of
delay replace look-ahead."""
HEADS_PER_FRAME = 2
_PIECE_SAMPLES = 250 * FRAME_SAMPLES
"""Long sounds are encoded in pieces, so that their memory grows only with their length."""


class TokenizerNet(nn.Module, ABC):
    """Turns sound into phone logits, and those into units."""

    centroids: Tensor
    """(C, F); empty until ``fit_quantizer`` has run."""
    unit_of_centroid: Tensor
    """(C,) int64: the unit of each centroid. Centroids may share one."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centroids", torch.zeros(0))
        self.register_buffer("unit_of_centroid", torch.zeros(0))
        self.forget_units()

    def forget_units(self) -> None:
        """Have no units until ``fit_quantizer`` runs."""
        self.centroids = torch.zeros(0, HEADS_PER_FRAME * len(PHONES))
        self.unit_of_centroid = torch.zeros(0, dtype=torch.int64)

    @abstractmethod
    def phone_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, 2, P) logits of both halves of frame T - DELAY_FRAMES, of whole sounds."""

    @abstractmethod
    def features_on(self, audio_BN: Tensor, state_BS: Tensor) -> tuple[Tensor, Tensor]:
        """((B, T, F = 2P) square roots of the phone posteriors, state after the sound)."""

    # --- the state --------------------------------------------------------------------------------

    @abstractmethod
    def state_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the parts of one stream's state; the first is the count of steps, (1,)."""

    @property
    def state_size(self) -> int:
        """S."""
        return sum(math.prod(shape) for shape in self.state_shapes())

    def begin(self, streams: int) -> Tensor:
        """(B, S): the state before the first sound, zeros."""
        return torch.zeros(streams, self.state_size, device=self.centroids.device)

    def parts(self, state_BS: Tensor) -> Iterator[Tensor]:
        """The parts of a state, (B, *shape) each."""
        position = 0
        for shape in self.state_shapes():
            size = math.prod(shape)
            yield state_BS[:, position : position + size].reshape(len(state_BS), *shape)
            position += size

    def pieces(self, audio_BN: Tensor) -> Iterator[Tensor]:
        """A long sound, piece by piece."""
        return iter(audio_BN.split(_PIECE_SAMPLES, 1))

    def stream(self, audio_BN: Tensor, state_BS: Tensor) -> tuple[Tensor, Tensor]:
        """(units (B, T), state after the sound) of the next piece of a stream."""
        features, state_BS = self.features_on(audio_BN, state_BS)
        return self.units_of_features(features), state_BS

    # --- units ------------------------------------------------------------------------------------

    @property
    def unit_count(self) -> int:
        """Units K; 0 until ``fit_quantizer`` has run."""
        return int(self.unit_of_centroid.max()) + 1 if len(self.unit_of_centroid) else 0

    def unit_distances(self) -> Tensor:
        """(K, K): for every two units the distance of their nearest centroids."""
        apart_CC = torch.cdist(self.centroids, self.centroids)
        unit_CC = self.unit_of_centroid.expand_as(apart_CC)
        far = apart_CC.new_full((len(apart_CC), self.unit_count), torch.inf)
        apart_CK = far.scatter_reduce(1, unit_CC, apart_CC, "amin")
        unit_KC = self.unit_of_centroid.expand(self.unit_count, -1)
        far = apart_CC.new_full((self.unit_count, self.unit_count), torch.inf)
        return far.scatter_reduce(1, unit_KC, apart_CK.T, "amin")

    def features(self, audio_BN: Tensor) -> Tensor:
        """(B, T, F = 2P): the square roots of the phone posteriors, of whole sounds."""
        state, features = self.begin(len(audio_BN)), []
        for piece in self.pieces(audio_BN):
            found, state = self.features_on(piece, state)
            features.append(found)
        return torch.cat(features, 1)

    def negative_distances(self, features_BTF: Tensor) -> Tensor:
        """(B, T, C) negative squared distances to the centroids."""
        cross = features_BTF @ self.centroids.T
        lengths = (features_BTF**2).sum(-1, keepdim=True)
        return 2 * cross - lengths - (self.centroids**2).sum(-1)

    def unit_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, K): minus the squared distance to each unit's nearest centroid."""
        nearness_BTC = self.negative_distances(self.features(audio_BN))
        unit_BTC = self.unit_of_centroid.expand_as(nearness_BTC)
        none_BTK = nearness_BTC.new_full((*nearness_BTC.shape[:2], self.unit_count), -torch.inf)
        return none_BTK.scatter_reduce(2, unit_BTC, nearness_BTC, "amax")

    def units_of_features(self, features_BTF: Tensor) -> Tensor:
        """(B, T) unit ids."""
        return self.unit_of_centroid[self.negative_distances(features_BTF).argmax(-1)]

    def forward(self, audio_BN: Tensor) -> Tensor:
        """(B, T) unit ids."""
        return self.units_of_features(self.features(audio_BN))


def joined(parts: list[Tensor]) -> Tensor:
    """(B, S): a state of its parts."""
    return torch.cat([part.reshape(len(part), -1).float() for part in parts], 1)


def posterior_roots(posterior: Tensor) -> Tensor:
    """The square roots, with a finite gradient at zero."""
    return (posterior + 1e-8).sqrt()
