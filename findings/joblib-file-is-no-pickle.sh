#!/usr/bin/env bash
# A file of joblib.dump looks like a pickle and is none: the arrays' bytes lie between its instructions.
#
# Centroids for speech units are published as such files (HuBERT's and textless' k-means). It begins like
# any pickle, but after the instructions that describe an array come a byte of padding's length, the
# padding, and the raw values, and then more instructions. So a reader that wants to look before it opens
# (pickletools, scanners built on it, a restricted pickle.Unpickler) meets numbers where an instruction
# should be: it fails, or, if the values happen to be instructions, reads nonsense. Only the pickles that
# joblib writes without arrays can be read so. We follow the instructions ourselves and take the values
# where joblib puts them (models/imported/inert_pickle.py).
# Seen with joblib 1.5.2, numpy 2.2.6. Source: this run.
# Needs: python3-venv.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install joblib==1.5.2 numpy==2.2.6
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import pickle, pickletools, sys
import joblib, numpy as np

path = sys.argv[1] + "/means.bin"
values = np.linspace(-1, 1, 1000, dtype=np.float32).reshape(50, 20)
joblib.dump({"cluster_centers_": values}, path)
content = open(path, "rb").read()


def fails(read):
    try:
        read()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


listed = fails(lambda: list(pickletools.genops(content)))
opened = fails(lambda: pickle.loads(content))
inside = values.tobytes() in content
print(f"joblib {joblib.__version__}; begins like a pickle: {content[:1] == pickle.PROTO}")
print(f"pickletools: {listed}\npickle: {opened}\nvalues as they are inside: {inside}")
same = listed and opened and inside and (joblib.load(path)["cluster_centers_"] == values).all()
sys.exit(0 if same else "It has changed.")
PYTHON
