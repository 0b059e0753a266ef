"""Which parts are shipped, and which of their files are licences."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from installer.licences import is_licence, reached

_REQUIRES = {
    "duologue": [
        "Numpy>=2",
        "rich[jupyter]",
        "torch; extra == 'train'",
        "old; python_version < '3'",
    ],
    "rich": ["markdown_it-py>=2", "ipywidgets; extra == 'x'"],
    "markdown-it-py": ["mdurl~=0.1", "duologue"],
}


def test_all_that_is_needed_is_reached() -> None:
    found = reached("duologue", lambda name: _REQUIRES.get(name, []))
    assert found == ["duologue", "markdown-it-py", "mdurl", "numpy", "rich"]


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("numpy-2.4.6.dist-info/licenses/LICENSE.txt", True),
        ("numpy-2.4.6.dist-info/licenses/numpy/random/LICENSE.md", True),
        ("soxr-1.1.0.dist-info/licenses/COPYING.LGPL", True),
        ("onnxruntime/ThirdPartyNotices.txt", True),
        ("cycler-0.12.1.dist-info/LICENSE", True),
        ("cycler-0.12.1.dist-info/METADATA", False),
        ("pygments/lexers/licences.py", False),
        ("numpy/core.py", False),
    ],
)
def test_licences_are_known_by_their_names(name: str, licence: bool) -> None:
    assert is_licence(PurePosixPath(name)) is licence
