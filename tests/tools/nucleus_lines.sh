#!/bin/sh
# nucleus_lines.sh ROOT LIMIT: nucleus/ and sbi/ together have at most LIMIT lines of code, by cloc.
set -eu
cd "$1"
limit=$2

lines=$(cloc --quiet --csv --hide-rate nucleus sbi | sed -n 's/.*,SUM,.*,\([0-9]*\)$/\1/p')
if [ -z "$lines" ]; then
    echo "cloc found no code in nucleus/ and sbi/"
    exit 1
fi
echo "nucleus/ and sbi/: $lines lines of code, at most $limit"
[ "$lines" -le "$limit" ]
