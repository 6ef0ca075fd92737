/* What the system says: the log ring (nucleus/log.h; bytes numbered since boot, the last 16 KiB kept), fault
 * reports, and the two ways to stop: panic() for impossible states, machine_fail() for a fault that no task
 * can pay for. A fault that software finds (a double free, an assertion) is raised as a breakpoint in the
 * caller's name, so all faults take one path. */
#include "report.h"

#include "harts.h"
#include "hooks_private.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"

#define RING_BYTES 16384u

static struct {
    struct spinlock lock;
    /* lock guards: */
    uint64_t written; /* bytes since boot */
    char bytes[RING_BYTES];
} ring;

/* Appends "[   0.012345] text\n" to the ring, and shows it if @p show. */
static void log_line(bool show, const char *text, va_list arguments)
{
    OWN(spin_guard) guard = {0};
    uint64_t timebase = machine_timebase(), ticks = hart_ticks();
    char line[256];
    size_t used = format(line, sizeof line, "[%4lu.%06lu] ", ticks / timebase,
                         ticks % timebase * 1000000 / timebase);

    used += format_list(line + used, sizeof line - used, text, arguments);
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used++] = '\n';
    spin_lock(&guard, &ring.lock);
    for (size_t i = 0; i < used; i++)
        ring.bytes[ring.written++ % RING_BYTES] = line[i];
    spin_unlock(&guard, &ring.lock);
    if (show)
        hooks.console_emergency(line, used);
}

void log_write(const char *text, ...)
{
    va_list arguments;

    va_start(arguments, text);
    log_line(false, text, arguments);
    va_end(arguments);
}

void log_print(const char *text, ...)
{
    va_list arguments;

    va_start(arguments, text);
    log_line(true, text, arguments);
    va_end(arguments);
}

size_t log_read(uint64_t *from, char *to, size_t room)
{
    OWN(spin_guard) guard = {0};
    size_t bytes = 0;

    spin_lock(&guard, &ring.lock);
    if (ring.written > RING_BYTES && *from < ring.written - RING_BYTES)
        *from = ring.written - RING_BYTES;
    while (bytes < room && *from < ring.written)
        to[bytes++] = ring.bytes[(*from)++ % RING_BYTES];
    spin_unlock(&guard, &ring.lock);
    return bytes;
}

/* By scause; the gaps are no exceptions of S-mode. */
static const char *const causes[16] = {
    "instruction address misaligned", "instruction access fault", "illegal instruction",
    "breakpoint",                     "load address misaligned",  "load access fault",
    "store address misaligned",       "store access fault",       [12] = "instruction page fault",
    [13] = "load page fault",         [15] = "store page fault",
};

/* In fault_caller(): raises a fault whose explanation is in a0. */
extern char software_fault[];

/* Keeps the lines of one report together. Not taken when the machine stops: its holder may be why. */
static struct spinlock report_lock;

static void report_lines(const struct task *task, const struct registers *registers)
{
    const char *cause = registers->cause < 16 ? causes[registers->cause] : NULL;
    const char *note = "";
    char place[120];

    if (registers->pc == (uint64_t)software_fault)
        note = (const char *)registers->x[10];
    else if (registers->cause >= 12 && task->stack_low - registers->value - 1 < PAGE_BYTES)
        note = "stack overflow";
    else if (registers->cause >= 12 && registers->value < PAGE_BYTES)
        note = "NULL pointer";
    log_print("fault: %s at 0x%lx%s%s", cause ? cause : "unknown exception", registers->value,
              *note ? ": " : "", note);
    log_print("fault: task %lu %s hart %u pc 0x%lx (%s)", task->number, task->name, hart_index(),
              registers->pc, hooks.code_describe(registers->pc, place, sizeof place));
    log_print("fault: ra 0x%lx (%s) sp 0x%lx stack 0x%lx-0x%lx", registers->x[1],
              hooks.code_describe(registers->x[1], place, sizeof place), registers->x[2],
              task->stack_low, task->stack_high);
}

void report_fault(const struct task *task, const struct registers *registers)
{
    OWN(spin_guard) guard = {0};

    if (this_hart()->depth > 1) {
        report_lines(task, registers);
        return;
    }
    spin_lock(&guard, &report_lock);
    report_lines(task, registers);
    spin_unlock(&guard, &report_lock);
}

void machine_fail(const char *why)
{
    log_print("the machine stops: %s", why);
    machine_exit(99);
}

void panic(const char *text, ...)
{
    char line[200], place[120];
    va_list arguments;

    va_start(arguments, text);
    format_list(line, sizeof line, text, arguments);
    va_end(arguments);
    log_print("panic in %s: %s",
              hooks.code_describe((uint64_t)__builtin_return_address(0), place, sizeof place), line);
    machine_fail("panic");
}

void fault_caller(const char *text, ...)
{
    char line[160];
    register const char *note __asm__("a0");
    va_list arguments;

    va_start(arguments, text);
    format_list(line, sizeof line, text, arguments);
    va_end(arguments);
    note = line;
    __asm__ volatile(".globl software_fault\nsoftware_fault: ebreak" : : "r"(note) : "memory");
    __builtin_unreachable();
}
