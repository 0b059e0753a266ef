#!/usr/bin/env bash
# webrtcvad takes loud steady noise for speech for ever, and in mode 3 a soft voice for silence.
#
# Its models adapt to noise, so one expects a fan to be forgotten after some seconds, and a voice in a silent room to be
# heard at any level. But white noise at -20 dBFS is speech in every block even after half a minute, in all four modes,
# also the most aggressive; the same noise at -60 dBFS never is. A buzz like a vowel with pauses between, in digital
# silence, is speech in mode 3 at -20 dBFS and in no block at -60 dBFS, where the other modes still hear it. So the
# level of a microphone decides as much as the sound: keep a noise floor beside it, or bring sound to one level first.
# Seen with webrtcvad-wheels 2.0.14.post1, numpy 2.2.6. Source: this run.
# Needs: python3-venv.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install webrtcvad-wheels==2.0.14.post1 numpy==2.2.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import webrtcvad

RATE, BLOCK, SECONDS = 16_000, 160, 60
rng = np.random.default_rng(0)
noise = rng.normal(size=SECONDS * RATE)
times = np.arange(SECONDS * RATE) / RATE
vowel = sum(np.sin(2 * np.pi * 120 * n * times) / (1 + ((n * 120 - 600) / 400) ** 2) for n in range(1, 30))
vowel *= np.sin(2 * np.pi * 1.5 * times) > 0


def share(sound, level_db, mode):
    """Share of the last half minute's blocks that are speech, of sound whose active parts have a level."""
    active = np.sqrt(np.mean(sound[sound != 0] ** 2))
    pcm = np.clip(sound / active * 10 ** (level_db / 20) * 32768, -32768, 32767).astype(np.int16)
    vad = webrtcvad.Vad(mode)
    said = [vad.is_speech(block.tobytes(), RATE) for block in pcm.reshape(-1, BLOCK)]
    return float(np.mean(said[len(said) // 2 :]))


print("webrtcvad-wheels", version("webrtcvad-wheels"))
same = True
for mode in range(4):
    loud, soft = share(noise, -20, mode), share(noise, -60, mode)
    voice, soft_voice = share(vowel, -20, mode), share(vowel, -60, mode)
    print(f"mode {mode}: noise {loud:.0%} at -20 dBFS, {soft:.0%} at -60; buzz {voice:.0%}, {soft_voice:.0%}")
    same = same and loud > 0.9 and soft < 0.05 and voice > 0.3
    same = same and (soft_voice < 0.05) == (mode == 3)
print("as found" if same else "it has changed")
sys.exit(0 if same else 1)
PYTHON
