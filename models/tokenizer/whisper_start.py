"""Gives the streaming encoder the weights of Whisper tiny.en to begin with.

Whisper's heads look for places relative to their own by its absolute positions. The streaming
encoder has a bias for each distance in their place. It is measured: how much more Whisper's score
for a distance is, on the average over some speech, than the streaming encoder's without positions.

Shape letters: B batch, N samples, S steps of 20 ms, H heads, C cached steps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.tokenizer.posterior_units import DELAY_FRAMES, HEADS_PER_FRAME
from models.tokenizer.streaming_encoder import StreamingTokenizer
from models.tokenizer.whisper_weights import LAYERS, OfflineEncoder, Weights

LATE_STEPS = DELAY_FRAMES * HEADS_PER_FRAME
OFFLINE_SHIFT = 120
"""Samples after which Whisper's offline steps are centred as those of the streaming encoder."""


@torch.no_grad()
def begin_with_whisper(net: StreamingTokenizer, weights: Weights, speech_BN: Tensor) -> None:
    """Set the body's weights, and its biases by windows of speech of 4 s."""
    net.load_state_dict(net.state_dict() | _renamed(weights))
    steps = speech_BN.shape[1] // 320
    net.position.copy_(weights["position_encodings/encodings"][:steps].mean(0))
    offline = OfflineEncoder(weights)
    whisper = offline.embedded(speech_BN[:, OFFLINE_SHIFT:])
    for layer, block in enumerate(net.body()):
        whisper, wanted = offline.block(whisper, layer)
        own: list[Tensor] = []

        def listen(_: object, inputs: tuple[Tensor, ...], block=block, own=own) -> None:  # type: ignore[no-untyped-def]
            _, query, seen = block.project(*inputs[:3])
            own.append(block.scores(query, seen.chunk(2, -1)[0]))

        hook = block.register_forward_pre_hook(listen)
        net.hidden(speech_BN, net.begin(len(speech_BN)))
        hook.remove()
        # Late enough that all distances lie inside the window.
        rows = torch.arange(steps // 2, steps - LATE_STEPS)
        biases = []
        for place in range(block.cached + 1):
            theirs = wanted[:, :, rows - LATE_STEPS, rows - LATE_STEPS + block.ahead - place]
            ours = own[0][:, :, rows, block.cached + rows - place]
            biases.append(theirs.mean((0, 2)) - ours.mean((0, 2)))
        bias = torch.stack(biases, 1)
        block.distance_bias.copy_(bias - bias.mean(1, keepdim=True))


def _renamed(weights: Weights) -> Weights:
    """Whisper's weights by the streaming encoder's names."""
    named = {}
    for ours, theirs in (("first", "conv1"), ("second", "conv2")):
        for kind in ("weight", "bias"):
            named[f"{ours}.{kind}"] = weights[f"{theirs}/{kind}"]
    for layer in range(LAYERS):
        theirs, ours = f"layer_{layer}", f"blocks.{layer}"
        attention, feed = f"{theirs}/self_attention", f"{theirs}/ffn"
        for norm, source in (("norm_attention", attention), ("norm_feed", feed)):
            named[f"{ours}.{norm}.weight"] = weights[f"{source}/layer_norm/gamma"]
            named[f"{ours}.{norm}.bias"] = weights[f"{source}/layer_norm/beta"]
        for kind in ("weight", "bias"):
            query, key, value = weights[f"{attention}/linear_0/{kind}"].chunk(3)
            named[f"{ours}.query.{kind}"] = query
            named[f"{ours}.key_value.{kind}"] = torch.cat([key, value])
            for matrix, source in (
                ("out", f"{attention}/linear_1"),
                ("feed.0", f"{feed}/linear_0"),
                ("feed.2", f"{feed}/linear_1"),
            ):
                named[f"{ours}.{matrix}.{kind}"] = weights[f"{source}/{kind}"]
    return named
