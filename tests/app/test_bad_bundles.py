"""Bundles that cannot be installed: one sentence, and what was installed before stays as it was."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import bundle_store
from engine.errors import DuologueError
from engine.syncllm.bundle import MANIFEST_NAME, describe_file, load_bundle
from engine.syncllm.duplex import Duplex
from tests.bad_input import check_sentence, content
from tests.engine.tiny_bundle import (
    SILENCE,
    write_tiny_bundle,
    write_tiny_state_vocoder,
    write_tiny_vocoder,
)

_HUGE = 1 << 62

# --- what a manifest may not say ------------------------------------------------------------------

_NUMBERS = {
    "file of no bytes": ("files.vocoder.bytes", 0),
    "file below zero": ("files.vocoder.bytes", -1),
    "file huge": ("files.vocoder.bytes", _HUGE),
    "file beyond 64 bits": ("files.vocoder.bytes", 10**30),
    "file of half a byte": ("files.vocoder.bytes", 0.5),
    "file of other size": ("files.vocoder.bytes", 7),
    "window zero": ("encoder.window_ms", 0),
    "window below zero": ("encoder.window_ms", -40),
    "window huge": ("encoder.window_ms", 40 * (1 << 40)),
    "window of hours": ("encoder.window_ms", 3_600_000),
    "window no frames": ("encoder.window_ms", 410),
    "look-ahead huge": ("encoder.lookahead_ms", 40 * (1 << 40)),
    "look-ahead below zero": ("encoder.lookahead_ms", -40),
    "encoder's delay huge": ("encoder.delay_ms", 40 * (1 << 40)),
    "past huge": ("vocoder.past_frames", _HUGE),
    "past of hours": ("vocoder.past_frames", 90_000),
    "past below zero": ("vocoder.past_frames", -1),
    "vocoder's delay huge": ("vocoder.delay_ms", 40 * (1 << 40)),
    "no units": ("unit_count", 0),
    "units huge": ("unit_count", _HUGE),
    "units as text": ("unit_count", "200"),
    "units as truth": ("unit_count", True),
    "unit base huge": ("tokens.unit_base", _HUGE),
    "unit base below zero": ("tokens.unit_base", -1),
    "tag huge": ("tokens.s0", _HUGE),
    "tags alike": ("tokens.s0", 201),
    "tag a unit": ("tokens.s1", 3),
    "first token huge": ("tokens.bos.160", _HUGE),
    "first token missing": ("tokens.bos", {"160": 202}),
    "first token of another length": ("tokens.bos.170", 205),
    "silence no unit": ("silence_unit", 200),
    "silence below zero": ("silence_unit", -1),
    "context tiny": ("context_tokens", 255),
    "context huge": ("context_tokens", _HUGE),
    "context below zero": ("context_tokens", -256),
    "sink huge": ("sink_chunks", _HUGE),
    "sink below zero": ("sink_chunks", -1),
    "no chunks": ("chunks_ms", []),
    "chunk unknown": ("chunks_ms", [160, 170]),
    "chunk twice": ("chunks_ms", [160, 160]),
    "a thousand chunks": ("chunks_ms", [160] * 1000),
    "default not among them": ("chunks_ms", [200, 240]),
    "rate of another kind": ("unit_rate_hz", 50),
    "temperature too high": ("sampling.own.temperature", 2.1),
    "temperature nan": ("sampling.own.temperature", float("nan")),
    "temperature infinite": ("sampling.estimate.temperature", float("inf")),
    "top p zero": ("sampling.own.top_p", 0),
    "top p nan": ("sampling.own.top_p", float("nan")),
    "version of the manifest zero": ("manifest_version", 0),
    "version of the manifest newer": ("manifest_version", 99),
    "version of the manifest a text": ("manifest_version", "x" * 100_000),
    "version of the manifest lines": ("manifest_version", "1\n2"),
    "no name": ("name", ""),
    "name huge": ("name", "x" * 100_000),
    "name of two lines": ("name", "a\nb"),
    "name no text": ("name", 7),
    "version huge": ("version", "1" * 100_000),
    "version of two lines": ("version", "1\n2"),
    "licence huge": ("licence", "x" * 100_000),
    "path up": ("files.vocoder.path", "../vocoder.onnx"),
    "path absolute": ("files.vocoder.path", "/vocoder.onnx"),
    "path of Windows": ("files.vocoder.path", "C:\\vocoder.onnx"),
    "path empty": ("files.vocoder.path", ""),
    "path hidden": ("files.vocoder.path", ".vocoder.onnx"),
    "path huge": ("files.vocoder.path", "x" * 300),
    "path of the manifest itself": ("files.vocoder.path", "manifest.json"),
    "path missing": ("files.vocoder.path", "other.onnx"),
    "hash short": ("files.vocoder.sha256", "abc"),
    "hash another": ("files.vocoder.sha256", "0" * 64),
    "a field unknown": ("unknown_field", 1),
    "a field unknown and long": ("x" * 100_000, 1),
    "a part missing": ("encoder", None),
    "files no object": ("files", []),
    "words without their version": ("text", {"piece_count": 1}),
    "own units without their version": (
        "agent_units",
        {"count": 30, "base": 208, "silence_unit": 0},
    ),
    "the version of own units without them": ("manifest_version", 4),
}

_OWN_UNITS = {
    "none": ("agent_units.count", 0),
    "huge": ("agent_units.count", _HUGE),
    "base below zero": ("agent_units.base", -1),
    "base huge": ("agent_units.base", _HUGE),
    "base among the user's": ("agent_units.base", 100),
    "base on the tags": ("agent_units.base", 190),
    "silence no unit": ("agent_units.silence_unit", 30),
    "silence missing": ("agent_units.silence_unit", None),
    "an older version": ("manifest_version", 3),
    "left out": ("agent_units", None),
}

_TEXTS = {
    "empty": b"",
    "half": b'{"manifest_version": 1, "name"',
    "a list": b"[]",
    "a number": b"12",
    "nothing": b"null",
    "nested deep": b"[" * 100_000,
    "nested deep and whole": b"[" * 100_000 + b"]" * 100_000,
    "bytes": bytes(range(256)),
    "zeros": bytes(1000),
    "a number of 5000 digits": b'{"manifest_version": ' + b"9" * 5000 + b"}",
    "two megabytes": b" " * 2_000_000 + b"{}",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny").folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return shutil.copytree(whole, tmp_path / "spoilt")


@pytest.fixture(autouse=True)
def before(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The same bundle, installed before; what is in the profile then."""
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))
    bundle_store.import_bundle(whole, quiet)
    return content(tmp_path / "profile")


