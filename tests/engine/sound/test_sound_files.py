"""Sound files as they are found: valid but unusual, cut, damaged, or none.

Each is made here, byte by byte where no library writes such a file, and each is read whole, or read
as far as it goes with one remark, or refused with one sentence; none is changed.
"""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.sound.audio_file import AudioReader
from engine.timebase import SAMPLE_RATE_HZ

SECONDS = 6.0
STEP = SAMPLE_RATE_HZ // 10  # of the loudness, which tells where in the recording a sound is from


def _loudness() -> np.ndarray:
    random = np.random.default_rng(3)
    steps = random.uniform(0.05, 0.5, round(SECONDS * SAMPLE_RATE_HZ / STEP))
    steps[:5] = 0.001  # so the first frames of a variable rate are small
    return steps


LOUDNESS = _loudness()
NOISE = np.random.default_rng(0).uniform(-1, 1, round(SECONDS * SAMPLE_RATE_HZ))
VOICE = (NOISE * np.repeat(LOUDNESS, STEP)).astype(np.float32)
OTHER = np.random.default_rng(1).uniform(-0.3, 0.3, len(VOICE)).astype(np.float32)
DATA_BYTES = 2 * len(VOICE)


def encoded(
    format: str,
    subtype: str | None = None,
    sound: np.ndarray = VOICE,
    rate_hz: int = SAMPLE_RATE_HZ,
    **options: object,
) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, sound, rate_hz, subtype, format=format, **options)
    return stream.getvalue()


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


# --- wav ------------------------------------------------------------------------------------------

WAV = encoded("WAV", "PCM_16")
assert WAV[36:40] == b"data"


def wav_of_size(
    data_bytes: int, riff_bytes: int, behind: bytes = b"", before: bytes = b""
) -> bytes:
    """The wav with other numbers in its header, and chunks ``before`` and ``behind`` its sound."""
    head = patched(WAV[:36], 4, struct.pack("<I", riff_bytes & 0xFFFFFFFF))
    size = struct.pack("<I", data_bytes & 0xFFFFFFFF)
    return head + before + b"data" + size + WAV[44:] + behind


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


INFO = chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"Recorder"))
PLAIN_BYTES = len(WAV) - 8


def rf64(data_bytes: int, sound: bytes = WAV[44:]) -> bytes:
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, data_bytes, data_bytes, 0, 0)
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + WAV[12:36] + b"data\xff\xff\xff\xff" + sound


# --- flac -----------------------------------------------------------------------------------------

FLAC = encoded("FLAC", "PCM_16")


def flac_of_length(samples: int, data: bytes = FLAC) -> bytes:
    """STREAMINFO's 36 bits."""
    first = bytes([data[21] & 0xF0 | samples >> 32])
    return patched(data, 21, first + struct.pack(">I", samples & 0xFFFFFFFF))


# --- ogg ------------------------------------------------------------------------------------------

VORBIS, OPUS = encoded("OGG", "VORBIS"), encoded("OGG", "OPUS")


def ogg_pages(data: bytes) -> list[bytes]:
    pages, at = [], 0
    while at < len(data):
        count = data[at + 26]
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        pages.append(data[at : at + size])
        at += size
    return pages


