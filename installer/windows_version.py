"""The version details that Windows shows for a program (Properties, Details)."""

from __future__ import annotations

import re


def version_resource(version: str) -> str:
    """The text that PyInstaller makes a version resource of; "0.10.0" is version 0.10.0.0."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:4]]
    four = tuple(numbers + [0] * (4 - len(numbers)))
    strings = {
        "CompanyName": "The Duologue authors",
        "FileDescription": "Duologue",
        "FileVersion": version,
        "LegalCopyright": "Apache License 2.0",
        "ProductName": "Duologue",
        "ProductVersion": version,
    }
    table = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={four}, prodvers={four}), "
        f"kids=[StringFileInfo([StringTable('040904B0', [{table}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n"
    )
