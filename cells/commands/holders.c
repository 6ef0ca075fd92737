/* heap --held-by: who holds objects of the heap. */
#include "commands.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "text.h"

#define HOLDER_ROOM 72u

static bool is_wanted(const struct holding *row, const char *name)
{
    uint64_t number;

    if (!name)
        return true;
    if (row->type == HOLDER_TASK && string_to_u64(name, &number) && number == row->task)
        return true;
    return strcmp(row->holder, name) == 0;
}

/* Whether @p name is one that holds something, or could. */
static bool is_known(const struct holding *rows, unsigned count, const char *name)
{
    struct cell_info cell;

    for (unsigned i = 0; i < count; i++)
        if (is_wanted(&rows[i], name))
            return true;
    return !name || cell_find(name, &cell);
}

static const char *holder_text(const struct holding *row, char room[HOLDER_ROOM])
{
    if (row->type == HOLDER_NONE)
        string_copy(room, HOLDER_ROOM, "nothing that is looked at");
    else if (row->type == HOLDER_STATE)
        format(room, HOLDER_ROOM, "state of %s", row->holder);
    else if (row->type == HOLDER_KIND)
        format(room, HOLDER_ROOM, "kind %s of %s", row->holder_kind, row->holder);
    else
        format(room, HOLDER_ROOM, "task %lu %s", row->task, row->holder);
    return room;
}

static void print_holdings(const struct holding *rows, unsigned count, const char *name)
    REQUIRES(may_park);
static void print_holdings(const struct holding *rows, unsigned count, const char *name)
{
    char holder[HOLDER_ROOM];

    print("%-35s %8s  %-18s %s\n", "HOLDER", "OBJECTS", "OF KIND", "OWNER");
    for (unsigned i = 0; i < count; i++)
        if (is_wanted(&rows[i], name))
            print("%-35s %8lu  %-18s %s\n", holder_text(&rows[i], holder), rows[i].objects,
                  rows[i].kind, rows[i].owner);
}

static const char *type_word(enum holder_type type)
{
    static const char *const words[] = {"none", "state", "kind", "task"};

    return words[type];
}

static void holdings_to_json(const struct holding *rows, unsigned count, const char *name)
    REQUIRES(may_park);
static void holdings_to_json(const struct holding *rows, unsigned count, const char *name)
{
    struct json json;

    json_to_console(&json);
    json_array(&json, NULL);
    for (unsigned i = 0; i < count; i++) {
        const struct holding *row = &rows[i];

        if (!is_wanted(row, name))
            continue;
        json_object(&json, NULL);
        json_text(&json, "holder_type", type_word(row->type));
        json_text(&json, "holder", row->holder);
        if (row->type == HOLDER_KIND)
            json_text(&json, "holder_kind", row->holder_kind);
        if (row->type == HOLDER_TASK)
            json_number(&json, "task", row->task);
        json_text(&json, "kind", row->kind);
        json_text(&json, "owner", row->owner);
        json_number(&json, "objects", row->objects);
        json_end(&json);
    }
    json_end(&json);
    json_finish(&json);
}

/* One try with so much room. @return ERR_NOMEM: it does not do; ERR_INVALID: there is not so much; ERR_NOT_FOUND. */
static enum status survey(size_t bytes, const char *name, bool as_json) REQUIRES(may_park);
static enum status survey(size_t bytes, const char *name, bool as_json)
{
    OWN(buffer) room = {0};
    const struct holding *rows;
    enum status status;
    unsigned count;

    if (!buffer_make(&room, bytes))
        return ERR_INVALID;
    status = heap_holdings(room.bytes, bytes, &rows, &count);
    if (status == OK && !is_known(rows, count, name))
        status = ERR_NOT_FOUND;
    else if (status == OK && as_json)
        holdings_to_json(rows, count, name);
    else if (status == OK)
        print_holdings(rows, count, name);
    buffer_drop(&room);
    return status;
}

int holdings_show(const char *name, bool as_json)
{
    enum status status = ERR_NOMEM;

    for (size_t bytes = 2 * HOLDINGS_LEAST_BYTES; status == ERR_NOMEM; bytes *= 2)
        status = survey(bytes, name, as_json); /* in the end there is no buffer of the size */
    if (status == OK)
        return 0;
    if (status == ERR_NOT_FOUND)
        print("heap: %s is no cell, nor a task that holds anything (cells, tasks)\n", name);
    else
        print("heap: no memory for a list of all objects\n");
    return 1;
}
