"""A copy of a bundle for a GPU: its ONNX models multiply float32 in place of int8."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import DuologueError
from engine.syncllm.bundle import describe_file, load_bundle, write_manifest
from models.onnx_matrices import exact_matrices


def write_exact_bundle(source: Path | None, folder: Path) -> None:
    """Copy the bundle ``source``, by default the starter, to ``folder``, which must not be there.

    Raises DuologueError where it is, or where the bundle cannot be used.
    """
    bundle = load_bundle(source)
    if folder.exists():
        raise DuologueError(f"{folder} is there already; give a new folder with --out.")
    shutil.copytree(bundle.folder, folder)
    files = bundle.manifest.files
    changed = {}
    for name in ("tokenizer", "vocoder"):
        path = folder / getattr(files, name).path
        exact_matrices(path)
        changed[name] = describe_file(path)
    manifest = bundle.manifest.model_copy(
        update={
            "version": f"{bundle.manifest.version}-exact",
            "files": files.model_copy(update=changed),
        }
    )
    write_manifest(folder, manifest)
    load_bundle(folder)
