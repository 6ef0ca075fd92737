/* The hook table: how the nucleus calls cells that it was not linked with (abi/nucleus/hooks.h). */
#ifndef NUCLEUS_HOOKS_PRIVATE_H
#define NUCLEUS_HOOKS_PRIVATE_H

#include "clock.h"
#include "console.h"
#include "evolve.h"
#include "faults.h"
#include "inject.h"
#include "inspect.h"
#include "irq.h"
#include "nucleus/hooks.h"
#include "reclaim.h"
#include "sched.h"
#include "swap.h"
#include "symbols.h"
#include "task.h"
#include "vm.h"

/** Each hook, with its default in hooks.c, what takes its caller on when a fault has cut it short, and how many
 *  such faults it may have. The interfaces' headers say what a hook takes and returns. */
#define EACH_HOOK(X)                                                                               \
    X(sched_pick, nothing, plain_pick, 0)                                                          \
    X(sched_ready, no_scheduler, nothing, 0)                                                       \
    X(clock_interrupt, tick, nothing, 3)                                                           \
    X(clock_nudge, nothing, nothing, 3)                                                            \
    X(irq_interrupt, mask_interrupt, nothing, 3)                                                   \
    X(vm_page_fault, nothing, nothing, 8)                                                          \
    X(vm_reserve_open, nothing, nothing, 8)                                                        \
    X(vm_arena_added, nothing, nothing, 8)                                                         \
    X(console_emergency, firmware_console, nothing, 1)                                             \
    X(task_ended, nothing, nothing, 8)                                                             \
    X(code_describe, plain_address, unknown, 1)                                                    \
    X(fault_report, plain_report, nothing, 1)                                                      \
    X(fault_outcome, nothing, nothing, 1)                                                          \
    X(evolve, no_evolution, cut_short, 0)                                                          \
    X(evolve_explain, nothing, nothing, 1)                                                         \
    X(fault_planted, nothing, nothing, 1)                                                          \
    X(fault_unplant, nothing, nothing, 1)                                                          \
    X(swap_next, nothing, nothing, 3)                                                              \
    X(swap_over, nothing, nothing, 3)                                                              \
    X(zombie_look, cut_short, cut_short, 3)

/** The functions to call; each points to its default or into a cell. Written in a commit, and when a fault
 *  has the default take its place. */
#define HOOK_POINTER(name, ...) __typeof__(name) *name;
extern struct hooks {
    EACH_HOOK(HOOK_POINTER)
} hooks;

/** The default of fault_report. */
void plain_report(const struct fault_context *context);

/** Binds the hooks that have the names of exports of @p cell to those, or back to their defaults. */
void hooks_bind(const struct cell *cell, bool bind);
/** Binds the hook whose pointer @p slot is to a function of the nucleus. */
void hook_set(const void *slot, uint64_t function);
/** The hook that calls, or called last, the cell's function at address @p function; NULL: none. */
struct hook *hook_of(uint64_t function);
/** A fault at @p pc is about to cut @p hook short: with too many (0: never) its default takes its place. Those in
 *  cells that it has called do not count. The scheduler is put out of service by scheduler_retire() (harts.h). */
void hook_faulted(struct hook *hook, uint64_t pc);

#endif
