@echo off
rem Exchange ONNX Runtime's build in .venv: cpu, cuda or directml.
cd /d "%~dp0.."
if not defined VENV set "VENV=.venv"
call script\setup.cmd || exit /b 2
"%VENV%\Scripts\python" -m installer.onnx_build %*
