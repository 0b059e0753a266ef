#!/usr/bin/env bash
# OpenBLAS, as numpy's wheels bring it, takes most of a second core for matrix products that a real-time thread makes now
# and then, although each takes a tenth of a millisecond on one thread.
#
# One expects that so small a product stays on the caller's thread, or that the other threads sleep between products. But
# a product of 129 x 256 by 256 x 64 (a filter bank on a block of sound) is shared among all cores, and each thread spins
# for its next share before it sleeps. With one product every 20 ms the other thread used many times what the product
# costs; the caller's own time rises, too, since it waits for that thread. Beside a busy program it waits for the
# scheduler. OPENBLAS_NUM_THREADS=1, set before numpy is imported, leaves the product alone.
# Seen with numpy 2.2.6 (OpenBLAS 0.3.29) and 2.4.6 (0.3.31) on two cores. Source: this run.
# Needs: python3-venv, Linux, two cores or more.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install numpy==2.2.6
cat > "$folder/products.py" <<'PYTHON'
import time

import numpy as np

a, b = np.ones((129, 256), np.float32), np.ones((256, 64), np.float32)
a @ b
began_process, began_caller = time.process_time(), time.thread_time()
for _ in range(200):
    a @ b
    time.sleep(0.02)
caller = time.thread_time() - began_caller
print(f"{caller * 5:.2f} {(time.process_time() - began_process - caller) * 5:.2f}")
PYTHON
unset OPENBLAS_NUM_THREADS OMP_NUM_THREADS GOTO_NUM_THREADS
read -r caller others <<<"$("$folder/venv/bin/python" "$folder/products.py")"
read -r caller_alone others_alone <<<"$(OPENBLAS_NUM_THREADS=1 "$folder/venv/bin/python" "$folder/products.py")"
"$folder/venv/bin/python" - <<PYTHON
import os
import sys

import numpy

print("numpy", numpy.__version__, "on", os.cpu_count(), "cores; CPU milliseconds for one product every 20 ms")
print("as installed:           the caller $caller, other threads $others")
print("OPENBLAS_NUM_THREADS=1: the caller $caller_alone, other threads $others_alone")
same = $others > $caller_alone and $others_alone < 0.05
print("as found" if same else "it has changed")
sys.exit(0 if same else 1)
PYTHON
