#!/usr/bin/env bash
# Silero VAD takes 512 samples, as its documentation of windows suggests, and then finds no speech in anything.
#
# The network wants 576: the window of 512 and, before it, the last 64 samples of the window before. Its input has no
# fixed length, so 512 alone run without an error, and the highest probability in half a minute of speech stays below
# the threshold. Of the ONNX files in one and the same package, three fall silent that way, one
# (silero_vad_half.onnx) still hears a part of the speech, and two refuse (their shape is fixed at 576, or their state
# is another). So give the context, and test a detector with speech, not only with silence.
# Seen with silero-vad 6.2.3, onnxruntime 1.23.2, the speech of flite 2.2. Source: this run.
# Needs: python3-venv, flite.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip=("$folder/venv/bin/pip" --quiet --disable-pip-version-check install)
"${pip[@]}" onnxruntime==1.23.2 numpy==2.2.6 soundfile==0.13.1
"${pip[@]}" --no-deps silero-vad==6.2.3
flite -voice slt -o "$folder/speech.wav" -t "$(printf 'The quick brown fox jumps over the lazy dog, and nobody minds. %.0s' {1..8})"
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import files, version

import numpy as np
import onnxruntime
import soundfile

WINDOW, CONTEXT = 512, 64
speech, rate = soundfile.read("speech.wav", dtype="float32")
assert rate == 16_000


def loudest(path, context):
    """The highest probability of speech; None where the file refuses such input."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = {one.name for one in session.get_inputs()}
    state, before, found = np.zeros((2, 1, 128), np.float32), np.zeros(context, np.float32), []
    for start in range(0, len(speech) - WINDOW, WINDOW):
        window = speech[start : start + WINDOW]
        given = {"input": np.concatenate([before, window])[None], "state": state}
        if "sr" in names:
            given["sr"] = np.array(rate, np.int64)
        try:
            odds, state = session.run(None, given)[:2]
        except Exception:
            return None
        found.append(float(odds.ravel()[0]))
        before = window[len(window) - context :]
    return max(found)


print("silero-vad", version("silero-vad"), "onnxruntime", version("onnxruntime"))
outcomes = {}
for path in sorted(str(one.locate()) for one in files("silero-vad") if one.suffix == ".onnx"):
    alone, whole = loudest(path, 0), loudest(path, CONTEXT)
    outcomes[path.rsplit("/", 1)[1]] = alone, whole
    said = ["refused" if one is None else f"at most {one:.3f}" for one in (alone, whole)]
    print(f"{path.rsplit('/', 1)[1]}: 512 samples {said[0]}, 64 + 512 samples {said[1]}")
silent = [name for name, (alone, whole) in outcomes.items() if alone is not None and alone < 0.5 < (whole or 0)]
same = "silero_vad.onnx" in silent and len(silent) == 3
print("as found" if same else "it has changed")
sys.exit(0 if same else 1)
PYTHON
