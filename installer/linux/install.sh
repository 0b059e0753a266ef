#!/bin/sh
# Install Duologue for one user, or over an older version: sh install.sh [FOLDER]
# It writes the program and the menu entry, by default in ~/.local, and nothing else.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
prefix="${1:-$HOME/.local}"
mkdir -p "$prefix"
prefix="$(cd "$prefix" && pwd)"
program="$prefix/lib/duologue"

for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/exe" 2>/dev/null || true)" = "$program/duologue" ]; then
        echo "Duologue is running. Close it, then run this again." >&2
        exit 2
    fi
done
mkdir -p "$prefix/lib" "$prefix/bin" "$prefix/share/applications" "$prefix/share/icons"
rm -rf "$program.new" "$program.old"
cp -R "$here/duologue" "$program.new"
cp "$here/uninstall.sh" "$program.new/"
[ ! -e "$program" ] || mv "$program" "$program.old"
mv "$program.new" "$program"
rm -rf "$program.old"
ln -sf ../lib/duologue/duologue "$prefix/bin/duologue"
cp -R "$here/icons/hicolor" "$prefix/share/icons/"
# The program's folder may be missing in the menu's search path.
sed "s|^Exec=.*|Exec=\"$prefix/bin/duologue\"|" "$here/duologue.desktop" \
    >"$prefix/share/applications/duologue.desktop"
echo "Duologue $("$program/duologue" --version | sed 's/.* //') is installed; start it from the menu, or with"
echo "    $prefix/bin/duologue"
