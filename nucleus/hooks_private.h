/* The hook table: how the nucleus calls cells that it was not linked with (abi/nucleus/hooks.h). */
#ifndef NUCLEUS_HOOKS_PRIVATE_H
#define NUCLEUS_HOOKS_PRIVATE_H

#include "sched.h"
#include "symbols.h"

/** The functions to call; each points to its default or into a cell. Written in a commit only. */
struct hooks {
    struct task *(*sched_pick)(void);
    void (*sched_ready)(struct task *task, enum ready_cause cause);
    void (*clock_interrupt)(void);
    void (*irq_interrupt)(void);
    bool (*vm_page_fault)(uint64_t address, bool store);
    void (*vm_arena_added)(void *base, bool executable);
    void (*console_emergency)(const char *text, size_t bytes);
    void (*task_ended)(struct task *task);
};
extern struct hooks hooks;

/** The default of console_emergency: the SBI console. */
void firmware_console(const char *text, size_t bytes);

/** Binds the hook that has @p symbol's name, if there is one, to it, or back to its default. */
void hook_bind(const struct symbol *symbol, bool bind);

#endif
