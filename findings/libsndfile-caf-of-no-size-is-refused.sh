#!/usr/bin/env bash
# libsndfile refuses a CAF whose data chunk has no known size, as "malformed", though the format allows it.
#
# Apple's specification: a size of -1 means that the data chunk goes on to the end of the file (it must be
# the last chunk). So a recorder need not go back to write it. In AU all ones mean an unknown size too, and
# there libsndfile reads everything.
# Seen with soundfile 0.14.0, libsndfile 1.2.2 (its wheel), Linux x86-64.
# Source: Apple Core Audio Format Specification 1.0, "Audio Data Chunk"; caf_read_header in src/caf.c;
# this run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q soundfile==0.14.0 numpy==2.2.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import io
import sys

import numpy
import soundfile

print("soundfile", soundfile.__version__, soundfile.__libsndfile_version__)
seen = {}
for form, mark, width in (("CAF", b"data", 8), ("AU", None, 4)):
    stream = io.BytesIO()
    soundfile.write(stream, numpy.zeros(16000), 16000, "PCM_16", format=form)
    data = stream.getvalue()
    at = data.index(mark) + 4 if mark else 8
    data = data[:at] + b"\xff" * width + data[at + width:]
    try:
        seen[form] = len(soundfile.read(io.BytesIO(data))[0])
    except soundfile.LibsndfileError as error:
        seen[form] = error.error_string
    print(f"{form} of no size: {seen[form]}")
sys.exit(not (seen["AU"] == 16000 and "malformed" in str(seen["CAF"])))
PYTHON
echo "As described."
