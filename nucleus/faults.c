/* Fault reports and the fault log (abi/nucleus/faults.h).
 *
 * A report runs in the trap handler, interrupts off, on the hart's stack, and may trust nothing of the task:
 * neither its pc nor its sp, nor that it held no lock of the cell table. Each step may fault itself (a walk, the
 * cell that names functions, the console); then that fault is reported by the same code, which asks for less.
 * Records are filled in place: no reader sees one before its number is written. */
#include "nucleus/faults.h"

#include "cell_private.h"
#include "harts.h"
#include "hooks_private.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
#include "report.h"
#include "walk.h"

#define RA 1
#define SP 2
#define A0 10
#define FIRST_PAGE_FAULT 12
#define MOST_REPORTS 2u /* inside of each other; of a fault in the last, only numbers are printed */

static struct {
    uint64_t count; /* atomic */
    struct spinlock lock;
    /* lock guards: */
    struct fault records[FAULT_RECORDS]; /* but one whose number is 0: its report is under way */
} faults;

/* Keeps the lines of one report together. */
static struct {
    struct spinlock lock;
    /* lock guards: */
    uint32_t hart;  /* 1 + the hart that reports; 0: none. Read without the lock, on that hart */
    unsigned depth; /* reports inside of each other */
} reports;

/* By scause; the gaps are no exceptions of S-mode. */
static const char *const causes[16] = {
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store address misaligned",
    "store access fault",
    [12] = "instruction page fault",
    [13] = "load page fault",
    [15] = "store page fault",
};

static struct fault *record_of(uint64_t number)
{
    return &faults.records[number % FAULT_RECORDS];
}

/* Readers see the record from when it is complete on. */
static void record_mark(uint64_t number, bool complete)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &faults.lock);
    record_of(number)->number = complete ? number : 0;
    spin_unlock(&guard, &faults.lock);
}

uint64_t fault_count(void)
{
    return __atomic_load_n(&faults.count, __ATOMIC_ACQUIRE);
}

/* The caller's memory is written without the lock: it may fault, and the report takes the lock. */
bool fault_get(uint64_t number, struct fault *fault)
{
    OWN(spin_guard) guard = {0};
    struct fault copy;

    spin_lock(&guard, &faults.lock);
    copy = *record_of(number);
    spin_unlock(&guard, &faults.lock);
    if (number == 0 || copy.number != number)
        return false;
    *fault = copy;
    return true;
}

void fault_outcome(const struct task *task, const char *text)
{
    OWN(spin_guard) guard = {0};
    struct fault *last = NULL;

    spin_lock(&guard, &faults.lock);
    for (unsigned i = 0; i < FAULT_RECORDS; i++) {
        struct fault *fault = &faults.records[i];

        if (fault->task == task->number && (!last || fault->number > last->number))
            last = fault;
    }
    if (last)
        string_copy(last->outcome, sizeof last->outcome, text);
    spin_unlock(&guard, &faults.lock);
}

static void note_make(struct fault *fault, const struct task *task,
                      const struct registers *registers)
{
    uint64_t low = task->stack_low + (task->reserve_open ? PAGE_BYTES : 0);
    uint64_t below = low - registers->value, sp = registers->x[SP];
    char *to = fault->note;

    if (registers->pc == (uint64_t)software_fault)
        string_copy(to, sizeof fault->note, (const char *)registers->x[A0]);
    else if (registers->cause >= FIRST_PAGE_FAULT && below - 1 < 2 * PAGE_BYTES)
        format(to, sizeof fault->note, "stack overflow, %lu bytes below the stack of %lu", below,
               task->stack_high - low);
    else if (registers->cause >= FIRST_PAGE_FAULT && registers->value < PAGE_BYTES)
        string_copy(to, sizeof fault->note, "NULL pointer");
    else if (registers == &task->registers && (sp < task->stack_low || sp > task->stack_high))
        format(to, sizeof fault->note, "sp 0x%lx is outside of the stack", sp);
}

/* What the walk is made with, under the lock of the cell table. */
struct trace {
    struct fault *fault;
    const struct task *task;
    const struct registers *registers;
    struct walk walk;
};

/* Unchecked: the table is locked. */
static const struct cell *cell_at(uint64_t pc) UNCHECKED
{
    list_each(node, table_cells()) {
        const struct cell *cell = &unit_of(node)->cell;

        if (pc - (uint64_t)cell->text.base < cell->text.bytes)
            return cell;
    }
    return NULL;
}

/* A fault that software found is the next cell's that called, every other that of the innermost frame in text. */
static void frame_add(struct fault *fault, uint64_t pc, bool exact)
{
    struct fault_frame *frame = &fault->frames[fault->frame_count];
    uint64_t place = exact ? pc : pc - 1;
    const struct cell *cell = cell_at(place);
    bool in_nucleus = !cell && eh_frame_at(place);

    if (fault->frame_count == FAULT_FRAMES) {
        fault->more++;
        return;
    }
    fault->frame_count++;
    frame->pc = pc;
    frame->exact = exact;
    frame->text_bytes = 0;
    frame->version[0] = '\0';
    if (cell) {
        frame->text_bytes = (uint32_t)cell->text.bytes;
        frame->text_offset = (uint32_t)(place - (uint64_t)cell->text.base);
        string_copy(frame->version, sizeof frame->version, cell->manifest.version);
    }
    if (fault->cell[0] ||
        (!cell && (!in_nucleus || fault->frames[0].pc == (uint64_t)software_fault)))
        return;
    string_copy(fault->cell, sizeof fault->cell, cell_name(cell));
    string_copy(fault->version, sizeof fault->version, frame->version);
}

