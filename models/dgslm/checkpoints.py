"""dGSLM's files: the training's state, and the trained weights, half as large, to pass on.

Both are torch files without any code in them: the network's sizes, the number of units, weights.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.errors import DuologueError
from models.dgslm.network import Towers, TowersConfig
from models.language.checkpoints import save_file


def described(net: Towers) -> dict[str, Any]:
    """What a file tells of its network."""
    return {"config": asdict(net.config), "unit_count": net.unit_count}


def save_dgslm(net: Towers, path: Path) -> None:
    """Write the weights in float16, whole or not at all."""
    weights = {name: weight.half().cpu() for name, weight in net.state_dict().items()}
    save_file(path, described(net) | {"weights": weights})


def load_dgslm(path: Path) -> Towers:
    """The network of either file, in float32, for generation.

    Raises DuologueError where the file does not hold one.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        net = Towers(TowersConfig(**saved["config"]), saved["unit_count"])
        net.load_state_dict({name: weight.float() for name, weight in saved["weights"].items()})
    except FileNotFoundError as error:
        raise DuologueError(f"There is no {path}; train one with duologue-train dgslm.") from error
    except Exception as error:  # torch has a class of its own for each kind of damage
        raise DuologueError(
            f"{path} does not hold a dGSLM ({error}); give a file of duologue-train dgslm."
        ) from error
    return net.eval()
