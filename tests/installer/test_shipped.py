"""Nothing under the GPL is shipped, and nothing that downloads: looks at all that is installed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from installer.contents import not_ours
from installer.licences import licence_name, reached

_ROOT = Path(__file__).resolve().parents[2]
# Under the LGPL, or the GPL, as one likes.
_TWO_LICENCES = {"pyside6-essentials", "shiboken6"}


def _requires(name: str) -> list[str]:
    if name == "duologue":  # what this tree asks for, whatever tree is installed
        project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf8"))["project"]
        return list(project["dependencies"])
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []


def parts() -> Iterator[Distribution]:
    """All that an installation without extras has, but Duologue itself."""
    for name in reached("duologue", _requires):
        if name != "duologue":
            yield distribution(name)


def test_hearing_is_among_what_is_looked_at() -> None:
    assert {"ctranslate2", "numpy", "pydantic"} <= {part.name.lower() for part in parts()}


def test_no_file_of_what_is_installed_is_refused() -> None:
    for part in parts():
        names = [str(file) for file in part.files or [] if ".dist-info" not in str(file)]
        assert names and not not_ours(names), part.name


def test_no_licence_is_the_gpl() -> None:
    for part in parts():
        stated = licence_name(part).upper().replace("LGPL", "").replace("LESSER GENERAL", "")
        if canonicalize_name(part.name) not in _TWO_LICENCES:
            assert "GPL" not in stated and "GENERAL PUBLIC" not in stated, part.name


@pytest.mark.parametrize(
    "name",
    [
        "av/__init__.py",
        "av.libs/libx264-a1b2.so.165",
        "av\\\\x265.dll",
        "huggingface_hub/file_download.py",
        "requests.sessions",
        "faster_whisper",
        "somewhere/libreadline.so.8",
    ],
)
def test_what_may_not_be_shipped_is_found(name: str) -> None:
    assert not_ours(["numpy/core.py", name]) == [name]


@pytest.mark.parametrize(
    "name",
    ["ctranslate2.libs/libgomp-e985bcbb.so.1.0.0", "numpy/av.py", "click/_readline.py", "avro"],
)
def test_what_only_sounds_like_it_stays(name: str) -> None:
    assert not not_ours([name])
