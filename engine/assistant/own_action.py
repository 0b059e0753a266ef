"""What a user's own action is: a Python file with words and a function. docs/actions.md tells how.

    WORDS = ["how full is {place}", "how much room is left on {place}"]

    def answer(place):
        return "It is half full."

Nothing of Duologue is imported by such a file. This module checks its description and finds the
action that a turn asks for; it runs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from engine.assistant.heard_words import as_written, asked, plain
from engine.errors import DuologueError

MODULES = (
    "argparse array ast asyncio base64 bisect bz2 calendar cmath collections colorsys "
    "concurrent.futures configparser contextlib copy csv ctypes dataclasses datetime decimal "
    "difflib email.message enum fnmatch fractions functools "
    "getpass glob gzip hashlib heapq hmac html "
    "html.parser http.client imaplib inspect io ipaddress itertools json locale logging lzma math "
    "mimetypes operator os pathlib platform plistlib pprint queue random re secrets shlex shutil "
    "smtplib socket sqlite3 ssl statistics string struct subprocess sys tarfile tempfile textwrap "
    "threading time tomllib traceback types typing unicodedata urllib.parse urllib.request uuid "
    "webbrowser xml.etree.ElementTree xml.sax zipfile zlib zoneinfo"
).split()
"""Modules of the standard library that a file may import in the installed program as well.

The packages are built with them (installer/duologue.spec), and the self-test imports all of them.
"""
MOST_WORDS = 50
MOST_SLOTS = 3
_MOST_LETTERS = 200
_LEAST_FIXED_WORDS = 2
"""Words of a pattern beside its slots; with fewer it would take everything for itself."""
_SLOT = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class OwnAction:
    """A loaded file, as the program knows it."""

    file: str
    """Its name, which is shown; of an entry point "package: name"."""
    words: tuple[str, ...]
    """As the file has them, for the help."""
    question: str = ""
    """Asked before it is done ("Shall I delete it?"); empty: it is done at once."""
    patterns: tuple[re.Pattern[str], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class OwnCall:
    """A turn that asks for an own action."""

    action: OwnAction
    slots: dict[str, str]


def described(file: str, words: Any, question: Any = "") -> OwnAction:
    """The action that a file describes; DuologueError says what is wrong with it."""
    if isinstance(words, str) or not isinstance(words, list | tuple) or not words:
        raise DuologueError(f"The action {file} has no list WORDS of what one can say.")
    if len(words) > MOST_WORDS or not all(
        isinstance(one, str) and len(one) <= _MOST_LETTERS for one in words
    ):
        raise DuologueError(
            f"WORDS of the action {file} must be at most {MOST_WORDS} texts "
            f"of at most {_MOST_LETTERS} letters."
        )
    if not isinstance(question, str) or len(question) > _MOST_LETTERS:
        raise DuologueError(f"ASK_FIRST of the action {file} must be a short question.")
    return OwnAction(file, tuple(words), question, tuple(_pattern(file, one) for one in words))


def _pattern(file: str, words: str) -> re.Pattern[str]:
    parts = _SLOT.split(words)
    names, fixed = parts[1::2], [plain(part) for part in parts[::2]]
    if len(set(names)) != len(names) or not all(name.isidentifier() for name in names):
        raise DuologueError(
            f'The slots of "{words}" in the action {file} need different plain names.'
        )
    if len(names) > MOST_SLOTS or len(" ".join(fixed).split()) < _LEAST_FIXED_WORDS:
        raise DuologueError(
            f'"{words}" in the action {file} needs at least two words of its own '
            f"and at most {MOST_SLOTS} slots."
        )
    pattern = re.escape(fixed[0])
    for name, after in zip(names, fixed[1:], strict=True):
        pattern += rf" (?P<{name}>\S(?:.*?\S)??) {re.escape(after)}"
    return re.compile(" ".join(pattern.replace("\\ ", " ").split()))


def called(text: str, actions: tuple[OwnAction, ...]) -> OwnCall | None:
    """The first action whose words the whole turn is, with its slots as the user said them."""
    # As it is, too: what politeness adds may be words of the pattern ("break it now").
    forms = dict.fromkeys((asked(text), plain(text)))
    for action in actions:
        for pattern in action.patterns:
            if found := next(filter(None, map(pattern.fullmatch, forms)), None):
                slots = {name: as_written(said, text) for name, said in found.groupdict().items()}
                return OwnCall(action, slots)
    return None
