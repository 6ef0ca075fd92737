/* What the system says: the log ring (nucleus/log.h), one fault report at a time, and the two ways to stop: panic() for
 * impossible states (of a cell: a fault), machine_fail() for a fault that no task can pay for. A fault that software
 * finds (a double free, an assertion) is raised as a breakpoint in the caller's name, so all faults take one path. */
#include "report.h"

#include "harts.h"
#include "hooks_private.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "unwind.h"
#include "walk.h"

/* Its writers' lock; readers take none. */
static struct spinlock ring_lock;
static struct log_ring ring;

const struct log_ring *log_ring(void)
{
    return &ring;
}

/* Appends "[   0.012345] text\n" to the ring, and shows it if @p show. */
static void log_line(bool show, const char *text, va_list arguments)
{
    OWN(spin_guard) guard = {0};
    uint64_t timebase = machine_timebase(), ticks = hart_ticks();
    char line[LOG_LINE_MOST];
    size_t used = format(line, sizeof line, "[%4lu.%06lu] ", ticks / timebase,
                         ticks % timebase * 1000000 / timebase);

    used += format_list(line + used, sizeof line - used, text, arguments);
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used++] = '\n';
    spin_lock(&guard, &ring_lock);
    for (size_t i = 0; i < used; i++)
        ring.bytes[(ring.written + i) % LOG_RING_BYTES] = line[i];
    __atomic_store_n(&ring.written, ring.written + used, __ATOMIC_RELEASE);
    spin_unlock(&guard, &ring_lock);
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

/* Keeps the lines of one report together. */
static struct {
    struct spinlock lock;
    uint32_t hart; /* 1 + the hart that holds it, 0: none. Read without the lock, on that hart */
} reports;

void plain_report(const struct fault_context *context)
{
    const struct task *task = context->task;
    const struct registers *registers = context->registers;

    log_print("fault: cause %lu at 0x%lx%s%s", registers->cause, registers->value,
              *context->note ? ": " : "", context->note);
    log_print("fault: task %lu %s hart %u pc 0x%lx ra 0x%lx sp 0x%lx", task->number, task->name,
              hart_index(), registers->pc, registers->x[1], registers->x[2]);
}

bool fault_interrupted(struct fault_context *context)
{
    struct trapped from;

    if (context->depth == 1)
        return false;
    from = trapped_at(--context->depth);
    context->registers = from.registers;
    context->stack_low = from.stack_low;
    context->stack_high = from.stack_high;
    return true;
}

/* Whether the fault is in what reports, or below it: then that may hold a lock that it would wait for. */
static bool reporter_faulted(const struct fault_context *context)
{
    const struct eh_frame *reporter = eh_frame_at((uint64_t)hooks.fault_report);
    uint64_t where;

    return reports.hart == hart_index() + 1 || !reporter || /* it has just gone */
           walk_enters(context->registers, context->stack_low, context->stack_high, reporter->text,
                       reporter->text_bytes, &where) == WALK_INSIDE;
}

void report_fault(const struct trapped *from)
{
    OWN(spin_guard) guard = {0};
    struct fault_context context = {.task = from->task,
                                    .registers = from->registers,
                                    .note = "",
                                    .stack_low = from->stack_low,
                                    .stack_high = from->stack_high,
                                    .depth = (unsigned)this_hart()->depth};

    if (from->registers->pc == (uint64_t)software_fault)
        context.note = (const char *)from->registers->x[10];
    if (reporter_faulted(&context)) {
        plain_report(&context);
        return;
    }
    spin_lock(&guard, &reports.lock);
    reports.hart = hart_index() + 1;
    hooks.fault_report(&context);
    reports.hart = 0;
    spin_unlock(&guard, &reports.lock);
}

void machine_fail(const char *why)
{
    log_print("the machine stops: %s", why);
    machine_exit(99);
}

static _Noreturn __attribute__((noinline)) void fault_with(const char *line)
{
    register const char *note __asm__("a0") = line;

    __asm__ volatile(".globl software_fault\nsoftware_fault: ebreak" : : "r"(note) : "memory");
    __builtin_unreachable();
}

void panic(const char *text, ...)
{
    uint64_t call = (uint64_t)__builtin_return_address(0) - 1; /* its end may be that of the text */
    char line[200], place[120];
    va_list arguments;

    va_start(arguments, text);
    format_list(line, sizeof line, text, arguments);
    va_end(arguments);
    if (is_in_cell(call) && this_hart()->depth < TRAP_LEVELS)
        fault_with(line);
    log_print("panic in %s: %s", hooks.code_describe(call, place, sizeof place), line);
    machine_fail("panic");
}

void fault_caller(const char *text, ...)
{
    char line[160];
    va_list arguments;

    va_start(arguments, text);
    format_list(line, sizeof line, text, arguments);
    va_end(arguments);
    fault_with(line);
}
