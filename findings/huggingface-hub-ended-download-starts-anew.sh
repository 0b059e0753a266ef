#!/usr/bin/env bash
# huggingface_hub 2.4.0 does not resume a download that an ended process had begun (hf_hub_download).
#
# The process may have been closed, killed, or have lost power. The next call downloads the file from its
# first byte into another ".incomplete" file, and the old one stays in the folder for good. A broken
# connection resumes only within one call. The code gives the reason: some file systems do not respect the
# lock on a shared file (file_download.py, huggingface_hub pull request 4228).
# Source: this run, against a local server that has ranges and a correct ETag. Needs Python 3.10.
set -euo pipefail
version=2.4.0
folder="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install "huggingface_hub==$version" 2>/dev/null

cat >"$folder/hub.py" <<'PYTHON'
"""Serves one file of 60 MB as the hub does; its first answer stops after 40 MB and waits."""
import hashlib, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
content = bytes(range(250)) * 240_000
first_answer, never = [True], threading.Event()

class Answer(BaseHTTPRequestHandler):
    def head(self, status, first):
        self.send_response(status)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - first))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.end_headers()

    def do_HEAD(self):
        self.head(200, 0)

    def do_GET(self):
        if "/resolve/" not in self.path:
            return self.send_error(404)
        span = self.headers.get("Range")
        print("asked for", span or "all of it", flush=True)
        first = int(span[6:].split("-")[0]) if span else 0
        self.head(206 if span else 200, first)
        if first_answer[0]:
            first_answer[0] = False
            self.wfile.write(content[:40_000_000])
            never.wait()
        self.wfile.write(content[first:])

    def log_message(self, *_): pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
print(server.server_address[1], flush=True)
server.serve_forever()
PYTHON
"$folder/venv/bin/python" "$folder/hub.py" >"$folder/asked" &
server=$!
until [ -s "$folder/asked" ]; do sleep 0.1; done
export HF_HOME="$folder/hf" HF_HUB_DISABLE_TELEMETRY=1 HF_HUB_DISABLE_PROGRESS_BARS=1
HF_ENDPOINT="http://127.0.0.1:$(head -1 "$folder/asked")"
export HF_ENDPOINT
incomplete() { find "$folder" -name '*.incomplete' -size +1M -printf '%s bytes, %f\n'; }
pull() { exec "$folder/venv/bin/python" -c "from huggingface_hub import hf_hub_download
hf_hub_download('someone/model', 'model.bin', local_dir='$folder/$1')"; }

echo "huggingface_hub $version"
(pull here) &
first=$!
until [ "$(incomplete | cut -d' ' -f1)" -ge 30000000 ] 2>/dev/null; do sleep 0.2; done
kill -9 "$first"
wait "$first" 2>/dev/null || true
echo "after the first process was ended: $(incomplete)"
(pull here)
tail -n +2 "$folder/asked"
echo "after the second has downloaded it: $(incomplete)"
[ "$(grep -c 'asked for all of it' "$folder/asked")" = 2 ] && ! grep -q 'bytes=' "$folder/asked" &&
    [ -n "$(incomplete)" ] || { echo "It has changed."; exit 1; }
