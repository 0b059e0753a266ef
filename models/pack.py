"""Packs trained models into a bundle: tokenizer, vocoder and reader as ONNX, the language model as
GGUF, and the manifest.

Knows no training and no networks' insides; each model's room exports it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import (
    AgentUnits,
    Bundle,
    EncoderSettings,
    FileEntry,
    Files,
    Manifest,
    ReaderSettings,
    Samplings,
    SamplingSettings,
    TextSettings,
    TokenIds,
    VocoderSettings,
    describe_file,
    load_bundle,
    manifest_version,
    write_manifest,
)
from engine.syncllm.tokens import TextSlot
from engine.syncllm.word_pieces import write_pieces
from engine.timebase import FRAME_MS
from engine.voice.agent_voice import has_these_units
from engine.voice.hibari_network import HibariNetwork
from models import script
from models.imported.parts import MODEL, TOKENIZER, VOCODER, TokenizerPart, VocoderPart, read_part
from models.language.gguf import export_gguf, load_llama
from models.language.vocabulary import Spelling, Vocabulary
from models.onnx_matrices import round_matrices
from models.reader.export import export_reader
from models.reader.lexicon import agent_lexicon
from models.reader.train import load_reader, reader_pieces
from models.tokenizer.export import export_tokenizer, silence_unit
from models.tokenizer.network import DELAY_FRAMES, load_tokenizer
from models.vocoder.export import export_vocoder_network
from models.vocoder.network import AUDIO_DELAY_FRAMES, load_vocoder
from models.voice.export import export_voice
from models.voice.network import AUDIO_DELAY_FRAMES as VOICE_DELAY_FRAMES
from models.voice.network import load_voice

AGENT_SILENCE = 0
"""The agent's own unit of silence."""
PIECES_NAME, READER_NAME, LEXICON_NAME = "pieces.json", "reader.onnx", "lexicon.json"
ENCODER_WINDOW_MS = 2000
"""Past sound encoded again with each chunk. The model card has the agreement of its units with
those of whole files."""


def text_settings(slot: TextSlot, pieces: Sequence[str], path: Path) -> TextSettings:
    """Write the pieces to ``path`` and return the manifest's section on the text slot.

    Raises ValueError where the slot is for another number of pieces.
    """
    if len(pieces) != slot.piece_count:
        raise ValueError(f"{len(pieces)} pieces for a text slot of {slot.piece_count}")
    write_pieces(path, pieces)
    return TextSettings(pieces=describe_file(path), **asdict(slot))


# Each of these takes the imported model, exports the trained one, or else copies that of another
# bundle.
# A model comes with the number of its units.


def _tokenizer(
    work: Path, shipped: Bundle | None, path: Path
) -> tuple[EncoderSettings | None, int]:
    """None for the settings of a tokenizer of our own kind."""
    trained = work / "tok" / "tokenizer.pt"
    if part := read_part(work / TOKENIZER, TokenizerPart):
        _copy(work / TOKENIZER / MODEL, path)
        settings = EncoderSettings(
            window_ms=part.window_ms, lookahead_ms=part.lookahead_ms, delay_ms=part.delay_ms
        )
        return settings, part.unit_count
    if trained.exists():
        export_tokenizer(trained, path)
        return None, load_tokenizer(trained).unit_count
    if shipped is None:
        raise _missing(trained)
    _copy(shipped.tokenizer, path)
    return shipped.manifest.encoder, shipped.manifest.unit_count


def _vocoder(work: Path, shipped: Bundle | None, path: Path) -> tuple[VocoderSettings, int]:
    """A voice goes before a vocoder."""
    trained, voice_trained = work / "voc" / "vocoder.pt", work / "voice" / "voice.pt"
    if part := read_part(work / VOCODER, VocoderPart):
        _copy(work / VOCODER / MODEL, path)
        settings = VocoderSettings(past_frames=part.past_frames, delay_ms=part.delay_ms)
        return settings, part.unit_count
    if voice_trained.exists():
        voice = load_voice(voice_trained)
        export_voice(voice, path)
        settings = VocoderSettings(
            past_frames=voice.config.past_frames, delay_ms=VOICE_DELAY_FRAMES * FRAME_MS
        )
        return settings, voice.config.unit_count
    if trained.exists():
        vocoder = load_vocoder(trained)
        export_vocoder_network(vocoder, path)
        saved = torch.load(trained, map_location="cpu", weights_only=True)
        delay_frames = saved.get("delay_frames", AUDIO_DELAY_FRAMES)
        settings = VocoderSettings(
            past_frames=vocoder.config.past_frames, delay_ms=delay_frames * FRAME_MS
        )
        return settings, vocoder.config.unit_count
    if shipped is None:
        raise _missing(trained)
    _copy(shipped.vocoder, path)
    return shipped.manifest.vocoder, shipped.manifest.own_unit_count