/* Begins at trace->registers, on the stack of the task or, inside a handler, of the hart. */
static void trace_begin(struct trace *trace)
{
    const struct registers *registers = trace->registers;
    struct hart *hart = this_hart();
    uint64_t low = (uint64_t)hart->stacks, sp = registers->x[SP];
    struct walk *walk = &trace->walk;

    if (sp - low < sizeof hart->stacks && registers != &trace->task->registers)
        walk_begin(walk, registers, low, low + sizeof hart->stacks);
    else
        walk_begin(walk, registers, trace->task->stack_low, trace->task->stack_high);
    frame_add(trace->fault, walk->pc, walk->exact);
    if (!walk->exact || eh_frame_at(walk->pc))
        return;
    walk->pc = walk->x[RA]; /* a wild jump, probably by a call */
    walk->exact = false;
    if (eh_frame_at(walk->pc - 1))
        frame_add(trace->fault, walk->pc, false);
}

/* What a trap interrupted whose handler faulted; NULL: the task, which was walked already. */
static const struct registers *interrupted(const struct trace *trace)
{
    struct hart *hart = this_hart();

    for (unsigned i = 0; i < TRAP_LEVELS; i++) {
        if (trace->registers == &hart->levels[i].registers)
            return i ? &hart->levels[i - 1].registers : &trace->task->registers;
    }
    return NULL;
}

static void trace_make(void *argument)
{
    struct trace *trace = argument;

    do {
        trace_begin(trace);
        while ((trace->fault->end = walk_next(&trace->walk)) == WALK_FRAME)
            frame_add(trace->fault, trace->walk.pc, false);
        trace->registers = trace->fault->end == WALK_TRAP ? interrupted(trace) : NULL;
    } while (trace->registers);
}

/* In a report about a report it is plain_address(): the cell's function may be what faulted. */
static const char *describe(uint64_t pc, char *to, size_t room)
{
    return (reports.depth > 1 ? plain_address : hooks.code_describe)(pc, to, room);
}

static void trace_print(struct fault *fault)
{
    for (unsigned i = 0; i < fault->frame_count; i++) {
        struct fault_frame *frame = &fault->frames[i];
        char build[48] = "";

        describe(frame->exact ? frame->pc : frame->pc - 1, frame->place, sizeof frame->place);
        if (frame->text_bytes)
            format(build, sizeof build, " (%s, 0x%x of %u B)", frame->version, frame->text_offset,
                   frame->text_bytes);
        log_print("fault: #%u 0x%lx %s%s%s", i, frame->pc, frame->place, build,
                  frame->exact && i > 0 ? ", interrupted" : "");
    }
    if (fault->more)
        log_print("fault: ... %u more", fault->more);
    if (fault->end == WALK_LOST)
        log_print("fault: the walk of the stack is lost there");
}

/* What does not depend on others. */
static void fault_fill(struct fault *fault, const struct task *task,
                       const struct registers *registers)
{
    memset(fault, 0, sizeof *fault);
    fault->ticks = hart_ticks();
    fault->task = task->number;
    fault->hart = hart_index();
    string_copy(fault->task_name, sizeof fault->task_name, task->name);
    fault->cause = registers->cause < 16 ? causes[registers->cause] : NULL;
    if (!fault->cause)
        fault->cause = "unknown exception";
    fault->value = registers->value;
    note_make(fault, task, registers);
}

static void report(const struct task *task, const struct registers *registers)
{
    uint64_t number = __atomic_add_fetch(&faults.count, 1, __ATOMIC_RELEASE), pc = registers->pc;
    struct fault *fault = record_of(number);
    struct trace trace = {.fault = fault, .task = task, .registers = registers};
    char place[FAULT_PLACE_ROOM];

    record_mark(number, false);
    fault_fill(fault, task, registers);
    log_print("fault: %s at 0x%lx%s%s", fault->cause, fault->value, *fault->note ? ": " : "",
              fault->note);
    if (reports.depth > MOST_REPORTS) {
        log_print("fault: pc 0x%lx ra 0x%lx sp 0x%lx", pc, registers->x[RA], registers->x[SP]);
        return;
    }
    cell_table_locked(trace_make, &trace);
    log_print("fault: task %lu %s hart %u cell %s%s%s pc 0x%lx (%s)", fault->task, fault->task_name,
              fault->hart, *fault->cell ? fault->cell : "unknown", *fault->version ? " " : "",
              fault->version, pc, describe(pc, place, sizeof place));
    trace_print(fault);
    record_mark(number, true);
}

void report_fault(const struct task *task, const struct registers *registers)
{
    OWN(spin_guard) guard = {0};

    if (reports.hart == hart_index() + 1) {
        reports.depth++;
        report(task, registers);
        reports.depth--;
        return;
    }
    spin_lock(&guard, &reports.lock);
    reports.hart = hart_index() + 1;
    reports.depth = 1;
    report(task, registers);
    reports.hart = 0;
    spin_unlock(&guard, &reports.lock);
}
