/* What the files of this cell share: the object behind a task, and its state. */
#ifndef TASK_CELL_H
#define TASK_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/heap.h"
#include "nucleus/spinlock.h"
#include "nucleus/task.h"
#include "vm.h"

struct HOLDS task_object {
    struct task head; /* first: the handle's pointer is the object's; head.owner_data, too */
    uint32_t cancelled; /* atomic */
    mapping stack;      /* as long as the object lives, spare or not: object_end() ends both */
    struct task_object *next_spare;
    struct spinlock lock;
    /* lock guards: */
    struct task_end {
        bool ended;
        bool detached;
        struct task *joiner; /* who waits, NULL: nobody */
    } end;
};

/** Spare objects that are kept: 512 KiB of stacks. */
#define SPARES_KEPT 32u

/** Objects of tasks that are no more, with their stacks: the next tasks take them. */
struct spares {
    struct spinlock lock;
    /* lock guards (length may be read without it, as a hint): */
    struct spare_list {
        struct task_object *first;
        uint32_t length;
    } list;
};

struct task_cell_state {
    struct kind *tasks;
    uint64_t live; /* objects that are not spare; atomic */
    struct spares spares;
};

/**
 * An object with a stack, all fields behind `head` prepared but entry and argument. NULL: no
 * memory.
 */
struct task_object *object_new(struct task_cell_state *state);
/** Makes @p object spare. Any context: no memory is freed here. */
void object_free(struct task_cell_state *state, struct task_object *object);
/** Where the usable part of the stack begins, behind the reserve. Unchecked: the object owns its stack. */
static inline UNCHECKED uint64_t stack_low(const struct task_object *object)
{
    return (uint64_t)mapping_address(&object->stack) + PAGE_BYTES;
}
/** Frees spare objects and their stacks until @p most are left. */
void spares_trim(struct task_cell_state *state, uint32_t most);

#endif
