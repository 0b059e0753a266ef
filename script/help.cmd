@echo off
rem List the scripts, each with its line of purpose.
setlocal enabledelayedexpansion
for %%f in ("%~dp0*.cmd") do (
    set "purpose="
    for /f "usebackq skip=1 tokens=1*" %%a in ("%%f") do if not defined purpose set "purpose=%%b"
    echo script\%%~nf: !purpose!
)
