"""Downloads files over HTTP and continues interrupted downloads. Knows no bundles.

We do not use huggingface_hub 2.4: it cannot continue after its process has ended, and it requests
more than the files (docs/architecture.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse, IncompleteRead, InvalidURL, RemoteDisconnected
from ssl import SSLCertVerificationError, SSLError
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from engine.errors import DuologueError
from engine.log_file import shown

BLOCK_BYTES = 1 << 18
_TIMEOUT_S = 20.0
_MOST_REASON_LETTERS = 200
_PAGES = ("text/html", "application/xhtml+xml")
_SPAN = re.compile(r"bytes (\d{1,18})-\d+/(\d{1,18}|\*)")


class NotThereError(DuologueError):
    """The server has no such file."""


class BrokeOffError(DuologueError):
    """The connection ended too early; the bytes so far are good."""

    def __init__(self, reason: object) -> None:
        super().__init__(
            f"The download stopped ({reason}); check the connection and download again. It "
            "continues where it stopped."
        )


class OtherLengthError(Exception):
    """The file on the server has another length than expected."""


def blocks(url: str, first: int = 0, size: int | None = None) -> Iterator[bytes]:
    """A file's bytes from ``first`` on, in blocks as they arrive; some blocks are empty.

    ``size`` is the file's length, if that is known.

    Raises BrokeOffError if the bytes end before the length that the server named, OtherLengthError
    if that length is not ``size``, NotThereError, and DuologueError if the server refuses.
    """
    headers = {"Range": f"bytes={first}-"} if first else {}
    try:
        with urlopen(Request(url, headers=headers), timeout=_TIMEOUT_S) as answer:
            if answer.headers.get_content_type() in _PAGES:
                raise DuologueError(
                    f"The server sent a web page instead of {url}; the network or the repository "
                    "may require a login. Open that address in a browser, then download again."
                )
            # Some servers cannot start in the middle; then we skip the bytes that we have.
            at, whole = _extent(answer)
            if at > first:
                raise BrokeOffError("the server continued at another position")
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
                f"{url} does not exist; check the repository's name, and that it contains "
                "a Duologue bundle."
            ) from error
        if error.code == 416:  # the file ends where we are
            raise OtherLengthError from error
        raise DuologueError(
            f"The server refused {url} ({error.code} {error.reason}); check that the repository is "
            "public, or try again later."
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise BrokeOffError(_in_words(error)) from error


def _in_words(error: OSError | HTTPException | ValueError) -> str:
    """Why a connection failed, without the names and numbers of Python's errors."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, IncompleteRead):
        return "the connection ended too early"
    if isinstance(cause, InvalidURL):
        return "the address is not valid"
    if isinstance(cause, TimeoutError):
        return "the server does not answer"
    if isinstance(cause, SSLCertVerificationError):
        return f"the server's certificate is not valid: {cause.verify_message}"
    if isinstance(cause, SSLError):
        return "the encrypted connection failed"
    if isinstance(cause, RemoteDisconnected):
        return "the server closed the connection"
    if isinstance(cause, OSError):
        return cause.strerror or "the connection failed"
    if isinstance(cause, str):  # urllib's own words
        return shown(cause, _MOST_REASON_LETTERS)
    return "the server's answer is not valid HTTP"


def _extent(answer: HTTPResponse) -> tuple[int, int | None]:
    """Where the answer begins in the file, and the file's length if it is given."""
    if answer.status == 206:
        span = _SPAN.fullmatch(answer.headers.get("Content-Range", ""))
        if span is None:
            raise BrokeOffError("the server does not say where it continues")
        return int(span[1]), None if span[2] == "*" else int(span[2])
    return 0, answer.length
