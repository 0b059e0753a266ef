@echo off
rem Lint, check formatting and types, and check that the layers are kept (import-linter), on Windows.
call "%~dp0setup.cmd" dev evaluate train || exit /b 2
set "bin=%~dp0..\.venv\Scripts"
"%bin%\ruff" check --quiet . && "%bin%\ruff" format --quiet --check . && "%bin%\mypy" && "%bin%\lint-imports"
