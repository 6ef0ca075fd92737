/* A terminal for tests of the line editor: the part of ECMA-48 and VT100 that it uses, on a
 * screen of any width. Anything else that it is sent fails the test. */
#ifndef TESTS_HOST_TERMINAL_H
#define TESTS_HOST_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_ROWS 24u
#define TERMINAL_WIDEST 200u

struct terminal {
    unsigned columns;
    unsigned row, column;
    bool wrap_pending; /* the last column was written: the next character goes to the next row */
    unsigned bells;
    /* UTF-8 with a NUL; "" where nothing stands */
    char cells[TERMINAL_ROWS][TERMINAL_WIDEST][5];
};

void terminal_init(struct terminal *terminal, unsigned columns);
void terminal_write(struct terminal *terminal, const char *bytes, size_t count);
/* The text of a row, up to the last character that was written. Valid until the next call. */
const char *terminal_row(const struct terminal *terminal, unsigned row);

#endif
