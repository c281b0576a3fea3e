#!/usr/bin/env bash
# What CHANGELOG.md says of a version, as the notes of its release: notes.sh 0.2.0, or notes.sh v0.2.0. A candidate, 0.2.0-rc.1,
# may have a part of its own; else it has that of its version, else of "Unreleased".
set -euo pipefail
version=${1#v}
file=${2:-$(dirname "$0")/../CHANGELOG.md}
part() {
  awk -v name="$1" '
    /^## / { heading = $0; gsub(/^## +\[?|\].*$/, "", heading); sub(/ .*$/, "", heading); inside = heading == name; next }
    inside { text = text $0 "\n" }
    END { gsub(/^\n+|\n+$/, "", text); if (text != "") print text }' "$file"
}
notes=$(part "$version")
if [ -z "$notes" ] && [ "$version" != "${version%%-*}" ]; then
  notes=$(part "${version%%-*}")
  [ -n "$notes" ] || notes=$(part Unreleased)
fi
[ -n "$notes" ] || { echo "notes.sh: $file has no part for $version; give \"Unreleased\" its number and date first" >&2; exit 1; }
printf '%s\n' "$notes"
