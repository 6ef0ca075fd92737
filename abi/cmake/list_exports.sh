#!/bin/sh
# list_exports.sh LIST OUT
#
# Writes OUT, a C header: the headers of abi/nucleus in LIST (list_interfaces.sh), and EACH_EXPORT(X), which
# is X(function) for each function that they declare.
set -eu

{
    echo '/* What the nucleus exports; made by list_exports.sh. */'
    sed -n 's|^.* \(nucleus/.*\)|#include "\1"|p' "$1" | sort -u
    echo '#define EACH_EXPORT(X) \'
    sed -n 's|^\(.*\) nucleus/.*|    X(\1) \\|p' "$1"
    echo
} > "$2"
