#!/usr/bin/env bash
# python-soundfile raises at the end of a FLAC whose header has no length, and loses the last block.
#
# Read in blocks of 0.25 s, 6.08 s of sound give 6.00 s and an error. Such a file is valid (RFC 9639: a total
# of 0 samples means unknown); an encoder that writes into a pipe leaves it so. soundfile's read() seeks to
# the frame behind each block. At the end of a stream of unknown length that fails, and the error replaces the
# block that was just read. libsndfile itself reads all: a SoundFile whose seekable() returns False does not
# seek, and gets every sample.
# Seen with soundfile 0.14.0, libsndfile 1.2.2 (its wheel), Linux x86-64.
# Source: SoundFile._cdata_io in soundfile.py; this run.
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
rate = 16000
sound = numpy.random.default_rng(0).normal(0, 0.1, round(6.08 * rate)).astype("float32")
soundfile.write("sound.flac", sound, rate)
with open("sound.flac", "r+b") as file:  # the total is 36 bits of STREAMINFO
    file.seek(21)
    low = file.read(1)[0] & 0xF0
    file.seek(21)
    file.write(bytes([low, 0, 0, 0, 0]))


class Forward(soundfile.SoundFile):
    def seekable(self):
        return False


def read(kind):
    frames, error = 0, None
    with kind("sound.flac") as file:
        try:
            while block := len(file.read(rate // 4)):
                frames += block
        except soundfile.SoundFileError as caught:
            error = str(caught)
    print(f"{kind.__name__}: {frames} of {len(sound)} frames, error {error}")
    return frames == len(sound), error is None


sys.exit((read(soundfile.SoundFile), read(Forward)) != ((False, False), (True, True)))
PYTHON
echo "As described."
