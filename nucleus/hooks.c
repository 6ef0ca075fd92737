/* The hook table and its defaults: what the nucleus does while no cell provides the function. */
#include "hooks_private.h"

#include "harts.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "sbi_calls.h"

static struct task *no_pick(void)
{
    return NULL;
}

static void no_ready(struct task *task, enum ready_cause cause)
{
    (void)cause;
    panic("task %s is ready, and no scheduler is loaded", task->name);
}

static void no_timer(void)
{
    csr_clear(sie, SIE_STIE);
}

static void no_external(void)
{
    csr_clear(sie, SIE_SEIE);
}

static bool no_page_fault(uint64_t address, bool store)
{
    (void)address;
    (void)store;
    return false;
}

static void no_arena_added(void *base, bool executable)
{
    (void)base;
    (void)executable;
}

void firmware_console(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\n')
            sbi_putchar('\r');
        sbi_putchar(text[i]);
    }
}

static void no_task_ended(struct task *task)
{
    (void)task;
}

#define EACH_HOOK(X)                                                                               \
    X(sched_pick, no_pick)                                                                         \
    X(sched_ready, no_ready)                                                                       \
    X(clock_interrupt, no_timer)                                                                   \
    X(irq_interrupt, no_external)                                                                  \
    X(vm_page_fault, no_page_fault)                                                                \
    X(vm_arena_added, no_arena_added)                                                              \
    X(console_emergency, firmware_console)                                                         \
    X(task_ended, no_task_ended)

#define SLOT_DEFAULT(name, fallback) .name = fallback,
struct hooks hooks = {EACH_HOOK(SLOT_DEFAULT)};

static struct hook rows[] = {
#define ROW(function, default_function)                                                            \
    {.name = #function,                                                                            \
     .slot = (uint64_t *)(void *)&hooks.function,                                                  \
     .fallback = (uint64_t)default_function},
    EACH_HOOK(ROW)};
#define HOOKS (sizeof rows / sizeof rows[0])

void hook_bind(const struct symbol *symbol, bool bind)
{
    for (unsigned i = 0; i < HOOKS; i++) {
        struct hook *hook = &rows[i];

        if (strcmp(hook->name, symbol->name) != 0)
            continue;
        hook->cell = bind ? symbol->cell : NULL;
        __atomic_store_n(hook->slot, bind ? symbol->address : hook->fallback, __ATOMIC_SEQ_CST);
    }
}

const struct hook *nucleus_hook(unsigned index)
{
    return index < HOOKS ? &rows[index] : NULL;
}
