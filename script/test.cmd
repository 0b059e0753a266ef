@echo off
rem The same as script/test, for Windows.
bash "%~dp0test" %*
