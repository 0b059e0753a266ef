#!/usr/bin/env bash
# ALSA's client of PulseAudio gives digital silence for a microphone with numbered channels.
#
# Interfaces with many inputs have numbered channels (aux0, aux1, ...). PortAudio opens such a microphone
# with all of its channels through ALSA. Then every channel is silent, though the count is right and no
# call fails. The cause: the plug-in names channels by ALSA's own order (front-left, front-right,
# rear-left, ...), and the server finds no channel of that name. Opened with one channel it gives the mean,
# 1/8 of the voice (-18 dB). The same interface with surround names in ALSA's order gives each channel
# correctly. PulseAudio's own client (parec) with the microphone's own channel map gets everything. With
# PipeWire 0.3.65 some inputs come through, and others are silent, too.
# Seen with PulseAudio 16.1, libasound2-plugins 1.2.7.1, PortAudio 19.6.0, sounddevice 0.5.6.
# Source: this run.
# Needs: apt-get install --no-install-recommends pulseaudio=16.1+dfsg1-2+b1 pulseaudio-utils libasound2-plugins libportaudio2 python3-venv
set -euo pipefail
for program in pulseaudio pactl; do
    command -v "$program" >/dev/null || { echo "Install $program first." >&2; exit 2; }
done
folder="$(mktemp -d)"
export PULSE_RUNTIME_PATH="$folder/run" PULSE_STATE_PATH="$folder/state" PULSE_SERVER="unix:$folder/run/native"
mkdir -p "$folder/run" "$folder/state"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install sounddevice==0.5.6 numpy==2.2.6 2>/dev/null
pulseaudio -n --load="module-native-protocol-unix auth-anonymous=1" --daemonize=no --exit-idle-time=-1 \
    --disable-shm=yes --use-pid-file=no >"$folder/log" 2>&1 &
trap 'kill %1; wait; rm -rf "$folder"' EXIT
for _ in $(seq 100); do pactl info >/dev/null 2>&1 && break; sleep 0.1; done
pulseaudio --version
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import os, subprocess, sys, time
import numpy as np
import sounddevice

folder, voiced, count, rate = sys.argv[1], 6, 8, 48000
tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(12 * rate) / rate)
inputs = np.zeros((len(tone), count), np.int16)
inputs[:, voiced] = tone
inputs.tofile(f"{folder}/inputs.raw")
pulse = next(i for i, one in enumerate(sounddevice.query_devices()) if one["name"] == "pulse")
print("sounddevice", sounddevice.__version__, sounddevice.get_portaudio_version()[1])


def shares(order, name):
    """Of the voice on input 7: through ALSA's client on all channels, on one, and by parec."""
    names = ",".join(order)
    subprocess.run(["pactl", "load-module", "module-null-sink", f"sink_name={name}", "norewinds=1",
                    f"rate={rate}", f"channels={count}", f"channel_map={names}"], check=True, stdout=-3)
    shape = ["--raw", f"--channels={count}", f"--rate={rate}", "--format=s16le", f"--channel-map={names}"]
    player = subprocess.Popen(["pacat", "-p", "-d", name, *shape], stdin=open(f"{folder}/inputs.raw"))
    time.sleep(1)
    os.environ["PULSE_SOURCE"] = f"{name}.monitor"
    found = []
    for channels in (count, 1):
        sound = sounddevice.rec(rate, rate, channels, "int16", device=pulse, blocking=True)
        found.append(np.abs(sound[rate // 2 :].astype(int)).max() / 8000)
    reader = subprocess.Popen(["parec", "-d", f"{name}.monitor", "--latency-msec=50", *shape], stdout=-1)
    raw = reader.stdout.read(2 * count * rate)
    reader.kill()
    player.kill()
    sound = np.frombuffer(raw, np.int16).reshape(-1, count)[rate // 2 :, voiced].astype(int)
    found.append(np.abs(sound).max() / 8000)
    print(f"{names}: all channels {found[0]:.3f}, one channel {found[1]:.3f}, parec {found[2]:.3f}")
    return found


surround = "front-left,front-right,rear-left,rear-right,front-center,lfe,side-left,side-right".split(",")
numbered = shares([f"aux{i}" for i in range(count)], "numbered")
named = shares(surround, "named")
same = numbered[0] == 0 and abs(numbered[1] - 1 / 8) < 0.01 and numbered[2] > 0.99 and named[0] > 0.99
sys.exit(0 if same else "It has changed.")
PYTHON
