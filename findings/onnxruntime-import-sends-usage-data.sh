#!/usr/bin/env bash
# On Linux, `import onnxruntime` alone stores a device id and tries to send usage data, without a model.
#
# It writes a lasting device id and a queue of events under ~/.cache/Microsoft/DeveloperTools/.onnxruntime,
# and looks up its collector in the background again and again. Seen with 1.29.0, 1.30.0, 1.31.0, 1.31.1 and
# 1.32.0; 1.28.0 does not do it. With a build server's variable (CI=1, GITHUB_ACTIONS, ...) it does neither,
# so no test on such a server notices. ORT_DISABLE_TELEMETRY=1 before the import stops both. The Python call
# onnxruntime.disable_telemetry_events() comes after the import, too late for the id and the queue.
# DO_NOT_TRACK=1 has no effect.
# Source: docs/Privacy.md of microsoft/onnxruntime, and this run. Needs Python 3.11 or later, strace.
set -euo pipefail
version=1.32.0
command -v strace >/dev/null || { echo "Install strace first." >&2; exit 2; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install "onnxruntime==$version" 2>/dev/null

# What an import leaves and asks for, with these variables and nothing else.
try() {
    rm -rf "$folder/home" && mkdir "$folder/home"
    env -i HOME="$folder/home" PATH="$PATH" "$@" strace -f -qq -o "$folder/calls" -e trace=%network \
        "$folder/venv/bin/python" -c 'import time, onnxruntime
if "LATE" in __import__("os").environ: onnxruntime.disable_telemetry_events()
time.sleep(15)'
    files="$(cd "$folder/home" && find . -type f | sort | tr '\n' ' ')"
    look_ups="$(grep -c 'AF_INET' "$folder/calls" || true)"
    echo "${*:-(no variable)}: leaves ${files:-nothing}; $look_ups calls for the internet"
}
echo "onnxruntime $version"
try UNUSED=1
[ -n "$files" ] && [ "$look_ups" -gt 0 ] || { echo "It has changed."; exit 1; }
try LATE=1
[ -n "$files" ] || { echo "It has changed."; exit 1; }
try DO_NOT_TRACK=1
[ -n "$files" ] || { echo "It has changed."; exit 1; }
for silent in CI=1 ORT_DISABLE_TELEMETRY=1; do
    try "$silent"
    [ -z "$files" ] && [ "$look_ups" -eq 0 ] || { echo "It has changed."; exit 1; }
done
