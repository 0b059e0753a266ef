#!/usr/bin/env bash
# transformers 5 writes a Llama's RoPE base to another place of config.json than version 4.
#
# Version 4 wrote "rope_theta" beside "rope_scaling". Version 5 writes both into "rope_parameters", and
# no "rope_theta" at all. A reader of the old layout finds no base, takes the default of 10,000, and
# gets a network that loads without a complaint and writes nonsense: Llama 3 has 500,000, SmolLM2
# 100,000. We read both places (models/language/hugging_face.py).
# Seen with transformers 5.24.0.
# Needs: python3-venv.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install transformers==5.24.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json, sys
import transformers
from transformers import LlamaConfig

base = 500_000.0
LlamaConfig(rope_parameters={"rope_type": "default", "rope_theta": base}).save_pretrained(sys.argv[1])
config = json.load(open(sys.argv[1] + "/config.json"))
told = config.get("rope_parameters", {}).get("rope_theta")
print(f"transformers {transformers.__version__}; rope_theta: {config.get('rope_theta')}; "
      f"in rope_parameters: {told}")
sys.exit(0 if "rope_theta" not in config and told == base else "It has changed.")
PYTHON
