/*
 * One check, from its task to its result.
 *
 * The check's task has a watch: when its time passes it ends as by a fault, with a report of where it was. It begins
 * by unloading the lab's cells, so that each check finds the same. What it found lies in the state, and is judged here
 * once its task has ended: nothing that the student's cell can do in that task, but end it, changes the result.
 */
#include "faults.h"
#include "inspect.h"
#include "lab_check.h"
#include "nucleus/format.h"
#include "nucleus/string.h"
#include "state.h"
#include "text.h"

#define FRAMES_SHOWN 6u

CELL_STATE(struct labs_state);

struct labs_state *labs_state(void)
{
    return &state;
}

static inline struct check_run *run_locked(struct check_run *run) REQUIRES(run->lock);
static inline struct check_run *run_locked(struct check_run *run)
{
    return run;
}

EXPORT const char *check_outcome_name(enum check_outcome outcome)
{
    static const char *const names[] = {
        [CHECK_PASSED] = "passed",   [CHECK_PARTLY] = "partly",   [CHECK_FAILED] = "failed",
        [CHECK_FAULTED] = "faulted", [CHECK_TIMEOUT] = "timeout", [CHECK_CANCELLED] = "cancelled",
    };

    return (unsigned)outcome < sizeof names / sizeof names[0] ? names[outcome] : "unknown";
}

/* Adds one line; what a student's cell has printed may be in it, with line ends, which are shown as \n, and worse. What
 * does not fit whole is left out. */
static void add_line(char *text, uint32_t *used, const char *line)
{
    uint32_t at = *used;

    for (; *line && at + 4 < LAB_MESSAGES_ROOM; line++) {
        if (*line == '\n')
            text[at++] = '\\';
        text[at++] = *line == '\n' ? 'n' : *line >= ' ' && *line <= '~' ? *line : '?';
    }
    if (*line) {
        text[*used] = '\0';
        return;
    }
    text[at++] = '\n';
    text[at] = '\0';
    *used = at;
}

EXPORT bool check_award(struct check_run *run, uint32_t points, bool good, const char *message, ...)
{
    OWN(spin_guard) guard = {0};
    char line[320];
    size_t length = 0;
    va_list arguments;

    va_start(arguments, message);
    if (!good && points)
        length = format(line, sizeof line, "%u point%s: ", points, points == 1 ? "" : "s");
    if (!good)
        (void)format_list(line + length, sizeof line - length, message, arguments);
    va_end(arguments);
    spin_lock(&guard, &run->lock);
    if (good)
        run_locked(run)->points += points;
    else
        add_line(run_locked(run)->text, &run->used, line);
    spin_unlock(&guard, &run->lock);
    return good;
}

EXPORT uint64_t check_function(const char *name)
{
    struct symbol_info symbol;
    struct cell_info cell;

    return symbol_find(name, &symbol) && cell_find(symbol.cell, &cell) ? symbol.address : 0;
}

/* Takes the lab's cells out, those that were named last first: they use the others. */
static bool unload_parts(struct check_run *run, uint32_t lab) REQUIRES(may_park);
static bool unload_parts(struct check_run *run, uint32_t lab)
{
    const char *names[16];
    struct lab_part part;
    unsigned count = 0;

    for (unsigned i = 0; count < 16 && set_get("lab_part", i, &part, sizeof part, NULL); i++) {
        if (part.lab == lab)
            names[count++] = part.name;
    }
    while (count > 0) {
        struct why why = {{0}};
        enum status status = cell_unload(names[--count], &why);

        if (!NEEDED(run, status == OK || status == ERR_NOT_FOUND, "unload %s: %s", names[count],
                    why.text[0] ? why.text : status_name(status)))
            return false;
    }
    return true;
}

static int run_check(void *argument)
{
    OWN(watch) limit = {0};
    struct labs_state *labs = argument;

    role_assert_may_park();
    watch_begin(&limit, labs->check.limit_ns);
    if (unload_parts(&labs->run, labs->check.lab))
        labs->check.run(&labs->run);
    watch_end(&limit);
    return 0;
}

static bool find_check(uint32_t lab, const char *name, struct lab_check *check)
{
    for (unsigned i = 0; set_get("lab_check", i, check, sizeof *check, NULL); i++) {
        if (check->lab == lab && strcmp(check->name, name) == 0)
            return true;
    }
    return false;
}

static void reset(struct check_run *run)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &run->lock);
    run_locked(run)->points = run->used = 0;
    run_locked(run)->text[0] = '\0';
    spin_unlock(&guard, &run->lock);
}

