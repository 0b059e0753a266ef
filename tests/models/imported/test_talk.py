"""A bundle of an imported tokenizer and an imported vocoder talks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.vocoder import StreamingVocoder
from models.imported.hubert import Hubert, HubertConfig
from models.imported.hubert_export import export_hubert
from models.imported.parts import (
    MODEL,
    TOKENIZER,
    VOCODER,
    TokenizerPart,
    VocoderPart,
    forget_part,
    new_folder,
    write_part,
)
from models.imported.streaming_hifigan import StreamingHifigan, export_streaming_hifigan
from models.imported.unit_hifigan import load_unit_hifigan
from models.pack import pack_bundle
from tests.engine.tiny_bundle import UNIT_COUNT, write_tiny_bundle
from tests.models.imported.checkpoints import write_hifigan

SMALL = HubertConfig(
    channels=(16,) * 8,
    kernels=(10, 3, 3, 3, 3, 2, 2, 2),
    strides=(5, 2, 2, 2, 2, 2, 2, 2),
    bias=False,
    width=32,
    heads=4,
    feed_width=48,
    layers=2,
    position_kernel=16,
    position_groups=4,
    position_batch_norm=True,
    projection_norm=True,
    norm_epsilon=1e-5,
)


@torch.no_grad()
def _import_both(work: Path, exact: bool = False) -> StreamingHifigan:
    torch.manual_seed(0)
    net = Hubert(SMALL, 2, UNIT_COUNT, delay_frames=2).eval()
    net.centroids = net.features(torch.randn(1, UNIT_COUNT * 640) * 0.1)[0]
    folder = new_folder(work, TOKENIZER, ())
    export_hubert(net, folder / MODEL, exact)
    write_part(
        folder,
        TokenizerPart(unit_count=UNIT_COUNT, window_ms=1000, lookahead_ms=80, delay_ms=80),
    )
    write_hifigan(work / "their", num_embeddings=UNIT_COUNT)
    stream = StreamingHifigan(load_unit_hifigan(work / "their"), 2)
    folder = new_folder(work, VOCODER, ())
    export_streaming_hifigan(stream, folder / MODEL)
    write_part(
        folder,
        VocoderPart(unit_count=UNIT_COUNT, past_frames=stream.past_frames, delay_ms=80),
    )
    return stream


def test_both_are_packed_and_talk(tmp_path: Path) -> None:
    stream = _import_both(tmp_path / "work")
    base = write_tiny_bundle(tmp_path / "base")
    pack_bundle(tmp_path / "work", tmp_path / "packed", "1.0.0", base.folder)
    # Without a work folder's models, those of the bundle come with all that belongs to them.
    pack_bundle(tmp_path / "nothing", tmp_path / "again", "1.0.1", tmp_path / "packed")
    for name in ("packed", "again"):
        packed = load_bundle(tmp_path / name)
        encoder, vocoder = packed.manifest.encoder, packed.manifest.vocoder
        assert (encoder.window_ms, encoder.lookahead_ms, encoder.delay_ms) == (1000, 80, 80)
        assert (vocoder.past_frames, vocoder.delay_ms) == (stream.past_frames, 80)
        duplex = Duplex(packed)
        sound = np.random.default_rng(0).uniform(-0.3, 0.3, (8, 2560)).astype(np.float32)
        steps = [duplex.step(chunk) for chunk in sound]
        duplex.close()
        assert any(step.own_units for step in steps)
        spoken = np.concatenate([step.agent_audio for step in steps])
        assert spoken.shape == (8 * 2560,) and spoken.std() > 1e-3
        heard = {unit for step in steps for chunk in step.user_units for unit in chunk}
        assert len(heard) > 3
        # The engine gives the vocoder its chunks one by one.
        voice = StreamingVocoder.of(packed)
        alone = np.concatenate([voice.push(step.own_frames) for step in steps])
        np.testing.assert_allclose(spoken, alone, atol=1e-5)


def test_an_interrupted_import_leaves_the_bundles_models_as_none_does(tmp_path: Path) -> None:
    _import_both(tmp_path / "work", exact=True)
    base = write_tiny_bundle(tmp_path / "base")
    pack_bundle(tmp_path / "work", tmp_path / "packed", "1.0.0", base.folder)
    forget_part(tmp_path / "work" / TOKENIZER)
    for work in ("work", "nothing"):
        pack_bundle(tmp_path / work, tmp_path / f"from-{work}", "1.0.1", tmp_path / "packed")
    sizes = [
        (tmp_path / f"from-{work}" / "tokenizer.onnx").stat().st_size
        for work in ("work", "nothing")
    ]
    assert sizes[0] == sizes[1]
