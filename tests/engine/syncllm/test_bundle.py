"""The bundle: whole ones load, and everything wrong with one is said in a sentence."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DuologueError
from engine.syncllm.bundle import (
    MANIFEST_NAME,
    Bundle,
    ChunkMs,
    Manifest,
    default_folder,
    describe_file,
    load_bundle,
)
from engine.syncllm.duplex import Duplex
from engine.syncllm.tokens import TextSlot, UnitTable
from tests.engine.tiny_bundle import (
    BOS,
    HEARD_BASE,
    MOST_HEARD,
    MOST_OWN,
    OWN_BASE,
    OWN_SILENCE,
    OWN_UNIT_COUNT,
    PIECES,
    S0,
    S1,
    SILENCE,
    UNIT_COUNT,
    write_tiny_bundle,
    write_tiny_reader,
    write_tiny_vocoder,
)
from tests.engine.tiny_llama import VOCABULARY, write_tiny_mamba

FILES = {
    "tokenizer": "tokenizer.onnx",
    "language_model": "language_model.gguf",
    "vocoder": "vocoder.onnx",
}
files = pytest.mark.parametrize("name", FILES.values(), ids=FILES.keys())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def folder(whole: Bundle, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return shutil.copytree(whole.folder, tmp_path / "bundle")


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest behind the program's back."""
    path = folder / MANIFEST_NAME
    content = json.loads(path.read_text(encoding="utf8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf8")


def replace(folder: Path, role: str) -> None:
    """Make the manifest agree with a file that was put in another's place."""
    entry = describe_file(folder / FILES[role]).model_dump()
    edit(folder, lambda content: content["files"].update({role: entry}))


def complaint(folder: Path) -> str:
    """The one sentence that loading a spoilt bundle gives."""
    with pytest.raises(DuologueError) as caught:
        load_bundle(folder)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    assert "install" in sentence or "choose" in sentence  # the remedy
    return sentence


def test_a_written_bundle_is_read_back(whole: Bundle) -> None:
    assert load_bundle(whole.folder) == whole
    assert whole.tokenizer.is_file() and whole.language_model.is_file() and whole.vocoder.is_file()


@pytest.mark.parametrize("chunk_ms", [160, 200, 240])
def test_each_chunk_length_has_its_format(whole: Bundle, chunk_ms: ChunkMs) -> None:
    fmt = whole.token_format(chunk_ms)
    assert fmt.chunk_ms == chunk_ms
    assert (fmt.s0, fmt.s1, fmt.bos) == (S0, S1, BOS[chunk_ms])


def test_a_bundle_may_have_no_first_token(folder: Path) -> None:
    edit(folder, lambda content: content["tokens"].update(bos=None))
    assert load_bundle(folder).token_format(160).bos is None


def test_a_chunk_length_that_was_not_trained_is_refused(whole: Bundle) -> None:
    with pytest.raises(DuologueError, match=r"not trained for chunks of 120 ms; choose one of 160"):
        whole.token_format(120)


def test_forty_megabytes_are_verified_in_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(40 * 2**20))
    started = time.perf_counter()
    describe_file(path)
    assert time.perf_counter() - started < 1


@files
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{folder / name} is missing" in complaint(folder)


@files
def test_a_truncated_file_is_named(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1])
    assert str(path) in complaint(folder) and "bytes" in complaint(folder)


@files
def test_a_changed_file_is_named(folder: Path, name: str) -> None:
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert f"{path} does not match the manifest" in complaint(folder)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    assert f"no bundle in {tmp_path}" in complaint(tmp_path)
    assert "manifest.json" in complaint(tmp_path / "nowhere")


def test_a_file_is_no_bundle(folder: Path) -> None:
    assert "cannot be read" in complaint(folder / MANIFEST_NAME)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", "null", "[]", '"text"', "12"])
