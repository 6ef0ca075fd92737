/* Fault reports and the two ways to stop: panic() for impossible states, machine_fail() for a fault that
 * no task can pay for. A fault that software finds (a double free, an assertion) is raised as a
 * breakpoint in the caller's name, so all faults take one path. */
#include "report.h"

#include "harts.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

#define FAIL_STATUS 99u

static const char *cause_text(uint64_t cause)
{
    static const char *const causes[] = {
        "instruction address misaligned", "instruction access fault", "illegal instruction",
        "breakpoint",                     "load address misaligned",  "load access fault",
        "store address misaligned",       "store access fault",       [12] = "instruction page fault",
        [13] = "load page fault",         [15] = "store page fault",
    };
    const char *text = cause < sizeof causes / sizeof causes[0] ? causes[cause] : NULL;

    return text ? text : "unknown exception";
}

/* The explanation of the software fault that this hart is about to raise. */
static char software_fault[MAX_HARTS][160];

/* Keeps the lines of one report together. Not taken when the machine stops: its holder may be why. */
static struct spinlock report_lock;

void report_place(char *to, size_t room, uint64_t pc)
{
    struct symbol_info symbol;

    if (symbol_at(pc, &symbol))
        format(to, room, "%s:%s+0x%lx", symbol.cell, symbol.name, pc - symbol.address);
    else
        format(to, room, "0x%lx, no function", pc);
}

static bool below_stack(const struct task *task, uint64_t address)
{
    return address < task->stack_low && task->stack_low - address <= PAGE_BYTES;
}

static void print_report(const struct task *task, const struct registers *registers)
{
    char place[120], caller[120];
    const char *note = "";
    char *software = software_fault[hart_index()];

    if (registers->cause == 3 && *software)
        note = software;
    else if (registers->cause >= 12 && below_stack(task, registers->value))
        note = "stack overflow";
    else if (registers->cause >= 12 && registers->value < PAGE_BYTES)
        note = "NULL pointer";
    report_place(place, sizeof place, registers->pc);
    report_place(caller, sizeof caller, registers->x[1]);
    log_print("fault: %s at 0x%lx%s%s", cause_text(registers->cause), registers->value,
              *note ? ": " : "", note);
    log_print("fault: task %lu %s hart %u pc 0x%lx (%s)", task->number, task->name, hart_index(),
              registers->pc, place);
    log_print("fault: ra 0x%lx (%s) sp 0x%lx stack 0x%lx-0x%lx", registers->x[1], caller,
              registers->x[2], task->stack_low, task->stack_high);
    *software = '\0';
}

void report_fault(const struct task *task, const struct registers *registers)
{
    OWN(spin_guard) guard = {0};

    if (this_hart()->depth > 1) {
        print_report(task, registers);
        return;
    }
    spin_lock(&guard, &report_lock);
    print_report(task, registers);
    spin_unlock(&guard, &report_lock);
}

void machine_fail(const char *why)
{
    log_print("the machine stops: %s", why);
    machine_exit(FAIL_STATUS);
}

void panic(const char *text, ...)
{
    char line[200], place[120];
    va_list arguments;

    va_start(arguments, text);
    format_list(line, sizeof line, text, arguments);
    va_end(arguments);
    report_place(place, sizeof place, (uint64_t)__builtin_return_address(0));
    log_print("panic in %s: %s", place, line);
    machine_fail("panic");
}

void fault_caller(const char *text, ...)
{
    OWN(irq_guard) guard = {0};
    va_list arguments;

    irq_disable(&guard); /* stay on this hart until the trap has read the text */
    va_start(arguments, text);
    format_list(software_fault[hart_index()], sizeof software_fault[0], text, arguments);
    va_end(arguments);
    __asm__ volatile("ebreak");
    __builtin_unreachable();
}
