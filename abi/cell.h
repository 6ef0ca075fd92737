/**
 * @file cell.h
 * What a cell declares about itself: manifest, exports, state, contributions to sets.
 *
 * A cell is one or more C files, compiled, joined by `ld -r` and checked by pack. Nothing else in its
 * source makes it a cell than the macros of this file.
 */
#ifndef MITOS_CELL_H
#define MITOS_CELL_H

#include "status.h"

#define CELL_ABI_VERSION 1u

/** Why an entry point of a cell is called. */
enum cell_reason {
    REASON_BOOT,
    REASON_LOAD,
    REASON_SWAP,
    REASON_RECOVER,
    REASON_UNLOAD,
};

/**
 * The manifest. The nucleus reads it from the object; it binds these pointers directly, without stubs.
 *
 * init() prepares the cell's own state and may fail: it calls nucleus services only, a call to another
 * cell traps. start() runs after the cell is linked in, providers first; its failure undoes the load.
 * stop() undoes start(); it returns ERR_BUSY when the cell cannot leave yet (a task of its own still
 * runs, an object is still held), and then the cell stays. check() is a quick self-test. Any of the
 * four may be NULL.
 *
 * REASON_SWAP: this version takes the place of another version of the cell, of the same name and with a
 * state of equal size. That state is handed over where it is: `state` is the live one as soon as this version
 * is linked. init() runs while the old version still serves, start() after the commit; both may check what
 * they find, and change nothing: kinds, objects, tasks, mappings and lines stay, and are this version's
 * from then on. The old version's stop() is not called. So neither the state nor an object may hold a
 * pointer to the cell's own read-only data (a text, a table), which goes with its version: use a copy or an
 * index. Addresses of functions are stubs, and lead to the current version.
 *
 * A cell that gives its place to another provider of its interface (sched_rr, sched_mlfq) is dropped
 * without stop(), and the other one, with a state of its own, is called with REASON_LOAD.
 */
struct cell_manifest {
    unsigned abi_version;
    const char *name;     /* the file is NAME.cell; [a-z][a-z0-9_]{0,30} */
    const char *version;  /* for people: "1.0" */
    const char *summary;  /* one sentence */
    const char *provides; /* interfaces, separated by spaces: "sched"; NULL or "": none */
    enum status (*init)(enum cell_reason reason);
    enum status (*start)(enum cell_reason reason);
    enum status (*stop)(enum cell_reason reason);
    enum status (*check)(void);
};

/** The manifest of this cell: CELL(.name = "hello", .version = "1.0", .summary = "..."); once. */
#define CELL(...)                                                                                  \
    static const struct cell_manifest cell_manifest_                                              \
        __attribute__((section(".cell.manifest"), used)) = {.abi_version = CELL_ABI_VERSION,       \
                                                            __VA_ARGS__}

/** A function that other cells may call. Its prototype stands in a header of abi/. */
#define EXPORT __attribute__((visibility("default")))

/**
 * Of an exported function that returns nothing: while its cell is in quarantine a call does nothing. Else it would
 * be a fault of the caller (docs/architecture.md, recovery). For what callers can do without.
 */
#define OR_NOTHING

/**
 * The writable storage of this cell, all of it: `CELL_STATE(struct counter_state);` declares `state`,
 * zeroed at load. It never moves while the cell, or a successor of it, lives; a successor finds it as it
 * is (REASON_SWAP).
 */
#define CELL_STATE(type) static type state __attribute__((section(".cell.state"), used))

/**
 * An entry of the set NAME: a constant struct that is copied out at load and vanishes with the cell.
 * Sets are walked with set_get() (inspect.h). Used through COMMAND, TEST and DRIVER.
 */
#define CELL_SET_ENTRY(set, type, tag)                                                             \
    static const type cell_set_##set##_##tag                                                       \
        __attribute__((section(".cell.set." #set), used)) CELL_IN_ORDER

/* Entries stay in the order of the source; GCC would turn it round. clang, which only checks, does not
 * know the attribute. */
#ifdef __clang__
#define CELL_IN_ORDER
#else
#define CELL_IN_ORDER __attribute__((no_reorder))
#endif

#endif