def test_other_text_is_no_manifest(folder: Path, text: str) -> None:
    (folder / MANIFEST_NAME).write_text(text, encoding="utf8")
    assert MANIFEST_NAME in complaint(folder)


def test_bytes_are_no_manifest(folder: Path) -> None:
    (folder / MANIFEST_NAME).write_bytes(bytes(range(256)))
    assert "is not a bundle's manifest" in complaint(folder)


@pytest.mark.parametrize("version", [0, 6, "1", 1.5, [1]])
def test_an_unknown_manifest_version_asks_for_a_newer_program(folder: Path, version: Any) -> None:
    edit(folder, lambda content: content.update(manifest_version=version, later_field=True))
    sentence = complaint(folder)
    assert f"version {version}" in sentence and "newest Duologue" in sentence


def test_a_plain_bundle_is_what_it_was_before_text(whole: Bundle) -> None:
    """Older programs read it, and recordings made with it know it by its hash."""
    content = json.loads((whole.folder / MANIFEST_NAME).read_text(encoding="utf8"))
    assert content["manifest_version"] == 1
    assert "text" not in content
    assert '"text"' not in whole.manifest.model_dump_json()
    assert whole.token_format(160).text is None
    assert whole.pieces == ()
    shipped = json.loads((default_folder() / MANIFEST_NAME).read_text(encoding="utf8"))
    assert Manifest.model_validate(shipped).model_dump(mode="json") == shipped


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("tokens", "s1"), S0, "share an id"),
        (("tokens", "s0"), 5, "share an id"),
        (("tokens", "unit_base"), 10, "share an id"),
        (("tokens", "s0"), -1, "tokens.s0"),
        (("tokens", "bos"), {"160": S0, "200": 203, "240": 204}, "share an id"),
        (("tokens", "bos"), {"160": 202}, "no first token"),
        (("tokens", "bos"), {}, "no first token"),
        (("tokens", "bos"), {"170": 202}, "tokens.bos"),
        (("silence_unit",), 200, "no unit 200"),
        (("chunks_ms",), [], "chunks_ms"),
        (("chunks_ms",), [160, 160], "twice"),
        (("chunks_ms",), [170], "chunks_ms"),
        (("chunks_ms",), [200, 240], "default_chunk_ms"),
        (("unit_count",), True, "unit_count"),
        (("unit_count",), "200", "unit_count"),
        (("unit_rate_hz",), 50, "unit_rate_hz"),
        (("encoder", "window_ms"), 2010, "encoder.window_ms"),
        (("sampling", "own", "top_p"), 0, "sampling.own.top_p"),
        (("sampling", "own", "temperature"), None, "sampling.own.temperature"),
        (("files", "vocoder", "sha256"), "abc", "files.vocoder.sha256"),
        (("files", "vocoder", "path"), "../vocoder.onnx", "files.vocoder.path"),
        (("files", "vocoder", "path"), "/etc/passwd", "files.vocoder.path"),
        (("unknown_field",), 1, "unknown_field"),
    ],
)
def test_a_wrong_entry_is_named(
    folder: Path, place: tuple[str, ...], value: object, said: str
) -> None:
    def change(content: dict[str, Any]) -> None:
        for step in place[:-1]:
            content = content[step]
        content[place[-1]] = value

    edit(folder, change)
    sentence = complaint(folder)
    assert MANIFEST_NAME in sentence and said in sentence


def test_a_missing_entry_is_named(folder: Path) -> None:
    edit(folder, lambda content: content.pop("vocoder"))
    assert "error at vocoder" in complaint(folder)


# --- the text slot --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole_text(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("text"), text=True, heard=True)


@pytest.fixture
def text_folder(whole_text: Bundle, tmp_path: Path) -> Path:
    """A copy of a bundle with text to spoil."""
    return shutil.copytree(whole_text.folder, tmp_path / "bundle")


