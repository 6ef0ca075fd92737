/*
 * Runs the fuzz target without libFuzzer: drive RUNS FILE... changes each file in turn, RUNS times in all,
 * always in the same way. Blind to coverage, but it needs no more than the compiler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host/elf_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

int main(int argc, char **argv)
{
    unsigned long runs = argc > 2 ? strtoul(argv[1], NULL, 0) : 0;
    unsigned files = (unsigned)argc - 2;

    if (runs == 0)
        return 2;
    for (unsigned i = 0; i < files; i++) {
        struct object original = object_read(argv[2 + i]);

        for (unsigned run = i; run < runs; run += files) {
            struct object copy = object_copy(&original);
            size_t size = copy.length;

            for (unsigned times = 1 + run % 4; times > 0; times--)
                size = LLVMFuzzerCustomMutator(copy.bytes, size, copy.length, run * 7 + times);
            LLVMFuzzerTestOneInput(copy.bytes, size);
            object_free(&copy);
        }
        object_free(&original);
    }
    printf("%lu executions, none failed\n", runs);
    return 0;
}
