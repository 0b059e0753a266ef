#!/usr/bin/env bash
# libsndfile's downgrade from RF64 (SFC_RF64_AUTO_DOWNGRADE) writes a WAV that simple readers refuse.
#
# A program that does not know how long a recording will be opens it as RF64 and asks for the downgrade, to
# get a plain WAV if it stays below 4 GiB. The result is RIFF, but in WAVE_FORMAT_EXTENSIBLE (65534), even
# for 16 bits and two channels. libsndfile's own format="WAV" writes plain PCM (1) there. Python's wave
# module refuses the extensible format before 3.12.
# Seen with soundfile 0.14.0, libsndfile 1.2.2 (its wheel), Linux x86-64.
# Source: src/rf64.c writes the format chunk of WAVEX in either case; this run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q soundfile==0.14.0 numpy==2.2.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import struct
import sys
import wave

import numpy
import soundfile

print("soundfile", soundfile.__version__, soundfile.__libsndfile_version__, "Python", sys.version[:7])
SFC_RF64_AUTO_DOWNGRADE = 0x1210
tags = {}
for form in ("RF64", "WAV"):
    with soundfile.SoundFile("short.wav", "w", 16000, 2, "PCM_16", format=form) as file:
        if form == "RF64":
            soundfile._snd.sf_command(file._file, SFC_RF64_AUTO_DOWNGRADE, soundfile._ffi.NULL, 1)
        file.write(numpy.zeros((1000, 2), "int16"))
    data = open("short.wav", "rb").read()
    (tag,) = struct.unpack_from("<H", data, data.index(b"fmt ") + 8)
    try:
        wave.open("short.wav").close()
        said = "reads it"
    except wave.Error as error:
        said = f"says: {error}"
    print(f"format={form!r}: {data[:4].decode()}, format tag {tag}; Python's wave {said}")
    tags[form] = data[:4], tag
sys.exit(tags != {"RF64": (b"RIFF", 65534), "WAV": (b"RIFF", 1)})
PYTHON
echo "As described."
