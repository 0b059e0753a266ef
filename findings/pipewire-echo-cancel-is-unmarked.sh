#!/usr/bin/env bash
# PipeWire 0.3.65 (Debian 12) does not mark the microphone of its echo-cancel module as PulseAudio does.
#
# With PulseAudio the class is "filter", the intended role "phone", and driver and owner are
# module-echo-cancel. With PipeWire the driver is "PipeWire", there is neither class nor role, and the owner
# is 4294967295 (none), though pactl loaded the module. Two marks are left, besides a description that anyone
# may change: node.group and node.link-group, "echo-cancel-PID-NUMBER", which its speaker shares. (A remapped
# microphone of the same server does have class and owner.)
# Source: src/modules/module-echo-cancel.c of PipeWire, and this run.
# Needs: apt-get install --no-install-recommends pipewire=0.3.65-3+deb12u1 pipewire-pulse wireplumber dbus pulseaudio-utils
set -euo pipefail
for program in pipewire pipewire-pulse wireplumber dbus-daemon pactl; do
    command -v "$program" >/dev/null || { echo "Install $program first." >&2; exit 2; }
done
folder="$(mktemp -d)"
export XDG_RUNTIME_DIR="$folder" XDG_CONFIG_HOME="$folder/config" XDG_STATE_HOME="$folder/state"
export DBUS_SESSION_BUS_ADDRESS="unix:path=$folder/bus" PULSE_SERVER="unix:$folder/pulse/native" LC_ALL=C
children=()
trap 'kill "${children[@]}"; wait; rm -rf "$folder"' EXIT
begin() { "$@" >>"$folder/log" 2>&1 & children+=($!); sleep 0.5; }
begin dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS"
begin pipewire
begin wireplumber
begin pipewire-pulse
for _ in $(seq 100); do pactl info >/dev/null 2>&1 && break; sleep 0.1; done
pactl info | grep "Server Name"
pactl load-module module-null-sink sink_name=speaker >/dev/null
pactl load-module module-remap-source source_name=remapped master=speaker.monitor >/dev/null
pactl load-module module-echo-cancel source_master=remapped sink_master=speaker >/dev/null
sleep 2
one() { pactl list "$1" | awk -v name="$2" 'BEGIN { RS = "" } $0 ~ "Name: " name "\n"'; }
marks() { grep -E 'Driver:|Owner Module:|device.class|intended_roles|node.group|node.link-group|description' || true; }
source="$(one sources echo-cancel-source | marks)"
sink="$(one sinks echo-cancel-sink | marks)"
remapped="$(one sources remapped | marks)"
printf 'echo-cancelled microphone:\n%s\nits speaker:\n%s\na remapped microphone:\n%s\n' "$source" "$sink" "$remapped"
grep -q "Owner Module: 4294967295" <<<"$source" && ! grep -qE "device.class|intended_roles" <<<"$source" &&
    grep -q 'node.group = "echo-cancel-' <<<"$source" &&
    [ "$(grep node.group <<<"$source")" = "$(grep node.group <<<"$sink")" ] &&
    grep -q 'device.class = "filter"' <<<"$remapped" || { echo "It has changed."; exit 1; }
