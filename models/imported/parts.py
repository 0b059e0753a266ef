"""What a work folder holds of an imported model: the ONNX file, and what the manifest needs of it.

The commands write it, `models.pack` reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import DuologueError

TOKENIZER, VOCODER = Path("tok") / "imported", Path("voc") / "imported"
"""Folders of the parts in the work folder."""
MODEL, SETTINGS = "model.onnx", "settings.json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TokenizerPart(_Strict):
    """An imported tokenizer."""

    unit_count: int
    window_ms: int
    lookahead_ms: int
    delay_ms: int


class VocoderPart(_Strict):
    """An imported vocoder."""

    unit_count: int
    past_frames: int
    delay_ms: int


_Part = TypeVar("_Part", TokenizerPart, VocoderPart)


def write_part(folder: Path, part: TokenizerPart | VocoderPart) -> None:
    """Write the settings beside the model."""
    (folder / SETTINGS).write_text(part.model_dump_json(indent=2) + "\n", encoding="utf8")


def read_part(folder: Path, kind: type[_Part]) -> _Part | None:
    """The settings of a folder's imported model; None if there is none.

    Raises DuologueError where they are damaged.
    """
    path = folder / SETTINGS
    if not path.is_file() or not (folder / MODEL).is_file():
        return None
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DuologueError(f"{path} is damaged; import the model again.") from error


def imported_tokenizer(work: Path) -> Path | None:
    """The ONNX file of a work folder's imported tokenizer; None if there is none, or only what an
    interrupted import left."""
    folder = work / TOKENIZER
    return folder / MODEL if read_part(folder, TokenizerPart) else None


def new_folder(work: Path, part: Path, trained: tuple[str, ...]) -> Path:
    """The folder for an imported model, made if need be.

    Raises DuologueError where the work folder holds a trained model in its place.
    """
    for name in trained:
        if (work / name).exists():
            raise DuologueError(
                f"{work / name} was trained here; give another work folder for the imported model."
            )
    folder = work / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget_part(folder: Path) -> None:
    """Let what is in the folder count no longer, before its model is overwritten: until
    ``write_part``, an interrupted import is none."""
    (folder / SETTINGS).unlink(missing_ok=True)
