@echo off
rem Install what is missing on Windows.
rem Arguments are extras: train, evaluate, dev, package.
rem It needs Python 3.11 to 3.13 and, once, the Visual Studio build tools for llama.cpp.
rem VENV names another folder for the environment, PYTHON another Python than the newest.
cd /d "%~dp0.."
if not defined VENV set "VENV=.venv"
if not defined PYTHON set "PYTHON=py -3"
if not exist "%VENV%\Scripts\python.exe" %PYTHON% -m venv "%VENV%" || exit /b 2
set "extras=%*"
if defined extras (set "target=.[%extras: =,%]") else (set "target=.")
if exist "%VENV%\.installed" (
    findstr /x /c:"%target%" "%VENV%\.installed" >nul && exit /b 0
)
set "here=%CD:\=/%"
set "CMAKE_ARGS=-DLLAVA_BUILD=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAMA_OPENSSL=OFF -DGGML_BACKEND_DL=ON -DCMAKE_PROJECT_llama.cpp_INCLUDE=%here%/installer/llama.cmake"
"%VENV%\Scripts\python" -m pip install --quiet --disable-pip-version-check --editable "%target%" || exit /b 2
if exist "%VENV%\.onnx-build" (
    "%VENV%\Scripts\python" -m installer.onnx_build || exit /b 2
)
>>"%VENV%\.installed" echo %target%
