"""Lays the frozen program out for Linux: the tree of a Debian package and that of a plain archive.

    python -m installer.debian PROGRAM DEB_TREE ARCHIVE_TREE

PROGRAM is the frozen folder. dpkg-deb then builds a .deb from the tree.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import metadata
from pathlib import Path

from installer.icon import write_icon
from installer.size_report import files_in

_SOURCE = Path(__file__).parent.parent
_LINUX = _SOURCE / "installer" / "linux"
_SVG = _SOURCE / "resources" / "icons" / "duologue.svg"
_ICON_SIZES_PX = (16, 32, 48, 64, 128, 256)
# Libraries that `installer.contents` leaves out. The version of libstdc++ is that of GCC 12.
_DEPENDS = (
    "libstdc++6 (>= 12), libgcc-s1, libasound2, libdbus-1-3, libegl1, libexpat1, libfontconfig1, "
    "libfreetype6, libgl1, libglib2.0-0, libwayland-client0, libwayland-cursor0, libx11-6, "
    "libx11-xcb1, libxcb1, xkb-data, zlib1g"
)
_RECOMMENDS = "libasound2-plugins | pipewire-alsa, pulseaudio-utils, fonts-dejavu-core | fonts-noto"


def glibc_needed(contents: Iterable[bytes]) -> str:
    """The newest glibc version that any of these libraries needs, such as "2.34"."""
    found = {
        (int(major), int(minor))
        for content in contents
        for major, minor in re.findall(rb"\0GLIBC_(\d+)\.(\d+)", content)
    }
    major, minor = max(found, default=(2, 0))
    return f"{major}.{minor}"


def control(version: str, summary: str, glibc: str, size_bytes: int) -> str:
    """The package's control file."""
    return f"""\
Package: duologue
Version: {version}
Architecture: amd64
Maintainer: The Duologue authors <duologue@localhost>
Installed-Size: {-(-size_bytes // 1024)}
Depends: libc6 (>= {glibc}), {_DEPENDS}
Recommends: {_RECOMMENDS}
Section: sound
Priority: optional
Description: {summary.rstrip(".")}
 Talk with it without headphones; it stops when you cut in and gives signs of
 listening. A small English starter bundle is inside. Needs no network.
"""


def lay_out(program: Path, package: Path, archive: Path) -> None:
    """Write both trees; older ones are replaced."""
    for tree in (package, archive):
        shutil.rmtree(tree, ignore_errors=True)
    icons = archive / "icons" / "hicolor"
    for side in _ICON_SIZES_PX:
        write_icon(_SVG, icons / f"{side}x{side}" / "apps" / "duologue.png", side)
    (icons / "scalable" / "apps").mkdir(parents=True)
    shutil.copy(_SVG, icons / "scalable" / "apps")
    shutil.copytree(program, archive / "duologue", symlinks=True)
    for name in ("install.sh", "uninstall.sh", "duologue.desktop"):
        shutil.copy(_LINUX / name, archive)
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(_SOURCE / name, archive)

    shutil.copytree(program, package / "usr" / "lib" / "duologue", symlinks=True)
    share = package / "usr" / "share"
    shutil.copytree(icons, share / "icons" / "hicolor")
    for folder in ("applications", "doc/duologue"):
        (share / folder).mkdir(parents=True)
    shutil.copy(_LINUX / "duologue.desktop", share / "applications")
    (share / "doc" / "duologue" / "copyright").write_text(
        (_SOURCE / "NOTICE").read_text("utf8")
        + "\nOn Debian the licence is in /usr/share/common-licenses/Apache-2.0, and the licences\n"
        "of all parts in /usr/lib/duologue/_internal/licences.\n",
        "utf8",
    )
    (package / "usr" / "bin").mkdir()
    (package / "usr" / "bin" / "duologue").symlink_to("../lib/duologue/duologue")

    files = list(files_in(package))
    elf = (
        content
        for path, _ in files
        if (content := (package / path).read_bytes()).startswith(b"\x7fELF")
    )
    about = metadata("duologue")
    (package / "DEBIAN").mkdir()
    text = control(
        about["Version"], about["Summary"], glibc_needed(elf), sum(size for _, size in files)
    )
    (package / "DEBIAN" / "control").write_text(text, "utf8")
    shutil.copy(_LINUX / "postrm", package / "DEBIAN")
    (package / "DEBIAN" / "postrm").chmod(0o755)


if __name__ == "__main__":
    lay_out(*map(Path, sys.argv[1:4]))
