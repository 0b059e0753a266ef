"""The baseline dGSLM as a system of a folder of continuations (``models.paper.continuations``).

It knows the units of a tokenizer and has no voice, so a bundle with one table of the same units
hears the prompts and speaks what it writes. Needs torch, unlike the rest of this room.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.dgslm.checkpoints import load_dgslm
from models.dgslm.generate import continue_units
from models.dgslm.network import Towers
from models.paper.continuations import Maker, add_system, read_dialogues
from models.paper.unit_sides import UnitSides


class DgslmContinuer:
    """dGSLM behind the seam ``Continuer``, with the published temperatures and beam."""

    def __init__(self, net: Towers) -> None:
        self._net = net

    def continue_units(self, prompt_units: np.ndarray, frames: int, seed: int) -> np.ndarray:
        """See ``Continuer``."""
        return continue_units(self._net, prompt_units, frames, seed)


def add_dgslm(folder: Path, checkpoint: Path, bundle: Path, system: str = "dgslm") -> None:
    """Write how dGSLM continues each dialogue of a folder that has its true dialogues.

    Raises DuologueError where the bundle has other units than dGSLM.
    """
    net, voice = load_dgslm(checkpoint), load_bundle(bundle)
    manifest = voice.manifest
    if manifest.agent_units or manifest.unit_count != net.unit_count:
        raise DuologueError(
            f"{bundle} cannot speak the {net.unit_count} units of {checkpoint}; give a bundle with "
            "one table of these units."
        )
    files = manifest.files
    maker: Maker = {
        "tokenizer": files.tokenizer.sha256,
        "vocoder": files.vocoder.sha256,
        "model": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
    }
    sides = UnitSides(voice)
    add_system(folder, system, read_dialogues(folder), DgslmContinuer(net), sides, maker)
