@echo off
rem Install what is missing on Windows. Arguments: extras (train, evaluate, dev).
rem Needs Python 3.11 to 3.13 and, once, the Visual Studio build tools for llama.cpp.
cd /d "%~dp0.."
if not exist .venv\Scripts\python.exe py -3 -m venv .venv || exit /b 2
set "extras=%*"
if defined extras (set "target=.[%extras: =,%]") else (set "target=.")
if exist .venv\.installed (
    findstr /x /c:"%target%" .venv\.installed >nul && exit /b 0
)
set "CMAKE_ARGS=-DLLAVA_BUILD=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAMA_OPENSSL=OFF"
.venv\Scripts\python -m pip install --quiet --disable-pip-version-check --editable "%target%" || exit /b 2
>>.venv\.installed echo %target%
