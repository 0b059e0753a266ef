#!/usr/bin/env bash
# libsndfile reads only the first of the recordings chained in an Ogg file, without an error.
#
# Chaining is part of Ogg (RFC 3533, section 4: one logical stream after another; "cat a.ogg b.ogg" makes
# one), and internet radio writes it. libsndfile reports the first link's length as the file's, reads that,
# and ends without an error, for Vorbis and Opus alike.
# Seen with soundfile 0.14.0, libsndfile 1.2.2 (its wheel), Linux x86-64.
# Source: ogg_stream_classify in src/ogg.c follows one serial number; this run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q soundfile==0.14.0 numpy==2.2.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy
import soundfile

print("soundfile", soundfile.__version__, soundfile.__libsndfile_version__)
sound = numpy.random.default_rng(0).normal(0, 0.1, 48000 * 3).astype("float32")
seen = []
for subtype in ("VORBIS", "OPUS"):
    soundfile.write("one.ogg", sound, 48000, format="OGG", subtype=subtype)
    one = open("one.ogg", "rb").read()
    open("two.ogg", "wb").write(one + one)
    frames = len(soundfile.read("two.ogg")[0])
    print(f"{subtype}: two links of {len(sound)} frames are read as {frames} frames, no error")
    seen.append(frames == len(sound))
sys.exit(seen != [True, True])
PYTHON
echo "As described."
