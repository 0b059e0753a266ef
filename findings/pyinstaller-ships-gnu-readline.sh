#!/usr/bin/env bash
# PyInstaller puts GNU readline, which is under the GPL, into a program that only imports pdb.
#
# Python's own licence is permissive, so one expects a frozen program of permissive parts to hold nothing under the GPL.
# But pdb and cmd import readline where it is there, pdb is imported by ordinary libraries (doctest, for one), and
# PyInstaller takes what a module may import. So libreadline, from the machine that builds, lies in the package, though
# no line of the program asks for it. `--exclude-module readline` leaves it out, and pdb still imports.
# Seen with PyInstaller 6.20.0 and Python 3.11.7. Source: this run. Pythons linked with libedit do not show it.
# Needs: python3-venv, binutils, a Python with GNU readline.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install pyinstaller==6.20.0
cd "$folder"
echo 'import pdb; print(pdb.__name__)' > program.py
freeze() {
    "$folder/venv/bin/pyinstaller" --noconfirm --log-level ERROR --distpath "$1" "${@:2}" program.py >/dev/null
    find "$1" -name 'libreadline*' -printf '%f ' -o -name 'readline.*.so' -printf '%f '
}
plain="$(freeze plain)"
without="$(freeze without --exclude-module readline)"
runs="$(without/program/program)"
echo "PyInstaller $("$folder/venv/bin/pyinstaller" --version), $(python3 -V)"
echo "a program that imports pdb holds: ${plain:-nothing of readline}"
echo "with --exclude-module readline: ${without:-nothing of readline}; it runs and prints: $runs"
[[ "$plain" == *libreadline* && -z "$without" && "$runs" == pdb ]] && echo "as found" && exit
echo "it has changed"
exit 1
