"""Files from a server over HTTP, from where an earlier download broke off; knows no bundles.

Our own, since huggingface_hub 2.4 does not go on once its process has ended, and asks its host for
more than the files (docs/architecture.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from engine.errors import DuologueError

BLOCK_BYTES = 1 << 18
_TIMEOUT_S = 20.0
_PAGES = ("text/html", "application/xhtml+xml")
_SPAN = re.compile(r"bytes (\d{1,18})-\d+/(\d{1,18}|\*)")


class NotThereError(DuologueError):
    """The server has no such file."""


class BrokeOffError(DuologueError):
    """The file ended before its end; what has come is good."""

    def __init__(self, reason: object) -> None:
        super().__init__(
            f"The download broke off ({reason}); check the connection and pull again, it goes on "
            "where it stopped."
        )


class OtherLengthError(Exception):
    """The file there is longer or shorter than it should be."""


def blocks(url: str, first: int = 0, size: int | None = None) -> Iterator[bytes]:
    """A file's bytes from ``first`` on as they come, some blocks empty.

    ``size`` is the file's length, where that is known.

    Raises BrokeOffError where they end before the server's own word, OtherLengthError where that
    is another length, NotThereError, and DuologueError where it is refused.
    """
    headers = {"Range": f"bytes={first}-"} if first else {}
    try:
        with urlopen(Request(url, headers=headers), timeout=_TIMEOUT_S) as answer:
            if answer.headers.get_content_type() in _PAGES:
                raise DuologueError(
                    f"A web page came in place of {url}: the network or the repository may want "
                    "you to log in; open that address in a browser, then pull again."
                )
            # Not every server goes on in the middle; then what is here already comes once more.
            at, whole = _extent(answer)
            if at > first:
                raise BrokeOffError("the server went on at another place")
            if size is not None and whole not in (None, size):
                raise OtherLengthError
            while block := answer.read1(BLOCK_BYTES):
                new = block[max(0, first - at) :]
                at += len(block)
                if size is not None and at > size:
                    raise OtherLengthError
                yield new
            if whole is not None and at < whole:
                raise BrokeOffError(f"after {at} of {whole} bytes")
    except HTTPError as error:
        if error.code == 404:
            raise NotThereError(
                f"{url} does not exist; check the repository's name, and that it holds "
                "a Duologue bundle."
            ) from error
        if error.code == 416:  # there is nothing after what is here
            raise OtherLengthError from error
        raise DuologueError(
            f"{url} was refused ({error.code} {error.reason}); the repository may be "
            "private, or ask again later."
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise BrokeOffError(getattr(error, "reason", None) or str(error) or repr(error)) from error


def _extent(answer: HTTPResponse) -> tuple[int, int | None]:
    """Where an answer begins in its file, and how long that is, if it says so."""
    if answer.status == 206:
        span = _SPAN.fullmatch(answer.headers.get("Content-Range", ""))
        if span is None:
            raise BrokeOffError("the server does not say where it goes on")
        return int(span[1]), None if span[2] == "*" else int(span[2])
    return 0, answer.length
