/**
 * @file nucleus/task.h
 * Task heads: what the nucleus knows of a task. Park and unpark, the switch, the service loop.
 *
 * The nucleus holds the mechanism: a head with saved registers and a state. The `task` cell makes and
 * ends tasks and gives them stacks; the `sched` cell decides who runs. A head is made by task_head_init
 * and stays valid until task_head_remove().
 *
 * Life of a task (INV-TASK-1: a task is in at most one of: running on one hart, one run queue, parked):
 *
 *     NEW --ready--> READY --pick--> RUNNING --yield, preempted--> READY
 *                      ^                |--park--> PARKED --unpark--> READY
 *                                       `--end---> DEAD
 *
 * A task enters a run queue only when its registers are saved: the hart that leaves it does that, on
 * its interrupt stack, after the switch. So whoever picks it may run it at once.
 */
#ifndef MITOS_NUCLEUS_TASK_H
#define MITOS_NUCLEUS_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../own.h"
#include "../status.h"
#include "list.h"
#include "spinlock.h"

/** Integer registers of an interrupted or waiting task. Offsets are known to the assembly. */
struct registers {
    uint64_t x[32]; /* x[0] unused */
    uint64_t pc;    /* offset 256: where it goes on */
    uint64_t status; /* 264: sstatus at the trap; 0: none, but a switch, and pc is a return address */
    uint64_t cause, value; /* scause, stval at the trap: 272, 280 */
};

enum task_state { TASK_NEW, TASK_READY, TASK_RUNNING, TASK_PARKED, TASK_DEAD };
/** Beside the state, in the same word: an unpark came that no park has used up yet. */
#define TASK_WAKE 8u

#define TASK_NAME_ROOM 24
#define TASK_SCHED_WORDS 6

struct task {
    struct registers registers; /* first: the trap entry finds it through sscratch */
    /* nucleus: */
    struct list all;            /* in the list of all tasks, guarded by its lock */
    uint32_t state_word;        /* enum task_state and TASK_WAKE; atomic, the nucleus writes it */
    uint32_t hart;              /* where it runs, or ran last */
    uint64_t number;            /* unique since boot, from 1 */
    char name[TASK_NAME_ROOM];
    uint64_t stack_low, stack_high; /* usable stack; below lies a reserve for cleanups (vm.h), then a guard page */
    int (*entry)(void *argument);
    void *argument;
    void *recovery;             /* frame of the innermost guarded_call(); NULL when none */
    uint64_t switches;          /* times it was given a hart */
    enum status end_status;     /* OK, ERR_FAULT when a fault ended it, ERR_TIMEOUT a watchdog, ERR_CANCELLED a kill */
    int result;                 /* what its entry returned */
    uint32_t let_through;       /* it runs while a swap holds all other tasks */
    uint64_t outside;           /* 1 + the switches at which a swap found it outside of the old cell; 0: no */
    uint32_t killed;            /* enum status that task_condemn() was called with; OK: it was not. Atomic */
    uint32_t kill_tries;        /* interrupts since then that came at a bad place */
    uint32_t unwinding;         /* enum status that it will end with; OK: no unwinding is under way */
    uint32_t faults;            /* how many it had since its last guarded call that one ended */
    bool reserve_open;          /* its stack overflowed, and has a page more */
    uint32_t patience;          /* interrupts that it may still have before a watchdog's end takes effect */
    /* sched: the bound scheduler's. Zero in a new task, and when another scheduler takes over. */
    struct list run_link;
    uint64_t sched[TASK_SCHED_WORDS];
    /* the owner's, set before task_head_init(), or before the task is started: */
    union {                     /* what task_service() or task_main() calls; NULL under other entries */
        enum status (*step)(void *argument);
        int (*main)(int argc, char **argv);
        uint64_t code;
    };
    void *owner_data; /* of the task cell */
};

/** What @p task does at the moment of the call. */
static inline enum task_state task_state(const struct task *task)
{
    return (enum task_state)(__atomic_load_n(&task->state_word, __ATOMIC_ACQUIRE) & ~TASK_WAKE);
}

