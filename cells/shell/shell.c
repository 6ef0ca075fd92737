/* The shell's service: one task whose step looks at three things and does what there is to do.
 *
 *   - Has a command ended? (jobs.c)
 *   - What was typed? It goes into the ring `ahead`; only Ctrl-C to a running command acts at once.
 *   - Nothing runs in the foreground: take the next command of the line, or show the prompt and
 *     take keys from the ring, or, after the last command of `run=`, end the machine.
 *
 * All progress is in the cell's state and no step waits without bound, so the shell itself can be
 * replaced between two keys, and goes on after a fault of its own: its task is restartable. */
#include "shell.h"
#include "cell.h"
#include "console.h"
#include "devicetree.h"
#include "names.h"
#include "nucleus/machine.h"
#include "shell_state.h"
#include "text.h"

#define KEY_INTERRUPT '\x03'

CELL_STATE(struct shell);

void shell_send(struct shell *shell)
{
    console_write(shell->line.output, shell->line.output_bytes);
    shell->line.output_bytes = 0;
}

void shell_note_status(struct shell *shell, int status)
{
    if (shell->first_failure == 0)
        shell->first_failure = status;
}

static void fail(struct shell *shell, int status)
{
    shell->last_status = status;
    shell_note_status(shell, status);
}

/* Whether the whole script can be read, so that of a line with a mistake nothing is run. */
static bool script_is_sound(const char *script, struct words *words, const char **error)
{
    enum words_result result;

    do
        result = words_next(&script, 0, words, error);
    while (result == WORDS_COMMAND);
    return result == WORDS_END;
}

static void drop_pending(struct shell *shell)
{
    struct call *call = shell->pending;

    shell->pending = NULL;
    heap_free(shell->calls, call);
}

/* Makes @p text, which lies in shell->script, what is run next. */
static void begin_script(struct shell *shell, const char *text) REQUIRES(may_park);
static void begin_script(struct shell *shell, const char *text)
{
    struct call *call = shell->pending = heap_alloc(shell->calls);
    const char *error = "no memory for a command";

    if (call && script_is_sound(text, &call->words, &error)) {
        shell->next = text;
    } else {
        print("mitos: %s; nothing was run\n", error);
        fail(shell, call ? STATUS_SYNTAX : STATUS_NO_TASK);
    }
    drop_pending(shell);
}

/* Starts @p call. @return false: it was not started, and is still the caller's. */
static bool start_call(struct shell *shell, struct call *call) REQUIRES(may_park);
static bool start_call(struct shell *shell, struct call *call)
{
    const char *name = call->words.argv[0];
    struct command command;

    if (!command_find(name, &command, NULL)) {
        names_explain_unknown(name);
        fail(shell, STATUS_UNKNOWN);
        return false;
    }
    call->run = command.run;
    call->step = command.step;
    if (job_start(shell, call))
        return true;
    fail(shell, STATUS_NO_TASK);
    return false;
}

/* Takes the next command off the script and starts it. */
static void run_next(struct shell *shell) REQUIRES(may_park);
static void run_next(struct shell *shell)
{
    struct call *call = shell->pending = heap_alloc(shell->calls);
    const char *error = "no memory for a command";
    enum words_result result = WORDS_ERROR;

    if (call)
        result = words_next(&shell->next, shell->last_status, &call->words, &error);
    if (result == WORDS_COMMAND && start_call(shell, call))
        return;
    if (result == WORDS_ERROR) {
        print("mitos: %s\n", error);
        fail(shell, call ? STATUS_SYNTAX : STATUS_NO_TASK);
    }
    if (result != WORDS_COMMAND)
        shell->next = NULL;
    drop_pending(shell);
}

static void show_prompt(struct shell *shell) REQUIRES(may_park);
static void show_prompt(struct shell *shell)
{
    if (!shell->welcomed)
        print("\nWelcome to Mitos. help lists the commands; leave with poweroff (or Ctrl-A X).\n");
    line_start(&shell->line);
    shell_send(shell);
    if (!shell->welcomed)
        machine_boot_cost(true);
    shell->welcomed = shell->prompted = true;
}

/* Takes one typed byte at the prompt. */
static void take_key(struct shell *shell, char byte) REQUIRES(may_park);
static void take_key(struct shell *shell, char byte)
{
    struct line *line = &shell->line;

    switch (line_take(line, byte)) {
    case LINE_ENTERED:
        shell->prompted = false;
        shell_send(shell);
        memcpy(shell->script, line->text, line->length + 1);
        begin_script(shell, shell->script);
        return;
    case LINE_INTERRUPTED:
        line_leave(line, "^C");
        line_start(line);
        shell->last_status = STATUS_INTERRUPTED;
        break;
    case LINE_COMPLETE:
        names_complete(shell);
        break;
    case LINE_END:
        line_leave(line, "");
        shell_send(shell);
        print("poweroff ends the machine\n");
        line_start(line);
        break;
    case LINE_EDITED:
        break;
    }
    shell_send(shell);
}