def quiet(_done: int, _total: int) -> None:
    pass


def refused(source: Path, before: dict[str, str]) -> str:
    """The sentence that importing gives, which left everything as it was."""
    with pytest.raises(DuologueError) as caught:
        bundle_store.import_bundle(source, quiet)
    check_sentence(str(caught.value))
    assert ".import" not in str(caught.value)  # a copy that is gone by now
    assert content(bundle_store.data_folder().parent) == before
    return str(caught.value)


def spoil(folder: Path, place: str, value: Any) -> None:
    """Change an entry of the manifest."""
    path = folder / MANIFEST_NAME
    entry = whole = json.loads(path.read_text("utf8"))
    *way, last = place.split(".")
    for step in way:
        entry = entry[step]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    path.write_text(json.dumps(whole), "utf8")


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize(("place", "value"), _NUMBERS.values(), ids=_NUMBERS.keys())
def test_a_manifest_that_says_what_cannot_be(
    folder: Path, before: dict[str, str], place: str, value: Any
) -> None:
    spoil(folder, place, value)
    refused(folder, before)
    with pytest.raises(DuologueError) as caught:  # as --bundle takes it
        load_bundle(folder)
    check_sentence(str(caught.value))


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize(("place", "value"), _OWN_UNITS.values(), ids=_OWN_UNITS.keys())
def test_own_units_that_cannot_be(
    tmp_path: Path, before: dict[str, str], place: str, value: Any
) -> None:
    folder = write_tiny_bundle(tmp_path / "own", own_units=True).folder
    spoil(folder, place, value)
    sentence = refused(folder, before)
    with pytest.raises(DuologueError, match=r"has an error at") as caught:
        load_bundle(folder)
    check_sentence(str(caught.value))
    assert "has an error at" in sentence


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS.keys())
def test_a_manifest_that_is_none(folder: Path, before: dict[str, str], text: bytes) -> None:
    (folder / MANIFEST_NAME).write_bytes(text)
    refused(folder, before)
    with pytest.raises(DuologueError) as caught:
        load_bundle(folder)
    check_sentence(str(caught.value))


