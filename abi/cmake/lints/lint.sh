#!/bin/sh
# lint.sh CLANG_QUERY FLAGS FILE... -- [COMMON_FLAG...]
#
# Matches the rules beside this script over C files: handles.cq, and, when -DMITOS_CELL=1 is among
# the COMMON_FLAGs, cells.cq. FLAGS is the response file of the build's clang flags
# (BUILD/checks/clang.flags). Prints FILE:LINE:COLUMN: error: RULE for each match, and fails when
# there is one, or on any other error. -DWITHOUT_LINT_NAME among the COMMON_FLAGs switches the lint NAME off (with
# _ for -); the tests do that, to see that it was the lint that found something.
set -eu

rules=$(dirname "$(realpath "$0")")
query=$1 flags=$2
shift 2
files=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    files="$files $1"
    shift
done
[ $# -eq 0 ] || shift
files_of_rules=$rules/handles.cq
cell=no
case " $* " in
*" -DMITOS_CELL=1 "*)
    cell=yes
    files_of_rules="$files_of_rules $rules/cells.cq"
    ;;
esac

output=$(mktemp) chosen=$(mktemp)
trap 'rm -f "$output" "$chosen"' EXIT

without=none
for flag; do
    case $flag in
    -DWITHOUT_LINT_*) without="$without|$(echo "${flag#-DWITHOUT_LINT_}" | tr _ -)" ;;
    esac
done
# shellcheck disable=SC2086 # names of files in the tree have no spaces
cat $files_of_rules | grep -vE "\[lint:($without)\]" > "$chosen"

# The flags are one to a line, in quotes. Warnings are the compilers' own business: -w.
eval "set -- $(tr '\n' ' ' < "$flags") \"\$@\" -w"
# shellcheck disable=SC2086
if ! "$query" -f "$chosen" $files -- "$@" > "$output" 2>&1; then
    cat "$output" >&2
    echo "error: $query fails on $files or on a rule; it does not always say why" >&2
    exit 1
fi

# clang-query has no matcher for assembly outside of functions.
if [ $cell = yes ] && [ "$without" = "${without#*|inline-assembly}" ]; then
    says='note: "assembly in a cell: the nucleus has what needs it [lint:inline-assembly]" binds here'
    # shellcheck disable=SC2086
    grep -nE '^(__)?asm(__)?[[:space:]]*(\(|volatile)' /dev/null $files |
        sed "s/^\([^:]*:[0-9]*\):.*/\1:1: $says/" >> "$output"
fi

awk '
    /^[^ ]*: (fatal )?error: / || /^[0-9]+:[0-9]+: Error/ { print; bad = 1 }
    /: note: ".*" binds here$/ {
        sub(/note: "/, "error: ")
        sub(/" binds here$/, "")
        if (!seen[$0]++)
            print
        bad = 1
    }
    END { exit bad }' "$output" >&2
