"""A language model trained with a text slot is packed, and speaks words through the engine."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle, TextSettings, describe_file, load_bundle, write_manifest
from engine.syncllm.duplex import Duplex
from engine.syncllm.tokens import TextSlot
from engine.syncllm.vocoder import StreamingVocoder
from models.dialogue.unit_store import save_store
from models.evaluate.agent_voice import EngineVoice
from models.language.budget import Budget
from models.language.gguf import export_gguf
from models.language.llama import Llama, LlamaConfig
from models.language.train import train_lm
from models.language.vocabulary import Vocabulary
from models.pack import pack_bundle, text_settings
from models.reader.train import OUT_OF_VOCABULARY, train_reader
from models.vocoder.network import CausalVocoder, VocoderConfig
from models.voice.network import Voice, VoiceConfig
from tests.engine.tiny_bundle import (
    OWN_UNIT_COUNT,
    PIECES,
    SILENCE,
    UNIT_COUNT,
    write_tiny_bundle,
)
from tests.models.dialogue.test_composer import toy_store

_SLOT = TextSlot(len(PIECES), own_base=208, most_own=2, heard_base=208 + len(PIECES), most_heard=2)
_VOCABULARY = 208 + 2 * len(PIECES)


@pytest.fixture
def plain(tmp_path: Path) -> Bundle:
    """A bundle whose language model may be replaced."""
    return write_tiny_bundle(tmp_path / "bundle")


def test_a_trained_model_says_words_through_the_engine(plain: Bundle) -> None:
    torch.manual_seed(0)
    net = Llama(LlamaConfig(_VOCABULARY, width=64, layers=2, heads=2, feed_width=128)).eval()
    export_gguf(net, plain.language_model)
    text = text_settings(_SLOT, PIECES, plain.folder / "pieces.json")
    files = plain.manifest.files.model_copy(
        update={"language_model": describe_file(plain.language_model)}
    )
    changed = {"manifest_version": 2, "files": files, "text": text}
    write_manifest(plain.folder, plain.manifest.model_copy(update=changed))
    packed = load_bundle(plain.folder)
    assert packed.token_format(160).text == _SLOT
    duplex = Duplex(packed)
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (20, 2560)).astype(np.float32)
    steps = [duplex.step(chunk) for chunk in sound]
    duplex.close()
    assert any(step.own_text for step in steps)
    assert any(step.heard_text for step in steps)


def test_the_section_holds_all_of_the_slot(tmp_path: Path) -> None:
    path = tmp_path / "pieces.json"
    for slot in (_SLOT, TextSlot(len(PIECES), 208, 1)):
        section = text_settings(slot, PIECES, path)
        assert section.slot() == slot
        assert TextSettings.model_validate_json(section.model_dump_json()) == section
    with pytest.raises(ValueError, match="120 pieces for a text slot of 3"):
        text_settings(replace(_SLOT, piece_count=3), PIECES, path)


def test_parts_that_were_not_trained_are_those_of_another_bundle(tmp_path: Path) -> None:
    base = write_tiny_bundle(tmp_path / "base")
    save_store(toy_store(), tmp_path / "speech.pkl.gz")
    train_lm(
        tmp_path / "speech.pkl.gz",
        tmp_path / "lm",
        Budget(steps=1),
        1,
        0,
        "tiny",
        (1,),
        compiled=False,
    )
    pack_bundle(tmp_path, tmp_path / "packed", "1.2.3", base.folder, context_tokens=300)
    packed = load_bundle(tmp_path / "packed")
    assert packed.manifest.version == "1.2.3"
    assert packed.manifest.context_tokens == 300
    assert packed.tokenizer.read_bytes() == base.tokenizer.read_bytes()
    assert packed.vocoder.read_bytes() == base.vocoder.read_bytes()
    assert packed.manifest.vocoder == base.manifest.vocoder
    assert packed.language_model.read_bytes() != base.language_model.read_bytes()
    assert packed.reader is None  # it writes words itself
    with pytest.raises(DuologueError, match="tokenizer.pt is missing; train it, or name a bundle"):
        pack_bundle(tmp_path, tmp_path / "other", "1.2.3")


def test_a_reader_alone_is_packed_with_another_bundles_models(tmp_path: Path) -> None:
    save_store(toy_store(), tmp_path / "speech.pkl.gz")
    train_reader(tmp_path / "speech.pkl.gz", tmp_path / "reader", 0.01, 1, 0)
    base = write_tiny_bundle(tmp_path / "base", reader=True)  # of as many units as the store
    pack_bundle(tmp_path, tmp_path / "packed", "1.2.3", base.folder)
    packed = load_bundle(tmp_path / "packed")
    assert packed.language_model.read_bytes() == base.language_model.read_bytes()
    assert packed.manifest.context_tokens == base.manifest.context_tokens
    assert packed.manifest.tokens == base.manifest.tokens
    assert packed.pieces[-1] == OUT_OF_VOCABULARY
    assert packed.reader and base.reader
    assert packed.reader.read_bytes() != base.reader.read_bytes()
    pack_bundle(tmp_path / "nothing", tmp_path / "again", "1.2.4", packed.folder)
    again = load_bundle(tmp_path / "again")
    assert again.reader and again.reader.read_bytes() == packed.reader.read_bytes()
    assert again.pieces == packed.pieces
    with pytest.raises(DuologueError, match="tokenizer.pt is missing"):
        pack_bundle(tmp_path, tmp_path / "other", "1.2.3")


def test_a_bundle_with_a_text_slot_keeps_it_and_gets_no_reader(
    plain: Bundle, tmp_path: Path
) -> None:
    save_store(toy_store(), tmp_path / "speech.pkl.gz")
    train_reader(tmp_path / "speech.pkl.gz", tmp_path / "reader", 0.01, 1, 0)
    base = write_tiny_bundle(tmp_path / "text", text=True, heard=True)
    pack_bundle(tmp_path, tmp_path / "packed", "1.2.3", base.folder)
    packed = load_bundle(tmp_path / "packed")
    assert packed.token_format(160).text == base.token_format(160).text
    assert packed.pieces == base.pieces
    assert packed.reader is None


# --- a unit table of the agent's own --------------------------------------------------------------

_OWN = Vocabulary(UNIT_COUNT, ("hello",), OWN_UNIT_COUNT)


def _save_language_model(path: Path) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(_OWN.size, width=64, layers=2, heads=2, feed_width=128)
    path.parent.mkdir(parents=True)
    saved = {
        "config": asdict(config),
        "net": Llama(config).state_dict(),
        "unit_count": UNIT_COUNT,
        "own_unit_count": OWN_UNIT_COUNT,
        "words": list(_OWN.words),
        "format": {"text": None, "boundary_emit": True},
        "context": 300,
    }
    torch.save(saved, path)


def _save_vocoder(path: Path, unit_count: int) -> None:
    config = VocoderConfig(unit_count, width=8, unit_blocks=1, slot_blocks=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    saved = {"config": asdict(config), "average": CausalVocoder(config).state_dict()}
    torch.save(saved | {"delay_frames": 2}, path)


def test_a_model_with_the_agents_own_units_is_packed_and_speaks(tmp_path: Path) -> None:
    _save_language_model(tmp_path / "work" / "lm" / "lm.pt")
    _save_vocoder(tmp_path / "work" / "voc" / "vocoder.pt", OWN_UNIT_COUNT)
    base = write_tiny_bundle(tmp_path / "base", reader=True, own_units=True)
    pack_bundle(tmp_path / "work", tmp_path / "packed", "1.2.3", base.folder)
    packed = load_bundle(tmp_path / "packed")
    assert packed.manifest.manifest_version == 4
    assert packed.manifest.vocoder.delay_ms == 80
    assert packed.manifest.own_silence_unit == 0
    assert packed.token_format(160) == _OWN.format(160, True, False)
    assert packed.reader
    duplex = Duplex(packed)
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (10, 2560)).astype(np.float32)
    steps = [duplex.step(chunk) for chunk in sound]
    duplex.close()
    assert any(step.own_units for step in steps)
    # A model that was not trained keeps the table of its bundle.
    pack_bundle(tmp_path / "nothing", tmp_path / "again", "1.2.4", packed.folder)
    again = load_bundle(tmp_path / "again").manifest
    assert again.agent_units == packed.manifest.agent_units


def test_parts_of_other_units_are_refused(tmp_path: Path) -> None:
    _save_language_model(tmp_path / "lm" / "lm.pt")
    base = write_tiny_bundle(tmp_path / "base", reader=True)
    with pytest.raises(DuologueError, match="The vocoder has 200 units where .* has 30; train"):
        pack_bundle(tmp_path, tmp_path / "packed", "1.2.3", base.folder)
    _save_vocoder(tmp_path / "voc" / "vocoder.pt", OWN_UNIT_COUNT)
    with pytest.raises(DuologueError, match="The reader has 200 units where .* has 230; train"):
        pack_bundle(tmp_path, tmp_path / "packed", "1.2.3", base.folder)


@pytest.mark.parametrize("own_units", [False, True])
def test_the_boards_voice_says_the_agents_units(tmp_path: Path, own_units: bool) -> None:
    voice = EngineVoice(write_tiny_bundle(tmp_path, own_units=own_units), 160)
    sound = voice.say([5] * 4 + [6] * 4)
    assert len(sound) >= 640 * 8 and len(sound) % (640 * 4) == 0
    assert np.isfinite(sound).all()


def test_the_agents_words_come_from_the_synthesisers_phones(tmp_path: Path) -> None:
    pack_bundle(tmp_path / "nothing", tmp_path / "packed", "1.2.3", Path("resources/starter"))
    packed, shipped = load_bundle(tmp_path / "packed"), load_bundle()
    assert packed.lexicon == shipped.lexicon
    assert packed.lexicon and "hello" in packed.lexicon.words


def test_a_single_table_is_packed_with_its_voice_and_both_sides_are_spoken(tmp_path: Path) -> None:
    """The base's agent has units of its own, which neither model nor voice has."""
    torch.manual_seed(0)
    single = Vocabulary(UNIT_COUNT, ("hello",))
    config = LlamaConfig(single.size, width=64, layers=2, heads=2, feed_width=128)
    (tmp_path / "work" / "lm").mkdir(parents=True)
    form = {"text": False, "boundary_emit": False, "both_orders": True}
    saved = {
        "config": asdict(config), "net": Llama(config).state_dict(), "unit_count": UNIT_COUNT,
        "own_unit_count": 0, "words": list(single.words), "format": form, "context": 300,
    }  # fmt: skip
    torch.save(saved, tmp_path / "work" / "lm" / "lm.pt")
    voice = Voice(VoiceConfig(UNIT_COUNT, SILENCE, width=16, expansion=2))
    (tmp_path / "work" / "voice").mkdir()
    parts = {"config": asdict(voice.config), "average": voice.state_dict()}
    torch.save(parts, tmp_path / "work" / "voice" / "voice.pt")
    base = write_tiny_bundle(tmp_path / "base", reader=True, own_units=True)
    pack_bundle(tmp_path / "work", tmp_path / "packed", "paper-1", base.folder, name="paper")
    packed = load_bundle(tmp_path / "packed")
    manifest = packed.manifest
    assert (manifest.name, manifest.version, manifest.manifest_version) == ("paper", "paper-1", 3)
    assert manifest.own_unit_count == manifest.unit_count and not manifest.boundary_emit
    assert manifest.own_silence_unit == manifest.silence_unit
    assert packed.token_format(160) == single.format(160, False, False)
    duplex = Duplex(packed)
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (10, 2560)).astype(np.float32)
    steps = [duplex.step(chunk) for chunk in sound]
    duplex.close()
    assert any(step.own_units for step in steps)
    assert any(np.abs(step.agent_audio).max() > 1e-3 for step in steps)
    # The same voice says what is heard on the user's side.
    heard = [unit for step in steps for chunk in step.user_units for unit in chunk]
    spoken = StreamingVocoder.of(packed).push(heard)
    assert len(heard) > 30 and len(spoken) == 640 * len(heard)
    assert np.abs(spoken).max() > 1e-3
