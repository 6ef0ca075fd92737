/**
 * @file commands.h
 * What the files of this cell share: the state, options and usage, JSON to the console, buffers.
 */
#ifndef MITOS_COMMANDS_COMMANDS_H
#define MITOS_COMMANDS_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "console.h"
#include "json.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "nucleus/why.h"
#include "own.h"
#include "test.h"

/** What a running test has reported. There is one, which stays: a task that a test left behind may
 *  report late, and then must not write into memory that is somebody else's. */
struct test_run {
    struct spinlock lock;
    /* lock guards: */
    unsigned failures, told; /* told: those that text has a line for */
    bool skipped;
    char why_skipped[96];
    unsigned text_bytes;
    char text[2048]; /* a line for each failed check */
};

struct commands_state {
    struct kind *buffers;
    uint32_t testing;   /* 1 while a `test` runs */
    char test_name[64]; /* of the test that runs; a copy, as the test's own cell may be replaced */
    void (*test)(struct test_run *t);
    struct test_run run;
};
struct commands_state *commands_state(void);

/** Takes @p option out of the words. @return whether it was there. */
bool option_take(int *argc, char **argv, const char *option);
/** Whether the words left are @p least to @p most, the command's name included, and none an
 * option. */
bool words_fit(int argc, char **argv, int least, int most);
/** Prints the usage line of command @p name. @return 2, the status for wrong use. */
int usage_error(const char *name) REQUIRES(may_park);

/** Begins a JSON text that goes to the console. */
void json_to_console(struct json *json) REQUIRES(may_park);

/** Memory for copies of what a list under a lock holds, printed once the lock is free. */
typedef struct LINEAR("buffer") buffer {
    void *bytes;
} buffer;
bool buffer_make(buffer *room, size_t bytes) TRY_MAKES(*room);
void buffer_drop(buffer *room) TAKES(*room);
void buffer_unwind(buffer *room) UNCHECKED;

/** Where a command that runs another one keeps it in command_progress.words; 0: none yet. */
enum { INNER };
/** Prepares @p command, whose words begin at number @p skip. @return false: no memory, which has been said. */
bool inner_begin(struct command_progress *outer, const struct command *command, int skip)
    REQUIRES(may_park);
/** A step of it. When it returns neither OK nor AGAIN, the command has ended and set @p outer's status. */
enum status inner_step(struct command_progress *outer) REQUIRES(may_park);

/** Name of the cell in file number @p index of the boot archive, "" when it is no cell's file.
 *  @return false: past the last file. */
bool archive_cell(unsigned index, char name[CELL_NAME_ROOM]);

/** What a person means by the name of a cell that is to be loaded. */
struct cell_source {
    const char *name;  /* of the cell */
    const void *image; /* NULL: NAME.cell of the boot archive */
    size_t bytes;
    char room[CELL_NAME_ROOM];
};
/** @p word, which must live as long, is a cell's name or, with a / in it, FOLDER/NAME.cell of the boot archive.
 *  @return false, with @p why set: there is no such file. */
bool cell_source_find(struct cell_source *source, const char *word, struct why *why);

/** "function+0x10" of @p address, or the bare number. */
void describe_code(uint64_t address, char *room, size_t bytes);

/** Prints who holds objects of the heap; @p name NULL, or of the one cell or task that is wanted.
 *  @return the command's status. */
int holdings_show(const char *name, bool as_json) REQUIRES(may_park);

/** Prints the lines of the log from byte *@p from on, each after @p prefix, and moves *from
 * behind. */
void log_print_lines(uint64_t *from, const char *prefix) REQUIRES(may_park);
/** Moves *@p from behind the log's last byte. */
void log_skip(uint64_t *from);

#endif
