#!/bin/sh
# tree_files.sh ROOT: the files of the source tree, one a line, relative to ROOT. Where git can tell they
# are those that git knows or would add; else all but build/.
set -eu
cd "$1"
if [ -e .git ] && command -v git > /dev/null 2>&1; then
    git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard --deduplicate |
        while read -r file; do
            if [ -e "$file" ]; then
                printf '%s\n' "$file"
            fi
        done
else
    find . -path ./.git -prune -o -path ./build -prune -o -type f -print | sed 's|^\./||'
fi