def test_a_bundle_with_text_asks_older_programs_for_a_newer_one(whole_text: Bundle) -> None:
    content = json.loads((whole_text.folder / MANIFEST_NAME).read_text(encoding="utf8"))
    assert content["manifest_version"] == 2
    assert load_bundle(whole_text.folder) == whole_text
    assert whole_text.pieces == tuple(PIECES)
    slot = whole_text.token_format(160).text
    assert slot == TextSlot(len(PIECES), OWN_BASE, MOST_OWN, HEARD_BASE, MOST_HEARD)
    assert whole_text.manifest.vocabulary() == HEARD_BASE + len(PIECES)
    assert [entry.path for entry in whole_text.manifest.entries()][-1] == "pieces.json"


def test_the_users_words_may_be_left_out(tmp_path: Path) -> None:
    slot = write_tiny_bundle(tmp_path, text=True).token_format(160).text
    assert slot == TextSlot(len(PIECES), OWN_BASE, MOST_OWN)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"own_base": S1}, "share an id"),
        ({"heard_base": OWN_BASE + 1}, "share an id"),
        ({"heard_base": None}, "go together"),
        ({"most_heard": 0}, "go together"),
        ({"most_own": 0}, "text.most_own"),
        ({"most_own": 9}, "text.most_own"),
        ({"piece_count": 3}, " 3 different pieces"),
    ],
)
def test_a_wrong_text_slot_is_named(
    text_folder: Path, change: dict[str, object], said: str
) -> None:
    edit(text_folder, lambda content: content["text"].update(change))
    assert said in complaint(text_folder)


def test_the_version_goes_with_the_text_slot(text_folder: Path) -> None:
    edit(text_folder, lambda content: content.update(manifest_version=1))
    assert "belongs to a text slot" in complaint(text_folder)
    edit(text_folder, lambda content: content.update(manifest_version=2, text=None))
    assert "belongs to a text slot" in complaint(text_folder)


def test_the_pieces_are_verified_like_the_models(text_folder: Path) -> None:
    path = text_folder / "pieces.json"
    path.write_text(path.read_text().replace("ba", "ab"))
    assert f"{path} does not match the manifest" in complaint(text_folder)
    path.unlink()
    assert f"{path} is missing" in complaint(text_folder)


# --- the reader -----------------------------------------------------------------------------------


def test_a_bundle_with_a_reader_asks_older_programs_for_a_newer_one(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path, reader=True)
    content = json.loads((tmp_path / MANIFEST_NAME).read_text(encoding="utf8"))
    assert content["manifest_version"] == 3
    assert "text" not in content
    assert load_bundle(tmp_path) == bundle
    assert bundle.pieces == tuple(PIECES)
    assert bundle.reader == tmp_path / "reader.onnx"
    assert bundle.token_format(160).text is None
    assert [e.path for e in bundle.manifest.entries()][-2:] == ["reader.onnx", "pieces.json"]


def test_the_version_goes_with_the_reader(tmp_path: Path, text_folder: Path) -> None:
    reader = write_tiny_bundle(tmp_path / "read", reader=True).manifest.model_dump(mode="json")
    edit(tmp_path / "read", lambda content: content.update(manifest_version=1))
    assert "belongs to a reader" in complaint(tmp_path / "read")
    # A text slot writes what it hears itself.
    edit(text_folder, lambda content: content.update(reader=reader["reader"]))
    assert "belongs to a reader" in complaint(text_folder)


def test_the_reader_is_verified_like_the_models(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, reader=True)
    (tmp_path / "reader.onnx").unlink()
    assert "reader.onnx is missing" in complaint(tmp_path)


# --- a unit table of the agent's own --------------------------------------------------------------


@pytest.fixture(scope="module")
def whole_units(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("units"), own_units=True)


@pytest.fixture
def units_folder(whole_units: Bundle, tmp_path: Path) -> Path:
    """A copy of a bundle with the agent's units to spoil."""
    return shutil.copytree(whole_units.folder, tmp_path / "bundle")


