#!/usr/bin/env bash
# PortAudio's abort, which "terminates the stream immediately", waits for a sound server that hangs.
#
# With a stopped PulseAudio (SIGSTOP, as a hung server) Pa_AbortStream does not return through ALSA's pulse
# plugin. So a program that ends a stream to get rid of a dead card hangs for good. The call returns once the
# server goes on.
# Seen with sounddevice 0.5.6, and Debian 12's packages libportaudio2 (19.6.0), libasound2-plugins and
# pulseaudio, which must be installed.
set -euo pipefail
folder="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill -CONT "$server" && kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "sounddevice==0.5.6" numpy
export PULSE_RUNTIME_PATH="$folder/run" PULSE_STATE_PATH="$folder/state"
export PULSE_SERVER="unix:$folder/run/native"
mkdir "$folder/run" "$folder/state"
pulseaudio --version
pulseaudio -n --exit-idle-time=-1 --disable-shm=yes --daemonize=no --log-target="file:$folder/log" \
    -L "module-native-protocol-unix auth-anonymous=1" -L "module-null-sink sink_name=speaker" &
server=$!
for _ in $(seq 100); do pactl info >/dev/null 2>&1 && break; sleep 0.1; done
"$folder/venv/bin/python" - "$server" <<'PROGRAM' 2>"$folder/noise"
import os
import signal
import sys
import threading
import time

import sounddevice

print("sounddevice", sounddevice.__version__, sounddevice.get_portaudio_version()[1])
names = [device["name"] for device in sounddevice.query_devices()]
stream = sounddevice.OutputStream(device=names.index("pulse"), samplerate=48_000, channels=1,
                                  callback=lambda out, *_: out.fill(0))
stream.start()
time.sleep(1)
server = int(sys.argv[1])
os.kill(server, signal.SIGSTOP)
time.sleep(1)
ending = threading.Thread(target=stream.abort, daemon=True)
ending.start()
ending.join(20)
hung = ending.is_alive()
print("20 s after abort was called, with the server stopped:", "still in it" if hung else "returned")
os.kill(server, signal.SIGCONT)
ending.join(20)
print("with the server going on again:", "still in it" if ending.is_alive() else "returned")
sys.stdout.flush()
os._exit(0 if hung and not ending.is_alive() else 1)
PROGRAM
