#!/usr/bin/env bash
# onnxruntime takes CUDA off a session without an error where CUDA cannot be started, and another provider
# stays on it that computes nothing.
#
# 1. onnxruntime-gpu without CUDA's libraries or driver: get_available_providers() has CUDAExecutionProvider,
#    a session asked for it and nothing else opens, computes on the CPU, and only get_providers() tells.
#    With "enable_fallback" (the default) some other failures print to stdout and fall back as well.
# 2. onnxruntime (the CPU's build): AzureExecutionProvider is available and stays in get_providers(), and
#    takes not one node. Which provider took which node is in get_provider_graph_assignment_info(), after
#    the session's option session.record_ep_graph_assignment_info.
# 3. Both packages write the same folder. pip installs the second over the first, calls both installed, and
#    when one is removed, the other is called installed and cannot be imported.
# Seen with onnxruntime 1.32.0 and onnxruntime-gpu 1.31.1. Source: this run. Loads 250 MB.
# Needs: Python 3.11 or later, x86-64 Linux without CUDA.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
export ORT_DISABLE_TELEMETRY=1
python3 -m venv "$folder/venv"
pip=("$folder/venv/bin/pip" --quiet --disable-pip-version-check)
"${pip[@]}" install onnxruntime==1.32.0 onnx==1.22.0 numpy 2>/dev/null
cat >"$folder/try.py" <<'PYTHON'
import sys
import onnx, onnxruntime as ort
from onnx import TensorProto, helper

ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 2]) for n in "xy"]
graph = helper.make_graph([helper.make_node("MatMul", ["x", "x"], ["y"])], "g", ends[:1], ends[1:])
model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18)])
options = ort.SessionOptions()
options.log_severity_level = 4
options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
session = ort.InferenceSession(model.SerializeToString(), options, providers=[sys.argv[1]])
took = sorted({part.ep_name for part in session.get_provider_graph_assignment_info()})
available = sys.argv[1] in ort.get_available_providers()
print(f"{ort.__version__} {sys.argv[1]}: available {available}, on the session "
      f"{sys.argv[1] in session.get_providers()}, nodes taken by {took}")
PYTHON
try() { "$folder/venv/bin/python" "$folder/try.py" "$1" 2>/dev/null; }
azure="$(try AzureExecutionProvider)"
echo "$azure"
case "$azure" in
    *"available True, on the session True, nodes taken by ['CPUExecutionProvider']") ;;
    *) echo "It has changed."; exit 1 ;;
esac
"${pip[@]}" install onnxruntime-gpu==1.31.1 2>/dev/null
cuda="$(try CUDAExecutionProvider)"
echo "$cuda"
case "$cuda" in
    *"available True, on the session False, nodes taken by ['CPUExecutionProvider']") ;;
    *) echo "It has changed."; exit 1 ;;
esac
"$folder/venv/bin/pip" list 2>/dev/null | grep onnxruntime
"${pip[@]}" uninstall --yes onnxruntime-gpu
"$folder/venv/bin/pip" list 2>/dev/null | grep onnxruntime
if "$folder/venv/bin/python" -c 'import onnxruntime; onnxruntime.InferenceSession' 2>/dev/null; then
    echo "It has changed: the other build can still be imported."
    exit 1
fi
echo "onnxruntime is called installed and cannot be imported."
