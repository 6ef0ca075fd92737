#!/bin/sh
# lints_have_snippets.sh ROOT: each lint has a snippet that only it rejects, and a line in the document about it:
# those for all cells in docs/ownership.md, those for parts of labs in docs/lab-rules.md.
set -eu
cd "$1"
status=0

# check DOCUMENT SWITCH FOLDER RULES...: the lints named in the files RULES.
check() {
    document=$1 switch=$2 folder=$3
    shift 3
    names=$(grep -oh '\[lint:[a-z-]*\]' "$@" | sed 's/\[lint:\(.*\)\]/\1/' | sort -u)
    [ -n "$names" ]
    for lint in $names; do
        if ! grep -hE "$switch" "$folder"/*.c | grep -qE "[ :]$lint(\]|\$)"; then
            echo "$lint: no snippet of $folder is about it"
            status=1
        fi
        if ! grep -qE "^\|.*\b$lint\b" "$document"; then
            echo "$lint: $document does not say what it finds"
            status=1
        fi
    done
}

lints=abi/cmake/lints
check docs/ownership.md '^ \* rule off: lint ' tests/must_not_compile $lints/cells.cq $lints/handles.cq
check docs/lab-rules.md '^ \* (rejected|rule off): ' tests/lab_samples/rules $lints/labs.cq $lints/lab_text.py \
    $lints/lab_tree.py

# What lab_tree.py looks at further has no name.
if grep -n '^match' $lints/*.cq | grep -v '\[lint:[a-z-]*\]")$' | grep -vE '\.bind\("(call|caller|declaration)"\)$'; then
    echo "a lint without a name"
    status=1
fi
exit $status
