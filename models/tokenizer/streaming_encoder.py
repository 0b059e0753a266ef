"""The speech tokenizer: turns sound into discrete units, 25 a second, as a stream.

It has the body of Whisper tiny.en's first three blocks, whose weights it begins with, but it runs
endlessly. In place of absolute positions each
attention has a bias for every distance, and it sees the last 1.6 s. The first block looks ahead by
60 ms, the convolutions by 20: in all the 80 ms that ``DELAY_FRAMES`` allows. A block that looks
ahead is late by as much.

A whole sound is a stream of one piece that begins with a state of zeros, which means silence.

Shape letters: B batch, N samples, T frames (N / 640), S steps of 20 ms (2T), C cached steps,
D width, H heads, P phone classes, K numbers of the state, M mel bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.hearing.log_mel import BANDS, HOP, WINDOW
from models.speech.phones import PHONES
from models.tokenizer.posterior_units import HEADS_PER_FRAME, TokenizerNet, joined, posterior_roots
from models.tokenizer.whisper_log_mel import FLOOR, MAXIMUM, WhisperLogMel, normalised

_AUDIO_PAST, _MEL_PAST, _CONVOLVED_PAST = WINDOW - HOP, 2, 1
_LONG = 1e5
"""The count of steps stops here; it tells only what lies before the beginning."""
_EXCLUDED = -1e4


@dataclass(frozen=True)
class StreamingConfig:
    """Sizes of the network."""

    width: int = 384
    heads: int = 6
    ahead_steps: tuple[int, ...] = (3, 0, 0)
    """Steps that each block looks ahead; 3 in all, so that delay and look-ahead agree."""
    past_steps: int = 80
    """Steps that each block looks back."""


class StreamingBlock(nn.Module):
    """A pre-norm transformer block over a stream; its output is late by ``ahead`` steps."""

    def __init__(self, config: StreamingConfig, ahead: int) -> None:
        super().__init__()
        width = config.width
        self.heads, self.ahead = config.heads, ahead
        self.cached = config.past_steps + ahead
        self.norm_attention = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.distance_bias = nn.Parameter(torch.zeros(config.heads, self.cached + 1))
        """(H, C + 1): for each distance, from ``ahead`` steps later to ``past_steps`` earlier."""
        self.norm_feed = nn.LayerNorm(width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(
        self, new_BSD: Tensor, waiting_BAD: Tensor, cache_BCD: Tensor, first: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(output (B, S, D), waiting inputs, cache of keys and values (B, C, 2D)).

        ``first`` is the number of the first new step since the beginning; it is below zero where
        the stream has not reached it.
        """
        inputs, query, seen = self.project(new_BSD, waiting_BAD, cache_BCD)
        batch, steps, width = query.shape
        keys, values = seen.chunk(2, -1)
        weights = (self.scores(query, keys) + self._bias(steps, first)).softmax(-1)
        mixed = weights.to(values.dtype) @ self._per_head(values)
        hidden = inputs[:, :steps] + self.out(mixed.transpose(1, 2).reshape(batch, -1, width))
        hidden = hidden + self.feed(self.norm_feed(hidden))
        return hidden, inputs[:, steps:], seen[:, steps:]

    def project(
        self, new_BSD: Tensor, waiting_BAD: Tensor, cache_BCD: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(inputs with the waiting ones, queries (B, S, D), keys and values (B, C + S, 2D))."""
        inputs = torch.cat([waiting_BAD, new_BSD], 1) if self.ahead else new_BSD
        normed = self.norm_attention(inputs)
        query = self.query(normed[:, : new_BSD.shape[1]])
        return inputs, query, torch.cat([cache_BCD, self.key_value(normed[:, self.ahead :])], 1)

    def scores(self, query_BSD: Tensor, keys: Tensor) -> Tensor:
        """(B, H, S, C + S), without the bias."""
        query, keys = self._per_head(query_BSD), self._per_head(keys)
        return (query @ keys.transpose(2, 3)).float() * query.shape[-1] ** -0.5

    def _per_head(self, hidden_BSD: Tensor) -> Tensor:
        batch, _, width = hidden_BSD.shape
        return hidden_BSD.reshape(batch, -1, self.heads, width // self.heads).transpose(1, 2)

    def _bias(self, steps: int, first: Tensor) -> Tensor:
        """(B, H, S, C + S): what is added to the score of each step for each cached or new one."""
        device = self.distance_bias.device
        row = torch.arange(steps, device=device)[:, None]
        column = torch.arange(self.cached + steps, device=device)
        # 0 for the step that is ``ahead`` later, 1 for the next earlier one, ...
        place = self.cached + row - column
        allowed = (place >= 0) & (place < self.cached + 1)
        # Steps before the beginning see each other, so that what they give does not depend on the
        # pieces of the stream either.
        before = first - self.ahead + row < 0
        allowed = allowed & (before | (first - self.cached + column >= 0))
        bias = self.distance_bias[:, place.clamp(0, self.cached)]
        return torch.where(allowed, bias, _EXCLUDED)


class StreamingTokenizer(TokenizerNet):
    """Whisper's encoder as a stream, a phone head for each of its steps, and the units."""

    def __init__(self, config: StreamingConfig | None = None) -> None:
        super().__init__()
        self.config = config or StreamingConfig()
        width = self.config.width
        self.log_mel = WhisperLogMel()
        self.first = nn.Conv1d(BANDS, width, 3)
        self.second = nn.Conv1d(width, width, 3, 2)
        self.position = nn.Parameter(torch.zeros(width))
        """Added to every step, in place of Whisper's positions."""
        self.blocks = nn.ModuleList(
            StreamingBlock(self.config, ahead) for ahead in self.config.ahead_steps
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(PHONES))
        self.teacher_head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width))
        """For training alone."""

    def body(self) -> list[StreamingBlock]:
        """The blocks in their order."""
        return [block for block in self.blocks if isinstance(block, StreamingBlock)]

    def state_shapes(self) -> list[tuple[int, ...]]:
        """The count of steps, the sound, mel bands, first convolution; then for each block its
        waiting inputs and its keys and values."""
        width = self.config.width
        shapes: list[tuple[int, ...]] = [
            (1,), (_AUDIO_PAST,), (BANDS, _MEL_PAST), (width, _CONVOLVED_PAST)
        ]  # fmt: skip
        for ahead in self.config.ahead_steps:
            shapes += [(ahead, width), (self.config.past_steps + ahead, 2 * width)]
        return shapes

    def hidden(self, audio_BN: Tensor, state_BK: Tensor) -> tuple[Tensor, Tensor]:
        """(what the last block gives, (B, S, D); the state after the sound).

        Step s of the sound describes the sound of 80 ms before.
        """
        parts = self.parts(state_BK)
        count, past_audio, past_mel, past_convolved = (next(parts) for _ in range(4))
        audio = torch.cat([past_audio, audio_BN.float()], 1)
        with torch.autocast(audio.device.type, enabled=False):
            # Zeros of the state are silence.
            mel = normalised(self.log_mel(audio), MAXIMUM) - FLOOR
        mel = torch.cat([past_mel, mel], 2)
        convolved = functional.gelu(self.first(mel + FLOOR))
        convolved = torch.cat([past_convolved.to(convolved.dtype), convolved], 2)
        hidden = functional.gelu(self.second(convolved)).transpose(1, 2) + self.position
        steps = hidden.shape[1]
        after = [
            (count + steps).clamp(max=_LONG),
            audio[:, -_AUDIO_PAST:],
            mel[..., -_MEL_PAST:],
            convolved[..., -_CONVOLVED_PAST:],
        ]
        first = count[:, :, None, None]
        for block, ahead in zip(self.body(), self.config.ahead_steps, strict=True):
            waiting, cache = next(parts), next(parts)
            hidden, waiting, cache = block(hidden, waiting, cache, first)
            first = first - ahead
            after += [waiting, cache]
        return hidden, joined(after)

    def logits_of_hidden(self, hidden_BSD: Tensor) -> Tensor:
        """(B, T, 2, P)."""
        logits: Tensor = self.head(self.norm(hidden_BSD))
        return logits.reshape(len(logits), -1, HEADS_PER_FRAME, len(PHONES))

    def phone_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, 2, P) logits of both halves of frame T - DELAY_FRAMES, of whole sounds."""
        state, logits = self.begin(len(audio_BN)), []
        for piece in self.pieces(audio_BN):
            hidden, state = self.hidden(piece, state)
            logits.append(self.logits_of_hidden(hidden))
        return torch.cat(logits, 1)

    def features_on(self, audio_BN: Tensor, state_BK: Tensor) -> tuple[Tensor, Tensor]:
        """((B, T, 2P) square roots of the phone posteriors, state after the sound)."""
        hidden, state_BK = self.hidden(audio_BN, state_BK)
        posterior = self.logits_of_hidden(hidden).float().softmax(-1).flatten(2)
        return posterior_roots(posterior), state_BK
