/* Figures of everything that a transaction of the loader could leave behind. */
#ifndef LOAD_TESTS_FIGURES_H
#define LOAD_TESTS_FIGURES_H

#include <stdint.h>

#include "inspect.h"
#include "nucleus/why.h"
#include "test.h"

struct figures {
    struct frame_stats frames;
    struct {
        uint64_t kinds, live, live_bytes, slab_bytes;
    } heap;
    struct {
        uint64_t cells, symbols, commands, tests;
        uint64_t hash; /* of names and addresses of all of them, of stubs and their uses, of hooks */
    } tables;
};

/** Drains all caches and takes the figures. */
void figures_take(struct figures *figures);
/** Checks that the figures are as they were. @p what is for messages. */
void figures_check(struct test_run *t, const struct figures *before, const char *what);

#endif
