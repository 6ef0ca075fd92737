/**
 * @file history.h
 * The lines that were entered, oldest first, packed one after another into one pool of bytes.
 */
#ifndef MITOS_SHELL_HISTORY_H
#define MITOS_SHELL_HISTORY_H

/** The longest line. */
#define LINE_BYTES 500u
#define HISTORY_LINES 64u
#define HISTORY_BYTES 8192u

struct history {
    unsigned lines;
    unsigned bytes;           /* used in pool */
    char pool[HISTORY_BYTES]; /* each line ends with a NUL */
};

/** Adds @p text (at most LINE_BYTES), unless it is empty or equals the last line. */
void history_add(struct history *history, const char *text);
/** The line that was entered @p back lines ago, 1 being the last one; NULL: there is none. */
const char *history_line(const struct history *history, unsigned back);

#endif
