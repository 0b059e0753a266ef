"""A bundle's copy for a GPU: no int8 products, and it talks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.probes import sound_probe
from engine.syncllm.unit_encoder import Tokenizer
from models.exact_bundle import write_exact_bundle


def test_the_starter_without_int8_hears_nearly_the_same(tmp_path: Path) -> None:
    write_exact_bundle(None, tmp_path / "exact")
    starter, copy = load_bundle(None), load_bundle(tmp_path / "exact")
    assert copy.manifest.version == f"{starter.manifest.version}-exact"
    for path in (copy.tokenizer, copy.vocoder):
        kinds = {node.op_type for node in onnx.load(path).graph.node}
        assert "MatMul" in kinds and not kinds & {"MatMulInteger", "DynamicQuantizeLinear"}
    sound = sound_probe()
    units = [Tokenizer(bundle.tokenizer).units(sound) for bundle in (starter, copy)]
    # Measured 0.98: what is multiplied is no longer rounded.
    assert float(np.mean(units[0] == units[1])) >= 0.9
    with pytest.raises(DuologueError, match="is there already; give a new folder"):
        write_exact_bundle(None, tmp_path / "exact")
