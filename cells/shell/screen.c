/* The screen of the line editor. Prompt and text are broken into rows of LINE_COLUMNS by
 * explicit line breaks, never by the terminal's own wrapping, so it does not matter what the
 * terminal does in its last column, nor whether it is wider. The one thing to know: line->row is
 * where the terminal's cursor is. */
#include "screen.h"

#include "nucleus/format.h"
#include "nucleus/string.h"

static void put(struct line *line, const char *bytes, unsigned count)
{
    /* One key's output always fits (LINE_OUTPUT_BYTES); if it did not, a redraw would mend the
     * screen. */
    if (count > LINE_OUTPUT_BYTES - line->output_bytes)
        return;
    memcpy(line->output + line->output_bytes, bytes, count);
    line->output_bytes += count;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, (unsigned)strlen(text));
}

/* A control sequence with one number: ESC [ @p count @p letter; nothing for 0. */
static void put_control(struct line *line, unsigned count, char letter)
{
    char sequence[16];

    if (count > 0)
        put(line, sequence,
            (unsigned)format(sequence, sizeof sequence, "\x1b[%u%c", count, letter));
}

/* The number of cells that prompt and @p bytes of the text take on the screen. */
static unsigned cells_before(const struct line *line, unsigned bytes)
{
    unsigned cells = (unsigned)strlen(line->prompt);

    for (unsigned i = 0; i < bytes; i++)
        cells += ((unsigned char)line->text[i] & 0xc0) != 0x80;
    return cells;
}

/* Puts the text from byte @p from on, and a break wherever a row is full. */
static void put_from(struct line *line, unsigned from)
{
    unsigned cells = cells_before(line, from);
    unsigned at = from;

    while (at < line->length) {
        unsigned end = at + 1;

        while (end < line->length && ((unsigned char)line->text[end] & 0xc0) == 0x80)
            end++;
        put(line, line->text + at, end - at);
        at = end;
        if (++cells % LINE_COLUMNS == 0)
            put_text(line, "\r\n");
    }
    line->row = cells / LINE_COLUMNS;
}

void screen_move(struct line *line)
{
    unsigned cells = cells_before(line, line->cursor);
    unsigned row = cells / LINE_COLUMNS;

    if (row < line->row)
        put_control(line, line->row - row, 'A');
    else
        put_control(line, row - line->row, 'B');
    put_text(line, "\r");
    put_control(line, cells % LINE_COLUMNS, 'C');
    line->row = row;
}

void screen_append(struct line *line, unsigned bytes)
{
    put_from(line, line->length - bytes);
}

void line_show(struct line *line)
{
    put_text(line, line->prompt);
    put_from(line, 0);
    if (line->cursor < line->length)
        screen_move(line);
}

void line_hide(struct line *line)
{
    put_control(line, line->row, 'A');
    put_text(line, "\r\x1b[J");
    line->row = 0;
}

void screen_redraw(struct line *line)
{
    line_hide(line);
    line_show(line);
}

void screen_clear(struct line *line)
{
    put_text(line, "\x1b[H\x1b[2J");
    line_show(line);
}

void line_leave(struct line *line, const char *mark)
{
    if (line->cursor < line->length) {
        line->cursor = line->length;
        screen_move(line);
    }
    put_text(line, mark);
    put_text(line, "\r\n");
    line->row = 0;
}

void line_bell(struct line *line)
{
    put_text(line, "\a");
}
