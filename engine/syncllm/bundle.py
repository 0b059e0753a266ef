"""A bundle: a folder that holds one set of models, and the manifest that describes it.

Everything that comes from outside is checked here, before a model is opened. Every error names the
file and says what to do.
"""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from engine.errors import DuologueError
from engine.log_file import shown
from engine.resource_files import resources
from engine.syncllm.lexicon import Lexicon, read_lexicon
from engine.syncllm.sampling import Sampling
from engine.syncllm.tokens import TextSlot, TokenFormat, UnitTable
from engine.syncllm.word_pieces import read_pieces
from engine.timebase import FRAME_MS, UNIT_RATE_HZ

MANIFEST_NAME = "manifest.json"
PLAIN_VERSION: Literal[1] = 1
TEXT_VERSION: Literal[2] = 2
READER_VERSION: Literal[3] = 3
AGENT_UNITS_VERSION: Literal[4] = 4
LEXICON_VERSION: Literal[5] = 5
"""Manifest versions: without words, with a text slot, with a reader, with a unit table of the
agent's own (and a text slot, a reader or neither), with a lexicon of these units. A program that
knows only the first can still read all bundles that it can run, and asks for a newer Duologue for
the others."""
_KNOWN_VERSIONS = (
    PLAIN_VERSION,
    TEXT_VERSION,
    READER_VERSION,
    AGENT_UNITS_VERSION,
    LEXICON_VERSION,
)
MAX_TEXT = 8
"""Most text tokens of one kind in a chunk; the longest chunk, 240 ms, seldom holds a whole word."""
# Far above what anybody trains and far below what a computer cannot hold. A number beyond these is
# a mistake, which would otherwise show only when a conversation starts.
_MOST_FILE_BYTES = 1 << 40
_MAX_MS = 30_000
_MOST_FRAMES = _MAX_MS // FRAME_MS
_MOST_UNITS = 1 << 16
_MOST_PIECES = 1 << 18
_MOST_ID = 1 << 24
_MOST_CONTEXT_TOKENS = 1 << 17
_MOST_SINK_CHUNKS = 10_000
_MOST_NAME_LETTERS = 100
_MOST_LICENCE_LETTERS = 1_000
MOST_MANIFEST_BYTES = 1_000_000
_MOST_QUOTED_LETTERS = 60
_REMEDY = "install the bundle again"


def _key_number(key: object) -> object:
    """A number from a key of a JSON object, which is always text."""
    return int(key) if isinstance(key, str) and key.isdecimal() else key


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("only printable letters are allowed here")
    return text


