#!/usr/bin/env bash
# What espeak-ng's library gives for a text depends on what it said before in the same process.
#
# The same text, voice, rate and pitch give other samples after another utterance, with some voices also
# other times of the phonemes (up to a few samples). The phase of its wave generators goes on, voices leave
# settings behind, and the breath in some voices takes C's rand(). espeak_Cancel changes nothing. So a corpus made by several workers is another than one worker's. Only
# srand and loading the library anew make an utterance a function of its arguments; that takes some 10 ms
# (models/speech/voices.py, forget_speech).
# Seen with espeak-ng 1.51 (Debian 12). Source: this run.
# Needs: libespeak-ng1, espeak-ng-data, Python 3.11 or later on Linux.
set -euo pipefail
python3 - <<'PYTHON'
import _ctypes, ctypes, hashlib

NAME = "libespeak-ng.so.1"
CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
blocks = []


@CALLBACK
def collect(samples, count, events):
    if count > 0:
        blocks.append(ctypes.string_at(samples, 2 * count))
    return 0


def opened():
    library = ctypes.CDLL(NAME)
    library.espeak_Initialize(2, 0, None, 0)
    library.espeak_SetSynthCallback(collect)
    return library


def say(library, text, voice):
    blocks.clear()
    assert library.espeak_SetVoiceByName(voice) == 0
    library.espeak_Synth(text, len(text) + 1, 0, 0, 0, 1, None, None)
    return hashlib.sha256(b"".join(blocks)).hexdigest()[:8]


def closed(library):
    library.espeak_Terminate()
    _ctypes.dlclose(library._handle)


info = opened()
info.espeak_Info.restype = ctypes.c_char_p
print("espeak-ng", info.espeak_Info(None).decode())
closed(info)
changed = False
for voice in (b"en-us+f2", b"en-us+klatt", b"en+Alex"):
    library = opened()
    first = say(library, b"how are you today?", voice)
    say(library, b"it was great", b"en-gb-scotland+klatt3")
    again = say(library, b"how are you today?", voice)
    library.espeak_Cancel()
    renewed = say(library, b"how are you today?", voice)
    closed(library)
    fresh = []
    for _ in range(3):
        ctypes.CDLL(None).srand(1)
        library = opened()
        fresh.append(say(library, b"how are you today?", voice))
        say(library, b"it was great", b"en-gb-scotland+klatt3")
        closed(library)
    print(f"{voice.decode()}: {first}, after another text {again}, after Cancel "
          f"{renewed}; loaded anew {', '.join(fresh)}")
    if len(set(fresh)) != 1:
        raise SystemExit("It has changed: loading it anew no longer helps.")
    changed |= first != again
if not changed:
    raise SystemExit("It has changed: an utterance no longer depends on those before it.")
PYTHON
