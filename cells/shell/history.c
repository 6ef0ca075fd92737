/* The history of entered lines. The pool holds 64 lines of 127 bytes; when lines are longer,
 * fewer are kept, for the oldest go first. Knows nothing of the terminal. */
#include "history.h"

#include "nucleus/string.h"

static void drop_oldest(struct history *history)
{
    unsigned bytes = (unsigned)strlen(history->pool) + 1;

    history->bytes -= bytes;
    history->lines--;
    memmove(history->pool, history->pool + bytes, history->bytes);
}

void history_add(struct history *history, const char *text)
{
    unsigned bytes = (unsigned)strlen(text) + 1;
    const char *last = history_line(history, 1);

    if (bytes == 1 || (last && strcmp(last, text) == 0))
        return;
    while (history->lines == HISTORY_LINES || history->bytes + bytes > HISTORY_BYTES)
        drop_oldest(history);
    memcpy(history->pool + history->bytes, text, bytes);
    history->bytes += bytes;
    history->lines++;
}

const char *history_line(const struct history *history, unsigned back)
{
    const char *line = history->pool;

    if (back == 0 || back > history->lines)
        return NULL;
    for (unsigned skip = history->lines - back; skip > 0; skip--)
        line += strlen(line) + 1;
    return line;
}