# --- what an archive may not be -------------------------------------------------------------------


def zipped(folder: Path, target: Path) -> bytes:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"inner/{path.name}")
    return target.read_bytes()


def taped(folder: Path) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tape:
        tape.add(folder, "inner")
    return stream.getvalue()


_PACK: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.xz": lzma.compress,
    "tar.bz2": bz2.compress,
}


def packed(folder: Path, kind: str) -> bytes:
    if kind == "zip":
        return zipped(folder, folder.with_name("packed.zip"))
    return _PACK[kind](taped(folder))


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda whole: whole[: int(len(whole) * share)]


def _overwritten(share: float) -> Callable[[bytes], bytes]:
    def overwrite(whole: bytes) -> bytes:
        place = int(len(whole) * share)
        return whole[:place] + bytes(200) + whole[place + 200 :]

    return overwrite


_DAMAGE = {
    "cut to its beginning": _cut(0.02),
    "cut in the middle": _cut(0.5),
    "cut near its end": _cut(0.9),
    "overwritten near its beginning": _overwritten(0.1),
    "overwritten in the middle": _overwritten(0.5),
}


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize("damage", _DAMAGE.values(), ids=_DAMAGE.keys())
@pytest.mark.parametrize("kind", ["zip", *_PACK])
def test_a_damaged_archive(
    folder: Path, before: dict[str, str], kind: str, damage: Callable[[bytes], bytes]
) -> None:
    source = folder.with_name(f"bundle.{kind}")
    source.write_bytes(damage(packed(folder, kind)))
    refused(source, before)


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize("place", [10, 12, 30, 100, 148])
@pytest.mark.parametrize("kind", _PACK)
def test_an_archive_that_is_damaged_at_its_start_is_called_damaged(
    folder: Path, before: dict[str, str], kind: str, place: int
) -> None:
    whole = packed(folder, kind)
    source = folder.with_name(f"bundle.{kind}")
    source.write_bytes(whole[:place] + b"\xa5" * 8 + whole[place + 8 :])
    assert "damaged" in refused(source, before)


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz", "tar.bz2"])
def test_an_archive_that_is_cut_short_is_called_damaged(
    folder: Path, before: dict[str, str], kind: str
) -> None:
    source = folder.with_name(f"bundle.{kind}")
    source.write_bytes(packed(folder, kind)[:40])
    assert "damaged" in refused(source, before)


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress])
def test_a_whole_file_that_is_no_archive_is_not_called_damaged(
    folder: Path, before: dict[str, str], compress: Callable[[bytes], bytes]
) -> None:
    source = folder.with_name("notes.txt.packed")
    source.write_bytes(compress(b"no archive " * 1000))
    assert "neither a folder nor" in refused(source, before)


