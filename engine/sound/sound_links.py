"""Finds the recordings in a sound file, even where its header is wrong.

A recorder that was killed, or wrote to a pipe, leaves a header with no length or an old one, and
libsndfile trusts it. Of several recordings chained in one Ogg file libsndfile reads only the first,
and FLAC in Ogg not at all. This module finds each recording (a "link", as Ogg calls it) and
describes it in pieces that libsndfile understands. Knows no codecs.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from engine.sound.pieced_file import Span

_MOST_32 = (1 << 32) - 1
_SEARCH_BYTES = 1 << 18


@dataclass(frozen=True)
class Link:
    """One of the recordings that a file holds in a row."""

    pieces: tuple[Span | bytes, ...]
    promised_share: float = 1.0
    """Length that the header states, divided by the length that is there."""
    truncated: bool = False
    """Whether the last page is incomplete."""
    header_behind: bool = False
    """Whether the header states less sound than is there."""
    counted: bool = True
    """Whether an MP3 states its count of frames; if not, decoders guess from the first frame."""


def find_links(stream: BinaryIO, length: int) -> list[Link]:
    """The recordings in a file of ``length`` bytes; the whole file if nothing needs correction.

    Raises OSError if it cannot be read.
    """
    whole = [Link((Span(0, length),))]
    magic = _read(stream, 0, 4)
    if magic == b"OggS":
        return _ogg_links(stream, length) or whole
    if magic == b".snd":
        return [_sun_link(stream, length)]
    if magic == b"fLaC" or magic.startswith((b"ID3", b"\xff")):
        return _marked_links(stream, length)
    links: list[Link] = []
    at: int | None = 0
    while at is not None and (layout := _LAYOUTS.get(_read(stream, at, 4))):
        link, at = _chunk_link(stream, at, length, layout)
        links.append(link)
    return links or whole


def is_tag(head: bytes) -> bool:
    """Whether the bytes after the sound are a tag: title, lyrics and so on."""
    return head.startswith((b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3"))


def _read(stream: BinaryIO, at: int, count: int) -> bytes:
    stream.seek(at)
    return stream.read(count)


# --- formats made of chunks: WAV, AIFF, CAF, W64, AU ----------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """How a chunked format writes its chunks."""

    first_at: int
    id_bytes: int
    size_format: str
    size_counts_header: bool
    alignment: int
    data_id: bytes

    @property
    def size_bytes(self) -> int:
        return struct.calcsize(self.size_format)

    @property
    def header_bytes(self) -> int:
        return self.id_bytes + self.size_bytes


_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_LAYOUTS = {
    b"RIFF": _Layout(12, 4, "<I", False, 2, b"data"),
    b"RF64": _Layout(12, 4, "<I", False, 2, b"data"),
    b"RIFX": _Layout(12, 4, ">I", False, 2, b"data"),
    b"FORM": _Layout(12, 4, ">I", False, 2, b"SSND"),
    b"caff": _Layout(8, 4, ">Q", False, 1, b"data"),
    b"riff": _Layout(40, 16, "<Q", True, 8, b"data" + _W64_TAIL),
}
# Sizes that recorders write while the length is unknown: all bits set, with or without the sign
# bit, in some cases minus the header's own bytes.
_UNSET_32 = ((0x7FFF_0000, 0x8000_0000), (0xFFFF_0000, _MOST_32))
_LEAST_UNSET_64 = 1 << 62
_LAST_CHUNKS = frozenset(
    b"LIST|id3 |ID3 |bext|cue |fact|smpl|inst|iXML|axml|JUNK|junk|PAD |FLLR|afsp|_PMX|DISP|PEAK|"
    b"minf|elm1|regn|umid|acid|strc|chna|MARK|NAME|AUTH|ANNO|COMT|APPL|COMM|INST|(c) |pakt|info|"
    b"chan|free|edct|uuid".split(b"|")
)
_PADDING_BYTES = 4096
_DS64_DATA_AT = 16  # offset in its chunk, after RIFF's own size


def _chunk_link(stream: BinaryIO, start: int, end: int, layout: _Layout) -> tuple[Link, int | None]:
    """The recording at ``start``, and where the next one begins, if there is one."""
    magic = _read(stream, start, 4)
    ds64_at = None
    for chunk in _chunks(stream, start + layout.first_at, end, layout):
        chunk_at, name, size, after = chunk
        if name == b"ds64":
            ds64_at = chunk_at
        if name == layout.data_id:
            break
    else:
        return Link((Span(start, end - start),)), None
    data_at = chunk_at + layout.header_bytes
    rest = end - data_at
    if magic == b"RF64" and ds64_at is not None and size == _MOST_32:
        (size,) = struct.unpack("<Q", _read(stream, ds64_at + _DS64_DATA_AT, 8).ljust(8, b"\xff"))
        after = data_at + size + (size & 1)
    whole = Link((Span(start, end - start),))
    unset = _is_unset(size, layout)
    if size <= rest and not unset:
        if _read(stream, after, 4) in _LAYOUTS:
            return Link((Span(start, after - start),)), after
        if _is_tail(stream, after, end, layout):
            return whole, None
    if rest <= 0:
        return whole, None
    realigned = _with_size(stream, start, chunk_at, end, rest, ds64_at, layout)
    stale = 0 < size < rest and not unset
    share = size / rest if size > rest and not unset else 1.0
    return Link(realigned, promised_share=share, header_behind=stale), None


def _is_unset(size: int, layout: _Layout) -> bool:
    if size >= _LEAST_UNSET_64:
        return True
    return layout.size_bytes == 4 and any(least <= size <= most for least, most in _UNSET_32)


def _chunks(
    stream: BinaryIO, at: int, end: int, layout: _Layout
) -> Iterator[tuple[int, bytes, int, int]]:
    """For each chunk: offset, name, size without the header, offset of the next chunk."""
    while at + layout.header_bytes <= end:
        header = _read(stream, at, layout.header_bytes)
        name = header[: layout.id_bytes]
        (size,) = struct.unpack(layout.size_format, header[layout.id_bytes :])
        if layout.size_counts_header:
            size = max(size - layout.header_bytes, 0)
        after = at + layout.header_bytes + size
        after += -after % layout.alignment
        yield at, name, size, after
        at = after


def _is_tail(stream: BinaryIO, at: int, end: int, layout: _Layout) -> bool:
    """Whether the bytes after the sound are not sound: other chunks, a tag or padding."""
    head = _read(stream, at, 16)
    if len(head) < 8 or head[:4] in _LAST_CHUNKS or is_tag(head):
        return True
    if end - at <= _PADDING_BYTES and not any(_read(stream, at, end - at)):
        return True
    for _chunk_at, name, _size, after in _chunks(stream, at, end, layout):
        if not all(32 <= byte < 127 for byte in name[:4]):
            return False
        at = after
    return 0 <= end - at < layout.header_bytes or at - end == 1


def _with_size(
    stream: BinaryIO,
    start: int,
    chunk_at: int,
    end: int,
    rest: int,
    ds64_at: int | None,
    layout: _Layout,
) -> tuple[Span | bytes, ...]:
    """The recording, with a header that states ``rest`` bytes of sound."""
    size_at = chunk_at + layout.id_bytes
    data = Span(chunk_at + layout.header_bytes, rest)
    if ds64_at is not None:
        at = ds64_at + _DS64_DATA_AT
        samples = b"\0" * 8  # 0 means that the count of samples is not stated
        return (
            Span(start, at - start),
            struct.pack("<Q", rest) + samples,
            Span(at + 16, size_at - at - 16),
            struct.pack("<I", _MOST_32),
            data,
        )
    if layout.size_format == "<I" and rest > _MOST_32:
        return (
            b"RF64" + b"\xff" * 4 + b"WAVE",
            struct.pack("<4sIQQQI", b"ds64", 28, end - start, rest, 0, 0),
            Span(start + layout.first_at, size_at - start - layout.first_at),
            struct.pack("<I", _MOST_32),
            data,
        )
    stated = rest + layout.header_bytes if layout.size_counts_header else rest
    if layout.size_bytes == 4:
        stated = min(stated, _MOST_32)
    return Span(start, size_at - start), struct.pack(layout.size_format, stated), data


def _sun_link(stream: BinaryIO, length: int) -> Link:
    """The recording in an AU file, whose header is one chunk."""
    header = _read(stream, 0, 12)
    whole = Link((Span(0, length),))
    if len(header) < 12:
        return whole
    data_at, size = struct.unpack(">II", header[4:])
    rest = length - data_at
    if size in (_MOST_32, rest) or rest <= 0 or rest > _MOST_32:
        return whole
    realigned = Link((Span(0, 8), struct.pack(">I", rest), Span(12, length - 12)))
    if size > rest:
        return replace(realigned, promised_share=size / rest)
    padding = rest - size <= _PADDING_BYTES and not any(_read(stream, data_at + size, rest - size))
    return whole if size and padding else replace(realigned, header_behind=size > 0)


# --- FLAC and MP3 in a row ------------------------------------------------------------------------

# Every FLAC begins with STREAMINFO, of 34 bytes. An MP3's first frame may hold no sound: then
# "Xing" or "Info" follows its header and 9, 17 or 32 bytes.
_BEGINNING = re.compile(
    rb"fLaC\x00\x00\x00\x22|"
    rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]..(?:.{9}|.{17}|.{32})(?:Xing|Info)\x00\x00\x00[\x01-\x0f]",
    re.DOTALL,
)
_MOST_BEGINNING_BYTES = 64
_HAS_COUNT = 1  # flag in an MP3's first frame


def _marked_links(stream: BinaryIO, length: int) -> list[Link]:
    """The recordings in an MP3 or FLAC file: these formats do not mark their end."""
    counted = {0: False}  # keys are the offsets at which recordings start
    at, kept = 0, b""
    stream.seek(0)
    while data := stream.read(_SEARCH_BYTES):
        window = kept + data
        for found in _BEGINNING.finditer(window):
            counted[at - len(kept) + found.start()] = bool(found[0][-1] & _HAS_COUNT)
        at += len(data)
        kept = window[-_MOST_BEGINNING_BYTES:]
    first_at = _first_at(stream)
    if first_at in counted:
        counted[0] = counted[first_at]
        if first_at:
            del counted[first_at]
    starts = sorted(counted)
    return [
        Link((Span(start, end - start),), counted=counted[start])
        for start, end in zip(starts, [*starts[1:], length], strict=True)
    ]


# Layer III: kilobits per second by index, for MPEG 1 and for MPEG 2 and 2.5; MPEG 1's sample rates.
_BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW_BITRATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ = (44_100, 48_000, 32_000)
_FRAMES_IN_A_ROW = 4


def first_mp3_frame(stream: BinaryIO) -> int | None:
    """Offset of the first frame of an MP3 that was cut from a stream; None if there is none."""
    data = _read(stream, 0, _SEARCH_BYTES)
    for start in range(len(data) - 4):
        at, count = start, 0
        while data[at : at + 1] == b"\xff" and (length := _mp3_frame_bytes(data[at : at + 4])):
            at += length
            count += 1
            if count == _FRAMES_IN_A_ROW:
                return start
    return None


def _mp3_frame_bytes(header: bytes) -> int:
    """Length of the frame with this header; 0 if it is not a layer III header."""
    if len(header) < 4 or header[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate == 3 or not 1 <= bitrate <= 14:
        return 0
    full = version == 3
    kilobits = (_BITRATES if full else _LOW_BITRATES)[bitrate - 1]
    rate_hz = _RATES_HZ[rate] >> (0 if full else 1 if version == 2 else 2)
    return (144 if full else 72) * 1000 * kilobits // rate_hz + (header[2] >> 1 & 1)


def _first_at(stream: BinaryIO) -> int:
    """Offset of the sound, after an ID3 tag, whose size has seven bits per byte."""
    head = _read(stream, 0, 10)
    if not head.startswith(b"ID3"):
        return 0
    size = 0
    for byte in head[6:]:
        size = size << 7 | byte & 0x7F
    return 10 + size


# --- Ogg ------------------------------------------------------------------------------------------

_PAGE_HEADER_BYTES = 27
_FIRST_PAGE = 2
_OGG_FLAC, _OGG_FLAC_PREFIX_BYTES = b"\x7fFLAC", 9


@dataclass(frozen=True)
class _Page:
    """One page of an Ogg stream."""

    start: int
    body: Span
    stream_id: bytes
    is_first: bool

    @property
    def end(self) -> int:
        return self.body.start + self.body.length


def _ogg_links(stream: BinaryIO, length: int) -> list[Link]:
    """The recordings chained in an Ogg file; FLAC is unpacked from its pages."""
    links: list[list[_Page]] = []
    beginning = False
    for page in _pages(stream, length):
        # Streams in parallel all have their first pages before any of them continues.
        if page.is_first and not beginning:
            links.append([])
        beginning = page.is_first
        if links:
            links[-1].append(page)
    found = []
    for index, pages in enumerate(links):
        last = index == len(links) - 1
        truncated = last and _is_page(_read(stream, pages[-1].end, 4))
        found.append(replace(_ogg_link(stream, pages), truncated=truncated))
    return found


def _ogg_link(stream: BinaryIO, pages: list[_Page]) -> Link:
    for page in pages:
        if not page.is_first:
            break
        if _read(stream, page.body.start, len(_OGG_FLAC)) == _OGG_FLAC:
            own = [entry.body for entry in pages if entry.stream_id == page.stream_id]
            head = own[0].start + _OGG_FLAC_PREFIX_BYTES
            first = Span(head, max(own[0].length - _OGG_FLAC_PREFIX_BYTES, 0))
            return Link((first, *own[1:]))
    return Link((Span(pages[0].start, pages[-1].end - pages[0].start),))


def _is_page(head: bytes) -> bool:
    """Whether these bytes are the start of a page, perhaps cut short."""
    return bool(head) and b"OggS".startswith(head)


def _pages(stream: BinaryIO, length: int) -> Iterator[_Page]:
    """The complete pages; damage between them is skipped."""
    at = 0
    while at + _PAGE_HEADER_BYTES <= length:
        header = _read(stream, at, _PAGE_HEADER_BYTES + 255)
        if not header.startswith(b"OggS"):
            found = _find_page(stream, at + 1, length)
            if found is None:
                return
            at = found
            continue
        segments = header[_PAGE_HEADER_BYTES - 1]
        body_at = at + _PAGE_HEADER_BYTES + segments
        body_bytes = sum(header[_PAGE_HEADER_BYTES : _PAGE_HEADER_BYTES + segments])
        if body_at + body_bytes > length:
            return
        yield _Page(at, Span(body_at, body_bytes), header[14:18], bool(header[5] & _FIRST_PAGE))
        at = body_at + body_bytes


def _find_page(stream: BinaryIO, at: int, length: int) -> int | None:
    while at < length:
        found = _read(stream, at, _SEARCH_BYTES + 3).find(b"OggS")
        if found >= 0:
            return at + found
        at += _SEARCH_BYTES
    return None
