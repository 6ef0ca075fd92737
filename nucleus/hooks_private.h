/* The hook table: how the nucleus calls cells that it was not linked with (abi/nucleus/hooks.h). */
#ifndef NUCLEUS_HOOKS_PRIVATE_H
#define NUCLEUS_HOOKS_PRIVATE_H

#include "clock.h"
#include "console.h"
#include "faults.h"
#include "inspect.h"
#include "irq.h"
#include "nucleus/hooks.h"
#include "sched.h"
#include "symbols.h"
#include "task.h"
#include "vm.h"

/** Each hook, with its default in hooks.c. The interfaces' headers say what a hook takes and returns. */
#define EACH_HOOK(X)                                                                               \
    X(sched_pick, nothing)                                                                         \
    X(sched_ready, no_scheduler)                                                                   \
    X(clock_interrupt, mask_interrupt)                                                             \
    X(clock_nudge, nothing)                                                                        \
    X(irq_interrupt, mask_interrupt)                                                               \
    X(vm_page_fault, nothing)                                                                      \
    X(vm_reserve_open, nothing)                                                                    \
    X(vm_arena_added, nothing)                                                                     \
    X(console_emergency, firmware_console)                                                         \
    X(task_ended, nothing)                                                                         \
    X(code_describe, plain_address)                                                                \
    X(fault_report, plain_report)                                                                  \
    X(fault_outcome, nothing)

/** The functions to call; each points to its default or into a cell. Written in a commit only. */
#define HOOK_POINTER(name, fallback) __typeof__(name) *name;
extern struct hooks {
    EACH_HOOK(HOOK_POINTER)
} hooks;

/** The default of console_emergency: the SBI console. */
void firmware_console(const char *text, size_t bytes);
/** The default of code_describe. */
const char *plain_address(uint64_t address, char *to, size_t room);
/** The default of fault_report. */
void plain_report(const struct fault_context *context);

/** Binds the hook that has @p symbol's name, if there is one, to it, or back to its default. */
void hook_bind(const struct symbol *symbol, bool bind);

#endif
