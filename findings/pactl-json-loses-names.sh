#!/usr/bin/env bash
# pactl 16.1 with --format=json prints "(null)" for every string that has a byte beyond ASCII.
#
# A speaker called "Küche" then has no name; the text form has it. The answer is valid JSON and the exit
# status is 0; only standard error says "Invalid non-ASCII character". It is the same with PipeWire's
# server, since pactl itself prints it. Debian 12 has PulseAudio 16.1; PulseAudio 16 is in Ubuntu 22.10 to
# 24.04, 15.99 in 22.04. PulseAudio 17 is said to have repaired it; that was not tried.
# Source: src/utils/pactl.c and src/pulsecore/json.c of PulseAudio, and this run.
# Needs: apt-get install --no-install-recommends pulseaudio=16.1+dfsg1-2+b1 pulseaudio-utils python3
set -euo pipefail
command -v pulseaudio >/dev/null && command -v pactl >/dev/null || { echo "Install pulseaudio and pulseaudio-utils first." >&2; exit 2; }
folder="$(mktemp -d)"
export PULSE_RUNTIME_PATH="$folder/run" PULSE_STATE_PATH="$folder/state" PULSE_SERVER="unix:$folder/run/native" LC_ALL=C.UTF-8
mkdir -p "$folder/run" "$folder/state"
pulseaudio -n --load="module-native-protocol-unix auth-anonymous=1" --daemonize=no --exit-idle-time=-1 \
    --disable-shm=yes --use-pid-file=no >"$folder/log" 2>&1 &
trap 'kill %1; wait; rm -rf "$folder"' EXIT
for _ in $(seq 100); do pactl info >/dev/null 2>&1 && break; sleep 0.1; done
pactl load-module module-null-sink sink_name=kitchen sink_properties=device.description=Küche >/dev/null
pactl --version | head -1
text="$(pactl list sinks | sed -n 's/^\tDescription: //p')"
json="$(pactl --format=json list sinks 2>"$folder/said" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["description"])')"
echo "text: $text; JSON: $json; standard error: $(head -1 "$folder/said")"
[ "$text" = Küche ] && [ "$json" = "(null)" ] || { echo "It has changed."; exit 1; }
