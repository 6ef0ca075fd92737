/* What the nucleus keeps per hart. tp points at it for ever; nothing but the entry code writes tp. */
#ifndef NUCLEUS_HARTS_H
#define NUCLEUS_HARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/hart.h"
#include "sched.h"

#define TRAP_LEVELS                                                                                \
    3 /* of a task; inside the handler of that; inside the handler of that: the end */
#define HART_STACK_BYTES 40960u /* of all stacks of a hart: see stacks_init() */

struct hart {
    /* known to trap.S and entry.S by offset */
    struct task *current; /* 0 */
    uint64_t depth;       /* 8: traps in progress */
    uint64_t idle_stack;  /* 16: its top */
    struct {
        uint64_t stack;             /* top of the stack for a trap at that depth */
        struct registers registers; /* where a trap inside the handler saves */
    } levels[TRAP_LEVELS];          /* 24 */
    /* the rest is C's */
    uint32_t index;
    uint32_t call_pending; /* a hart_each() waits for this hart; atomic */
    uint32_t reschedule;   /* the running task's turn is over */
    uint64_t id;
    struct task idle;
};

extern struct hart harts[MAX_HARTS];

/** This hart. With interrupts on the answer may be stale at once. */
static inline struct hart *this_hart(void)
{
    struct hart *hart;

    __asm__ volatile("mv %0, tp" : "=r"(hart));
    return hart;
}

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

/** Makes the hart that boots harts[0], its stack being the one of its idle context. */
void harts_init(uint64_t hardware_id);
/** Starts all other harts of the device tree; returns when each idles. */
void harts_start(void);
/** Whether harts_join() has been called. */
bool harts_joined(void);
/** Serves a pending hart_each() of another hart; every spin loop calls it. */
void hart_poll(void) REQUIRES(irqs_off);
/** fence.i on all harts; returns when all have done it. */
void harts_fence_i(void);
/** Ends the boot: lets all harts run tasks, and makes this one idle. */
_Noreturn void harts_join(void);
/** The idle loop; never returns. */
_Noreturn void hart_idle(void);

/* trap.S */
void trap_entry(void);
/** Saves the running task's registers and lets dispatch() choose, on the hart's interrupt stack. */
void switch_out(void) REQUIRES(irqs_off);
/** First instruction of a new task. */
void task_first(void);
/** Copies @p words of 8 bytes into text or read-only data, through the boot table's page table. */
void text_copy_words(void *to, const void *from, uint64_t words, uint64_t boot_satp)
    REQUIRES(irqs_off);
extern char guard_return[];

/* dispatch.c */
/** Why a task gives up its hart; those that leave it ready are causes of sched_ready(). */
enum leaving {
    LEAVING_PARK = READY_WOKEN, /* unless it was woken meanwhile */
    LEAVING_YIELD = READY_YIELDED,
    LEAVING_PREEMPTED = READY_PREEMPTED,
    LEAVING_END,
};
struct registers *dispatch(struct task *previous) REQUIRES(irqs_off);

#endif