def _reader(
    trained: Path, shipped: Bundle | None, folder: Path, single_table: bool
) -> tuple[ReaderSettings | None, int]:
    """None where neither has a reader. Its units are those of both speakers; with a single table
    another bundle's reader reads both as the user's."""
    network, pieces = folder / READER_NAME, folder / PIECES_NAME
    if trained.exists():
        net, vocabulary = load_reader(trained)
        export_reader(net, network)
        write_pieces(pieces, reader_pieces(vocabulary))
        count, units = len(reader_pieces(vocabulary)), net.config.units
    elif shipped and shipped.reader:
        _copy(shipped.reader, network)
        write_pieces(pieces, shipped.pieces)
        manifest = shipped.manifest
        count, units = len(shipped.pieces), manifest.unit_count
        if manifest.agent_units and not single_table:
            units += manifest.own_unit_count
    else:
        return None, 0
    settings = ReaderSettings(
        network=describe_file(network), pieces=describe_file(pieces), piece_count=count
    )
    return settings, units


def _lexicon(shipped: Bundle | None, units: AgentUnits, folder: Path) -> FileEntry | None:
    """The words of the script's sentences in units of the agent's own; None for other units."""
    if not has_these_units(units.count):
        return None
    path = folder / LEXICON_NAME
    try:
        phones = HibariNetwork().phones
    except DuologueError:
        if not (shipped and shipped.lexicon):
            raise
        lexicon = shipped.lexicon
    else:
        lexicon = agent_lexicon(script.agent_sentences(), phones)
    path.write_text(lexicon.model_dump_json() + "\n", encoding="utf8")
    return describe_file(path)


def _missing(trained: Path) -> DuologueError:
    return DuologueError(f"{trained} is missing; train it, or name a bundle that has this model.")


@dataclass(frozen=True)
class _LanguageModel:
    """What the manifest says of the language model."""

    unit_count: int
    tokens: TokenIds
    boundary_emit: bool
    context_tokens: int
    text: TextSettings | None
    agent_units: AgentUnits | None

    @property
    def own_unit_count(self) -> int:
        """How many units the agent has."""
        return self.agent_units.count if self.agent_units else self.unit_count


def _language_model(trained: Path, shipped: Bundle | None, folder: Path) -> _LanguageModel:
    path, pieces = folder / "language_model.gguf", folder / PIECES_NAME
    if trained.exists():
        net = load_llama(trained)
        saved = torch.load(trained, map_location="cpu", weights_only=True)
        known = tuple(saved.get("pieces", ()))
        vocabulary = Vocabulary(
            saved["unit_count"],
            tuple(saved["words"]),
            saved.get("own_unit_count", 0),
            Spelling(known) if known else None,
        )
        if known and not saved["format"]["text"]:
            # A talk without words needs none of a text LLM's rows.
            net = net.with_rows(vocabulary.kept_without_text())
            vocabulary = vocabulary.without_text()
        export_gguf(net, path)
        bos = vocabulary.bos
        tokens = TokenIds(
            unit_base=0,
            s0=vocabulary.s0,
            s1=vocabulary.s1,
            bos={160: bos[160], 200: bos[200], 240: bos[240]},
        )
        text = None
        if saved["format"]["text"]:
            text = text_settings(vocabulary.slot, vocabulary.pieces, pieces)
        emit = saved["format"]["boundary_emit"]
        own = vocabulary.own_table
        return _LanguageModel(
            vocabulary.unit_count,
            tokens,
            emit,
            saved["context"],
            text,
            AgentUnits(count=own.count, base=own.base, silence_unit=AGENT_SILENCE) if own else None,
        )
    if shipped is None:
        raise _missing(trained)
    _copy(shipped.language_model, path)
    manifest = shipped.manifest
    if manifest.text:
        _copy(shipped.folder / manifest.text.pieces.path, pieces)
    return _LanguageModel(
        manifest.unit_count,
        manifest.tokens,
        manifest.boundary_emit,
        manifest.context_tokens,
        manifest.text,
        manifest.agent_units,
    )


