#!/bin/sh
# Uninstall what install.sh has installed. It asks before it deletes settings, bundles or recordings.
set -eu
program="$(cd "$(dirname "$0")" && pwd)"
prefix="$(cd "$program/../.." && pwd)"
[ -x "$program/duologue" ] && [ "$program" = "$prefix/lib/duologue" ] || {
    echo "No installed Duologue is beside this file. Run ~/.local/lib/duologue/uninstall.sh." >&2
    exit 2
}
"$program/duologue" forget
rm -f "$prefix/bin/duologue" "$prefix/share/applications/duologue.desktop"
rm -f "$prefix"/share/icons/hicolor/*/apps/duologue.*
rm -rf "$program"
echo "Duologue is uninstalled."
