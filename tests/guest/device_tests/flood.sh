#!/bin/sh
# flood.sh MITOS LINES OPTION...: boots and has four tasks of the guest write LINES numbered lines each;
# fails unless every line arrives whole, and those of each task in order.
set -eu

mitos=$1 lines=$2
shift 2
"$mitos" run --headless --quiet "$@" -c "load device_tests; flood $lines" | tr -d '\r' |
    awk -v lines="$lines" '
        /^flood [0-3] [0-9]+$/ {
            if ($3 != next_line[$2] + 0) {
                print "task " $2 ": line " $3 " where " next_line[$2] + 0 " was due"
                bad = 1
            }
            next_line[$2] = $3 + 1
            next
        }
        /flood/ { print "a line arrived in pieces: " $0; bad = 1 }
        END {
            for (task = 0; task < 4; task++)
                if (next_line[task] != lines) {
                    print "task " task ": " next_line[task] + 0 " of " lines " lines arrived"
                    bad = 1
                }
            exit bad
        }'
