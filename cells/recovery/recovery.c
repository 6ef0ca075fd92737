/*
 * What is done after a fault, beyond the end of its task, which is the nucleus' affair:
 *
 *   - The cell is on probation: the version before serves again (probation.c).
 *   - The cell serves nobody (it provides no interface): nothing more.
 *   - In a client's task: its check() tells whether the cell is in order; one that has none is taken to be.
 *   - It is not, or a hook was cut short: the cell is reloaded, and keeps its state.
 *   - It faults again within 10 s, or could not be reloaded: the interface's default provider is bound, if that is
 *     another cell; else its stand-in, which keeps the state and refuses all calls, until somebody swaps in
 *     a better version.
 *
 * The service looks at one fault in a step. What it has to remember are marks, of cells that it reloaded; they
 * are of no use after 10 s, or when somebody swaps the cell by hand. It may be what faults: then nothing is
 * done about that, so it never goes round in a circle; and it asks for nothing that waits without bound.
 */
#include "recovery.h"

#include "cell.h"
#include "clock.h"
#include "incident.h"
#include "probation.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"

#define SECONDS_REMEMBERED 10u
#define MARKS_MOST 8u
#define SWAP_POLL_NS 1000000u
#define HELD_POLL_NS 100000000u
#define STAND_IN_VERSION "stand-in" /* at the end of a stand-in's version (pack stand-in) */

/* A cell that was reloaded. */
struct mark {
    char cell[CELL_NAME_ROOM]; /* "": none */
    uint64_t swap;             /* its number */
    uint64_t ticks;            /* when it was over */
};

struct HOLDS recovery_state {
    struct mark marks[MARKS_MOST]; /* the service's alone */
    unsigned holds;                /* atomic */
    uint64_t last; /* of the faults that were settled, the last that was looked at */
    wait_op op;    /* the service's, between two steps; worked on in step() alone */
    clock_op timer; /* the same */
    struct probation probation;
};
CELL_STATE(struct recovery_state);

void incident_add(struct incident *incident, const char *text, ...)
{
    size_t length = strlen(incident->action);
    va_list arguments;

    if (length > 0)
        length += format(incident->action + length, sizeof incident->action - length, "; ");
    if (length >= sizeof incident->action)
        return;
    va_start(arguments, text);
    format_list(incident->action + length, sizeof incident->action - length, text, arguments);
    va_end(arguments);
}

/* The mark of a cell, unless it is of no use any more; or NULL. */
static struct mark *mark_of(const char *cell)
{
    uint64_t limit = SECONDS_REMEMBERED * machine_timebase();

    for (unsigned i = 0; i < MARKS_MOST; i++) {
        struct mark *mark = &state.marks[i];

        if (strcmp(mark->cell, cell) == 0)
            return hart_ticks() - mark->ticks <= limit && mark->swap == last_swap_to(cell) ? mark
                                                                                           : NULL;
    }
    return NULL;
}

/* In the place of its old one, or of the oldest. */
static void mark_add(const char *cell, uint64_t swap)
{
    struct mark *place = &state.marks[0];

    for (unsigned i = 0; i < MARKS_MOST && strcmp(place->cell, cell) != 0; i++) {
        struct mark *mark = &state.marks[i];

        if (strcmp(mark->cell, cell) == 0 || mark->ticks < place->ticks)
            place = mark;
    }
    string_copy(place->cell, sizeof place->cell, cell);
    place->swap = swap;
    place->ticks = hart_ticks();
}

static bool is_held(void)
{
    return __atomic_load_n(&state.holds, __ATOMIC_ACQUIRE) > 0;
}

/* @return false: it is nothing that more is to be done about. */
static bool incident_read(uint64_t number, struct incident *incident)
{
    struct fault fault;

    if (!fault_get(number, &fault) || strcmp(fault.cell, "recovery") == 0 ||
        !cell_find(fault.cell, &incident->cell) || !incident->cell.provides[0] ||
        strstr(incident->cell.version, STAND_IN_VERSION))
        return false;
    incident->number = number;
    incident->ticks = fault.ticks;
    incident->action[0] = '\0';
    string_copy(incident->hook, sizeof incident->hook, fault.hook);
    return true;
}

/* Whether the cell is to be replaced, as far as the fault itself tells, and its check(). */
static bool is_broken(struct incident *incident)
{
    enum status status;

    if (incident->hook[0])
        return true;
    status = cell_check(incident->cell.name);
    if (status == ERR_UNSUPPORTED)
        return false;
    incident_add(incident, status == OK ? "its check() finds nothing" : "its check() fails");
    return status != OK;
}

/* The steps, the milder first. */
static void escalate(struct incident *incident, struct mark *mark) REQUIRES(may_park);
static void escalate(struct incident *incident, struct mark *mark)
{
    uint64_t swap;

    if (mark) {
        incident_add(incident, "again after a reload");
    } else if (reload(incident, &swap)) {
        mark_add(incident->cell.name, swap);
        return;
    }
    if (bind_default(incident) || quarantine(incident))
        return;
    if (!mark) /* so that it is not tried at each fault */
        mark_add(incident->cell.name, last_swap_to(incident->cell.name));
}

/* Without interrupts, so that the line is not torn in the middle by what other tasks print. */
static void say(const struct incident *incident, void (*log)(const char *text, ...))
{
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
    log("recovery: %s: fault %lu%s%s: %s", incident->cell.name, incident->number,
        incident->hook[0] ? " in " : "", incident->hook, incident->action);
    irq_restore(&guard);
}

