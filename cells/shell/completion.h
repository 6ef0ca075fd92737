/**
 * @file completion.h
 * What Tab does: the word before the cursor, the names that begin with it, and how far they agree.
 */
#ifndef MITOS_SHELL_COMPLETION_H
#define MITOS_SHELL_COMPLETION_H

#include <stdbool.h>

#include "line.h"

#define COMPLETION_BYTES 64u

/** Where names come from. */
enum name_source {
    NAMES_COMMANDS = 1u << 0,
    NAMES_CELLS = 1u << 1,   /* loaded, and in the boot archive */
    NAMES_SYMBOLS = 1u << 2, /* exported functions */
    NAMES_FILES = 1u << 3,   /* of the boot archive, in a folder: other versions of cells */
};

struct completion {
    char word[COMPLETION_BYTES]; /* what stands before the cursor */
    unsigned word_bytes;
    unsigned sources;              /* enum name_source */
    unsigned count;                /* names that begin with word */
    char common[COMPLETION_BYTES]; /* what all of them begin with */
};

/** Finds the word before the cursor, and what may stand there. @return false: too long a word. */
bool completion_begin(struct completion *completion, const struct line *line);
/** Takes @p name into account. @return whether it begins with the word. */
bool completion_offer(struct completion *completion, const char *name);
/** Inserts what is sure: the common part, and a space behind the only name. @return false:
 * nothing. */
bool completion_insert(const struct completion *completion, struct line *line);

#endif
