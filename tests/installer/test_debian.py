"""The package's control file, and the newest glibc that its libraries ask for."""

from __future__ import annotations

from installer.debian import control, glibc_needed


def test_the_newest_glibc_counts() -> None:
    libraries = [b"\0GLIBC_2.4\0\0GLIBC_2.34\0", b"\0GLIBC_2.9\0GLIBC_2.17\0", b"XGLIBC_9.9\0"]
    assert glibc_needed(libraries) == "2.34"
    assert glibc_needed([b"nothing"]) == "2.0"


def test_control_has_what_dpkg_asks_for() -> None:
    lines = control("0.1.0", "A voice assistant.", "2.34", 1025).splitlines()
    fields = dict(line.split(": ", 1) for line in lines if not line.startswith(" "))
    assert fields["Version"] == "0.1.0"
    assert fields["Installed-Size"] == "2"
    assert fields["Depends"].startswith("libc6 (>= 2.34), libstdc++6")
    assert fields["Description"] == "A voice assistant"
    assert all(line.strip() for line in lines)
