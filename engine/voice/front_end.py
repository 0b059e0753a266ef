"""The voice's text front end: the sentences of a text, and the phones of a sentence.

The rules and the tagger are those of the package ``hibari-tts`` (``hibari.g2p``, a port of misaki);
its tables come from a folder. An installed program holds this much of the package, and not what
downloads further voices, so nothing else of it may be imported here. One thread.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from engine.errors import DuologueError
from engine.onnx_session import open_session

ADVICE = (
    "install the part for the voice with `duologue install-part`, or talk without the assistant"
)
_LETTERS, _IDS = ("chars", "tensor(int64)"), ("ids", "tensor(int64)")
_CLOSING = "\"'”’)]"
_ENDS = ".!?…"


def hibari_assets() -> Path:
    """The folder of the package's tables and weights; raises DuologueError without it."""
    found = importlib.util.find_spec("hibari")
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders or not (Path(folders[0]) / "assets" / "hibari.onnx").is_file():
        raise DuologueError(f"The agent's voice is not installed; {ADVICE}.")
    return Path(folders[0]) / "assets"


class FrontEnd:
    """The reader of texts, with the tables in a folder."""

    def __init__(self, tables: Path) -> None:
        """Load it, some tenths of a second. Raises DuologueError where something is missing."""
        self._read, self._titles = _opened(tables)

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text; a line's end is one, too."""
        found = []
        for line in text.splitlines():
            words, begin = line.split(), 0
            for place in range(1, len(words)):
                if self._ends(words[place - 1], words[place]):
                    found.append(" ".join(words[begin:place]))
                    begin = place
            found.append(" ".join(words[begin:]))
        return [sentence for sentence in found if sentence]

    def _ends(self, word: str, following: str) -> bool:
        """Whether a sentence ends between two words: not after "Dr." or "J."."""
        bare = word.rstrip(_CLOSING)
        if not bare.endswith(tuple(_ENDS)) or following[0].islower():
            return False
        name = bare.rstrip(".").lstrip("(\"'“‘")
        short = name in self._titles or (len(name) == 1 and name.isupper())
        return not (short and bare.endswith("."))

    def phones(self, sentence: str) -> str:
        """misaki's notation with marks, spaces and punctuation. Raises whatever the rules raise."""
        read: str = self._read(sentence)
        return read


def _opened(tables: Path) -> tuple[Any, set[str]]:
    try:
        g2p: Any = importlib.import_module("hibari.g2p")
        unknown = importlib.import_module("hibari.g2p.oov")
        titles = importlib.import_module("hibari.g2p.normalize").TITLES
    except ImportError as error:
        raise DuologueError(
            f"{error.name} is missing, which reads texts for the voice; install Duologue again, or "
            "hibari-tts 0.2.1 beside its source."
        ) from error
    session = open_session(tables / "oov.onnx", [_LETTERS], [_IDS])
    # The package knows one place for its tables, this variable.
    before, g2p.ASSETS = g2p.ASSETS, str(tables)
    try:
        read = g2p.G2P(oov=unknown.OOV(str(tables / "oov.onnx"), session))
    except (OSError, ValueError, KeyError) as error:
        raise DuologueError(f"The voice's tables cannot be read ({error}); {ADVICE}.") from error
    finally:
        g2p.ASSETS = before
    return read, set(titles)
