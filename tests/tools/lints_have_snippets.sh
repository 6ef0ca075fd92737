#!/bin/sh
# lints_have_snippets.sh ROOT: each lint has a snippet that only it rejects, and a line in docs/ownership.md.
set -eu
cd "$1"
status=0
lints=$(grep -oh '\[lint:[a-z-]*\]' abi/cmake/lints/[ch]*.cq | sed 's/\[lint:\(.*\)\]/\1/' | sort -u)
[ -n "$lints" ]
for lint in $lints; do
    if ! grep -qE "^ \* rule off: lint $lint\$" tests/must_not_compile/*.c; then
        echo "$lint: no snippet of tests/must_not_compile switches it off"
        status=1
    fi
    if ! grep -qE "^\|.*\b$lint\b" docs/ownership.md; then
        echo "$lint: docs/ownership.md does not say what it finds"
        status=1
    fi
done
if grep -n '^match' abi/cmake/lints/[ch]*.cq | grep -v '\[lint:[a-z-]*\]")$'; then
    echo "a lint without a name"
    status=1
fi
exit $status
