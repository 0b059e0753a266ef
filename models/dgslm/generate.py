"""dGSLM continues a dialogue: both channels, a unit each at every step, of 40 ms.

A unit that has just begun is held for the length that the network tells once it has seen the unit;
only then the channel's next unit is drawn. As in the published script, and at its temperatures:

- Drawing is from the whole distribution, also the unit that has just ended; then it lasts one step
  more.
- "Beam 5 with sampling" is five continuations that know nothing of one another. The one whose units
  have the highest total logarithm of probability is taken, held steps included, although the
  network is never trained on what it would draw there.

One thing is done otherwise. The published script counts predicted lengths down through the prompt
and keeps counting when a unit of the prompt ends sooner, so the last unit of a prompt may be held
for seconds. Here a length counts from where its unit begins.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from models.dgslm.network import Cache, Towers


def continue_units(
    net: Towers,
    prompt_units: np.ndarray,
    steps: int,
    seed: int,
    temperature: float = 1.0,
    duration_temperature: float = 1.0,
    beam: int = 5,
) -> np.ndarray:
    """int64 (2, steps): what follows the prompt, int (2, T), in both channels.

    ``duration_temperature`` divides the lengths: a higher one speaks faster. ``beam`` continuations
    are drawn, and the likeliest is returned. The network sees at most its window; when that is
    full, the older half is forgotten. Raises ValueError for units that it does not have.
    """
    prompt = torch.from_numpy(np.asarray(prompt_units, np.int64))
    if prompt.dim() != 2 or len(prompt) != 2:
        raise ValueError("a prompt has two channels")
    if prompt.numel() and not 0 <= int(prompt.min()) <= int(prompt.max()) < net.unit_count:
        raise ValueError(f"the units of a prompt are 0 to {net.unit_count - 1}")
    generator = torch.Generator().manual_seed(seed)
    net.eval()
    with torch.inference_mode():
        state = _State(net, beam)
        logits, left = state.begin(prompt, duration_temperature)
        total = torch.zeros(beam)
        written = prompt[None].repeat(beam, 1, 1)
        for _ in range(steps):
            chances = (logits / temperature).log_softmax(-1)
            drawn = torch.multinomial(chances.exp().flatten(0, 1), 1, generator=generator)
            last = written[..., -1] if written.shape[-1] else torch.full((beam, 2), -1)
            units = torch.where(left > 0, last, drawn.view(beam, 2))
            total += chances.gather(-1, units[..., None]).sum((1, 2))
            written = torch.cat([written, units[..., None]], -1)
            logits, lengths = state.step(written)
            new = units != last
            held = _whole(lengths, duration_temperature) - 1
            left = torch.where(new, held, (left - 1).clamp(min=0))
    best: np.ndarray = written[int(total.argmax()), :, prompt.shape[1] :].numpy()
    return best


def _whole(lengths: Tensor, duration_temperature: float) -> Tensor:
    """Steps that a unit lasts, at least one."""
    return (lengths / duration_temperature).round().long().clamp(min=1)


class _State:
    """What the network knows of ``beam`` continuations of one prompt."""

    def __init__(self, net: Towers, beam: int) -> None:
        self._net, self._beam = net, beam
        self._cache = Cache(net.config, 1, net.config.window)

    def begin(self, prompt_2T: Tensor, duration_temperature: float) -> tuple[Tensor, Tensor]:
        """Logits (beam, 2, V) of the first units, and for how many steps the prompt's last units
        are to be held, (beam, 2)."""
        room = self._net.config.window - 1
        seen = prompt_2T[:, -(room // 2) :] if prompt_2T.shape[1] > room else prompt_2T
        logits, lengths = self._read(seen[None], 1)
        left = torch.zeros(2, dtype=torch.long)
        if seen.shape[1]:
            said = _whole(lengths[0, :, 1:], duration_temperature)
            for channel, units in enumerate(seen):
                changes = torch.nonzero(units[1:] != units[:-1])
                start = int(changes[-1]) + 1 if len(changes) else 0
                left[channel] = (said[channel, start] - (len(units) - start)).clamp(min=0)
        self._cache = self._cache.repeated(self._beam)
        return logits[:, :, -1].expand(self._beam, -1, -1), left.expand(self._beam, -1)

    def step(self, written_B2T: Tensor) -> tuple[Tensor, Tensor]:
        """After another unit was written: logits (beam, 2, V) of the next units, and how long the
        last ones are if they have just begun, (beam, 2)."""
        if self._cache.steps < self._net.config.window:
            logits, lengths = self._net(written_B2T[..., -1:], self._cache)
        else:
            kept = (self._net.config.window - 1) // 2
            logits, lengths = self._read(written_B2T[..., -kept:], self._beam)
        return logits[:, :, -1], lengths[:, :, -1]

    def _read(self, units_B2T: Tensor, batch: int) -> tuple[Tensor, Tensor]:
        """Begin anew with these units."""
        self._cache = Cache(self._net.config, batch, self._net.config.window)
        begin = torch.full((batch, 2, 1), self._net.begin)
        logits, lengths = self._net(torch.cat([begin, units_B2T], -1), self._cache)
        return logits, lengths
