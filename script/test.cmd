@echo off
rem Check and test everything on Windows, except real-time conversations.
call "%~dp0check.cmd" || exit /b 1
"%~dp0..\.venv\Scripts\python" -m pytest %*
