/* See terminal.h. Output is cut into whole characters and sequences, as the editor never sends
 * parts. */
#include "terminal.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void terminal_init(struct terminal *terminal, unsigned columns)
{
    memset(terminal, 0, sizeof *terminal);
    terminal->columns = columns;
}

static void scroll(struct terminal *terminal)
{
    memmove(terminal->cells[0], terminal->cells[1],
            sizeof terminal->cells - sizeof terminal->cells[0]);
    memset(terminal->cells[TERMINAL_ROWS - 1], 0, sizeof terminal->cells[0]);
}

static void line_feed(struct terminal *terminal)
{
    if (terminal->row + 1 < TERMINAL_ROWS)
        terminal->row++;
    else
        scroll(terminal);
    terminal->wrap_pending = false;
}

static size_t put_character(struct terminal *terminal, const char *bytes, size_t count)
{
    unsigned char first = (unsigned char)bytes[0];
    size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    assert_true(length <= count);
    if (terminal->wrap_pending) {
        terminal->column = 0;
        line_feed(terminal);
    }
    memset(terminal->cells[terminal->row][terminal->column], 0, 5);
    memcpy(terminal->cells[terminal->row][terminal->column], bytes, length);
    terminal->wrap_pending = terminal->column + 1 == terminal->columns;
    if (!terminal->wrap_pending)
        terminal->column++;
    return length;
}

/* Clears from the cursor to the end of the screen, or all of it. */
static void clear(struct terminal *terminal, bool all)
{
    for (unsigned row = all ? 0 : terminal->row; row < TERMINAL_ROWS; row++)
        for (unsigned column = !all && row == terminal->row ? terminal->column : 0;
             column < terminal->columns; column++)
            memset(terminal->cells[row][column], 0, 5);
}

static size_t control_sequence(struct terminal *terminal, const char *bytes, size_t count)
{
    size_t at = 2;
    unsigned number = 0;

    assert_true(count > 2 && bytes[1] == '[');
    for (; at < count && isdigit((unsigned char)bytes[at]); at++)
        number = number * 10 + (unsigned)(bytes[at] - '0');
    assert_true(at < count);
    terminal->wrap_pending = false;
    if (bytes[at] == 'A')
        terminal->row -= number < terminal->row ? number : terminal->row;
    else if (bytes[at] == 'B')
        terminal->row =
            terminal->row + number < TERMINAL_ROWS ? terminal->row + number : TERMINAL_ROWS - 1;
    else if (bytes[at] == 'C')
        terminal->column = terminal->column + number < terminal->columns ? terminal->column + number
                                                                         : terminal->columns - 1;
    else if (bytes[at] == 'J')
        clear(terminal, number == 2);
    else if (bytes[at] == 'H')
        terminal->row = terminal->column = 0;
    else
        fail_msg("unknown control sequence ESC [ %u %c", number, bytes[at]);
    return at + 1;
}

void terminal_write(struct terminal *terminal, const char *bytes, size_t count)
{
    while (count > 0) {
        size_t taken = 1;

        if (*bytes == '\r') {
            terminal->column = 0;
            terminal->wrap_pending = false;
        } else if (*bytes == '\n') {
            line_feed(terminal);
        } else if (*bytes == '\a') {
            terminal->bells++;
        } else if (*bytes == '\x1b') {
            taken = control_sequence(terminal, bytes, count);
        } else {
            assert_true((unsigned char)*bytes >= ' ' && *bytes != 0x7f);
            taken = put_character(terminal, bytes, count);
        }
        bytes += taken;
        count -= taken;
    }
}

const char *terminal_row(const struct terminal *terminal, unsigned row)
{
    static char text[TERMINAL_WIDEST * 4 + 1];

    text[0] = '\0';
    for (unsigned column = 0; column < terminal->columns; column++)
        strcat(text, terminal->cells[row][column]);
    return text;
}
