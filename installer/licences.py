"""Gathers the licences of all parts of the frozen program into one folder.

    python -m installer.licences FOLDER [LIBRARY ...]

FOLDER gets an index, and one folder for each Python distribution that Duologue needs, for Python
itself and, on Debian, for each package that a system LIBRARY comes from. A part without a licence
text is an error, because every part must be shipped with its licence.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Every frozen program holds PyInstaller's start-up code, in part by an exception of its licence,
# and the front end of hibari-tts (installer/contents.py).
_BUILT_WITH = ("pyinstaller", "hibari-tts")
_TEXTS = Path(__file__).parent / "licences"
_OWN = Path(__file__).parent.parent
# Wheels without a licence text of their own, or without that of something in them.
_MISSING = {
    "pyside6-essentials": ("LGPL-3.0.txt", "GPL-3.0.txt", "Qt.txt"),
    "shiboken6": ("LGPL-3.0.txt", "GPL-3.0.txt", "Qt.txt"),
    "flatbuffers": ("../../LICENSE",),
    "ctranslate2": ("CTranslate2.txt", "Intel.txt", "../../LICENSE"),
    "hibari-tts": ("spaCy.txt",),
}
_LICENCE_NAME = re.compile(r"^(licen[cs]e|copying|notice|authors|thirdparty)", re.IGNORECASE)


def reached(name: str, requires: Callable[[str], Iterable[str]]) -> list[str]:
    """The distribution ``name`` and all its dependencies here, sorted; extras are ignored."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = canonicalize_name(waiting.pop())
        if one in found:
            continue
        found.add(one)
        for text in requires(one):
            requirement = Requirement(text)
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return sorted(found)


def is_licence(path: PurePath) -> bool:
    """Whether a file of a wheel is a licence text, or a notice that must go with it."""
    if path.suffix in (".py", ".pyi", ".so", ".pyd", ".h"):
        return False
    inside = path.parent.name == "licenses" or ".dist-info" in str(path.parent)
    return bool(_LICENCE_NAME.match(path.name)) or (inside and "licenses" in path.parts)


def licence_name(part: Distribution) -> str:
    """The licence's short name in the metadata."""
    metadata = part.metadata.json
    stated = str(metadata.get("license_expression", ""))
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in metadata.get("classifier", [])
        if line.startswith("License ::")
    ]
    free = str(metadata.get("license", "")).strip().splitlines()
    return stated or ", ".join(classifiers) or (free[0][:80] if free else "see its text")


def gather(folder: Path, libraries: list[str]) -> list[str]:
    """Write the folder; returns the parts without a licence text."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lacking, index = [], []
    names = [n for n in reached("duologue", _requires) if n != "duologue"]
    for name in [*names, *_BUILT_WITH]:
        part = distribution(name)
        texts = [file.locate() for file in part.files or [] if is_licence(PurePath(str(file)))]
        texts += [_TEXTS / text for text in _MISSING.get(canonicalize_name(name), ())]
        if not _copy(texts, folder / name):
            lacking.append(name)
        index.append(f"{part.name} {part.version}: {licence_name(part)}")
    python = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    debian = Path(f"/usr/share/doc/python3.{sys.version_info.minor}/copyright")
    if not _copy([python if python.is_file() else debian], folder / "python"):
        lacking.append("python")
    index.append(f"Python {sys.version.split()[0]}: PSF-2.0")
    for package in sorted({_debian_package(library) for library in libraries}):
        if not _copy([Path(f"/usr/share/doc/{package}/copyright")], folder / f"debian-{package}"):
            lacking.append(package)
        index.append(f"{package} (from Debian or Ubuntu): see its text")
    _copy([_TEXTS / "Whisper.txt"], folder / "whisper")
    index.append("Whisper tiny.en, where the starter's tokenizer comes from: MIT")
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(_OWN / name, folder / name)
    text = (_TEXTS / "index.txt").read_text("utf8") + "\n".join(index) + "\n"
    (folder / "README.txt").write_text(text, "utf8")
    return lacking


def _requires(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []


def _copy(texts: Iterable[object], folder: Path) -> bool:
    there = [path for path in (Path(str(text)) for text in texts) if path.is_file()]
    for path in there:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / path.name
        count = 1
        while target.exists():
            count += 1
            target = folder / f"{path.stem}-{count}{path.suffix}"
        shutil.copyfile(path, target)
    return bool(there)


def _debian_package(library: str) -> str:
    """The package of a library; dpkg may know it with or without /usr before its path."""
    real = str(Path(library).resolve())
    for path in (library, real, f"/usr{real}", real.removeprefix("/usr")):
        asked = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True)
        if asked.returncode == 0:
            return asked.stdout.split(":")[0]
    return Path(library).name


def main() -> int:
    """Run the command; 1 if a licence text is missing."""
    lacking = gather(Path(sys.argv[1]), sys.argv[2:])
    if lacking:
        print(f"No licence text was found of: {', '.join(lacking)}", file=sys.stderr)
    return int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main())