def _checksum_of_byte(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value


_OF_BYTE = [_checksum_of_byte(byte) for byte in range(256)]


def _checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _OF_BYTE[value >> 24 ^ byte]
    return value


def checked(page: bytes) -> bytes:
    """With the checksum that it should have."""
    page = patched(page, 22, bytes(4))
    return patched(page, 22, struct.pack("<I", _checksum(page)))


def ogg_page(packet: bytes, number: int, flags: int = 0) -> bytes:
    """One packet in one page, as short as 65 kB at most."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, 0, 7, number, 0, len(lacing))
    return checked(head + lacing + packet)


def ogg_flac() -> bytes:
    """FLAC in Ogg: a packet for each of its blocks, as ffmpeg and flac --ogg write it."""
    flac = flac_of_length(0)
    frames_at = 42
    while not flac[frames_at - 38] & 0x80 and flac[frames_at] != 0xFF:  # blocks behind STREAMINFO
        frames_at += 4 + int.from_bytes(flac[frames_at + 1 : frames_at + 4])
    frames = flac[frames_at:]
    # Where frames begin does not matter to who puts the packets together again.
    packets = [frames[at : at + 20_000] for at in range(0, len(frames), 20_000)]
    first = b"\x7fFLAC\x01\x00\x00\x00" + flac[:42]
    pages = [ogg_page(first, 0, 2)]
    if frames_at > 42:
        pages.append(ogg_page(flac[42:frames_at], 1))
    pages += [ogg_page(packet, len(pages) + index) for index, packet in enumerate(packets)]
    return b"".join(pages)


OGG_FLAC = ogg_flac()
_PAGES = ogg_pages(VORBIS)
_MIDDLE = len(_PAGES) // 2

# --- mp3 ------------------------------------------------------------------------------------------

MP3 = encoded("MP3", bitrate_mode="CONSTANT", compression_level=0.5)
MP3_VARIABLE = encoded("MP3", bitrate_mode="VARIABLE", compression_level=0.5)


def without_count(mp3: bytes) -> bytes:
    """Without the first frame, which holds no sound and tells how many follow."""
    assert b"Xing" in mp3[:100] or b"Info" in mp3[:100]
    return mp3[mp3.index(mp3[:2], 40) :]


TITLE = b"ID3\x03\x00\x00\x00\x00\x00\x14TIT2\x00\x00\x00\x0a\x00\x00\x00My speech"
OLD_TITLE = b"TAG" + b"My speech".ljust(125, b"\0")


# --- aiff, au, caf, w64 ---------------------------------------------------------------------------

AIFF, AU = encoded("AIFF", "PCM_16"), encoded("AU", "PCM_16")
CAF, W64 = encoded("CAF", "PCM_16"), encoded("W64", "PCM_16")
SSND_AT, CAF_AT, W64_AT = AIFF.index(b"SSND") + 4, CAF.index(b"data") + 4, W64.index(b"data") + 16


def stereo(*channels: np.ndarray) -> bytes:
    return encoded("WAV", "PCM_16", np.stack(channels, axis=1))


SILENCE = np.zeros_like(VOICE)
HALF = len(WAV) // 2

WHOLE: dict[str, bytes] = {
    "wav of 16 bits": WAV,
    "wav of 24 bits": encoded("WAV", "PCM_24"),
    "wav of floats": encoded("WAV", "FLOAT"),
    "wav of 8 bits": encoded("WAV", "PCM_U8"),
    "wav, mu-law": encoded("WAV", "ULAW"),
    "wav, adpcm": encoded("WAV", "IMA_ADPCM"),
    "wav, extensible": encoded("WAVEX", "PCM_16"),
    "wav, big-endian": encoded("WAV", "PCM_16", endian="BIG"),
    "wav, data size 0": wav_of_size(0, PLAIN_BYTES),
    "wav, both sizes 0": wav_of_size(0, 0),
    "wav, data size 0, of a closed header": wav_of_size(0, 36),
    "wav, data size 2^32 - 1": wav_of_size(-1, -1),
    "wav, data size 2^32 less the header": wav_of_size(-37, -1),
    "wav, data size 2^31": wav_of_size(1 << 31, (1 << 31) + 36),
    "wav, data size of sox into a pipe": wav_of_size(0x7FFFF000 - 36, 0x7FFFF000),
    "wav, data size 0 behind another chunk": wav_of_size(0, 0, before=INFO),
    "wav, information behind": wav_of_size(DATA_BYTES, PLAIN_BYTES + len(INFO), INFO),
    "wav, an unknown chunk behind": wav_of_size(DATA_BYTES, -1, chunk(b"aBc ", b"12345")),
    "wav, a broken chunk behind": wav_of_size(DATA_BYTES, PLAIN_BYTES, INFO[:14]),
    "wav, an odd byte behind": wav_of_size(DATA_BYTES, PLAIN_BYTES, b"\0"),
    "wav, a title behind": wav_of_size(DATA_BYTES, PLAIN_BYTES, OLD_TITLE),
    "wav, padded to a sector": wav_of_size(DATA_BYTES, PLAIN_BYTES, bytes(1000)),
    "rf64": encoded("RF64", "PCM_16"),
    "rf64, size 0": rf64(0),
    "rf64, size 2^64 - 1": rf64((1 << 64) - 1),
    "aiff": AIFF,
    "aiff, size 0": patched(AIFF, SSND_AT, bytes(4)),
    "aiff, size 2^32 - 1": patched(AIFF, SSND_AT, b"\xff" * 4),
    "au": AU,
    "au, size 0": patched(AU, 8, bytes(4)),
    "au, size 2^32 - 1": patched(AU, 8, b"\xff" * 4),
    "caf": CAF,
    "caf, no size": patched(CAF, CAF_AT, b"\xff" * 8),
    "w64": W64,
    "w64, size 0": patched(W64, W64_AT, bytes(8)),
    "w64, size 2^63 - 1": patched(W64, W64_AT, b"\xff" * 7 + b"\x7f"),
    "flac": FLAC,
    "flac of 24 bits": encoded("FLAC", "PCM_24"),
    "flac of no length": flac_of_length(0),
    "flac, a title before": TITLE + FLAC,
    "flac, a title before, no length": TITLE + flac_of_length(0),
    "flac, a title behind": FLAC + OLD_TITLE,
    "flac in ogg": OGG_FLAC,
    "vorbis": VORBIS,
    "vorbis, no end marked": b"".join(_PAGES[:-1]) + checked(patched(_PAGES[-1], 5, b"\0")),
    "opus": OPUS,
    "mp3": MP3,
    "mp3, no count": without_count(MP3),
    "mp3 of variable rate": MP3_VARIABLE,
    "mp3 of variable rate, no count": without_count(MP3_VARIABLE),
    "mp3, a title before, no count": TITLE + without_count(MP3_VARIABLE),
    "mp3, titles on both sides": TITLE + MP3 + OLD_TITLE,
    "mp3, no count, a title behind": without_count(MP3) + OLD_TITLE,
    "two channels alike": stereo(VOICE, VOICE),
    "two channels of opposite phase": stereo(VOICE, -VOICE),
    "two channels, the second softer": stereo(VOICE, VOICE / 4),
    "two channels, the first silent": stereo(SILENCE, VOICE),
    "eight channels, the fifth heard": stereo(*[SILENCE] * 4, VOICE, *[SILENCE] * 3),
}  # fmt: skip

TWICE: dict[str, bytes] = {
    "wav behind wav": WAV + WAV,
    "rf64 behind wav": WAV + rf64(DATA_BYTES),
    "aiff behind aiff": AIFF + AIFF,
    "flac behind flac": FLAC + FLAC,
    "flac behind flac of no length": flac_of_length(0) + FLAC,
    "vorbis chained": VORBIS + VORBIS,
    "opus chained": OPUS + OPUS,
    "opus behind vorbis": VORBIS + OPUS,
    "flac in ogg behind vorbis": VORBIS + OGG_FLAC,
    "vorbis behind flac in ogg": OGG_FLAC + VORBIS,
    "mp3 behind mp3": MP3 + MP3_VARIABLE,
    "mp3 behind mp3, titles between": MP3 + TITLE + MP3,
    "mp3 behind mp3, no counts": without_count(MP3) + without_count(MP3_VARIABLE),
}  # fmt: skip

# What is there of it at least, in seconds; a word of the one remark.
PARTLY: dict[str, tuple[bytes, float, str]] = {
    "wav cut off": (WAV[:HALF], 2.9, "of its 6.0 s"),
    "wav of floats cut off": (encoded("WAV", "FLOAT")[:HALF], 1.4, "of its 6.0 s"),
    "wav whose header stopped at 0.1 s": (wav_of_size(3200, 3236), 6.0, "not closed"),
    "wav whose header stopped at 5 s": (wav_of_size(160_000, 160_036), 6.0, "not closed"),
    "wav whose header stopped, a chunk before": (
        wav_of_size(3200, 3236, before=INFO), 6.0, "not closed",
    ),
    "rf64 cut off": (rf64(DATA_BYTES, WAV[44:HALF]), 2.9, "of its 6.0 s"),
    "rf64 whose header stopped": (rf64(3200), 6.0, "not closed"),
    "aiff cut off": (AIFF[:HALF], 2.9, "of its 6.0 s"),
    "aiff whose header stopped": (
        patched(AIFF, SSND_AT, struct.pack(">I", 3208)), 6.0, "not closed",
    ),
    "au cut off": (AU[:HALF], 2.9, "of its 6.0 s"),
    "au whose header stopped": (patched(AU, 8, struct.pack(">I", 3200)), 6.0, "not closed"),
    "caf cut off": (CAF[:HALF], 2.8, "of its 6.0 s"),
    "w64 cut off": (W64[:HALF], 2.9, "of its 6.0 s"),
    "w64 whose header stopped": (
        patched(W64, W64_AT, struct.pack("<Q", 3224)), 6.0, "not closed",
    ),
    "flac cut off": (FLAC[: len(FLAC) // 2], 2.5, "of its 6.0 s"),
    "flac of no length cut off": (flac_of_length(0)[: len(FLAC) // 2], 2.5, "ends early"),
    "flac that claims 2^36 samples": (flac_of_length((1 << 36) - 1), 6.0, "only 6.0 s of its"),
    "flac damaged in the middle": (
        patched(FLAC, len(FLAC) // 2, bytes(500)), 2.5, "of its 6.0 s",
    ),
    "flac, something else behind": (FLAC + bytes(range(256)) * 200, 6.0, "not used"),
    "flac in ogg cut off": (OGG_FLAC[: len(OGG_FLAC) // 2], 2.0, "ends early"),
    "vorbis cut off": (VORBIS[: len(VORBIS) * 3 // 4], 2.0, "ends early"),
    "vorbis without a page": (
        b"".join(_PAGES[:_MIDDLE] + _PAGES[_MIDDLE + 1 :]), 2.0, "of its 6.0 s",
    ),
    "vorbis with a damaged page": (
        patched(VORBIS, len(b"".join(_PAGES[:_MIDDLE])) + 200, bytes(100)), 2.0, "of its 6.0 s",
    ),
    "vorbis with a page's head damaged": (
        patched(VORBIS, len(b"".join(_PAGES[:_MIDDLE])), b"oGGs"), 2.0, "of its 6.0 s",
    ),
    "opus cut off": (OPUS[: len(OPUS) * 3 // 4], 2.0, "ends early"),
    "vorbis, the chained one unreadable": (
        VORBIS + b"".join(_PAGES[:1]), 6.0, "damaged",
    ),
    "mp3 cut off": (MP3[: len(MP3) // 2], 2.5, "of its 6.0 s"),
    "mp3 of variable rate cut off": (MP3_VARIABLE[: len(MP3_VARIABLE) // 2], 2.0, "of its 6.0 s"),
    "mp3, something else behind": (MP3 + bytes(range(1, 200)) * 200, 6.0, "not used"),
    "two channels that differ": (stereo(VOICE, OTHER), 6.0, "but not 2"),
    "two channels, the second louder": (stereo(VOICE, 3 * OTHER), 6.0, "but not 2"),
    "three channels that differ": (stereo(VOICE, OTHER, OTHER[::-1]), 6.0, "but not 2 and 3"),
    "six channels that differ": (
        stereo(VOICE, *[np.roll(OTHER, 999 * turn) for turn in range(5)]), 6.0, "not the 5 others",
    ),
    "two channels, the first nearly silent": (
        stereo(OTHER / 1000, VOICE), 6.0, "",
    ),
}  # fmt: skip

# A word of the one sentence.
REFUSED: dict[str, tuple[bytes, str]] = {
    "no bytes": (b"", "is empty"),
    "one byte": (b"R", "not a readable sound file"),
    "text": (b"not a sound\n" * 100, "not a readable sound file"),
    "zeros": (bytes(5000), "not a readable sound file"),
    "bytes of all kinds": (bytes(range(256)) * 40, "not a readable sound file"),
    "m4a": (b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom" + bytes(3000), "not a readable sound file"),
    "matroska": (b"\x1aE\xdf\xa3" + bytes(range(200)) * 9, "not a readable sound file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 9, "not a readable sound file"),
    "wav cut off in its header": (WAV[:30], "not a readable sound file"),
    "wav without data": (WAV[:36], "not a readable sound file|contains no sound"),
    "wav with nothing behind its header": (WAV[:44], "contains no sound"),
    "wav of no samples": (encoded("WAV", sound=VOICE[:0]), "contains no sound"),
    "wav of no samples, information behind": (
        WAV[:40] + bytes(4) + INFO, "contains no sound",
    ),
    "wav of no channels": (patched(WAV, 22, b"\0\0"), "not a readable sound file"),
    "wav of rate 0": (patched(WAV, 24, bytes(4)), "not a readable sound file|0 samples per second"),
    "wav of rate 10": (patched(WAV, 24, struct.pack("<I", 10)), "10 samples per second"),
    "wav of rate 2^31": (
        patched(WAV, 24, struct.pack("<I", (1 << 31) - 1)), "2147483647 samples per second",
    ),
    "wav of an unknown codec": (patched(WAV, 20, b"\x77\x77"), "not a readable sound file"),
    "flac cut off in its header": (FLAC[:30], "not a readable sound file"),
    "flac that ends with its header": (flac_of_length(0, FLAC[:42]), "no sound|sound file|damaged"),
    "flac damaged at its beginning": (FLAC[:100] + bytes(len(FLAC)), "damaged at its beginning"),
    "vorbis of one page": (_PAGES[0], "not a readable sound file"),
    "vorbis of its headers": (b"".join(_PAGES[:2]), "not a readable sound file|contains no sound"),
    "ogg page of nothing": (ogg_page(b"nothing that is known", 0, 2), "not a readable sound file"),
    "mp3's title alone": (TITLE, "not a readable sound file"),
    "caf of nothing": (CAF[:8], "not a readable sound file"),
    "au of nothing": (AU[:10], "not a readable sound file"),
}  # fmt: skip


def loudness_of(sound: np.ndarray) -> np.ndarray:
    """Of each 0.1 s."""
    whole = len(sound) // STEP * STEP
    level: np.ndarray = np.sqrt(np.square(sound[:whole]).reshape(-1, STEP).mean(axis=1))
    return level


def read(path: Path, channel: int | None = None) -> tuple[np.ndarray, list[str]]:
    before = path.read_bytes()
    with AudioReader(path, channel) as recording:
        sound = np.concatenate(list(recording.blocks()))
        remarks = recording.remarks()
    assert path.read_bytes() == before
    assert sound.dtype == np.float32
    return sound, remarks


def is_voice(sound: np.ndarray, truth: np.ndarray = LOUDNESS) -> bool:
    """Whether the loudness goes up and down as the voice's, from its beginning on.

    An MP3 without a count begins with the coder's delay.
    """
    alike = []
    for delay in (0, 529, 1105):
        heard = loudness_of(sound[delay:])
        count = min(len(heard), len(truth))
        alike.append(np.corrcoef(heard[:count], truth[:count])[0, 1])
    return bool(max(alike) > 0.95)


@pytest.mark.bad_input("sound files")
@pytest.mark.parametrize("name", WHOLE)
def test_an_unusual_file_is_read_whole(name: str, tmp_path: Path) -> None:
    path = tmp_path / "sound"  # no name tells what it is
    path.write_bytes(WHOLE[name])
    sound, remarks = read(path)
    assert remarks == []
    assert len(sound) / SAMPLE_RATE_HZ == pytest.approx(SECONDS, abs=0.12)
    assert is_voice(sound)
    lossless = not name.startswith(("mp3", "opus", "vorbis", "wav of 8", "wav, mu", "wav, adpcm"))
    if lossless:
        assert np.abs(sound - VOICE).max() < 1e-4


@pytest.mark.bad_input("sound files")
@pytest.mark.parametrize("name", TWICE)
def test_all_of_the_recordings_in_one_file_are_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "sound.ogg"
    path.write_bytes(TWICE[name])
    sound, remarks = read(path)
    assert remarks == []
    assert len(sound) / SAMPLE_RATE_HZ == pytest.approx(2 * SECONDS, abs=0.25)
    assert is_voice(sound)
    assert is_voice(sound[len(sound) // 2 :])


@pytest.mark.bad_input("sound files")
@pytest.mark.parametrize("name", PARTLY)
def test_what_is_not_read_is_told_in_one_remark(name: str, tmp_path: Path) -> None:
    data, least_seconds, word = PARTLY[name]
    path = tmp_path / "sound.wav"
    path.write_bytes(data)
    sound, remarks = read(path)
    assert least_seconds - 0.01 <= len(sound) / SAMPLE_RATE_HZ < SECONDS + 0.1
    assert is_voice(sound[: round(2.0 * SAMPLE_RATE_HZ)] if "page" in name else sound)
    assert len(remarks) == (1 if word else 0)
    assert all(word in remark for remark in remarks)


@pytest.mark.bad_input("sound files")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_recording_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    data, words = REFUSED[name]
    path = tmp_path / "sound.mp3"
    path.write_bytes(data)
    with pytest.raises(DuologueError, match=words) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == data


def test_an_mp3_that_was_cut_out_of_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "sound"
    path.write_bytes(without_count(MP3)[100:])
    sound, _ = read(path)
    assert len(sound) / SAMPLE_RATE_HZ == pytest.approx(SECONDS, abs=0.2)


def test_links_of_other_rates_and_channels(tmp_path: Path) -> None:
    path = tmp_path / "radio.ogg"
    wide = np.stack([np.repeat(VOICE, 3), np.repeat(VOICE, 3)], axis=1)
    path.write_bytes(VORBIS + encoded("OGG", "VORBIS", wide, 3 * SAMPLE_RATE_HZ) + VORBIS)
    sound, remarks = read(path)
    assert remarks == []
    assert len(sound) / SAMPLE_RATE_HZ == pytest.approx(3 * SECONDS, abs=0.1)
    for third in np.array_split(sound, 3):
        assert is_voice(third)


@pytest.mark.parametrize("channel", [1, 2])
def test_a_channel_is_chosen(channel: int, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(stereo(VOICE, OTHER))
    sound, (remark,) = read(path, channel)
    assert np.abs(sound - (VOICE, OTHER)[channel - 1]).max() < 1e-4
    assert f"number {channel} is heard" in remark


@pytest.mark.parametrize(("name", "has"), [("one", "one channel"), ("two", "2 channels")])
@pytest.mark.parametrize("channel", [0, 3])
def test_a_channel_that_is_not_there(name: str, has: str, channel: int, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(WAV if name == "one" else stereo(VOICE, OTHER))
    with pytest.raises(DuologueError, match=f"{has}, not a channel {channel}"):
        AudioReader(path, channel)


def test_of_a_talk_that_duologue_left_the_user_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "conversation.wav"
    path.write_bytes(stereo(VOICE / 1000, OTHER))  # a user who was hardly heard is still the user
    (tmp_path / "events.jsonl").touch()
    sound, remarks = read(path)
    assert np.abs(sound - VOICE / 1000).max() < 1e-4
    assert "Only the left channel" in remarks[0]


@pytest.mark.parametrize("samples", [1 << 30, (1 << 36) - 1])
def test_a_length_that_cannot_be_is_asked_of_no_disk(samples: int, tmp_path: Path) -> None:
    path = tmp_path / "sound.flac"
    path.write_bytes(flac_of_length(samples))
    with AudioReader(path) as recording:
        assert recording.length_samples is None
    path.write_bytes(FLAC)
    with AudioReader(path) as recording:
        assert recording.length_samples == len(VOICE)


def test_many_channels_ask_for_little_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(encoded("WAV", "PCM_U8", np.zeros((300, 1024)), 768_000))
    with AudioReader(path, 1) as recording:
        frames = recording._parts[0].read()
    assert frames.shape == (256, 1024)  # a quarter of a second would be 786 MB


@pytest.mark.skipif(sys.platform == "win32", reason="would fill the disk there")
@pytest.mark.parametrize("data_bytes", [-1, 0, 0x7FFF_FFFF + 1, 4096, 705_032_704])
def test_a_wav_of_more_than_4_gb_is_read_whatever_its_header_counts(
    data_bytes: int, tmp_path: Path
) -> None:
    """The last one is what is left of 5 GB in 32 bits; the file has holes and needs no room."""
    path = tmp_path / "long.wav"
    path.write_bytes(wav_of_size(data_bytes, -1))
    with path.open("r+b") as file:
        file.truncate(5_000_000_000 + 44)
    with AudioReader(path) as recording:
        assert recording.length_samples == 2_500_000_000
        first = next(recording.blocks())
    assert np.abs(first - VOICE[: len(first)]).max() < 1e-4
