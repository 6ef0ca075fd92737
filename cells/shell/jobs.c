/* Jobs: commands that run, each in a task of its own, so that a fault costs the command only.
 * The shell never waits for one inside a step: it looks at all of them in each step, and the end
 * of a task wakes the shell (task_join_step()). */
#include "console.h"
#include "shell_state.h"

/* No frame of the shell is below the command: while it runs, the shell can be replaced. */
static bool call_spawn(struct call *call, task_handle *handle) TRY_MAKES(*handle);
static bool call_spawn(struct call *call, task_handle *handle)
{
    const char *name = call->words.argv[0];

    if (call->run)
        return task_spawn_main(handle, name, call->run, call->words.argv);
    call->progress =
        (struct command_progress){.argc = (int)call->words.count, .argv = call->words.argv};
    return task_spawn_service(handle, name, call->step, &call->progress);
}

/* UNCHECKED, all three: the handle is in the job, and stays there when a fault cuts a step short. */
static void job_keep(struct job *job, task_handle *handle) TAKES(*handle) UNCHECKED
{
    job->handle.task = handle->task;
    handle->task = NULL;
}

static enum status job_look(struct job *job, int *result) UNCHECKED
{
    return task_join_step(&job->handle, result);
}

static void job_detach(struct job *job) UNCHECKED
{
    task_detach(&job->handle);
}

static struct job *find_free(struct shell *shell)
{
    for (unsigned i = 0; i < JOBS_MOST; i++)
        if (!shell->jobs[i].call)
            return &shell->jobs[i];
    return NULL;
}

static unsigned job_number(const struct shell *shell, const struct job *job)
{
    return (unsigned)(job - shell->jobs) + 1;
}

bool jobs_any(const struct shell *shell)
{
    for (unsigned i = 0; i < JOBS_MOST; i++)
        if (shell->jobs[i].call)
            return true;
    return false;
}

bool job_start(struct shell *shell, struct call *call)
{
    const char *name = call->words.argv[0];
    struct job *job = find_free(shell);
    OWN(task_handle) handle = {0};

    if (!job) {
        print("%s: %u commands run already, wait for one to end\n", name, JOBS_MOST);
        return false;
    }
    if (!call_spawn(call, &handle)) {
        print("%s: no memory for its task\n", name);
        return false;
    }
    job->announced = call->words.background;
    job->cancelled = false;
    job->task_number = handle.task->number;
    job_keep(job, &handle);
    job->call = call;
    shell->pending = NULL;
    shell->last_status = 0;
    if (!call->words.background)
        shell->foreground = job;
    else if (!shell->headless)
        print("[%u] %s runs as task %llu\n", job_number(shell, job), name,
              (unsigned long long)job->task_number);
    return true;
}

static int status_of(const struct call *call, enum status end, int result)
{
    if (end != OK)
        return STATUS_FAULT;
    if (call->step)
        result = call->progress.status;
    return result >= 0 && result <= STATUS_NO_TASK ? result : STATUS_FAILED;
}

/* Prints on a row of its own, whatever the prompt's row looks like. */
static void report_end(struct shell *shell, struct job *job, int status) REQUIRES(may_park)
{
    if (shell->prompted) {
        line_hide(&shell->line);
        shell_send(shell);
    }
    if (job->announced)
        print("[%u] done: %s status %d\n", job_number(shell, job), job->call->words.argv[0],
              status);
    if (status == STATUS_FAULT)
        print("%s: ended by a fault (see log)\n", job->call->words.argv[0]);
    if (shell->prompted) {
        line_show(&shell->line);
        shell_send(shell);
    }
}

static void job_end(struct shell *shell, struct job *job, int status) REQUIRES(may_park)
{
    if (job->announced || status == STATUS_FAULT)
        report_end(shell, job, status);
    shell_note_status(shell, status);
    if (shell->foreground == job) {
        shell->foreground = NULL;
        shell->last_status = status;
    }
    heap_free(shell->calls, job->call);
    job->call = NULL;
}

bool jobs_reap(struct shell *shell)
{
    bool any = false;

    for (unsigned i = 0; i < JOBS_MOST; i++) {
        struct job *job = &shell->jobs[i];
        enum status end;
        int result = 0;

        if (!job->call)
            continue;
        end = job_look(job, &result);
        if (end == AGAIN)
            continue;
        job_detach(job);
        job_end(shell, job, status_of(job->call, end, result));
        any = true;
    }
    return any;
}

void jobs_recover(struct shell *shell)
{
    for (unsigned i = 0; i < JOBS_MOST; i++) {
        struct job *job = &shell->jobs[i];

        if (!job->call || job->handle.task)
            continue;
        if (shell->foreground == job)
            shell->foreground = NULL;
        heap_free(shell->calls, job->call);
        job->call = NULL;
    }
}

void jobs_interrupt(struct shell *shell)
{
    struct job *job = shell->foreground;

    print("^C\n");
    shell->next = NULL;
    if (!job) {
        shell->last_status = STATUS_INTERRUPTED;
        return;
    }
    if (!job->cancelled) {
        /* Not found: it has just ended by itself, and the next step reaps it. */
        job->cancelled = task_cancel(job->task_number) == OK;
        return;
    }
    job->announced = true;
    shell->foreground = NULL;
    shell->last_status = STATUS_INTERRUPTED;
    print("[%u] %s does not end, it goes on in the background as task %llu (`kill %llu` ends it)\n",
          job_number(shell, job), job->call->words.argv[0], (unsigned long long)job->task_number,
          (unsigned long long)job->task_number);
}
