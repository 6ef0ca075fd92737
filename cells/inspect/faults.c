/* Fault reports and the fault log (abi/faults.h).
 *
 * A report runs in the trap handler, interrupts off, on the hart's stack, and may trust nothing of the task:
 * neither its pc nor its sp, nor that it held no lock of the cell table. The nucleus lets one report run at a time.
 * Records are filled in place: no reader sees one before its number is written. */
#include "faults.h"

#include "cell.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/memory_map.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "swaps.h"

#define RA 1
#define SP 2
#define FIRST_PAGE_FAULT 12

/* Of the cell: its two logs. */
struct inspect_state {
    uint64_t count; /* atomic */
    uint32_t wake_calls; /* atomic: how many want settled_queue to be woken, one of which does it */
    struct wait_queue settled_queue;
    struct spinlock lock;
    /* lock guards: */
    uint64_t settled; /* how many times it became known what came of a fault */
    struct fault records[FAULT_RECORDS]; /* but one whose number is 0: its report is under way */
    struct swap_log swaps;
};
CELL_STATE(struct inspect_state);

struct swap_log *swap_log(void)
{
    return &state.swaps;
}

/* By scause; the gaps are no exceptions of S-mode. */
static const char *const causes[CAUSE_WATCHDOG + 1] = {
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
    [CAUSE_WATCHDOG] = "watchdog",
};

static struct fault *record_of(uint64_t number)
{
    return &state.records[number % FAULT_RECORDS];
}

/* A record at rest has its addresses inverted: as they are, they would be found when a cell that was replaced is
 * looked for in all states (what leads into it keeps it in memory), and nobody goes there from here. */
static void addresses_invert(struct fault *fault)
{
    fault->value = ~fault->value;
    for (unsigned i = 0; i < FAULT_FRAMES; i++)
        fault->frames[i].pc = ~fault->frames[i].pc;
}

/* Readers see the record from when it is complete on. */
static void record_mark(uint64_t number, bool complete)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &state.lock);
    record_of(number)->number = complete ? number : 0;
    if (complete)
        addresses_invert(record_of(number));
    spin_unlock(&guard, &state.lock);
}

EXPORT uint64_t fault_count(void)
{
    return __atomic_load_n(&state.count, __ATOMIC_ACQUIRE);
}

/* The caller's memory is written without the lock: it may fault, and the report takes the lock. */
EXPORT bool fault_get(uint64_t number, struct fault *fault)
{
    OWN(spin_guard) guard = {0};
    struct fault copy;

    spin_lock(&guard, &state.lock);
    copy = *record_of(number);
    spin_unlock(&guard, &state.lock);
    if (number == 0 || copy.number != number)
        return false;
    addresses_invert(&copy);
    *fault = copy;
    return true;
}

/* The last fault of @p task; with @p open only one of which nobody knows yet what came of it. Under the lock. */
static struct fault *last_of(const struct task *task, bool open) REQUIRES(state.lock);
static struct fault *last_of(const struct task *task, bool open)
{
    struct fault *last = NULL;

    for (unsigned i = 0; i < FAULT_RECORDS; i++) {
        struct fault *fault = &state.records[i];

        if (fault->number && fault->task == task->number && !(open && fault->settled) &&
            (!last || fault->number > last->number))
            last = fault;
    }
    return last;
}

static void settle(struct fault *fault) REQUIRES(state.lock);
static void settle(struct fault *fault)
{
    if (fault && !fault->settled)
        fault->settled = ++state.settled;
}

/* With its task all faults are settled that it had, those in cleanups included; with a hook its last one. */
static void outcome_note(const struct task *task, const char *text, const char *hook)
{
    OWN(spin_guard) guard = {0};
    struct fault *last;

    spin_lock(&guard, &state.lock);
    last = last_of(task, false);
    if (last && hook) {
        format(last->outcome, sizeof last->outcome, "%s cut short: %s", hook, text);
        string_copy(last->hook, sizeof last->hook, hook);
    } else if (last) {
        string_copy(last->outcome, sizeof last->outcome, text);
    }
    settle(last);
    while (!hook && (last = last_of(task, true)))
        settle(last);
    spin_unlock(&guard, &state.lock);
}

/* Wakes who waits. Within the wake-up, another fault may come here, of the scheduler: it finds the lock of the queue
 * taken by this very hart, so it only leaves word. */
