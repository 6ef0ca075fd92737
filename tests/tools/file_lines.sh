#!/bin/sh
# file_lines.sh ROOT LIMIT: no source file is longer than LIMIT lines, so each can be read in one sitting.
set -eu
tools=$(dirname "$(realpath "$0")")
cd "$1"
limit=$2

"$tools/tree_files.sh" . |
    grep -E '(^|/)mitos$|CMakeLists\.txt$|\.(c|h|S|s|ld|cmake|sh|py|cq|yml)$|^\.ci/' |
    tr '\n' '\0' | xargs -0 awk -v limit="$limit" '
        FNR == 1 { files++ }
        FNR == limit + 1 { print FILENAME ": longer than " limit " lines"; bad = 1 }
        END { print files " files looked at"; exit bad || files == 0 }'
