; Inno Setup 6: iscc /DVersion=0.10.0 installer\windows\duologue.iss
; For one user, without an administrator. An upgrade replaces the program and nothing else.

[Setup]
AppId={{6B0C6A53-5D0E-4E4E-9A43-2E1D7C0B7F21}
AppName=Duologue
AppVersion={#Version}
AppPublisher=The Duologue authors
VersionInfoVersion={#Version}
DefaultDirName={autopf}\Duologue
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
CloseApplications=yes
SourceDir=..\..
OutputDir=dist
OutputBaseFilename=duologue-{#Version}-windows-x64
SetupIconFile=build\icons\duologue.ico
UninstallDisplayIcon={app}\duologue.exe
LicenseFile=LICENSE
Compression=lzma2
SolidCompression=yes
WizardStyle=modern

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.ForgetQuestion=Also delete your settings, imported bundles, optional parts and recorded conversations?
de.ForgetQuestion=Auch deine Einstellungen, importierten Bündel, Zusätze und aufgenommenen Gespräche löschen?

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; Otherwise libraries that only the older version had would still be loaded.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "build\dist\duologue\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\Duologue"; Filename: "{app}\duologue.exe"
Name: "{autodesktop}\Duologue"; Filename: "{app}\duologue.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\duologue.exe"; Description: "{cm:LaunchProgram,Duologue}"; Flags: nowait postinstall skipifsilent

[Code]
procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Code: Integer;
begin
  { A silent uninstallation keeps the user's files. }
  if (Step = usUninstall) and not UninstallSilent then
    if MsgBox(CustomMessage('ForgetQuestion'), mbConfirmation, MB_YESNO or MB_DEFBUTTON2) = IDYES then
      Exec(ExpandConstant('{app}\duologue-terminal.exe'), 'forget --yes', '', SW_HIDE,
        ewWaitUntilTerminated, Code);
end;