/**
 * Prepares @p task (storage owned by the caller) to call @p entry(@p argument) on the given stack, and
 * enters it into the list of all tasks. It runs after the first task_unpark(), and ends when @p entry
 * returns. A head of a dead task that was removed from the list can be prepared anew, while others may still unpark it:
 * that does nothing until all is prepared, and then starts it.
 */
void task_head_init(struct task *task, const char *name, int (*entry)(void *argument),
                    void *argument, void *stack_low, size_t stack_bytes);
/** Takes a dead task out of the list of all tasks; its storage and stack are the caller's again.
 *  @return ERR_BUSY it is not dead, or a hart is still on its stack. */
enum status task_head_remove(struct task *task);

/**
 * Sleeps until somebody calls task_unpark() for this task, or returns at once when that happened since
 * the last park. Wake-ups may be spurious: test the condition again.
 */
void task_park(void) REQUIRES(may_park) EXCLUDES(irqs_off);
/** Makes @p task ready if it is parked (or new), else notes the wake-up. From any context; any hart. */
void task_unpark(struct task *task);
/** Lets others run; the task stays ready. */
void task_yield(void) REQUIRES(may_park) EXCLUDES(irqs_off);
/** Ends the running task. The task cell hears of it by hook (task_ended). */
_Noreturn void task_end(void) REQUIRES(may_park) EXCLUDES(irqs_off);

/**
 * Kills @p task: it ends with @p end, ERR_CANCELLED or, for a watchdog, ERR_TIMEOUT, after its frames were cleaned up (unwinding), at the next safe point:
 * a park or yield, or an interrupt while no frame of another cell than the running one is on its stack and no
 * change of what it owns can be under way (a call that has just begun does not count). While it runs such an interrupt comes every KILL_RETRY_NS, and less and
 * less often after each KILL_TRIES_ALIKE: on a host that is busy elsewhere they could else come so fast that
 * the task does nothing between two. After KILL_TRIES of them it ends anywhere in a cell's code, and the log says what that may have cost. A
 * guarded_call() that it is in returns @p end first. A watchdog's end is reported as a fault (CAUSE_WATCHDOG), and
 * ends no more than a fault does: the guarded_call(), if there is one. From any context.
 */
void task_condemn(struct task *task, enum status end);
#define KILL_RETRY_NS 200000u
#define KILL_TRIES 256u
#define KILL_TRIES_ALIKE 32u

/** Calls @p visit for every task, the idle ones too, until it returns false. The list's lock is held. */
void task_each(bool (*visit)(struct task *task, void *argument), void *argument);

/**
 * The entry of a service: calls task->step(@p argument) for ever, parks when it returns AGAIN, and ends
 * the task when it returns anything else but OK: ERR_CANCELLED is its end in peace, other codes are the
 * task's end_status. The loop is nucleus code, so between steps no frame of a cell is on the stack, and any
 * cell can be replaced. task_spawn_service() (task.h) makes such a task.
 */
int task_service(void *argument) REQUIRES(may_park);
/** The entry of a command: task->main(argc, @p argv), with no frame of another cell below it; after the
 *  last word of @p argv stands NULL. task_spawn_main() (task.h) makes such a task. */
int task_main(void *argv) REQUIRES(may_park);

/**
 * Calls @p function(@p argument); a fault in it comes back as ERR_FAULT with the report in the log, instead of
 * ending the task, and a kill as ERR_CANCELLED. The frames in between have been cleaned up.
 */
enum status guarded_call(enum status (*function)(void *argument), void *argument);
/**
 * guarded_call() that ends with ERR_TIMEOUT when it lasts longer than @p steps interrupts, LIMIT_STEP_NS apart.
 * They, not time, are counted: on a host that is busy elsewhere time passes while nothing runs. May be called while
 * all other harts stand still for this one; else with interrupts on. Not within another one.
 */
enum status limited_call(enum status (*function)(void *argument), void *argument, uint32_t steps);
#define LIMIT_STEP_NS 1000000u

#endif
