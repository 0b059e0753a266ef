#!/usr/bin/env bash
# libsndfile writes a WAV beyond 4 GiB without an error, and then reads only its first 4 GiB.
#
# A WAV counts its bytes in 32 bits. One would expect a write beyond that, or the closing, to fail. But each
# write reports that all was written, closing succeeds, and the file has all its bytes. Only both counts in
# the header are 0xFFFFFFFF. Every program that opens it, libsndfile too, finds 1,073,741,823 of the
# 1,140,850,688 frames written here: a recording of 19 hours ends after 18.64. format="RF64" counts in 64 bits.
# Seen with soundfile 0.14.0, libsndfile 1.2.2 (its wheel), Linux x86-64.
# Source: src/wav.c writes the header again in wav_close, which reports nothing; this run. Needs 4.3 GiB in
# TMPDIR.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q soundfile==0.14.0 numpy==2.2.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import os
import struct
import sys

import numpy
import soundfile

print("soundfile", soundfile.__version__, soundfile.__libsndfile_version__)
seen = {}
for form in ("WAV", "RF64"):
    block = numpy.zeros((2**26, 2), numpy.int16)
    written = 0
    with soundfile.SoundFile("long.wav", "w", 16000, 2, "PCM_16", format=form) as file:
        while written * 4 < 2**32 + 2**27:
            file.write(block)
            written += len(block)
    with open("long.wav", "rb") as file:
        counts = struct.unpack("<I", file.read(8)[4:])
    found = soundfile.info("long.wav").frames
    print(f"{form}: wrote {written} frames in {os.path.getsize('long.wav')} bytes without an error;"
          f" RIFF count {counts[0]:#x}; read back: {found} frames")
    seen[form] = found == written
    os.unlink("long.wav")
sys.exit(seen != {"WAV": False, "RF64": True})
PYTHON
echo "As described."
