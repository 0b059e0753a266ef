#!/bin/sh
# Uninstall what install.sh has installed; asks before it deletes anything of yours.
set -eu
program="$(cd "$(dirname "$0")" && pwd)"
prefix="$(cd "$program/../.." && pwd)"
[ -x "$program/duologue" ] && [ "$program" = "$prefix/lib/duologue" ] || {
    echo "There is no installed Duologue beside this file." >&2
    exit 2
}
"$program/duologue" forget
rm -f "$prefix/bin/duologue" "$prefix/share/applications/duologue.desktop"
rm -f "$prefix"/share/icons/hicolor/*/apps/duologue.*
rm -rf "$program"
echo "Duologue is uninstalled."
