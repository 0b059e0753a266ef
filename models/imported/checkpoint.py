"""Reads a folder with ``config.json`` and weights, without running what a file may hold.

Knows the two kinds of weight files, not the networks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import DuologueError

_INDEX = "model.safetensors.index.json"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; DuologueError if there is none."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); give the folder of a whole checkpoint."
        ) from error
    except (ValueError, RecursionError) as error:
        raise DuologueError(f"{path} is no JSON file; download the checkpoint again.") from error
    if not isinstance(content, dict):
        raise DuologueError(f"{path} holds no settings; download the checkpoint again.")
    return content


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All weights of a checkpoint in the transformers layout, by their names, as float32.

    Takes ``model.safetensors``, its parts with an index, or ``pytorch_model.bin``. Raises
    DuologueError where there is none, or where one is damaged.
    """
    if (index := folder / _INDEX).is_file():
        parts = read_json(index).get("weight_map")
        if not isinstance(parts, dict) or not all(_plain_name(name) for name in parts.values()):
            raise DuologueError(f"{index} names no parts; download the checkpoint again.")
        weights: dict[str, Tensor] = {}
        for name in sorted(set(parts.values())):
            weights |= read_safetensors(folder / name)
        return weights
    if (whole := folder / "model.safetensors").is_file():
        return read_safetensors(whole)
    if (pickled := folder / "pytorch_model.bin").is_file():
        return read_torch(pickled)
    raise DuologueError(
        f"{folder} holds neither model.safetensors nor pytorch_model.bin; give the folder of a "
        "whole checkpoint."
    )


def _plain_name(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name


def read_torch(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of ``torch.save``, flat or under the key generator or state_dict.

    torch refuses whatever is not plain data (``weights_only``). Raises DuologueError.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has no one kind of error for what it refuses
        raise DuologueError(
            f"{path} is damaged, or holds more than weights, which Duologue does not run; "
            "convert it to safetensors, or give another file."
        ) from error
    for key in ("generator", "state_dict", "model"):
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    tensors = {k: v for k, v in saved.items() if torch.is_tensor(v)} if _is_dict(saved) else {}
    if not tensors:
        raise DuologueError(f"{path} holds no weights; give another file.")
    return {name: _plain(tensor) for name, tensor in tensors.items()}


def _is_dict(saved: object) -> bool:
    return isinstance(saved, dict) and all(isinstance(name, str) for name in saved)


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises DuologueError where the file is damaged."""
    try:
        tensors = load_file(path)
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror or error}); give the folder of a whole "
            "checkpoint."
        ) from error
    except (SafetensorError, KeyError, ValueError) as error:
        raise DuologueError(f"{path} is no whole safetensors file; download it again.") from error
    return {name: _plain(tensor) for name, tensor in tensors.items()}


def _plain(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def take(weights: dict[str, Tensor], name: str, shape: tuple[int, ...], source: Path) -> Tensor:
    """The weight of that name and shape; DuologueError where there is none."""
    found = weights.get(name)
    if found is None:
        raise DuologueError(f"{source} has no weight {name}; it does not fit its config.json.")
    if tuple(found.shape) != shape:
        raise DuologueError(
            f"{source} has the weight {name} in shape {tuple(found.shape)} instead of {shape}; it "
            "does not fit its config.json."
        )
    return found


def take_normed(
    weights: dict[str, Tensor], name: str, shape: tuple[int, ...], dim: int, source: Path
) -> Tensor:
    """The weight ``name``.weight, of its length and its direction where they lie apart.

    Weight norm keeps both, under the names of one or another age of torch; the lengths are along
    ``dim``.
    """
    if f"{name}.weight" in weights:
        return take(weights, f"{name}.weight", shape, source)
    pairs = [("weight_g", "weight_v")]
    pairs.append(("parametrizations.weight.original0", "parametrizations.weight.original1"))
    lengths = tuple(size if axis == dim else 1 for axis, size in enumerate(shape))
    old = f"{name}.{pairs[0][0]}" in weights
    length_name, direction_name = pairs[0 if old else 1]
    length = take(weights, f"{name}.{length_name}", lengths, source)
    direction = take(weights, f"{name}.{direction_name}", shape, source)
    others = [axis for axis in range(len(shape)) if axis != dim]
    return direction * (length / direction.norm(dim=others, keepdim=True))
