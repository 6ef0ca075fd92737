/**
 * @file line.h
 * The line editor: takes what the terminal sends byte by byte, keeps the line and the cursor, and
 * says what the terminal must be sent so that it shows them.
 *
 * It calls nobody and waits for nobody, so it can be tested on the host: bytes in, bytes out.
 */
#ifndef MITOS_SHELL_LINE_H
#define MITOS_SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "history.h"

#define LINE_PROMPT_BYTES 16u
/** The screen is taken to be this wide. A wider one works, too: lines are broken by hand. */
#define LINE_COLUMNS 80u
/** What one call can produce: the longest line drawn anew, its breaks, and the cursor's moves. */
#define LINE_OUTPUT_BYTES 1024u

/** What a byte led to, for the shell to act on. */
enum line_event {
    LINE_EDITED,      /* nothing to do but to send the output */
    LINE_ENTERED,     /* text is complete; the cursor stands on a new row */
    LINE_INTERRUPTED, /* Ctrl-C; the text is still there */
    LINE_COMPLETE,    /* Tab; tabs says how many in a row */
    LINE_END,         /* Ctrl-D on an empty line */
};

/** What the next byte means. */
enum line_mode { MODE_TEXT, MODE_ESCAPE, MODE_CSI, MODE_SS3 };

struct line {
    char text[LINE_BYTES + 1]; /* always ends with a NUL */
    unsigned length, cursor;   /* in bytes; the cursor never stands inside a character */
    unsigned row;              /* the row that the cursor is in, counted from the prompt's */
    unsigned tabs;             /* Tab keys in a row */
    unsigned browsed;          /* 0: the own line is shown; n: the n-th last of the history */
    enum line_mode mode;
    unsigned parameter; /* the first number of a CSI sequence */
    bool parameter_done;
    bool after_return; /* swallow a line feed that follows a carriage return */
    char character[4]; /* a UTF-8 character that is not complete yet */
    unsigned character_bytes, character_needs;
    char prompt[LINE_PROMPT_BYTES]; /* a copy: the caller's goes with its version of the cell */
    struct history history;
    char own[LINE_BYTES + 1]; /* the own line, while the history is browsed */
    char output[LINE_OUTPUT_BYTES];
    unsigned output_bytes; /* the owner sends these and sets 0 after each call */
};

/** Prepares zeroed storage. @p prompt is ASCII, of less than LINE_PROMPT_BYTES. */
void line_init(struct line *line, const char *prompt);
/** Empties the line and shows the prompt, on a fresh row. */
void line_start(struct line *line);
/** Shows prompt, text and cursor anew, from a fresh row on. */
void line_show(struct line *line);
/** Takes one byte. After LINE_ENTERED the text is in line->text and, unless empty, in the
 * history. */
enum line_event line_take(struct line *line, char byte);
/** Inserts @p bytes of @p text at the cursor, or rings the bell when they do not fit. */
void line_insert(struct line *line, const char *text, unsigned bytes);
void line_bell(struct line *line);
/** Clears line and prompt off the screen, so that a message can be printed; then line_show(). */
void line_hide(struct line *line);
/** Moves behind the text, adds @p mark ("^C") to it, and goes to a fresh row. */
void line_leave(struct line *line, const char *mark);

#endif
