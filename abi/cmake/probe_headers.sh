#!/bin/sh
# probe_headers.sh LIST FOLDER HEADER...
#
# Writes a C file into FOLDER for each HEADER (nucleus_heap.h.c for nucleus/heap.h), which includes that header alone and
# mentions the type of each function that LIST (list_interfaces.sh) has of it: probe_FUNCTION is a pointer to it. And the
# version of what is defined in the header itself, inline functions and macros, if it states one: of nucleus/heap.h the
# macro MITOS_NUCLEUS_HEAP_H_VERSION. What would be written again is left alone, so that it is no news to the build.
set -eu

list=$1 folder=$2
shift 2

mkdir -p "$folder"
for header in "$@"; do
    macro=MITOS_$(echo "$header" | tr 'a-z/.' 'A-Z__')_VERSION
    out=$folder/$(echo "$header" | tr / _).c
    {
        echo "#include \"$header\""
        awk -v header="$header" '$2 == header { print "typeof(" $1 ") *probe_" $1 ";" }' "$list"
        echo "#ifdef $macro"
        echo "enum probe_version { PROBE_VERSION = $macro } stated;"
        echo "#endif"
    } > "$out.new"
    if cmp -s "$out.new" "$out"; then
        rm "$out.new"
    else
        mv "$out.new" "$out"
    fi
done
