/* All that a swap which fails must leave as it was, as hashes and figures. */
#ifndef SWAP_TESTS_SNAPSHOT_H
#define SWAP_TESTS_SNAPSHOT_H

#include <stdint.h>

#include "inspect.h"
#include "own.h"
#include "test.h"

struct snapshot {
    /* hashes, over all cells: */
    uint64_t text, rodata; /* their bytes in memory */
    uint64_t records;      /* names, versions, places, imports, sites, stubs with their jumps */
    uint64_t symbols;      /* names and addresses, as found by number and by name */
    uint64_t hooks;        /* names and where they lead */
    uint64_t kinds;        /* names, owners, numbers of objects */
    uint64_t state;        /* the bytes of that of cells that tests replace */
    uint64_t contents;     /* addresses and bytes of their objects */
    /* figures, with all caches drained: */
    struct frame_stats frames;
    uint64_t objects, object_bytes, slab_bytes;
    char holder[CELL_HOLDER_ROOM]; /* of a cell that was replaced and did not go */
};

/** Drains all caches and takes it. */
void snapshot_take(struct snapshot *snapshot) REQUIRES(may_park);
/** Checks that all is as it was. @p what is for messages. */
void snapshot_check(struct test_run *t, const struct snapshot *before, const char *what)
    REQUIRES(may_park);
/** The same for all but frames and heap: when a cell has faulted that held some. */
void snapshot_check_but_memory(struct test_run *t, const struct snapshot *before, const char *what)
    REQUIRES(may_park);
/** The same for frames and heap only: what a swap that succeeds must leave as it was. */
void snapshot_check_memory(struct test_run *t, const struct snapshot *before, const char *what)
    REQUIRES(may_park);

#endif
