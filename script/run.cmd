@echo off
rem Run Duologue on Windows; without arguments the window opens.
call "%~dp0setup.cmd" || exit /b 2
"%~dp0..\.venv\Scripts\duologue.exe" %*
