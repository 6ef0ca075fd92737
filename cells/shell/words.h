/**
 * @file words.h
 * Cuts a command line into commands, and a command into words.
 *
 *     echo "a b" c\ d; busy 3 &   # two commands, the second in the background
 *
 * `;` and line ends separate commands, `&` also puts the one before it into the background. Quotes
 * and backslash work as in the POSIX shell (2.2), `#` at the start of a word begins a comment, and
 * `$?` is the status of the command before, except within single quotes. Nothing else is special.
 */
#ifndef MITOS_SHELL_WORDS_H
#define MITOS_SHELL_WORDS_H

#include <stdbool.h>

#define WORDS_MOST 32u
#define WORDS_BYTES 1024u

/** One command. The words lie in text, each with its NUL; argv[count] is NULL. Not to be copied. */
struct words {
    unsigned count;
    bool background;
    char *argv[WORDS_MOST + 1];
    char text[WORDS_BYTES];
};

enum words_result {
    WORDS_COMMAND, /* words holds one */
    WORDS_END,     /* there is no further command */
    WORDS_ERROR,   /* *error says why */
};

/** Reads the command that begins at *@p at, and moves *at behind it. */
enum words_result words_next(const char **at, int last_status, struct words *words,
                             const char **error);

#endif
