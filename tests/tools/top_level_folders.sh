#!/bin/sh
# top_level_folders.sh ROOT: the tree has no top-level folder that the design does not name.
set -eu
tools=$(dirname "$(realpath "$0")")
known='nucleus cells abi sbi labs tests docs .ci .github .devcontainer'

"$tools/tree_files.sh" "$1" | sed -n 's|/.*||p' | sort -u | awk -v known="$known" '
    BEGIN { split(known, names, " "); for (i in names) is_known[names[i]] = 1 }
    { print $0 "/" }
    !($0 in is_known) { print "    is not one of: " known; bad = 1 }
    END { exit bad || NR == 0 }'
