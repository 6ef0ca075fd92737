/* What the nucleus keeps per hart. tp points at it for ever; nothing but the entry code writes tp. */
#ifndef NUCLEUS_HARTS_H
#define NUCLEUS_HARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/hart.h"
#include "nucleus/live_text.h"
#include "nucleus/still.h"
#include "sched.h"

#define TRAP_LEVELS 3 /* of a task; inside the handler of that; inside the handler of that: the end */
#define HART_STACK_BYTES 40960u
#define TRAP_STACK_BYTES (16384u + 2 * 4096u)

struct hart {
    /* known to trap.S and entry.S by offset */
    struct task *current; /* 0 */
    uint64_t depth;       /* 8: traps in progress */
    uint32_t index;       /* 16 */
    uint32_t reschedule;  /* the running task's turn is over */
    struct {
        uint64_t stack;             /* top of the stack for a trap at that depth */
        struct registers registers; /* where a trap inside the handler saves */
    } levels[TRAP_LEVELS];          /* 24 */
    /* the rest is C's */
    uint64_t id;
    struct registers *stopped; /* while it stands still: as switch_out() would have saved them */
    uint64_t hold_fences;      /* see hart_hold_fences() */
    uint32_t stands;           /* the last turn of harts_hold() for which it stood still; atomic */
    uint32_t left;   /* turn of the release that it saw; atomic */
    struct task idle;
    /* Upwards: 16 KiB for traps of tasks, one page for each trap inside of those, the idle context's. */
    uint8_t stacks[HART_STACK_BYTES] __attribute__((aligned(4096)));
};

extern struct hart harts[MAX_HARTS];

/** This hart. With interrupts on the answer may be stale at once. */
static inline struct hart *this_hart(void)
{
    struct hart *hart;

    __asm__ volatile("mv %0, tp" : "=r"(hart));
    return hart;
}

/** Whether @p task is the idle context of a hart: nothing but hart_idle() ever runs in it. */
static inline bool is_idle(const struct task *task)
{
    return task == &harts[task->hart].idle;
}

#define SATP_SV39 (8ul << 60)
#define SSTATUS_SPIE 32ul
#define SSTATUS_SPP 256ul
#define SIE_SSIE 2ul
#define SIE_STIE 32ul
#define SIE_SEIE 512ul

#define csr_read(name)                                                                             \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("csrr %0, " #name : "=r"(value_) : : "memory");                           \
        value_;                                                                                    \
    })
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"(value) : "memory")
#define csr_set(name, bits) __asm__ volatile("csrs " #name ", %0" : : "r"(bits) : "memory")
#define csr_clear(name, bits) __asm__ volatile("csrc " #name ", %0" : : "r"(bits) : "memory")

/** Makes this hart harts[@p index]; for entry.S, which set tp. It runs on the stack of its idle context. */
void hart_enter(uint64_t hardware_id, unsigned index);
/** Starts all other harts of the device tree; returns when each idles. */
void harts_start(void);
/** Serves a pending hart_each() of another hart; every spin loop calls it. */
void hart_poll(void) REQUIRES(irqs_off);
/**
 * Makes all other harts stand still in hart_poll(), interrupts off, until harts_release(). What each did is in
 * hart->stopped. @return false: some hart did not come within a second; then none stands. Of two that
 * ask for it the one stands still until the other has released.
 */
bool harts_hold(void) REQUIRES(irqs_off);
/** Lets them go on, each through fence.i, which it may not have reached yet on return. */
void harts_release(void) REQUIRES(irqs_off);
/** Whether all others stand still for this hart. */
bool harts_are_held(void);
/** The longest hold since this was asked last, in instructions of the hart that held. */
uint64_t harts_longest_hold(void);
/** Whether all harts have gone on since the last one. Of the hart that held them. */
bool harts_have_left(void);
/** Ends the boot: lets all harts run tasks, as soon as they idle. */
void harts_join(void);
/** The idle loop. Until harts_join() it runs no task. */
_Noreturn void hart_idle(void);

/* dispatch.c */
/**
 * On the hart's interrupt stack: brings @p previous, whose registers are saved, into state @p to, as it asked
 * for: READY, PARKED (unless it was woken meanwhile), DEAD; RUNNING for an idle context, which stays so.
 * @return the registers of the task to go on with.
 */
struct registers *dispatch(struct task *previous, enum task_state to) REQUIRES(irqs_off);
/** While @p hold, tasks that are picked wait apart, unless task->let_through; after that they are ready again. */
void tasks_hold(bool hold) REQUIRES(irqs_off);
/** For a new scheduler, whose queues are empty, at that time: hands it every task that is ready. */
void tasks_requeue(void) REQUIRES(irqs_off);

/** The nucleus' own scheduler: its turn to pick. It is used once the bound one has faulted. */
struct task *plain_pick(void);
bool scheduler_is_plain(void);
/** Makes it the one, with all tasks that are ready, while all other harts stand still and none in the other. */
void scheduler_use_plain(void) REQUIRES(irqs_off);
/** Puts the scheduler out of service whose @p function a fault has cut short on this hart. */
void scheduler_retire(uint64_t function) REQUIRES(irqs_off);

/* trap.c */
/** Where the last fault was that came while all other harts stood still; 0: none. Of who holds them. */
extern uint64_t held_fault;

/* trap.S */
void trap_entry(void);
/** Saves the running task's registers and calls dispatch(), on the hart's interrupt stack. */
void switch_out(enum task_state to) REQUIRES(irqs_off);
/** The bottom of a task: goes on 4 bytes behind this with the argument in s0 and the entry in s1. */
void task_first(void);
/** Copies @p words of 8 bytes into text or read-only data, through the boot table's page table. */
void text_copy_words(void *to, const void *from, uint64_t words, uint64_t boot_satp)
    REQUIRES(irqs_off);
/** Writes 8 bytes to each of @p count places, those at @p offset in their struct text_pair (arena.h). */
void text_copy_pairs(const struct text_pair *pairs, uint64_t count, uint64_t offset,
                     uint64_t boot_satp) REQUIRES(irqs_off);
/** Whether @p task was killed, and is to be unwound as soon as that can be. */
static inline bool is_condemned(const struct task *task)
{
    return __atomic_load_n(&task->killed, __ATOMIC_RELAXED) && !task->unwinding;
}
/** Whether a watchdog's end of @p task, which is asked for, is still to wait: it is in a limited_call(). */
static inline bool is_patient(const struct task *task)
{
    return task->patience && __atomic_load_n(&task->killed, __ATOMIC_RELAXED) == ERR_TIMEOUT;
}
/** Ends the running task, which was killed, by unwinding; not while it unwinds. */
void task_dies_here(void);

#endif
