@echo off
rem The same as script/check, for Windows.
bash "%~dp0check" %*
