/**
 * @file shell_state.h
 * What the shell knows: one struct, the cell's state, handed to every file of it.
 */
#ifndef MITOS_SHELL_STATE_H
#define MITOS_SHELL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "line.h"
#include "nucleus/heap.h"
#include "own.h"
#include "task.h"
#include "words.h"

#define JOBS_MOST 16u
#define SCRIPT_BYTES 4096u
#define AHEAD_BYTES 2048u

/** Statuses that the shell gives itself. */
enum shell_status {
    STATUS_SYNTAX = 2,
    STATUS_FAILED = 1,
    STATUS_NO_TASK = 125,
    STATUS_FAULT = 126,
    STATUS_UNKNOWN = 127,
    STATUS_INTERRUPTED = 130,
};

/** A command with its words: an object of the heap, owned by its job. Of the command it keeps the stubs
 *  alone: its texts go with the version of the cell that they are in. */
struct call {
    int (*run)(int argc, char **argv);
    enum status (*step)(void *progress); /* one of the two */
    struct command_progress progress;    /* of step() */
    struct words words;
};

/** A command that runs, in a task of its own. */
struct HOLDS job {
    struct call *call;  /* NULL: the slot is free */
    task_handle handle; /* the right to join it; jobs_reap() gives it up when it has ended */
    uint64_t task_number;
    bool cancelled; /* Ctrl-C was pressed once */
    bool announced; /* its end is reported as that of a background command */
};

struct HOLDS shell {
    struct kind *calls;
    struct job jobs[JOBS_MOST];
    struct call *pending;      /* being read or started; no job's yet */
    struct job *foreground;    /* what the prompt waits for; NULL: nothing */
    char script[SCRIPT_BYTES]; /* the line that was entered, or `run=` */
    const char *next;          /* what is left of it; NULL: nothing */
    int last_status, first_failure;
    bool begun, headless, prompted, welcomed;
    wait_op keys; /* queued at the console while the shell waits; begin_again() ends it after a fault */
    char ahead[AHEAD_BYTES]; /* typed and not taken yet, a ring */
    unsigned ahead_start, ahead_bytes;
    struct line line;
};

/** Sends the line editor's output to the console. */
void shell_send(struct shell *shell) REQUIRES(may_park);
/** Notes the @p status of a command that has ended. */
void shell_note_status(struct shell *shell, int status);

/** Starts @p call, which the job owns from now on, in the foreground or as its words say.
 *  @return false: no room or memory (explained, and the call is still the caller's). */
bool job_start(struct shell *shell, struct call *call) REQUIRES(may_park);
/** Looks which jobs have ended, and reports them. @return whether one has. */
bool jobs_reap(struct shell *shell) REQUIRES(may_park);
/** Ctrl-C: drops the rest of the line, and asks the foreground command, if there is one, to end;
 * the second time leaves it in the background. */
void jobs_interrupt(struct shell *shell) REQUIRES(may_park);
bool jobs_any(const struct shell *shell);
/** After a fault of the shell: frees the slots of commands that have ended, and whose end was not told. */
void jobs_recover(struct shell *shell);

#endif
