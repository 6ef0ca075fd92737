#!/bin/sh
# run_types.sh RUNS FOLDER FILE...: fuzzes the comparison of types with libFuzzer for RUNS executions under address and
# undefined-behaviour sanitizers, starting from the texts FILE, each beside itself, and from objects (*.cell). FOLDER
# keeps the corpus, and whatever fails.
set -eu

runs=$1 folder=$2
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)

mkdir -p "$folder/seeds" "$folder/corpus"
if ! clang -std=gnu17 -O1 -g -DMITOS_HOST=1 -iquote "$root/abi" -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=all "$root/tests/fuzz/fuzz_types.c" -o "$folder/fuzz_types"; then
    echo "run_types.sh: libFuzzer is missing? It is part of Debian's libclang-rt-14-dev" >&2
    exit 2
fi
for seed in "$@"; do
    name=$folder/seeds/${seed##*/}
    case $seed in
    *.cell) "${MITOS_CROSS:-riscv64-unknown-elf-}objcopy" --strip-unneeded "$seed" "$name" ;;
    *) tail -n +2 "$seed" | head -n 60 > "$name.half" && cat "$name.half" "$name.half" > "$name" ;;
    esac
done
printf '"%s"\n' 'export ' 'import ' 'kind ' 'state ' 'struct ' 'union ' 'enum ' 'typedef ' ' at ' ' value ' ' takes ' \
    ' returns ' ' bytes ' ' is ' '{1}' '{2}' '\x0a' > "$folder/words"

if ! "$folder/fuzz_types" -runs="$runs" -seed=1 -max_len=16384 -timeout=10 -dict="$folder/words" \
    -artifact_prefix="$folder/failed-" -print_final_stats=1 "$folder/corpus" "$folder/seeds" > "$folder/log" 2>&1; then
    tail -50 "$folder/log"
    exit 1
fi
grep '^stat::\|^Done' "$folder/log"
