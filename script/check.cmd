@echo off
rem Check the code on Windows: lint, format, types and layering contracts.
call "%~dp0setup.cmd" dev evaluate train speak || exit /b 2
set "bin=%~dp0..\.venv\Scripts"
"%bin%\ruff" check --quiet . && "%bin%\ruff" format --quiet --check . && "%bin%\mypy" && "%bin%\lint-imports"
