"""What stays in a frozen program and what goes."""

from __future__ import annotations

import ast
from pathlib import Path

import hibari
import pytest

from installer.contents import front_end, is_wanted, needed, not_ours


@pytest.mark.parametrize(
    "name",
    [
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6\\plugins\\platforms\\qwindows.dll",
        "PySide6\\plugins\\styles\\qmodernwindowsstyle.dll",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "PySide6/Qt/lib/libQt6Network.so.6",
        "llama_cpp/lib/libggml-cpu-x64.so",
        "ctranslate2\\libiomp5md.dll",
        "libportaudio.so.2",
        "libpng16-1d1ba958.so.16",
        "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf",
        "resources/starter/language_model.gguf",
    ],
)
def test_what_is_used_stays(name: str) -> None:
    assert is_wanted(name, linux=True)


@pytest.mark.parametrize(
    "name",
    [
        "PySide6/Qt/plugins/platforms/libqminimal.so",
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "PySide6/Qt/plugins/sqldrivers/libqsqlite.so",
        "PySide6/Qt/lib/libQt6Quick.so.6",
        "PySide6\\Qt6Qml.dll",
        "PySide6/QtQuickWidgets.abi3.so",
        "PySide6/Qt/translations/qt_de.qm",
        "matplotlib/mpl-data/sample_data/goog.npz",
        "ctranslate2\\cudnn64_9.dll",
    ],
)
def test_what_is_not_used_goes(name: str) -> None:
    assert not is_wanted(name, linux=True)


def test_of_the_voices_package_nothing_that_downloads_is_shipped() -> None:
    """Its front end opens files only; what else the package has is left out."""
    package = Path(hibari.__file__).parent
    names = [p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file()]
    shipped = front_end(name for name in names if name.endswith((".py", ".json")))
    assert {"dsp.py", "g2p/oov.py", "assets/normalize.json"} <= set(shipped)
    assert not {"voices.py", "tts.py", "cli.py", "__init__.py"} & set(shipped)
    allowed = {"functools", "gzip", "json", "os", "re", "unicodedata", "dataclasses", "__future__"}
    for name in shipped:
        if name.endswith(".py"):
            found = imported(package / name)
            assert found <= allowed | {"numpy", "scipy", "onnxruntime"}, (name, found)
    assert not not_ours(f"hibari/{name}" for name in shipped)
    assert not_ours(["hibari/voices.py", "hibari.voices", "hibari/g2p/oov.py"]) == [
        "hibari.voices",
        "hibari/voices.py",
    ]


def imported(path: Path) -> set[str]:
    """The packages that a module imports from elsewhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("name", ["libasound.so.2", "libstdc++.so.6", "libGL.so.1", "libz.so.1"])
def test_a_linux_machine_has_its_own(name: str) -> None:
    assert not is_wanted(name, linux=True)
    assert is_wanted(name, linux=False)


def test_libraries_that_nobody_asks_for_go() -> None:
    asked = {
        "/v/_imaging.so": ["libjpeg-1.so.62", "libc.so.6"],
        "/v/libjpeg-1.so.62": ["libdeep.so.1"],
        "/l/libgtk.so.0": ["libgdk.so.0"],
    }
    entries = [
        ("PIL/_imaging.so", "/v/_imaging.so", "EXTENSION"),
        ("pillow.libs/libjpeg-1.so.62", "/v/libjpeg-1.so.62", "BINARY"),
        ("pillow.libs/libavif-2.so.16", "/v/libavif-2.so.16", "BINARY"),
        ("libdeep.so.1", "/l/libdeep.so.1", "BINARY"),
        ("libgtk.so.0", "/l/libgtk.so.0", "BINARY"),
        ("libgdk.so.0", "/l/libgdk.so.0", "BINARY"),
        ("libportaudio.so.2", "/l/libportaudio.so.2", "BINARY"),
        ("llama_cpp/lib/libllama.so", "/v/libllama.so", "BINARY"),
        ("libjpeg-1.so.62", "pillow.libs/libjpeg-1.so.62", "SYMLINK"),
    ]
    kept = {entry[0] for entry in needed(entries, lambda path: asked.get(path, []))}
    gone = {"pillow.libs/libavif-2.so.16", "libgtk.so.0", "libgdk.so.0"}
    assert kept == {entry[0] for entry in entries} - gone
