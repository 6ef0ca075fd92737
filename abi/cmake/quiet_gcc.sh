#!/bin/sh
# quiet_gcc.sh COMMAND...: runs a compiler, and leaves out its notes that a pass is disabled, which flags in
# MitosGuest.cmake ask for.
messages=$(mktemp) || exit 1
"$@" 2> "$messages"
status=$?
grep -v 'note: disable pass [a-z]*-nothrow for functions' "$messages" >&2
rm -f "$messages"
exit $status
