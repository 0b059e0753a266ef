"""An optional part: a folder with the files of a model, and a manifest of them.

There are three kinds: what hears words, the agent's voice for any text, and a text model. None is
in a bundle, because all bundles can use it. Nothing in a part is executed. Knows neither what the
models compute nor where parts are kept; see `app.part_store`.
"""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import DuologueError
from engine.log_file import shown

PART_MANIFEST_NAME = "part.json"
MOST_MANIFEST_BYTES = 100_000
LICENCE_NAME = "LICENSE"
GGUF_NAME = "model.gguf"
PartKind = Literal["hearing", "voice", "text-model"]
PART_KINDS: tuple[PartKind, ...] = get_args(PartKind)
PART_FILES: dict[PartKind, tuple[str, ...]] = {
    "hearing": ("model.bin", "config.json", "vocabulary.txt", LICENCE_NAME),
    "voice": (
        "hibari.onnx",
        "vocab.json",
        "lexicon_us_gold.json.gz",
        "lexicon_us_silver.json.gz",
        "oov.onnx",
        "oov.json",
        "tagger.json.gz",
        "tokenizer_exceptions.json",
        LICENCE_NAME,
        "NOTICE",
    ),
    "text-model": (GGUF_NAME, LICENCE_NAME),
}
"""The files of each kind; a part has exactly these."""
_MOST_FILE_BYTES = 300_000_000
_MOST_LETTERS = 100
_REMEDY = "install that part again"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PartFile(_Strict):
    """One file of the part."""

    path: str
    """A name of ``PART_FILES``: nothing else is ever read."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0, le=_MOST_FILE_BYTES)]


class PartManifest(_Strict):
    """What a part is, and its files."""

    part_version: Literal[1]
    kind: PartKind = "hearing"
    """The first parts had no kind: they hear."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$")]
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
    licence: Annotated[str, Field(max_length=200)]
    files: Annotated[list[PartFile], Field(max_length=max(map(len, PART_FILES.values())))]


def describe_part(
    folder: Path, kind: PartKind, name: str, version: str, licence: str
) -> PartManifest:
    """The manifest of the files in a folder, which must all be there."""
    files = [
        PartFile(path=file, sha256=_sha256(folder / file), bytes=(folder / file).stat().st_size)
        for file in PART_FILES[kind]
    ]
    return PartManifest(
        part_version=1,
        kind=kind,
        name=name,
        version=version,
        licence=licence,
        files=files,
    )


def write_part_manifest(folder: Path, manifest: PartManifest) -> None:
    """Write it beside the part's files."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=2)
    (folder / PART_MANIFEST_NAME).write_text(text + "\n", "utf8")


def read_part_manifest(path: Path) -> PartManifest:
    """Read a manifest, but not the files it names. Raises DuologueError where it is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would block
            raise ValueError("no plain file")
        with path.open("rb") as stream:
            text = stream.read(MOST_MANIFEST_BYTES + 1)
        if len(text) > MOST_MANIFEST_BYTES:
            raise ValueError("too large")
        manifest = PartManifest.model_validate_json(text)
        if sorted(entry.path for entry in manifest.files) != sorted(PART_FILES[manifest.kind]):
            raise ValueError("it lists other files than its kind has")
    except OSError as error:
        raise DuologueError(f"{path} cannot be read ({error.strerror}); {_REMEDY}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its beginning"
        reason = shown(f"{first['msg']} at {place}", _MOST_LETTERS)
        raise _not_one(path, reason) from error
    except ValueError as error:
        raise _not_one(path, shown(error, _MOST_LETTERS)) from error
    return manifest


def _not_one(path: Path, reason: str) -> DuologueError:
    return DuologueError(
        f"{path} is no manifest of a part that this Duologue can use ({reason}); get the part "
        "for this version."
    )


def check_part(folder: Path, kind: PartKind | None = None) -> PartManifest:
    """Check a part's manifest and all its files: sizes and SHA-256.

    ``kind`` is the kind that it must have; None: any. Raises DuologueError with the remedy.
    """
    path = folder / PART_MANIFEST_NAME
    manifest = read_part_manifest(path)
    if kind and manifest.kind != kind:
        raise _not_one(path, f"its kind is {manifest.kind}, not {kind}")
    for entry in manifest.files:
        path = folder / entry.path
        try:
            right = (
                stat.S_ISREG(path.stat().st_mode)
                and path.stat().st_size == entry.bytes
                and _sha256(path) == entry.sha256
            )
        except OSError as error:
            raise DuologueError(
                f"{path} cannot be read ({error.strerror or error}); {_REMEDY}."
            ) from error
        if not right:
            raise DuologueError(f"{path} is damaged; {_REMEDY}.")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
