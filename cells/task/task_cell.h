/* What the files of this cell share: the object behind a task, and its state. */
#ifndef TASK_CELL_H
#define TASK_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "nucleus/heap.h"
#include "nucleus/spinlock.h"
#include "nucleus/list.h"
#include "nucleus/task.h"
#include "task.h"
#include "vm.h"

struct HOLDS task_object {
    struct task head; /* first: the handle's pointer is the object's; head.owner_data, too */
    uint32_t cancelled; /* atomic */
    mapping stack;      /* as long as the object lives, spare or not: object_end() ends both */
    struct task_object *next_spare;
    struct restart *restart; /* NULL: not restartable; keeper.c */
    uint32_t killed;         /* atomic: not to be started again */
    /* guarded by the keeper's lock: */
    struct list kept, watched;       /* in lists of the keeper's */
    uint64_t due_ns[WATCHES_MOST];   /* when its watches expire; 0: no such watch */
    /* the task's alone, and after its end the keeper's: */
    struct list owners; /* wait_owner by link: the queues that it owns */
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

/** What a restartable task is started with; behind it the argument as it was given, and the copy of this run. */
struct restart {
    int (*entry)(void *argument); /* of a service task_service() */
    uint64_t code;                /* of a service its step */
    enum status (*step)(void *argument); /* the step behind limited_step(); NULL: no limit */
    uint64_t step_ns;
    uint64_t started_ns, due_ns; /* of this run; of the next, while the task waits for it */
    uint32_t count, in_row;
    uint32_t bytes;
    bool waiting;
    uint8_t argument[] __attribute__((aligned(16)));
};

/** The service that looks after tasks that have ended, restarts and watches (keeper.c). */
struct HOLDS keeper {
    struct task *task;           /* its own */
    struct task_object *at_work; /* what the round is at; still there in the next: it faulted */
    clock_op timer;              /* keeper_step() ends it */
    struct spinlock lock;
    /* lock guards: */
    struct keeper_lists {
        struct list ended;   /* task_object by kept: tasks that have ended, and are to be looked after */
        struct list waiting; /* task_object by kept: they wait for their restart */
        struct list watched; /* task_object by watched: they have watches */
        uint64_t next_ns;    /* the keeper comes by itself then */
    } lists;
};

struct task_cell_state {
    struct kind *tasks, *restarts;
    uint64_t live; /* objects that are not spare; atomic */
    struct spares spares;
    struct keeper keeper;
};

/** The object of @p task, NULL when it is none of this cell's (an idle context). */
static inline struct task_object *object_of(const struct task *task)
{
    return task->owner_data;
}
static inline bool is_killed(const struct task_object *object)
{
    return __atomic_load_n(&object->killed, __ATOMIC_ACQUIRE);
}
/** Closes the queue of @p owner, whose task ends, or has ended, with @p end. Unchecked: ends the handle. */
void owner_close(wait_owner *owner, enum status end) UNCHECKED;

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
/** Gives @p object, whose task has ended, a new stack if its own overflowed. @return false: no memory. */
bool object_renew_stack(struct task_object *object);
/** The task of @p object has ended for good, and its hart has left its stack: tells who joins it. */
void object_finish(struct task_cell_state *state, struct task_object *object) REQUIRES(irqs_off);
/** Prepares the head of @p object for a run. */
void object_start(struct task_object *object, const char *name, int (*entry)(void *argument),
                  void *argument, uint64_t code);

/* keeper.c */
struct task_cell_state *cell_state(void);
void keeper_init(struct keeper *keeper);
/** One step of the keeper's service. */
enum status keeper_step(void *state);
/** Ends the watches of a task that has ended without doing so. */
void keeper_unwatch(struct keeper *keeper, struct task_object *object) REQUIRES(irqs_off);
/** Hands the keeper an object whose task has ended. */
void keeper_take(struct keeper *keeper, struct task_object *object) REQUIRES(irqs_off);
/* restart.c */
/** Whether the task of @p object, which has ended, is to be started again; when stands in object->restart then. */
bool restart_plan(struct task_object *object);
/** Prepares the next run of a restartable task, or the first. */
void restart_run(struct task_object *object, const char *name);

/** Frees spare objects and their stacks until @p most are left. */
void spares_trim(struct task_cell_state *state, uint32_t most);

#endif
