"""Where one turn may hold two requests: "set a timer for five minutes and add milk to my list".

Only tells the places; the grammar decides whether both sides are whole requests. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_PLACES = 4
"""That are tried, so that a long text costs little."""
_VERB = (
    r"(?:set|start|make|create|put|add|give me|remind me|wake me|cancel|stop|delete|remove|clear|"
    r"turn|take|write|tell me|what|how|convert|read|be quiet|end the|say|repeat|another|one|"
    r"a second|an? (?:[a-z0-9-]+ ){0,3}(?:timer|alarm|reminder)|when|is|volume|note|in|at)\b"
)
_PLACE = re.compile(
    r"(?:[.?!;,]\s+(?:and\s+)?|\s+and\s+)(?:(?:then|also|after that|please)\s+)*"
    rf"(?=(?:(?:please|can you|could you|would you|will you|also)\s+)*{_VERB})",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"(?:another|one|a second)(?: one| timer| alarm)? (?=(?:for|at|in)\b)", re.IGNORECASE
)
_KIND = re.compile(r"\b(timer|alarm)\b", re.IGNORECASE)


def parts(text: str) -> Iterator[tuple[str, str]]:
    """Each way to cut the transcript into a first request and the rest."""
    for place, found in enumerate(_PLACE.finditer(text)):
        if place >= MOST_PLACES:
            return
        first, rest = text[: found.start()], text[found.end() :]
        kind = _KIND.search(first)
        if kind and _ANOTHER.match(rest):
            rest = _ANOTHER.sub(f"set another {kind[1].lower()} ", rest, count=1)
        if first:
            yield first, rest