/* A fault in a cell on probation: the version before serves again. @return false: it was none. */
static bool end_probation(uint64_t number) REQUIRES(may_park);
static bool end_probation(uint64_t number)
{
    struct incident incident;
    struct swap_report report;
    struct fault fault;
    struct why why;

    if (!fault_get(number, &fault) || !probation_covers(&state.probation, fault.cell, fault.ticks))
        return false;
    why.text[0] = '\0';
    memset(&incident, 0, sizeof incident);
    incident.number = number;
    string_copy(incident.cell.name, sizeof incident.cell.name, fault.cell);
    string_copy(incident.hook, sizeof incident.hook, fault.hook);
    if (roll_back(fault.cell, &report, &why))
        incident_add(&incident, "on probation, so %s %s serves again", report.cells[0].new,
                     report.cells[0].new_version);
    else
        incident_add(&incident, "on probation, but no way back: %s", why.text);
    say(&incident, log_print);
    fault_note_action(number, incident.action);
    return true;
}

static void attend(uint64_t number) REQUIRES(may_park);
static void attend(uint64_t number)
{
    struct incident incident;
    struct mark *mark;
    bool broken;

    if (is_held() || end_probation(number) || !incident_read(number, &incident))
        return;
    mark = mark_of(incident.cell.name);
    if (mark && incident.ticks <= mark->ticks)
        return; /* it was of the one before */
    broken = mark || is_broken(&incident);
    if (broken)
        escalate(&incident, mark);
    if (!incident.action[0])
        return;
    say(&incident, broken ? log_print : log_write);
    fault_note_action(number, incident.action);
}

/* Unchecked, all three: they make and end the handle. */
EXPORT void recovery_hold_begin(recovery_hold *hold) UNCHECKED
{
    __atomic_fetch_add(&state.holds, 1, __ATOMIC_RELEASE);
    hold->held = 1;
}

EXPORT void recovery_hold_end(recovery_hold *hold) UNCHECKED
{
    hold->held = 0;
    __atomic_fetch_sub(&state.holds, 1, __ATOMIC_RELEASE);
}

EXPORT void recovery_hold_unwind(recovery_hold *hold) UNCHECKED
{
    if (hold->held)
        recovery_hold_end(hold);
}

/* The wait is in the queue between two steps only, so that whatever becomes of a step leaves none there.
 * Unchecked: it is made in one step and ended in another. */
static enum status wait_for_fault(uint64_t *number) UNCHECKED
{
    enum status status;

    wait_op_unwind(&state.op);
    wait_begin(&state.op);
    status = faults_wait_step(&state.op, &state.last, number);
    if (status != AGAIN)
        wait_end(&state.op);
    return status;
}

/* Not while the clock is in quarantine: its functions would fault this task, and the keeper that restarts it. Whoever ends
 * that by a swap wakes this task, unless it is final; then a probation lasts until the next fault or swap. */
static bool can_wait(void)
{
    struct cell_info clock;

    return !cell_find("clock", &clock) || !strstr(clock.version, STAND_IN_VERSION);
}

/* UNCHECKED, all three: the same for the timer, and for the end of a wait that brought nothing. */
static void wake_not(void) UNCHECKED
{
    clock_op_unwind(&state.timer);
}

static void wake_in(uint64_t ns) UNCHECKED
{
    if (!can_wait())
        return;
    clock_begin(&state.timer, clock_now_ns() + ns);
    if (clock_step(&state.timer) != AGAIN)
        task_unpark(task_current());
}

static void wait_no_more(void) UNCHECKED
{
    wait_op_unwind(&state.op);
}

/* Between the exchange and the end of start() a new cell serves, and it is not decided whether it stays. */
static bool is_coming(uint64_t number)
{
    struct fault fault;

    return fault_get(number, &fault) && probation_is_coming(fault.cell);
}

/* Faults come first, so that none is overlooked when the time of a probation is over. And new swaps are looked for
 * when the wait is in the queue: the end of one is heard of there, too. */
static enum status step(void *unused)
{
    uint64_t number, next, last = state.last;
    enum status status;

    (void)unused;
    role_assert_may_park();
    wake_not();
    status = wait_for_fault(&number);
    if (status == OK && is_coming(number)) {
        state.last = last;
        wake_in(SWAP_POLL_NS);
        return AGAIN;
    }
    if (status == OK)
        attend(number);
    if (status != AGAIN)
        return status;
    next = probation_next(&state.probation);
    if (next == 0 && !is_held()) {
        wait_no_more(); /* swaps that are waited for would use up its wake-up */
        probation_settle(&state.probation);
        return OK;
    }
    if (next != PROBATION_NONE)
        wake_in(next ?: HELD_POLL_NS); /* nobody tells when the hold ends */
    return AGAIN;
}

static enum status start(enum cell_reason reason)
{
    OWN(task_handle) handle = {0};

    if (reason == REASON_SWAP)
        return OK; /* the service goes on with the next step */
    if (!task_spawn_restartable_service(&handle, "recovery", step, NULL, 0, 0))
        return ERR_NOMEM;
    task_detach(&handle);
    return OK;
}

/* The service never ends, so recovery cannot be unloaded, only be replaced. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

CELL(.name = "recovery", .version = "1.0",
     .summary = "Decides what is done after a fault: a check, a reload, the default cell, quarantine",
     .provides = "recovery", .start = start, .stop = stop);