void waiter_wake(void)
{
    uint32_t calls = 1;

    if (__atomic_fetch_add(&state.wake_calls, 1, __ATOMIC_ACQ_REL))
        return;
    do
        (void)wait_wake(&state.settled_queue, 1);
    while (!__atomic_compare_exchange_n(&state.wake_calls, &calls, 0, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE));
}

/* Not in the report: there, the frames that are to be cleaned up may hold any lock that a wake-up takes. A fault in
 * here comes back as a hook's; then nobody is woken, as that may be what faulted. */
EXPORT void fault_outcome(const struct task *task, const char *text, const char *hook)
{
    outcome_note(task, text, hook);
    if (hook)
        log_print("fault: %s cut short: %s", hook, text);
    if (!hook || strcmp(hook, "fault_outcome") != 0)
        waiter_wake();
    else
        __atomic_store_n(&state.wake_calls, 0, __ATOMIC_RELEASE);
}

/* The number of the fault that was settled next after *@p last, which becomes its place in that order; or 0. */
static uint64_t settled_after(uint64_t *last)
{
    OWN(spin_guard) guard = {0};
    uint64_t number = 0, next = UINT64_MAX;

    spin_lock(&guard, &state.lock);
    for (unsigned i = 0; i < FAULT_RECORDS; i++) {
        const struct fault *fault = &state.records[i];

        if (fault->number && fault->settled > *last && fault->settled < next) {
            next = fault->settled;
            number = fault->number;
        }
    }
    spin_unlock(&guard, &state.lock);
    if (number)
        *last = next;
    return number;
}

EXPORT enum status faults_wait_step(wait_op *op, uint64_t *last, uint64_t *number)
{
    enum status status;

    *number = settled_after(last);
    if (*number)
        return OK;
    status = wait_enter(op, &state.settled_queue);
    *number = status == OK ? settled_after(last) : 0;
    return *number || status != OK ? status : AGAIN;
}

EXPORT void fault_note_action(uint64_t number, const char *text)
{
    OWN(spin_guard) guard = {0};
    struct fault *fault = record_of(number);

    spin_lock(&guard, &state.lock);
    if (number && fault->number == number)
        string_copy(fault->action, sizeof fault->action, text);
    spin_unlock(&guard, &state.lock);
}

static void note_make(struct fault *fault, const struct fault_context *context)
{
    const struct task *task = context->task;
    const struct registers *registers = context->registers;
    uint64_t low = task->stack_low + (task->reserve_open ? PAGE_BYTES : 0);
    uint64_t below = low - registers->value, sp = registers->x[SP];
    char *to = fault->note;

    if (*context->note)
        string_copy(to, sizeof fault->note, context->note);
    else if (registers->cause == CAUSE_WATCHDOG)
        string_copy(to, sizeof fault->note, "no progress in the time that was stated");
    else if (registers->cause >= FIRST_PAGE_FAULT && below - 1 < 2 * PAGE_BYTES)
        format(to, sizeof fault->note, "stack overflow, %lu bytes below the stack of %lu", below,
               task->stack_high - low);
    else if (registers->cause >= FIRST_PAGE_FAULT && registers->value < PAGE_BYTES)
        string_copy(to, sizeof fault->note, "NULL pointer");
    else if (registers == &task->registers && (sp < task->stack_low || sp > task->stack_high))
        format(to, sizeof fault->note, "sp 0x%lx is outside of the stack", sp);
}

/* What the walk is made with, while the cell table is locked. */
struct trace {
    struct fault *fault;
    struct fault_context context;
    struct walk walk;
};

struct text_search {
    uint64_t pc;
    const struct cell *cell;
};

static bool search_text(const struct cell *cell, void *argument)
{
    struct text_search *search = argument;

    if (search->pc - (uint64_t)cell->text.base >= cell->text.bytes)
        return true;
    search->cell = cell;
    return false;
}

/* The cell is good as long as the table is locked. */
static const struct cell *cell_at(uint64_t pc)
{
    struct text_search search = {.pc = pc};

    cells_visit(search_text, &search);
    return search.cell;
}

static bool in_nucleus(uint64_t pc)
{
    struct memory_image image = memory_image();

    return pc >= image.text && pc < image.rodata;
}

static bool in_text(uint64_t pc)
{
    return in_nucleus(pc) || cell_at(pc);
}

