#!/usr/bin/env bash
# CTranslate2's wheel for Windows holds and loads NVIDIA's cuDNN, which nothing in it uses.
#
# The wheel is under the MIT licence and its recipe builds without cuDNN (WITH_CUDNN=OFF in python/tools), so one expects
# to ship it, for work on the CPU, under the MIT licence. But it holds cudnn64_9.dll, which has NVIDIA's own terms. No
# other file names it, and yet `import ctranslate2` loads it, because it loads every DLL of its folder. A frozen program
# takes all of them in. Leaving the file out is enough. libiomp5md.dll, under Intel's terms, is needed.
# The wheel has no licence text of any kind, neither its own nor theirs.
# Seen with ctranslate2 4.8.5. Source: this run, on the wheel's files; nothing of it is run here.
# Needs: python3 with pip, binutils (objdump that knows Windows' libraries, as Debian's does).
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip --quiet --disable-pip-version-check download --no-deps --only-binary=:all: --platform win_amd64 \
    --python-version 3.12 ctranslate2==4.8.5
python3 -m zipfile -e ctranslate2-*.whl wheel
cd wheel
libraries="$(cd ctranslate2 && echo *.dll)"
imports() { objdump -p "ctranslate2/$1" | sed -n 's/^.*DLL Name: //p' | tr '\n' ' '; }
needed="$(imports ctranslate2.dll) $(imports _ext.cp312-win_amd64.pyd)"
named="$(grep -lai cudnn ctranslate2/*.dll ctranslate2/*.pyd || true)"
loads="$(grep -c 'glob.*\*\.dll' ctranslate2/__init__.py || true)"
licences="$(find . -iname '*licen*' -o -iname '*notice*' | wc -l)"
echo "ctranslate2 4.8.5 for Windows holds: $libraries"
echo "its libraries import: $needed"
echo "cuDNN is named in: $named; lines that load every DLL: $loads; licence texts: $licences"
[[ "$libraries" == *cudnn64_9.dll* && "$needed" != *cudnn* && "$needed" == *libiomp5md.dll* &&
    "$named" == ctranslate2/cudnn64_9.dll && "$loads" = 1 && "$licences" = 0 ]] && echo "as found" && exit
echo "it has changed"
exit 1
