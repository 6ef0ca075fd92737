#!/usr/bin/env bash
# include_rule.sh ROOT PACK: a cell that includes anything but its own files and abi/ does not build.
#
# A scratch build of the project takes some extra cells: `good` must build, and each of the others must be
# refused with a message that names its file and the header.
set -euo pipefail
root=$(realpath "$1")
pack=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cells=()
failed=0

# cell NAME LINE...: a minimal cell whose only C file begins with the lines.
cell() {
    local name=$1
    shift
    cells+=("$scratch/$name")
    mkdir "$scratch/$name"
    echo "mitos_cell($name NOT_IN_ARCHIVE)" > "$scratch/$name/CMakeLists.txt"
    printf '%s\n' "$@" '#include "cell.h"' \
        "CELL(.name = \"$name\", .version = \"1.0\", .summary = \"A test of the include rule.\");" \
        > "$scratch/$name/$name.c"
}

# refused NAME HEADER: the cell does not build, and the message names its file and HEADER.
refused() {
    local log=$scratch/$1.log
    if cmake --build "$scratch/build" --target "$1.cell" > "$log" 2>&1; then
        echo "FAIL: $1 builds although it includes $2"
        failed=1
    elif ! grep -q "$1\.c.*$2" "$log"; then
        echo "FAIL: $1 does not build, but no line names $1.c and $2:"
        cat "$log"
        failed=1
    else
        echo "refused: $(grep -m 1 "$1\.c.*$2" "$log")"
    fi
}

private=$(find "$root/nucleus" "$root/sbi" -name '*.h' | sort | head -n 1)

cell good '#include <stdint.h>' '#include "own.h"' '#include "private.h"'
echo '#include <stddef.h>' > "$scratch/good/private.h"
cell other_cell '#include "../good/private.h"'
cell host_header '#include <stdio.h>'
cell nucleus_header "#include \"$private\""
cell computed '#define HEADER "../good/private.h"' '#include HEADER'
cell not_for_clang '#ifndef __clang__' '#include "../good/private.h"' '#endif'
cell linked '#include "link.h"'
ln -s ../good/private.h "$scratch/linked/link.h"

extra=$(IFS=';'; echo "${cells[*]}")
cmake -S "$root" -B "$scratch/build" -G Ninja --toolchain "$root/abi/cmake/riscv64.cmake" \
    -DCMAKE_BUILD_TYPE=Dev "-DMITOS_PACK=$pack" "-DMITOS_EXTRA_CELLS=$extra" > "$scratch/configure.log" 2>&1 || {
    cat "$scratch/configure.log"
    exit 1
}

if ! cmake --build "$scratch/build" --target good.cell > "$scratch/good.log" 2>&1; then
    echo "FAIL: good does not build:"
    cat "$scratch/good.log"
    failed=1
fi
refused other_cell good/private.h
refused host_header stdio.h
refused nucleus_header "$(basename "$private")"
refused computed good/private.h
refused not_for_clang good/private.h
refused linked good/private.h
exit $failed