def _check_units(part: str, has: int, needs: int) -> None:
    """Raises DuologueError where a part has other units than the language model."""
    if has != needs:
        raise DuologueError(
            f"The {part} has {has} units where the language model has {needs}; train both on the "
            "same units."
        )


def _copy(source: Path, path: Path) -> None:
    """Copy a file, unless both paths name the same file."""
    if not path.exists() or not source.samefile(path):
        shutil.copyfile(source, path)


def pack_bundle(
    work: Path,
    folder: Path,
    version: str,
    base: Path | None = None,
    context_tokens: int | None = None,
    name: str = "starter",
) -> None:
    """Export all models trained in ``work`` to ``folder`` and write the manifest.

    A model that ``work`` does not have is copied from the bundle ``base``. A reader is optional; a
    bundle with a text slot has none. ``context_tokens`` is the length of the context, by default
    that of the training's sequences; a shorter one is faster. Raises DuologueError where a model is
    missing, where two have other units, or where the result does not load.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer_path = folder / "tokenizer.onnx"
    vocoder_path = folder / "vocoder.onnx"
    shipped = load_bundle(base) if base else None
    encoder, heard_units = _tokenizer(work, shipped, tokenizer_path)
    vocoder, spoken_units = _vocoder(work, shipped, vocoder_path)
    # The import has rounded what it brought, or was told not to.
    if not read_part(work / TOKENIZER, TokenizerPart):
        round_matrices(tokenizer_path)
    if not read_part(work / VOCODER, VocoderPart):
        round_matrices(vocoder_path)
    model = _language_model(work / "lm" / "lm.pt", shipped, folder)
    _check_units("tokenizer", heard_units, model.unit_count)
    _check_units("vocoder", spoken_units, model.own_unit_count)
    reader = None
    if not model.text:
        single_table = model.agent_units is None
        reader, read_units = _reader(work / "reader" / "reader.pt", shipped, folder, single_table)
        if reader:
            both = model.unit_count + (model.own_unit_count if model.agent_units else 0)
            _check_units("reader", read_units, both)
    units = model.agent_units
    lexicon = _lexicon(shipped, units, folder) if reader and units else None
    if units:
        units = units.model_copy(update={"lexicon": lexicon})
    kept = {PIECES_NAME: model.text or reader, READER_NAME: reader, LEXICON_NAME: lexicon}
    for file, used in kept.items():
        if not used:  # left there by an earlier bundle
            (folder / file).unlink(missing_ok=True)
    manifest = Manifest(
        manifest_version=manifest_version(model.text, reader, units),
        name=name,
        version=version,
        licence="Apache-2.0 (see MODEL_CARD.md for the data)",
        unit_rate_hz=25,
        unit_count=model.unit_count,
        silence_unit=silence_unit(tokenizer_path),
        files=Files(
            tokenizer=describe_file(tokenizer_path),
            language_model=describe_file(folder / "language_model.gguf"),
            vocoder=describe_file(vocoder_path),
        ),
        tokens=model.tokens,
        chunks_ms=[160, 200, 240],
        default_chunk_ms=160,
        boundary_emit=model.boundary_emit,
        encoder=encoder
        or EncoderSettings(window_ms=ENCODER_WINDOW_MS, delay_ms=DELAY_FRAMES * FRAME_MS),
        vocoder=vocoder,
        context_tokens=context_tokens or model.context_tokens,
        sampling=Samplings(
            own=SamplingSettings(temperature=0.3, top_p=0.9),
            estimate=SamplingSettings(temperature=0.3, top_p=0.9),
        ),
        text=model.text,
        reader=reader,
        agent_units=units,
    )
    write_manifest(folder, manifest)
    load_bundle(folder)
