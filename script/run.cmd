@echo off
rem Run Duologue on Windows; without arguments the recorded conversation of the bundled sample.
call "%~dp0setup.cmd" || exit /b 2
if "%~1"=="" ("%~dp0..\.venv\Scripts\duologue.exe" talk) else ("%~dp0..\.venv\Scripts\duologue.exe" %*)