/* A fault that software found is the next cell's that called, every other that of the innermost frame in text. */
static void frame_add(struct trace *trace, uint64_t pc, bool exact)
{
    struct fault *fault = trace->fault;
    struct fault_frame *frame = &fault->frames[fault->frame_count];
    uint64_t place = exact ? pc : pc - 1;
    const struct cell *cell = cell_at(place);

    if (fault->frame_count == FAULT_FRAMES) {
        fault->more++;
        return;
    }
    fault->frame_count++;
    frame->pc = pc;
    frame->exact = exact;
    if (cell) {
        frame->text_bytes = (uint32_t)cell->text.bytes;
        frame->text_offset = (uint32_t)(place - (uint64_t)cell->text.base);
        string_copy(frame->version, sizeof frame->version, cell->manifest.version);
    }
    if (fault->cell[0] || (!cell && (!in_nucleus(place) || *trace->context.note)))
        return;
    string_copy(fault->cell, sizeof fault->cell, cell_name(cell));
    string_copy(fault->version, sizeof fault->version, frame->version);
}

static void trace_begin(struct trace *trace)
{
    const struct fault_context *context = &trace->context;
    struct walk *walk = &trace->walk;

    walk_begin(walk, context->registers, context->stack_low, context->stack_high);
    frame_add(trace, walk->pc, walk->exact);
    if (!walk->exact || in_text(walk->pc))
        return;
    walk->pc = walk->x[RA]; /* a wild jump, probably by a call */
    walk->exact = false;
    if (in_text(walk->pc - 1))
        frame_add(trace, walk->pc, false);
}

/* A visit of the first cell only: for the lock. */
static bool trace_make(const struct cell *unused, void *argument)
{
    struct trace *trace = argument;
    enum walk_step *end = &trace->fault->end;

    (void)unused;
    do {
        trace_begin(trace);
        while ((*end = walk_next(&trace->walk)) == WALK_FRAME)
            frame_add(trace, trace->walk.pc, false);
    } while (*end == WALK_TRAP && fault_interrupted(&trace->context));
    return false;
}

static void trace_print(struct fault *fault)
{
    for (unsigned i = 0; i < fault->frame_count; i++) {
        struct fault_frame *frame = &fault->frames[i];
        char build[48] = "";

        code_describe(frame->exact ? frame->pc : frame->pc - 1, frame->place, sizeof frame->place);
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
static void fault_fill(struct fault *fault, const struct fault_context *context)
{
    const struct task *task = context->task;
    uint64_t cause = context->registers->cause;

    memset(fault, 0, sizeof *fault);
    fault->ticks = hart_ticks();
    fault->task = task->number;
    fault->hart = hart_index();
    string_copy(fault->task_name, sizeof fault->task_name, task->name);
    string_copy(fault->cause, sizeof fault->cause,
                cause <= CAUSE_WATCHDOG && causes[cause] ? causes[cause] : "unknown exception");
    fault->value = context->registers->value;
    note_make(fault, context);
}

EXPORT void fault_report(const struct fault_context *context)
{
    uint64_t number = __atomic_add_fetch(&state.count, 1, __ATOMIC_RELEASE);
    uint64_t pc = context->registers->pc;
    struct fault *fault = record_of(number);
    struct trace trace = {.fault = fault, .context = *context};
    char place[FAULT_PLACE_ROOM];

    record_mark(number, false);
    fault_fill(fault, context);
    log_print("fault: %s at 0x%lx%s%s", fault->cause, fault->value, *fault->note ? ": " : "",
              fault->note);
    cells_visit(trace_make, &trace);
    log_print("fault: task %lu %s hart %u cell %s%s%s pc 0x%lx (%s)", fault->task, fault->task_name,
              fault->hart, *fault->cell ? fault->cell : "unknown", *fault->version ? " " : "",
              fault->version, pc, code_describe(pc, place, sizeof place));
    trace_print(fault);
    record_mark(number, true);
}

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's: the log, and who waits */
    list_init(&state.settled_queue.waiters); /* as wait_queue_init() does, which is another cell's */
    return OK;
}

/* A fault that cut fault_outcome() short may have done so amid a wake-up: the hook was out of service then, and nobody
 * would be woken any more. */
static enum status start(enum cell_reason reason)
{
    if (reason != REASON_SWAP)
        return swap_log_start();
    __atomic_store_n(&state.wake_calls, 0, __ATOMIC_RELEASE);
    waiter_wake();
    return OK;
}

static enum status stop(enum cell_reason reason)
{
    (void)reason;
    swap_log_stop();
    return OK;
}

CELL(.name = "inspect", .version = "1.0", .provides = "inspect faults swap_log",
     .summary = "Shows what is loaded: cells, symbols, sets, hooks", .init = init,
     .start = start, .stop = stop);
