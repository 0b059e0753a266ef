@echo off
rem The same as script/run, for Windows.
bash "%~dp0run" %*
