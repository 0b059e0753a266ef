@echo off
rem Run Duologue on Windows: the window, or any command.
call "%~dp0setup.cmd" || exit /b 2
"%~dp0..\.venv\Scripts\duologue.exe" %*