ChunkMs = Literal[160, 200, 240]
ManifestVersion = Literal[1, 2, 3, 4, 5]
ChunkMsKey = Annotated[ChunkMs, BeforeValidator(_key_number)]
TokenId = Annotated[int, Field(ge=0, le=_MOST_ID)]
UnitCount = Annotated[int, Field(gt=0, le=_MOST_UNITS)]
PieceCount = Annotated[int, Field(gt=0, le=_MOST_PIECES)]
Milliseconds = Annotated[int, Field(ge=0, le=_MAX_MS, multiple_of=FRAME_MS)]
Line = Annotated[str, AfterValidator(_one_line)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FileEntry(_Strict):
    """One file of the bundle."""

    path: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
    """A plain file name: a bundle has no subfolders, and no file outside it is ever read."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0, le=_MOST_FILE_BYTES)]


class Files(_Strict):
    """The three models."""

    tokenizer: FileEntry
    language_model: FileEntry
    vocoder: FileEntry


class TokenIds(_Strict):
    """The meaning of the language model's token ids."""

    unit_base: TokenId
    """Token id of unit 0."""
    s0: TokenId
    s1: TokenId
    bos: dict[ChunkMsKey, TokenId] | None = None
    """First token of a context for each chunk length in ms, if the model was trained with one."""


class AgentUnits(_Strict):
    """The agent's own unit table; without it, both speakers have the tokenizer's units."""

    count: UnitCount
    base: TokenId
    """Token id of the agent's unit 0."""
    silence_unit: Annotated[int, Field(ge=0)]
    lexicon: FileEntry | None = Field(default=None, exclude_if=lambda lexicon: lexicon is None)
    """The file of the agent's words in these units, for its captions; see
    `engine.syncllm.lexicon`. It goes with a reader, which then reads the user alone."""

    def table(self) -> UnitTable:
        """The table for the token format."""
        return UnitTable(self.count, self.base)


class TextSettings(_Strict):
    """The text slot: word pieces in the agent's chunks, before its units."""

    pieces: FileEntry
    """The file of the pieces; see `engine.syncllm.word_pieces`."""
    piece_count: PieceCount
    own_base: TokenId
    """Token id of piece 0 in the agent's words."""
    most_own: Annotated[int, Field(ge=1, le=MAX_TEXT)]
    """Most pieces of the agent's words in a chunk."""
    heard_base: TokenId | None = None
    """Token id of piece 0 in the user's words, if the model transcribes the user."""
    most_heard: Annotated[int, Field(ge=0, le=MAX_TEXT)] = 0

    def slot(self) -> TextSlot:
        """The slot for the token format."""
        return TextSlot(
            self.piece_count, self.own_base, self.most_own, self.heard_base, self.most_heard
        )

    def ids(self) -> list[range]:
        """Ranges of all text token ids."""
        bases = (self.own_base, self.heard_base)
        return [range(base, base + self.piece_count) for base in bases if base is not None]


class ReaderSettings(_Strict):
    """The reader: a model that turns both speakers' units into captions; the dialogue does not
    depend on it. It reads the agent's own units, if there are any, as numbers after the user's."""

    network: FileEntry
    pieces: FileEntry
    """The file of the pieces, like that of a text slot."""
    piece_count: PieceCount


class EncoderSettings(_Strict):
    """How the tokenizer runs on a stream."""

    window_ms: Annotated[Milliseconds, Field(ge=FRAME_MS)]
    """Past sound that is encoded again with every chunk."""
    lookahead_ms: Milliseconds = 0
    """Most future sound that improves a unit."""
    delay_ms: Milliseconds = 0
    """How far a unit lags behind its sound (informative)."""


class VocoderSettings(_Strict):
    """How the vocoder runs on a stream."""

    past_frames: Annotated[int, Field(ge=0, le=_MOST_FRAMES)]
    """How many units before a chunk affect its sound; of a vocoder with a state, how many units of
    silence its state hears before the first chunk."""
    delay_ms: Milliseconds = 0
    """How far a sound lags behind its unit (informative)."""


class SamplingSettings(_Strict):
    """How one kind of token is sampled."""

    temperature: Annotated[float, Field(ge=0, le=2)]
    top_p: Annotated[float, Field(gt=0, le=1)]

    def sampling(self) -> Sampling:
        """The sampling for the clock."""
        return Sampling(self.temperature, self.top_p)


class Samplings(_Strict):
    """Sampling of the agent's units and of the user's estimated units."""

    own: SamplingSettings
    estimate: SamplingSettings


class Manifest(_Strict):
    """Everything that the engine must know about the models."""

    manifest_version: ManifestVersion
    name: Annotated[Line, Field(min_length=1, max_length=_MOST_NAME_LETTERS)]
    version: Annotated[Line, Field(max_length=_MOST_NAME_LETTERS)]
    licence: Annotated[str, Field(max_length=_MOST_LICENCE_LETTERS)]
    unit_rate_hz: Literal[25]
    unit_count: UnitCount
    """How many units the tokenizer has; the user's, and the agent's without ``agent_units``."""
    silence_unit: Annotated[int, Field(ge=0)]
    files: Files
    tokens: TokenIds
    chunks_ms: Annotated[list[ChunkMs], Field(min_length=1)]
    default_chunk_ms: ChunkMs
    boundary_emit: bool
    encoder: EncoderSettings
    vocoder: VocoderSettings
    context_tokens: Annotated[int, Field(ge=256, le=_MOST_CONTEXT_TOKENS)]
    sink_chunks: Annotated[int, Field(ge=0, le=_MOST_SINK_CHUNKS)] = 0
    sampling: Samplings
    text: TextSettings | None = Field(default=None, exclude_if=lambda text: text is None)
    reader: ReaderSettings | None = Field(default=None, exclude_if=lambda reader: reader is None)
    agent_units: AgentUnits | None = Field(default=None, exclude_if=lambda units: units is None)
    """Text, reader and the agent's units are left out of the file if absent, so that a manifest's
    hash, by which recordings know their bundle, stays the same."""

    @model_validator(mode="after")
    def _consistent(self) -> Manifest:
        ids = sorted(self._ids(), key=lambda one: one.start)
        if any(first.stop > second.start for first, second in pairwise(ids)):
            raise ValueError("two tokens share an id")
        self._check_version()
        if self.text and (self.text.heard_base is None) != (self.text.most_heard == 0):
            raise ValueError("heard_base and most_heard go together")
        if len(set(self.chunks_ms)) < len(self.chunks_ms):
            raise ValueError("chunks_ms lists a length twice")
        if self.silence_unit >= self.unit_count:
            raise ValueError(f"there is no unit {self.silence_unit}")
        if self.agent_units and self.agent_units.silence_unit >= self.agent_units.count:
            raise ValueError(f"the agent has no unit {self.agent_units.silence_unit}")
        if self.default_chunk_ms not in self.chunks_ms:
            raise ValueError("default_chunk_ms is not among chunks_ms")
        if self.tokens.bos is not None and set(self.chunks_ms) - set(self.tokens.bos):
            raise ValueError("a chunk length has no first token")
        return self

    def _check_version(self) -> None:
        version = self.manifest_version
        with_units = version in (AGENT_UNITS_VERSION, LEXICON_VERSION)
        if (self.agent_units is not None) != with_units:
            raise ValueError(f"manifest version {AGENT_UNITS_VERSION} belongs to agent_units")
        if self.agent_units:
            if self.text and self.reader:
                raise ValueError("a text slot and a reader exclude each other")
            if (self.agent_units.lexicon is not None) != (version == LEXICON_VERSION):
                raise ValueError(f"manifest version {LEXICON_VERSION} belongs to a lexicon")
            if self.agent_units.lexicon and not self.reader:
                raise ValueError("a lexicon goes with a reader")
            return
        if (self.text is not None) != (version == TEXT_VERSION):
            raise ValueError(f"manifest version {TEXT_VERSION} belongs to a text slot")
        if (self.reader is not None) != (version == READER_VERSION):
            raise ValueError(f"manifest version {READER_VERSION} belongs to a reader")

    @property
    def own_unit_count(self) -> int:
        """How many units the agent has."""
        return self.agent_units.count if self.agent_units else self.unit_count

    @property
    def own_silence_unit(self) -> int:
        """The agent's silence."""
        return self.agent_units.silence_unit if self.agent_units else self.silence_unit

    @property
    def own_reader_base(self) -> int:
        """The number by which the reader knows the agent's unit 0."""
        return self.unit_count if self.agent_units else 0

    def vocabulary(self) -> int:
        """Size of the vocabulary that the language model must at least have."""
        return max(one.stop for one in self._ids())

    def entries(self) -> list[FileEntry]:
        """All files except the manifest."""
        files = self.files
        entries = [files.tokenizer, files.language_model, files.vocoder]
        if self.reader:
            entries.append(self.reader.network)
        if self.agent_units and self.agent_units.lexicon:
            entries.append(self.agent_units.lexicon)
        return [*entries, self.words.pieces] if self.words else entries

    @property
    def words(self) -> TextSettings | ReaderSettings | None:
        """The text slot or the reader, whichever writes words; None if neither exists."""
        return self.text or self.reader

    def _ids(self) -> list[range]:
        special = [self.tokens.s0, self.tokens.s1, *(self.tokens.bos or {}).values()]
        units = range(self.tokens.unit_base, self.tokens.unit_base + self.unit_count)
        own = self.agent_units
        more = [range(own.base, own.base + own.count)] if own else []
        more += self.text.ids() if self.text else []
        return [units, *(range(token, token + 1) for token in special), *more]


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files have been verified."""

    folder: Path
    manifest: Manifest
    pieces: tuple[str, ...] = ()
    """The word pieces, if there is a text slot or a reader."""
    lexicon: Lexicon | None = None
    """The agent's words in its units, if there is a lexicon."""

    @property
    def tokenizer(self) -> Path:
        """File of the ONNX tokenizer."""
        return self.folder / self.manifest.files.tokenizer.path

    @property
    def language_model(self) -> Path:
        """File of the GGUF language model."""
        return self.folder / self.manifest.files.language_model.path

    @property
    def vocoder(self) -> Path:
        """File of the ONNX vocoder."""
        return self.folder / self.manifest.files.vocoder.path

    @property
    def reader(self) -> Path | None:
        """File of the ONNX reader, if there is one."""
        reader = self.manifest.reader
        return self.folder / reader.network.path if reader else None

    def token_format(self, chunk_ms: int) -> TokenFormat:
        """The format for a chunk length in ms; DuologueError if it was not trained."""
        manifest = self.manifest
        if chunk_ms not in manifest.chunks_ms:
            known = ", ".join(map(str, manifest.chunks_ms))
            raise DuologueError(
                f"The bundle {manifest.name} was not trained for chunks of {chunk_ms} ms; "
                f"choose one of {known}."
            )
        bos = manifest.tokens.bos
        return TokenFormat(
            unit_count=manifest.unit_count,
            s0=manifest.tokens.s0,
            s1=manifest.tokens.s1,
            chunk_frames=chunk_ms * UNIT_RATE_HZ // 1000,
            bos=None if bos is None else bos[chunk_ms],
            unit_base=manifest.tokens.unit_base,
            boundary_emit=manifest.boundary_emit,
            text=manifest.text.slot() if manifest.text else None,
            own_table=manifest.agent_units.table() if manifest.agent_units else None,
        )


def manifest_version(
    text: object, reader: object, agent_units: AgentUnits | None
) -> ManifestVersion:
    """The version of a manifest with these sections; None for an absent one."""
    if agent_units is not None:
        return LEXICON_VERSION if agent_units.lexicon else AGENT_UNITS_VERSION
    if text is not None:
        return TEXT_VERSION
    return PLAIN_VERSION if reader is None else READER_VERSION


def default_folder() -> Path:
    """The starter bundle that comes with the program."""
    return resources() / "starter"


def load_bundle(folder: Path | None = None) -> Bundle:
    """Read and verify a bundle; without ``folder``, the starter.

    Raises DuologueError if anything is missing, damaged or unknown.
    """
    folder = folder or default_folder()
    manifest = read_manifest(folder / MANIFEST_NAME)
    for entry in manifest.entries():
        _verify(folder / entry.path, entry)
    words = manifest.words
    pieces = read_pieces(folder / words.pieces.path, words.piece_count) if words else ()
    return Bundle(folder, manifest, pieces, _lexicon(folder, manifest.agent_units))


def _lexicon(folder: Path, units: AgentUnits | None) -> Lexicon | None:
    if units is None or units.lexicon is None:
        return None
    return read_lexicon(folder / units.lexicon.path, units.count, units.silence_unit)


def describe_file(path: Path) -> FileEntry:
    """The manifest's entry for a file of its bundle."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileEntry(path=path.name, sha256=digest, bytes=path.stat().st_size)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into its bundle's folder."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=2)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf8")


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest, but not the files it names; DuologueError if it is wrong."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would block
            raise DuologueError(f"{path} is not a plain file; {_REMEDY}.")
        with path.open("rb") as stream:
            text = stream.read(MOST_MANIFEST_BYTES + 1)
        if len(text) > MOST_MANIFEST_BYTES:
            raise DuologueError(f"{path} is too large for a bundle's manifest; {_REMEDY}.")
        content = json.loads(text)
    except FileNotFoundError as error:
        raise DuologueError(
            f"There is no bundle in {path.parent} ({path.name} is missing); "
            "choose a bundle's folder."
        ) from error
    except OSError as error:
        raise DuologueError(f"{path} cannot be read ({error.strerror}); {_REMEDY}.") from error
    except (ValueError, RecursionError) as error:
        raise DuologueError(f"{path} is not a bundle's manifest; {_REMEDY}.") from error
    # First of all, because another version may differ in everything else.
    version = content.get("manifest_version") if isinstance(content, dict) else None
    if version is not None and version not in _KNOWN_VERSIONS:
        known = " and ".join(map(str, _KNOWN_VERSIONS))
        raise DuologueError(
            f"{path} has manifest version {shown(version, _MOST_QUOTED_LETTERS)}, which this "
            f"Duologue does not know (it knows {known}); install the newest Duologue."
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = shown(".".join(map(str, first["loc"])) or "manifest", _MOST_QUOTED_LETTERS)
        problem = first["msg"].removeprefix("Value error, ")
        raise DuologueError(f"{path} has an error at {place}: {problem}; {_REMEDY}.") from error


def _verify(path: Path, entry: FileEntry) -> None:
    try:
        found = path.stat().st_size
        if found != entry.bytes:
            raise DuologueError(
                f"{path} has {found} bytes, but the manifest says {entry.bytes}; {_REMEDY}."
            )
        digest = describe_file(path).sha256
    except FileNotFoundError as error:
        raise DuologueError(f"{path} is missing; {_REMEDY}.") from error
    except OSError as error:
        raise DuologueError(f"{path} cannot be read ({error.strerror}); {_REMEDY}.") from error
    if digest != entry.sha256:
        raise DuologueError(f"{path} does not match the manifest; {_REMEDY}.")
