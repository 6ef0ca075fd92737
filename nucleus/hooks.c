/* The hook table and its defaults: what the nucleus does while no cell provides the function. */
#include "hooks_private.h"

#include "harts.h"
#include "nucleus/format.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "nucleus/swap.h"
#include "sbi_calls.h"
#include "unwind.h"
#include "walk.h"

/* No task, not served, no action: whatever the arguments are. */
static uint64_t nothing(void)
{
    return 0;
}

static void no_scheduler(struct task *task, enum ready_cause cause)
{
    (void)cause;
    panic("task %s is ready, and no scheduler is loaded", task->name);
}

/* Of code_describe(), when a fault cut it short. */
static const char *unknown(void)
{
    return "?";
}

static enum status no_evolution(enum evolve_call call, struct evolution **evolution, struct cell *from,
                                struct cell *to, struct swap_report *report)
{
    (void)evolution, (void)from, (void)to;
    return call == EVOLVE_END ? OK : why_set(&report->why, ERR_UNSUPPORTED, "cell evolve is not loaded");
}

/* When a fault has cut cell evolve short; or cell reclaim, or that is not there: no zombie is freed. */
static enum status cut_short(void)
{
    return ERR_FAULT;
}

#define TICKS_PER_SECOND 100u

/* Keeps turns ending, though no timers. */
static void tick(void)
{
    role_assert_irqs_off();
    hart_timer(hart_ticks() + machine_timebase() / TICKS_PER_SECOND, false);
    hart_reschedule();
}

/* Of the interrupt that this hart serves just now. */
static void mask_interrupt(void)
{
    csr_clear(sie, 1ul << (csr_read(scause) & 63));
}

static void firmware_console(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\n')
            sbi_call(SBI_LEGACY_PUTCHAR, 0, '\r', 0, 0, 0);
        sbi_call(SBI_LEGACY_PUTCHAR, 0, (uint8_t)text[i], 0, 0, 0);
    }
}

static const char *plain_address(uint64_t address, char *to, size_t room)
{
    format(to, room, "0x%lx", address);
    return to;
}

#define HOOK_DEFAULT(name, fallback, ...) .name = (void *)fallback,
struct hooks hooks = {EACH_HOOK(HOOK_DEFAULT)};

#define HOOK_ROW(hook, default_, after_, most)                                                     \
    {.name = #hook,                                                                                \
     .slot = (uint64_t *)(void *)&hooks.hook,                                                      \
     .fallback = (uint64_t)default_,                                                               \
     .after = (uint64_t)after_,                                                                    \
     .faults_most = most},
static struct hook rows[] = {EACH_HOOK(HOOK_ROW)};
#define HOOKS (sizeof rows / sizeof rows[0])
#define HOOK_NAMED(hook) +(sizeof hooks.hook / sizeof(uint64_t))
_Static_assert(0 EACH_HOOK_NAME(HOOK_NAMED) == HOOKS, "nucleus/hooks.h names each");

static void set(struct hook *hook, const struct cell *cell, uint64_t function)
{
    hook->cell = cell;
    __atomic_store_n(hook->slot, function, __ATOMIC_SEQ_CST);
}

static void bind_one(const struct symbol *symbol, bool bind)
{
    for (unsigned i = 0; i < HOOKS; i++) {
        struct hook *hook = &rows[i];

        if (strcmp(hook->name, symbol->name) != 0)
            continue;
        hook->faults = 0;
        if (bind)
            hook->function = symbol->address;
        set(hook, bind ? symbol->cell : NULL, bind ? symbol->address : hook->fallback);
    }
}

void hooks_bind(const struct cell *cell, bool bind)
{
    for (uint32_t i = 0; i < cell->export_count; i++)
        bind_one(&cell->exports[i], bind);
}

void hook_set(const void *slot, uint64_t function)
{
    for (unsigned i = 0; i < HOOKS; i++) {
        if (rows[i].slot == slot)
            set(&rows[i], NULL, function);
    }
}

struct hook *hook_of(uint64_t function)
{
    for (unsigned i = 0; i < HOOKS; i++) {
        if (rows[i].function == function)
            return &rows[i];
    }
    return NULL;
}

void hook_faulted(struct hook *hook, uint64_t pc)
{
    if (is_in_cell(pc) && eh_frame_at(pc) != eh_frame_at(hook->function))
        return;
    if (__atomic_add_fetch(&hook->faults, 1, __ATOMIC_RELAXED) == hook->faults_most)
        set(hook, NULL, hook->fallback);
}

const struct hook *nucleus_hook(unsigned index)
{
    return index < HOOKS ? &rows[index] : NULL;
}
