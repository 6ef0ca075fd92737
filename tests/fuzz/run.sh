#!/bin/sh
# run.sh RUNS FOLDER SEED...: fuzzes reader and linker with libFuzzer for RUNS executions under address and
# undefined-behaviour sanitizers, starting from the objects SEED (for a folder: its *.cell), and prints the
# branch coverage that was reached. FOLDER keeps the corpus, and whatever fails.
set -eu

runs=$1
folder=$2
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
cross=${MITOS_CROSS:-riscv64-unknown-elf-}
sources="$root/tests/fuzz/fuzz_link.c $root/tests/host/elf_support.c"
for name in elf link eh_frame manifest format; do
    sources="$sources $root/nucleus/$name.c"
done
flags="-std=gnu17 -O1 -g -DMITOS_HOST=1 -iquote $root/abi -iquote $root/nucleus"

mkdir -p "$folder/seeds" "$folder/corpus"
# shellcheck disable=SC2086 # lists of words
if ! clang $flags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $sources \
    -o "$folder/fuzz_link"; then
    echo "run.sh: libFuzzer is missing? It is part of Debian's libclang-rt-14-dev" >&2
    exit 2
fi
# shellcheck disable=SC2086
clang $flags -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping $sources \
    -o "$folder/cover_link"

# Debug information only makes the objects slow to copy.
number=0
for seed in "$@"; do
    for file in "$seed" "$seed"/*.cell; do
        [ -f "$file" ] || continue
        number=$((number + 1))
        "${cross}objcopy" --strip-unneeded "$file" "$folder/seeds/$number.o"
    done
done

"$folder/fuzz_link" -runs="$runs" -seed=1 -max_len=65536 -timeout=10 -rss_limit_mb=2048 -use_value_profile=0 \
    -artifact_prefix="$folder/failed-" -print_final_stats=1 "$folder/corpus" "$folder/seeds" \
    >"$folder/log" 2>&1 || {
    tail -50 "$folder/log"
    exit 1
}
grep '^stat::\|^Done' "$folder/log"

LLVM_PROFILE_FILE="$folder/profile" "$folder/cover_link" -runs=0 "$folder/corpus" "$folder/seeds" \
    >>"$folder/log" 2>&1
llvm-profdata merge -o "$folder/merged" "$folder/profile"
llvm-cov report "$folder/cover_link" -instr-profile="$folder/merged" -show-branch-summary \
    -show-region-summary=false "$root/nucleus/elf.c" "$root/nucleus/link.c" \
    "$root/nucleus/eh_frame.c" "$root/nucleus/manifest.c" | tee "$folder/coverage"
awk '/%$/ && $NF + 0 < 85 { print $1 ": less than 85 % of the branches"; bad = 1 } END { exit bad }' \
    "$folder/coverage"
