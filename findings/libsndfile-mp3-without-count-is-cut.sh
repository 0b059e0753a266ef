#!/usr/bin/env bash
# libsndfile cuts the end off an MP3 of variable rate that has no frame count (Xing's), without an error.
#
# It cuts where mpg123 guesses the end from the rate of the first frame, and reports the guess as the
# length. The count is optional; an encoder that writes into a pipe leaves it out. libsndfile asks
# mpg123_length() once, which guesses where there is no count; it never scans the file, and reads no
# further than the guess. Where the guess is too long (constant rate), it promises frames that do not come.
# A workaround: through libsndfile's virtual input, a file that claims to be very long is read to its real
# end.
# Seen with soundfile 0.14.0, libsndfile 1.2.2 (its wheel, mpg123 inside), Linux x86-64.
# Source: mpeg_dec_fill_sfinfo in src/mpeg_decode.c; this run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q soundfile==0.14.0 numpy==2.2.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import io
import os
import sys

import numpy
import soundfile

print("soundfile", soundfile.__version__, soundfile.__libsndfile_version__)
# Loud first, so that the first frame is large, and the guess short.
loudness = numpy.concatenate([numpy.full(16000, 0.5), numpy.full(16000 * 9, 0.0005)])
sound = (numpy.random.default_rng(0).uniform(-1, 1, 160000) * loudness).astype("float32")
whole = io.BytesIO()
soundfile.write(whole, sound, 16000, format="MP3", bitrate_mode="VARIABLE", compression_level=0.5)
data = whole.getvalue()
uncounted = data[data.index(data[:2], 40):]  # without the frame that holds the count


class LongFile(io.BytesIO):
    """Says that it goes on for a terabyte."""

    def seek(self, offset, whence=os.SEEK_SET):
        if whence == os.SEEK_END:
            offset, whence = (1 << 40) + offset, os.SEEK_SET
        return super().seek(offset, whence)

    def readinto(self, buffer):
        if self.tell() > len(uncounted):  # a title is looked for at the end
            buffer[:] = bytes(len(buffer))
            return len(buffer)
        return super().readinto(buffer)


class Forward(soundfile.SoundFile):
    def seekable(self):
        return False


plain = len(soundfile.read(io.BytesIO(uncounted))[0])
frames = 0
with Forward(LongFile(uncounted)) as file:
    while block := len(file.read(4000)):
        frames += block
counted = len(soundfile.read(io.BytesIO(data))[0])
print(f"of {len(sound)} frames: {counted} with the count, {plain} without, {frames} if it is 'long'")
sys.exit(not (counted == len(sound) and plain < 0.9 * len(sound) and frames >= len(sound)))
PYTHON
echo "As described."