def _two_bundles(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("one", "two"):
            archive.write(folder / MANIFEST_NAME, f"{name}/{MANIFEST_NAME}")


def _nested(folder: Path, target: Path) -> None:
    inner = target.with_name("inner.zip")
    zipped(folder, inner)
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(inner, inner.name)


def _nested_tape(folder: Path, target: Path) -> None:
    target.write_bytes(gzip.compress(gzip.compress(taped(folder))))


def _outside(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tape:
        tape.add(folder / MANIFEST_NAME, f"../{MANIFEST_NAME}")


def _links(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tape:
        link = tarfile.TarInfo(MANIFEST_NAME)
        link.type, link.linkname = tarfile.SYMTYPE, str(folder / MANIFEST_NAME)
        tape.addfile(link)


def _a_pipe(_folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tape:
        pipe = tarfile.TarInfo(MANIFEST_NAME)
        pipe.type = tarfile.FIFOTYPE
        tape.addfile(pipe)


def _many_files(_folder: Path, target: Path) -> None:
    with tarfile.open(target, "w:gz") as tape:
        for number in range(10_002):
            tape.addfile(tarfile.TarInfo(str(number)))


def _a_file_left_out(folder: Path, target: Path) -> None:
    (folder / "vocoder.onnx").unlink()
    zipped(folder, target)


def _a_file_too_long(folder: Path, target: Path) -> None:
    with (folder / "vocoder.onnx").open("ab") as stream:
        stream.write(bytes(1000))
    zipped(folder, target)


def _a_file_changed(folder: Path, target: Path) -> None:
    path = folder / "vocoder.onnx"
    path.write_bytes(path.read_bytes()[::-1])
    zipped(folder, target)


def _locked(folder: Path, target: Path) -> None:
    """As if it were encrypted: the flag that asks for a password, in both of its places."""
    spoilt = bytearray(zipped(folder, target))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = spoilt.find(mark)
        while place >= 0:
            spoilt[place + offset] |= 1
            place = spoilt.find(mark, place + 1)
    target.write_bytes(spoilt)


def _another_compression(folder: Path, target: Path) -> None:
    """A way of packing that Python lacks."""
    spoilt = bytearray(zipped(folder, target))
    for mark, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        place = spoilt.find(mark)
        while place >= 0:
            spoilt[place + offset] = 97
            place = spoilt.find(mark, place + 1)
    target.write_bytes(spoilt)


def _wordless(_folder: Path, target: Path) -> None:
    target.write_text("no archive at all\n", "utf8")


def _empty(_folder: Path, target: Path) -> None:
    target.touch()


def _empty_zip(_folder: Path, target: Path) -> None:
    zipfile.ZipFile(target, "w").close()


def _missing(_folder: Path, _target: Path) -> None:
    pass


def _empty_folder(_folder: Path, target: Path) -> None:
    target.mkdir()


def _a_folder_of_bundles(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target / "inner")


def _a_folder_in_the_manifests_place(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target)
    (target / MANIFEST_NAME).unlink()
    (target / MANIFEST_NAME).mkdir()


def _a_folder_in_a_files_place(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target)
    (target / "vocoder.onnx").unlink()
    (target / "vocoder.onnx").mkdir()


_SOURCES = [
    _two_bundles,
    _nested,
    _nested_tape,
    _outside,
    _links,
    _a_pipe,
    _many_files,
    _a_file_left_out,
    _a_file_too_long,
    _a_file_changed,
    _locked,
    _another_compression,
    _wordless,
    _empty,
    _empty_zip,
    _missing,
    _empty_folder,
    _a_folder_of_bundles,
    _a_folder_in_the_manifests_place,
    _a_folder_in_a_files_place,
]


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize("make", _SOURCES, ids=lambda make: make.__name__.strip("_"))
def test_a_source_that_holds_no_bundle(
    folder: Path, before: dict[str, str], make: Callable[[Path, Path], None]
) -> None:
    source = folder.with_name("source")
    make(folder, source)
    refused(source, before)


# --- what may be installed, and cannot be talked with ---------------------------------------------


def _text_for(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text("no model\n", "utf8")


_MODELS: dict[str, Callable[[Path], object]] = {
    "text for the tokenizer": _text_for("tokenizer.onnx"),
    "text for the language model": _text_for("language_model.gguf"),
    "text for the vocoder": _text_for("vocoder.onnx"),
    "the vocoder for the tokenizer": lambda folder: shutil.copy(
        folder / "vocoder.onnx", folder / "tokenizer.onnx"
    ),
    "the tokenizer for the vocoder": lambda folder: shutil.copy(
        folder / "tokenizer.onnx", folder / "vocoder.onnx"
    ),
    "the vocoder for the language model": lambda folder: shutil.copy(
        folder / "vocoder.onnx", folder / "language_model.gguf"
    ),
    "a vocoder of fewer units": lambda folder: write_tiny_vocoder(
        folder / "vocoder.onnx", unit_count=10
    ),
    "a vocoder that cannot be silent": lambda folder: write_tiny_state_vocoder(
        folder / "vocoder.onnx", broken_unit=SILENCE
    ),
    "ids that the model lacks": lambda folder: spoil(folder, "tokens.s1", 5000),
    "more units than the model knows": lambda folder: (
        spoil(folder, "tokens.s0", 60_000),
        spoil(folder, "tokens.s1", 60_001),
        spoil(folder, "tokens.bos", {"160": 60_002, "200": 60_003, "240": 60_004}),
        spoil(folder, "unit_count", 50_000),
    ),
    "fewer units than the tokenizer gives": lambda folder: (
        spoil(folder, "silence_unit", 1),
        spoil(folder, "unit_count", 2),
    ),
    "more first chunks than the context holds": lambda folder: spoil(folder, "sink_chunks", 10_000),
}


@pytest.mark.bad_input("bundles")
@pytest.mark.parametrize("change", _MODELS.values(), ids=_MODELS.keys())
def test_models_that_do_not_belong_together(folder: Path, change: Callable[[Path], object]) -> None:
    change(folder)
    for role, name in (
        ("tokenizer", "tokenizer.onnx"),
        ("language_model", "language_model.gguf"),
        ("vocoder", "vocoder.onnx"),
    ):
        entry = describe_file(folder / name)
        spoil(folder, f"files.{role}", entry.model_dump())
    here = content(folder)
    with pytest.raises(DuologueError) as caught:
        talk_a_moment(folder)
    check_sentence(str(caught.value))
    assert content(folder) == here


def talk_a_moment(folder: Path) -> None:
    """Open a bundle and hold some chunks of noise."""
    import numpy as np

    duplex = Duplex(load_bundle(folder))
    try:
        for _ in range(5):
            noise = np.random.default_rng(0).normal(0, 0.1, duplex.format.chunk_samples)
            duplex.step(noise.astype(np.float32))
    finally:
        duplex.close()


# --- what is right --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", *_PACK])
def test_a_whole_archive_of_each_kind_is_installed(folder: Path, kind: str) -> None:
    source = folder.with_name(f"bundle.{kind}")
    source.write_bytes(packed(folder, kind))
    load_bundle(bundle_store.import_bundle(source, quiet))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("encoder.window_ms", 30_000),
        ("vocoder.past_frames", 750),
        ("context_tokens", 1 << 17),
        ("licence", "Apache-2.0\nand more"),
    ],
)
def test_the_bounds_themselves_can_be_talked_with(folder: Path, place: str, value: Any) -> None:
    spoil(folder, place, value)
    talk_a_moment(bundle_store.import_bundle(folder, quiet))


def test_names_that_differ_do_not_share_a_folder(folder: Path) -> None:
    places = []
    for name, version in (("a b", "1"), ("a-b", "1"), ("a.b", "1"), ("a-b-1", ""), ("a", "b-1")):
        spoil(folder, "name", name)
        spoil(folder, "version", version)
        places.append((bundle_store.import_bundle(folder, quiet), name, version))
    assert len({path for path, _, _ in places}) == len(places)
    for path, name, version in places:
        manifest = load_bundle(path).manifest
        assert (manifest.name, manifest.version) == (name, version)
    # The same once more takes the same place, and one that is damaged is made whole there.
    spoil(folder, "name", "a b")
    spoil(folder, "version", "1")
    (places[0][0] / "vocoder.onnx").unlink()
    assert bundle_store.import_bundle(folder, quiet) == places[0][0]
    load_bundle(places[0][0])


def test_an_installation_that_fails_at_its_end_leaves_the_older(
    folder: Path, before: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = []

    def replace(source: Path, target: Path) -> None:
        moves.append(target)
        if len(moves) == 2:
            raise OSError(28, "No space left on device")
        os.rename(source, target)

    monkeypatch.setattr("app.bundle_store.os.replace", replace)
    assert "No space left" in refused(folder, before)
