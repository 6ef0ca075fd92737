/* The interface explain, and the texts of cells that are loaded. */
#include "explain.h"

#include "nucleus/records.h"
#include "nucleus/string.h"
#include "test.h"
#include "types_object.h"

static const char old_text[] = "types 1\n"
                               "export 1 use\n"
                               " takes struct order{1} *\n"
                               "kind 3 an order\n"
                               " is struct order{1}\n"
                               "struct 1 1 order\n"
                               " bytes 8\n"
                               " at 0 sum int\n";
static const char new_text[] = "types 1\n"
                               "import 2 use\n"
                               " takes struct order{1} *\n"
                               "kind 4 an order\n"
                               " is struct order{1}\n"
                               "struct 2 1 order\n"
                               " bytes 8\n"
                               " at 0 sum long int\n";

static enum status differ(const char *what, const char *name, char *to, size_t room)
{
    const struct explain_text old = {old_text, sizeof old_text - 1}, new = {new_text, sizeof new_text - 1};

    to[0] = '\0';
    return explain_difference(old, new, what, name, to, room);
}

TEST(explain, first_difference_is_a_line)
{
    char line[80];

    CHECK(t, differ("import", "use", line, sizeof line) == OK, "no difference");
    CHECK(t, strcmp(line, "function use: struct order: member sum: int -> long int") == 0, "%s", line);
    CHECK(t, differ("kind", "an order", line, 12) == OK, "no difference");
    CHECK(t, strcmp(line, "kind an ord") == 0, "%s", line);
    CHECK(t, differ("state", "state", line, sizeof line) == ERR_NOT_FOUND, "%s", line);
    CHECK(t, differ("import", "other", line, sizeof line) == ERR_NOT_FOUND, "%s", line);
}

TEST(explain, text_that_is_none)
{
    const struct explain_text whole = {old_text, sizeof old_text - 1}, none = {"types", 5};
    char line[80];

    CHECK(t, explain_difference(whole, none, "import", "use", line, sizeof line) == ERR_NOT_FOUND, "%s", line);
    for (size_t cut = 0; cut < sizeof new_text; cut++) {
        const struct explain_text part = {new_text, cut};
        enum status status = explain_difference(whole, part, "import", "use", line, sizeof line);

        CHECK(t, status == OK || status == ERR_NOT_FOUND, "cut to %zu bytes: %d", cut, (int)status);
    }
}

/* Counts cells, and those that have a state and tell of none, or the other way round. */
struct looked {
    unsigned cells, wrong;
    char name[CELL_NAME_ROOM];
};

static bool look(const struct cell *cell, void *argument)
{
    const struct types_span state = types_word("state");
    struct looked *looked = argument;
    struct types_record record;
    struct types_span text;

    looked->cells++;
    if (types_of_object(cell->object, cell->object_bytes, &text) && types_open(text.at, text.bytes, &text) &&
        types_find(text, state, state, &record) == (cell->state.base != NULL))
        return true;
    looked->wrong++;
    memcpy(looked->name, cell->manifest.name, sizeof looked->name);
    return true;
}

TEST(explain, loaded_cells_tell_of_their_types)
{
    struct looked looked = {0};

    cells_visit(look, &looked);
    CHECK(t, looked.cells > 2, "%u cells", looked.cells);
    CHECK(t, looked.wrong == 0, "%u of %u cells; the last is %s", looked.wrong, looked.cells, looked.name);
}

CELL(.name = "explain_tests", .version = "1.0", .summary = "Tests of the interface explain.");