/* Takes keys from the ring as long as there is a prompt to show them at. */
static bool take_keys(struct shell *shell) REQUIRES(may_park);
static bool take_keys(struct shell *shell)
{
    bool any = false;

    while (shell->prompted && shell->ahead_bytes > 0) {
        char byte = shell->ahead[shell->ahead_start];

        shell->ahead_start = (shell->ahead_start + 1) % AHEAD_BYTES;
        shell->ahead_bytes--;
        take_key(shell, byte);
        any = true;
    }
    return any;
}

static void keep_key(struct shell *shell, char byte) REQUIRES(may_park);
static void keep_key(struct shell *shell, char byte)
{
    if (byte == KEY_INTERRUPT && (shell->foreground || shell->next)) {
        shell->ahead_bytes = 0;
        jobs_interrupt(shell);
    } else if (shell->ahead_bytes == AHEAD_BYTES) {
        print("\a");
    } else {
        shell->ahead[(shell->ahead_start + shell->ahead_bytes++) % AHEAD_BYTES] = byte;
    }
}

/* Empties the console. @return false: nothing was typed, and the shell is queued for more. */
static bool read_keys(struct shell *shell) REQUIRES(may_park) BORROWS_MUT(shell->keys);
static bool read_keys(struct shell *shell)
{
    char typed[64];
    size_t got = 0;

    if (console_read_step(&shell->keys, typed, sizeof typed, &got) != OK)
        return false;
    for (size_t i = 0; i < got; i++)
        keep_key(shell, typed[i]);
    return true;
}

/* Does what there is to do while nothing runs in the foreground. @return false: nothing. */
static bool advance(struct shell *shell) REQUIRES(may_park);
static bool advance(struct shell *shell)
{
    if (shell->foreground)
        return false;
    if (shell->next) {
        run_next(shell);
        return true;
    }
    if (shell->headless) {
        if (jobs_any(shell))
            return false;
        shell_power_off((unsigned)shell->first_failure);
    }
    if (!shell->prompted) {
        show_prompt(shell);
        return true;
    }
    return take_keys(shell);
}

/* Takes the commands from the boot arguments, if there are any. */
static void begin_headless(struct shell *shell) REQUIRES(may_park);
static void begin_headless(struct shell *shell)
{
    const char *arguments = machine_bootargs();
    bool given = string_starts(arguments, "run=") || strstr(arguments, " run=");

    if (!given)
        return;
    shell->headless = true;
    machine_boot_cost(true); /* from here on a person could have typed */
    if (machine_bootarg("run", shell->script, SCRIPT_BYTES)) {
        print("mitos: running ");
        console_write(shell->script, strlen(shell->script)); /* may be longer than print() takes */
        print("\n");
        begin_script(shell, shell->script);
    } else {
        print("mitos: run= is longer than %u bytes; nothing was run\n", SCRIPT_BYTES - 1);
        fail(shell, STATUS_SYNTAX);
    }
}

/* The first step. Unchecked: the wait is made here, and kept in the state. */
static void begin(struct shell *shell) REQUIRES(may_park) UNCHECKED;
static void begin(struct shell *shell)
{
    wait_begin(&shell->keys);
    shell->begun = true;
    begin_headless(shell);
}

/* The first step after a fault: what the shell was at is given up, commands that run go on. Unchecked: the wait, which
 * may be queued at the console still, is exchanged for a new one. */
static void begin_again(struct shell *shell) REQUIRES(may_park) UNCHECKED;
static void begin_again(struct shell *shell)
{
    wait_end(&shell->keys);
    wait_begin(&shell->keys);
    drop_pending(shell);
    jobs_recover(shell);
    shell->next = NULL;
    shell->prompted = false;
    shell->line.output_bytes = 0;
    fail(shell, STATUS_FAULT);
    print("\nmitos: the shell faulted (see faults) and was started again\n");
}

/* The argument of the service: each run of it begins with a copy of this. */
struct run {
    bool begun;
};

static enum status step(void *argument) BORROWS_MUT(state.keys);
static enum status step(void *argument)
{
    struct run *run = argument;
    bool progress;

    role_assert_may_park();
    if (!run->begun) {
        run->begun = true;
        if (state.begun)
            begin_again(&state);
        else
            begin(&state);
    }
    progress = jobs_reap(&state);
    if (!state.headless)
        progress |= read_keys(&state);
    progress |= advance(&state);
    return progress ? OK : AGAIN;
}

KIND(call, "call", struct call);

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's */
    if (kind_create(&state.calls, &kind_call) != OK)
        return ERR_NOMEM;
    line_init(&state.line, "mitos> ");
    return OK;
}

static enum status start(enum cell_reason reason)
{
    OWN(task_handle) handle = {0};
    struct run run = {.begun = false};

    if (reason == REASON_SWAP)
        return OK; /* the task goes on with the next step */
    if (!task_spawn_restartable_service(&handle, "shell", step, &run, sizeof run, 0))
        return ERR_NOMEM;
    task_detach(&handle);
    return OK;
}

/* The shell's task never ends, so the shell cannot be unloaded, only be replaced. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

CELL(.name = "shell", .version = "1.0",
     .summary = "The prompt: line editing, history, completion, jobs; runs each command in a task.",
     .init = init, .start = start, .stop = stop);
