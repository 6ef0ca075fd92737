#!/bin/sh
# check_source.sh SOURCE STAMP ALLOWED GCC CLANG FLAGS_DIR [COMMON_FLAG...]
#
# Checks one C file of the guest and touches STAMP when nothing is wrong with it:
#  - it includes, directly or not, only files below the real folders ALLOWED (separated by ':');
#  - clang (a syntax-only run with the thread-safety analysis) has no complaint;
#  - the lints find nothing that the analysis does not see.
# Leaves the names of the included files in STAMP.d, as a make rule, for the build.
set -eu

source=$1 stamp=$2 allowed=$3 gcc=$4 clang=$5 flags=$6
shift 6

mkdir -p "${stamp%/*}"
rm -f "$stamp"
"$gcc" "@$flags/gcc.flags" "$@" -M -MT "$stamp" -MF "$stamp.d" "$source"

# The rule reads "STAMP: a.c a.h \", with spaces inside names as "\ ".
sed -e '1s/^.*\.checked: *//' -e 's/ *\\$//' -e 's/^ *//' -e 's/\([^\\]\) /\1\n/g' "$stamp.d" |
    sed -e '/^$/d' -e 's/\\ / /g' | tr '\n' '\0' | xargs -0 realpath -- |
    awk -v source="$source" -v allowed="$allowed" '
        BEGIN { count = split(allowed, folders, ":") }
        {
            for (i = 1; i <= count; i++)
                if (index($0, folders[i] "/") == 1)
                    next
            print source ": includes " $0 ", which is outside of what it may include:"
            for (i = 1; i <= count; i++)
                print "    " folders[i]
            bad = 1
        }
        END { exit bad }' >&2

failed=no
"$clang" "@$flags/clang.flags" "$@" "$source" || failed=yes
"${0%/*}/lints/lint.sh" "${clang%clang*}clang-query${clang##*clang}" "$flags/clang.flags" "$source" -- "$@" ||
    failed=yes
[ $failed = no ]
touch "$stamp"