def test_a_bundle_with_own_units_asks_older_programs_for_a_newer_one(whole_units: Bundle) -> None:
    content = json.loads((whole_units.folder / MANIFEST_NAME).read_text(encoding="utf8"))
    assert content["manifest_version"] == 4
    assert content["agent_units"] == {
        "count": OWN_UNIT_COUNT, "base": VOCABULARY, "silence_unit": OWN_SILENCE,
    }  # fmt: skip
    assert load_bundle(whole_units.folder) == whole_units
    manifest = whole_units.manifest
    assert whole_units.token_format(160).own_table == UnitTable(OWN_UNIT_COUNT, VOCABULARY)
    assert manifest.vocabulary() == VOCABULARY + OWN_UNIT_COUNT
    assert (manifest.own_unit_count, manifest.own_silence_unit) == (OWN_UNIT_COUNT, OWN_SILENCE)
    assert manifest.own_reader_base == UNIT_COUNT


def test_without_own_units_the_agent_has_the_users(whole: Bundle) -> None:
    manifest = whole.manifest
    assert "agent_units" not in manifest.model_dump_json()
    assert whole.token_format(160).own_table is None
    assert (manifest.own_unit_count, manifest.own_silence_unit) == (UNIT_COUNT, SILENCE)
    assert manifest.own_reader_base == 0


@pytest.mark.parametrize("words", ["text", "reader", "neither"])
def test_own_units_go_with_words_or_without(tmp_path: Path, words: str) -> None:
    bundle = write_tiny_bundle(
        tmp_path, text=words == "text", reader=words == "reader", own_units=True
    )
    assert bundle.manifest.manifest_version == 4
    assert bool(bundle.manifest.text) == (words == "text")
    assert bool(bundle.manifest.reader) == (words == "reader")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": 10}, "share an id"),
        ({"base": UNIT_COUNT - OWN_UNIT_COUNT + 1}, "share an id"),
        ({"base": S0}, "share an id"),
        ({"base": S1 - OWN_UNIT_COUNT + 1}, "share an id"),
        ({"base": BOS[240]}, "share an id"),
        ({"base": -1}, "agent_units.base"),
        ({"count": 0}, "agent_units.count"),
        ({"count": True}, "agent_units.count"),
        ({"count": 1 << 20}, "agent_units.count"),
        ({"silence_unit": OWN_UNIT_COUNT}, f"the agent has no unit {OWN_UNIT_COUNT}"),
        ({"silence_unit": -1}, "agent_units.silence_unit"),
        ({"delay": 1}, "agent_units.delay"),
    ],
)
def test_wrong_own_units_are_named(
    units_folder: Path, change: dict[str, object], said: str
) -> None:
    edit(units_folder, lambda content: content["agent_units"].update(change))
    assert said in complaint(units_folder)


def test_own_units_and_pieces_of_text_share_no_id(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, text=True, own_units=True)
    edit(tmp_path, lambda content: content["agent_units"].update(base=OWN_BASE + 3))
    assert "share an id" in complaint(tmp_path)


def test_a_lexicon_goes_with_own_units_and_a_reader(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path, reader=True, own_units=True).folder
    path = folder / "lexicon.json"
    phones = [-1 if unit == OWN_SILENCE else unit for unit in range(OWN_UNIT_COUNT)]
    words = {"phones": phones, "words": ["hello"], "said": [[0, [1, 2], 1]], "pairs": []}

    def install(content: object) -> None:
        path.write_text(json.dumps(content), encoding="utf8")
        entry = describe_file(path).model_dump()
        edit(folder, lambda manifest: manifest["agent_units"].update(lexicon=entry))

    install(words)
    assert "version 5 belongs to a lexicon" in complaint(folder)
    edit(folder, lambda content: content.update(manifest_version=5))
    lexicon = load_bundle(folder).lexicon
    assert lexicon and lexicon.words == ["hello"]
    for wrong in ({"phones": phones[1:]}, {"phones": [1] * OWN_UNIT_COUNT}, {"said": []}):
        install(words | wrong)
        assert f"is no lexicon for {OWN_UNIT_COUNT} units" in complaint(folder)
    path.unlink()
    assert "lexicon.json" in complaint(folder)
    edit(folder, lambda content: content.pop("reader"))
    assert "a lexicon goes with a reader" in complaint(folder)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_version_goes_with_the_own_units(units_folder: Path, version: int) -> None:
    edit(units_folder, lambda content: content.update(manifest_version=version))
    assert "version 4 belongs to agent_units" in complaint(units_folder)


