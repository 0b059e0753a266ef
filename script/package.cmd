@echo off
rem Build the installer for Windows into dist\. It needs Inno Setup 6 (iscc in the PATH).
rem WINDOWS_CERTIFICATE, the SHA-1 of a certificate in the user's store, signs everything.
setlocal
cd /d "%~dp0.."
set "VENV=%CD%\build\venv"
call "%~dp0setup.cmd" package || exit /b 2
set "python=%VENV%\Scripts\python"
for /f %%v in ('"%python%" -c "from importlib.metadata import version; print(version('duologue'))"') do set "version=%%v"

echo Freezing ...
"%VENV%\Scripts\pyinstaller" --noconfirm --log-level ERROR --distpath build\dist --workpath build\freeze installer\duologue.spec || exit /b 1
"%python%" -m installer.licences build\dist\duologue\_internal\licences || exit /b 1
if defined WINDOWS_CERTIFICATE (
    for /r build\dist\duologue %%f in (*.exe *.dll *.pyd) do call :sign "%%f" || exit /b 1
)

echo Testing what was frozen ...
build\dist\duologue\duologue-terminal.exe --self-test || exit /b 1

echo Packing ...
iscc /Q /DVersion=%version% installer\windows\duologue.iss || exit /b 1
if defined WINDOWS_CERTIFICATE call :sign "dist\duologue-%version%-windows-x64.exe" || exit /b 1
"%python%" -m installer.size_report build\dist\duologue
exit /b %errorlevel%

:sign
signtool sign /q /sha1 %WINDOWS_CERTIFICATE% /fd sha256 /tr http://timestamp.digicert.com /td sha256 %1
exit /b %errorlevel%
