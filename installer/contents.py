"""Decides which files are left out of a frozen program.

Left out are Qt parts that the window does not use, libraries that must be the machine's own, and
whatever is under the GPL or downloads. Pure functions over the names of files inside the package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import PurePath

# Kept plug-ins; the others would not load, or only with a display that nobody has.
_QT_PLUGINS = {
    "platforms": {"qxcb", "qoffscreen", "qwayland", "qwayland-generic", "qwayland-egl", "qwindows",
                  "qcocoa"},
    "platformthemes": {"qxdgdesktopportal"},
    "platforminputcontexts": {"composeplatforminputcontextplugin",
                              "ibusplatforminputcontextplugin"},
    "imageformats": {"qsvg", "qico", "qicns"},
    "iconengines": {"qsvgicon"},
    "styles": {"qmodernwindowsstyle", "qmacstyle"},
    "wayland-shell-integration": {"xdg-shell"},
    "wayland-decoration-client": {"bradient", "adwaita"},
    "wayland-graphics-integration-client": set(),
    "xcbglintegrations": set(),
    "egldeviceintegrations": set(),
    "generic": set(),
    "networkinformation": set(),
    "tls": set(),
    "printsupport": set(),
    "sqldrivers": set(),
    "vectorimageformats": set(),
    "designer": set(),
    "qmltooling": set(),
}  # fmt: skip
_QT_LIBRARIES = (
    "Qml Quick Pdf VirtualKeyboard EglFs Sql Test Designer Help Labs Lottie PrintSupport UiTools"
).split()
# Drivers and servers use the machine's copy of these; a copy of ours would not match it.
_SYSTEM_LIBRARIES = (
    "libasound.so* libstdc++.so* libgcc_s.so* libGL*.so* libEGL.so* libOpenGL.so* libX11*.so* "
    "libxcb.so* libwayland-*.so* libdrm.so* libgbm.so* libfontconfig.so* libfreetype.so* "
    "libexpat.so* libdbus-1.so* libsystemd.so* libglib-2.0.so* libgobject-2.0.so* libgio-2.0.so* "
    "libmvec.so* libgthread-2.0.so* libgmodule-2.0.so* libz.so* libICE.so* libSM.so*"
).split()
_BY_NAME = ("libpython", "libportaudio", "python3")  # loaded by name
_LIBRARY_ENDS = (".so", ".dll", ".dylib", ".pyd")
# CTranslate2's wheel for Windows brings NVIDIA's cuDNN, which nothing in it uses
# (findings/ctranslate2-windows-wheel-brings-cudnn.sh).
_LEFT_OUT = (
    "*/mpl-data/sample_data/*", "*/mpl-data/images/*", "*/Qt*/translations/*", "*.pyi",
    "ctranslate2/cudnn*",
)  # fmt: skip


# Under the GPL: codecs of PyAV and FFmpeg builds, a speech synthesiser, a line editor.
_GPL_LIBRARIES = "x264 x265 xvidcore postproc rubberband espeak readline".split()
_GPL_MODULES = "av espeakng_loader phonemizer readline".split()
# They fetch models and data from the network; only app.download may use it.
_DOWNLOADERS = (
    "huggingface_hub requests httpx aiohttp hf_xet fsspec boto3 gdown faster_whisper transformers"
).split()
# What the voice needs of hibari-tts; the rest of that package can download further voices.
FRONT_END = ("g2p/*.py", "dsp.py", "assets/normalize.json")


def front_end(names: Iterable[str]) -> list[str]:
    """The files of the package hibari that are shipped, from the paths of all its files in it."""
    return sorted(n for n in names if any(fnmatch(n, pattern) for pattern in FRONT_END))


def not_ours(names: Iterable[str]) -> list[str]:
    """Those of some files or modules that may not be shipped: what is under the GPL, and what
    downloads. ``names`` are paths inside the package, or names of modules with dots."""
    return sorted({name for name in names if _is_not_ours(name.replace("\\", "/"))})


def _is_not_ours(name: str) -> bool:
    path = PurePath(name)
    package = path.parts[0].split(".")[0].lower() if path.parts else ""
    stem = path.name.lower().removeprefix("lib")
    if package == "hibari":
        return not front_end(["/".join(path.parts[1:])])
    return package in (*_GPL_MODULES, *_DOWNLOADERS) or (
        stem.startswith(tuple(_GPL_LIBRARIES)) and any(end in stem for end in _LIBRARY_ENDS)
    )


def is_wanted(name: str, linux: bool) -> bool:
    """Whether a file of this name inside the package is needed, on Linux or elsewhere."""
    path = PurePath(name.replace("\\", "/"))
    if any(fnmatch(str(path), pattern) for pattern in _LEFT_OUT):
        return False
    if "plugins" in path.parts and "PySide6" in path.parts:
        kind, stem = path.parts[-2], path.name.split(".")[0].removeprefix("lib")
        return stem in _QT_PLUGINS.get(kind, {stem})
    stem = path.name.removeprefix("lib").removeprefix("Qt6").removeprefix("Qt")
    if "Qt" in path.name and stem.startswith(tuple(_QT_LIBRARIES)):
        return False
    return not (linux and any(fnmatch(path.name, pattern) for pattern in _SYSTEM_LIBRARIES))


def wanted(entries: Iterable[tuple[str, str, str]], linux: bool) -> list[tuple[str, str, str]]:
    """PyInstaller's entries (name, source, kind) without those that are not needed."""
    return [entry for entry in entries if is_wanted(entry[0], linux)]


def needed(
    entries: Iterable[tuple[str, str, str]], imports: Callable[[str], Iterable[str]]
) -> list[tuple[str, str, str]]:
    """The entries without plain libraries that no kept file imports.

    ``imports`` gives the names of the libraries that the file at a path imports. Libraries at the
    top and in a wheel's "*.libs" folder are plain; all others are plug-ins or modules.
    """
    entries = list(entries)
    plain = {PurePath(entry[0]).name: entry for entry in entries if _is_plain(entry)}
    kept = [entry for entry in entries if not _is_plain(entry)]
    waiting = list(kept)
    while waiting:
        for name in imports(waiting.pop()[1]):
            found = plain.pop(name, None)
            if found:
                kept.append(found)
                waiting.append(found)
    return kept


def _is_plain(entry: tuple[str, str, str]) -> bool:
    folder = PurePath(entry[0].replace("\\", "/")).parent
    loose = str(folder) == "." or folder.name.endswith(".libs")
    return entry[2] == "BINARY" and loose and not PurePath(entry[0]).name.startswith(_BY_NAME)
