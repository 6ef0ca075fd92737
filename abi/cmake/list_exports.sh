#!/bin/sh
# list_exports.sh LIST TYPES OUT
#
# Writes OUT, a C header: the headers of abi/nucleus in LIST (list_interfaces.sh), and EACH_EXPORT(X), which
# is X(function, signature) for each function that they declare; signatures are those of TYPES (pack signatures).
set -eu

list=$1 types=$2 out=$3
{
    echo '/* What the nucleus exports; made by list_exports.sh. */'
    sed -n 's|^.* \(nucleus/.*\)|#include "\1"|p' "$list" | sort -u
    echo '#define EACH_EXPORT(X) \'
    awk 'FNR == NR { if ($1 == "function") signature[$3] = $2; next }
         $2 ~ /^nucleus\// && !($1 in signature) { print $1 ": has no signature" > "/dev/stderr"; exit 1 }
         $2 ~ /^nucleus\// { print "    X(" $1 ", 0x" signature[$1] "ul) \\" }' "$types" "$list"
    echo
} > "$out.new"
# The same text again is no news to the build.
if cmp -s "$out.new" "$out"; then
    rm "$out.new"
else
    mv "$out.new" "$out"
fi