/* Unchecked: makes the handle. */
EXPORT bool check_begin(check_handle *handle, uint32_t lab, const char *name) UNCHECKED
{
    if (__atomic_exchange_n(&state.busy, 1, __ATOMIC_ACQUIRE))
        return false;
    reset(&state.run);
    state.faults = fault_count();
    output_keep(true);
    if (!find_check(lab, name, &state.check) || !task_spawn(&state.task, name, run_check, &state)) {
        output_keep(false);
        __atomic_store_n(&state.busy, 0, __ATOMIC_RELEASE);
        return false;
    }
    handle->number = ++state.number;
    return true;
}

/* The frames up to that which calls the check, the last one of this cell. */
static void explain_frames(struct check_result *result, uint32_t *used, const struct fault *fault)
{
    unsigned end = fault->frame_count;
    char line[200];

    for (unsigned i = 0; i < fault->frame_count; i++) {
        if (string_starts(fault->frames[i].place, "labs:"))
            end = i;
    }
    for (unsigned i = 0; i < end && i < FRAMES_SHOWN; i++) {
        const struct fault_frame *frame = &fault->frames[i];

        if (frame->text_bytes)
            format(line, sizeof line, "  #%u %s (%s, 0x%x of %u B)", i, frame->place, frame->version,
                   frame->text_offset, frame->text_bytes);
        else
            format(line, sizeof line, "  #%u %s", i, frame->place);
        add_line(result->messages, used, line);
    }
}

void explain_fault(struct check_result *result, uint64_t task)
{
    uint32_t used = (uint32_t)strlen(result->messages);
    struct fault fault;
    char line[320];

    for (uint64_t number = fault_count(); number > state.faults; number--) {
        if (!fault_get(number, &fault) || fault.task != task)
            continue;
        result->fault = number;
        if (result->outcome == CHECK_TIMEOUT)
            format(line, sizeof line, "it had not ended after %lu ms of guest time; it was here:",
                   (unsigned long)(state.check.limit_ns / 1000000));
        else
            format(line, sizeof line, "a fault ended it: %s at 0x%lx%s%s", fault.cause,
                   (unsigned long)fault.value, fault.note[0] ? ": " : "", fault.note);
        add_line(result->messages, &used, line);
        explain_frames(result, &used, &fault);
        return;
    }
}

static enum check_outcome outcome_of(enum status end, uint32_t points, uint32_t most)
{
    if (end == ERR_CANCELLED)
        return CHECK_CANCELLED;
    if (end != OK)
        return end == ERR_TIMEOUT ? CHECK_TIMEOUT : CHECK_FAULTED;
    return points >= most ? CHECK_PASSED : points ? CHECK_PARTLY : CHECK_FAILED;
}

static void judge(struct check_result *result, enum status end, uint64_t task)
{
    OWN(spin_guard) guard = {0};
    struct check_run *run = &state.run;
    char unused[2];

    memset(result, 0, sizeof *result);
    string_copy(result->name, sizeof result->name, state.check.name);
    string_copy(result->title, sizeof result->title, state.check.title);
    result->most = state.check.points;
    result->printed = check_output(unused, sizeof unused);
    spin_lock(&guard, &run->lock);
    result->points = run_locked(run)->points < result->most ? run->points : result->most;
    memcpy(result->messages, run->text, sizeof result->messages);
    spin_unlock(&guard, &run->lock);
    result->outcome = outcome_of(end, result->points, result->most);
    if (end == OK)
        return;
    result->points = 0;
    explain_fault(result, task);
}

/* Unchecked, the rest: the task's handle is in the state. */
static void over(check_handle *handle) UNCHECKED
{
    task_detach(&state.task);
    output_keep(false);
    handle->number = 0;
    __atomic_store_n(&state.busy, 0, __ATOMIC_RELEASE);
}

EXPORT enum status check_step(check_handle *handle, struct check_result *result) UNCHECKED
{
    uint64_t task = state.task.task->number;
    enum status status;
    int unused;

    (void)handle;
    status = task_join_step(&state.task, &unused);
    if (status == AGAIN)
        return AGAIN;
    judge(result, status, task);
    result_keep(result, state.check.lab);
    return OK;
}

EXPORT void check_cancel(check_handle *handle) UNCHECKED
{
    if (handle->number && task_kill(state.task.task->number) != OK)
        return; /* it has ended by itself */
}

EXPORT void check_drop(check_handle *handle) UNCHECKED
{
    check_cancel(handle);
    over(handle);
}

EXPORT void check_handle_unwind(check_handle *handle) UNCHECKED
{
    if (handle->number)
        check_drop(handle);
}