@pytest.mark.parametrize("text", [False, True])
def test_the_newest_version_is_not_for_others(tmp_path: Path, text: bool) -> None:
    write_tiny_bundle(tmp_path, text=text)
    edit(tmp_path, lambda content: content.update(manifest_version=4))
    assert "version 4 belongs to agent_units" in complaint(tmp_path)


def test_a_text_slot_and_a_reader_exclude_each_other(tmp_path: Path) -> None:
    text = write_tiny_bundle(tmp_path / "text", text=True, own_units=True).manifest.text
    write_tiny_bundle(tmp_path / "reader", reader=True, own_units=True)
    assert text
    spoilt = text.model_copy(update={"own_base": 1000}).model_dump(mode="json")
    edit(tmp_path / "reader", lambda content: content.update(text=spoilt))
    assert "exclude each other" in complaint(tmp_path / "reader")


# --- files that are whole, and still wrong --------------------------------------------------------


def refusal(folder: Path) -> str:
    """The one sentence that opening a conversation gives."""
    bundle = load_bundle(folder)
    with pytest.raises(DuologueError) as caught:
        Duplex(bundle)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_token_ids_outside_the_model_are_refused(folder: Path) -> None:
    edit(folder, lambda content: content["tokens"].update(s1=208))
    sentence = refusal(folder)
    assert FILES["language_model"] in sentence and "208 tokens" in sentence and "209" in sentence


@pytest.mark.parametrize("role", FILES)
def test_text_in_the_place_of_a_model_is_refused(folder: Path, role: str) -> None:
    (folder / FILES[role]).write_text("not a model", encoding="utf8")
    replace(folder, role)
    assert str(folder / FILES[role]) in refusal(folder)


def test_a_foreign_onnx_model_is_refused(folder: Path) -> None:
    shutil.copy(folder / FILES["vocoder"], folder / FILES["tokenizer"])
    replace(folder, "tokenizer")
    assert f"{folder / FILES['tokenizer']} is not the expected model" in refusal(folder)


def test_a_vocoder_of_other_units_is_refused(folder: Path) -> None:
    path = folder / FILES["vocoder"]
    write_tiny_vocoder(path, unit_count=10)
    replace(folder, "vocoder")
    assert str(path) in refusal(folder)


def test_a_vocoder_without_the_last_unit_is_refused(folder: Path) -> None:
    """Silence alone would not show it."""
    path = folder / FILES["vocoder"]
    write_tiny_vocoder(path, unit_count=UNIT_COUNT - 1)
    replace(folder, "vocoder")
    assert str(path) in refusal(folder)


def test_a_reader_without_the_agents_units_is_refused(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, reader=True, own_units=True)
    reader = write_tiny_reader(tmp_path).model_dump(mode="json")
    edit(tmp_path, lambda content: content.update(reader=reader))
    assert "reader.onnx could not be run" in refusal(tmp_path)


def test_a_model_that_cannot_roll_back_is_refused(folder: Path) -> None:
    path = folder / FILES["language_model"]
    write_tiny_mamba(path)
    replace(folder, "language_model")
    sentence = refusal(folder)
    assert str(path) in sentence and "choose" in sentence


def test_the_starter_is_found_beside_the_program() -> None:
    assert default_folder().parts[-2:] == ("resources", "starter")
