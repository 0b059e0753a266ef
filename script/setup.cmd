@echo off
rem The same as script/setup, for Windows.
bash "%~dp0setup" %*
