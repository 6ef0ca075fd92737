#!/bin/sh
# list_interfaces.sh PROBE LIST ABI_DIR GCC...
#
# Writes LIST: one line "SYMBOL HEADER" for each function that a header below ABI_DIR, included by the C
# file PROBE, declares and does not define; HEADER is relative to ABI_DIR. LIST.d is its make rule.
set -eu

probe=$1 list=$2 abi=$3
shift 3

"$@" "-I$abi" -MD -MT "$list" -MF "$list.d" -fsyntax-only -aux-info "$list.aux" "$probe"

# gcc writes "/* abi/sched.h:20:NC */ extern struct task *sched_pick (unsigned int);", the C meaning
# declared (F would be defined). The name stands before the first parenthesis, or, in a function that
# returns a function pointer, after "(*".
awk -v abi="$abi/" '
    $1 == "/*" && $2 ~ /:[0-9]+:.C$/ && $4 == "extern" && index($2, abi) == 1 {
        header = substr($2, length(abi) + 1)
        sub(/:[0-9]+:.C$/, "", header)
        prototype = $0
        sub(/^.*\*\/ /, "", prototype)
        if (!match(prototype, /^[^(]*\(\*+[A-Za-z_][A-Za-z_0-9]* \(/))
            match(prototype, /^[^(]*\(/)
        name = substr(prototype, RSTART, RLENGTH - 1)
        sub(/ $/, "", name)
        sub(/^.*[^A-Za-z_0-9]/, "", name)
        print name, header
    }' "$list.aux" | LC_ALL=C sort -u > "$list.new"
rm "$list.aux"
mv "$list.new" "$list"
