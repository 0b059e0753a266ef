#!/usr/bin/env bash
# A Ray that is told to be at 127.0.0.1 takes the machine's own address on Linux, and listens to everybody.
#
# ray.init(_node_ip_address="127.0.0.1") looks as if it kept a local Ray to the machine. But Ray replaces
# any name of the loopback by an address that other machines can reach, and its servers then listen on
# all interfaces, with whatever rights the user has. On macOS and Windows it stays on the loopback, to
# spare people a question of the firewall; the variable that turns this off there, set to 0, turns it on
# on Linux. We set it for a Ray of our own (models/spoken/speak_on_ray.py).
# Seen with ray 2.60.0. It needs a network interface beside the loopback.
# Needs: python3-venv.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install ray==2.60.0
address() {
    RAY_USAGE_STATS_ENABLED=0 "$folder/venv/bin/python" - <<'PYTHON' 2>/dev/null
import ray
ray.init(num_cpus=1, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
print(ray.nodes()[0]["NodeManagerAddress"])
ray.shutdown()
PYTHON
}
told="$(address)"
switched="$(RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 address)"
echo "ray 2.60.0; told to be at 127.0.0.1 it is at $told; with the variable at $switched"
[ "$told" != 127.0.0.1 ] && [ "$switched" = 127.0.0.1 ] || { echo "It has changed."; exit 1; }
