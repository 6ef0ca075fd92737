/* The self-test of a cell: its manifest names it, and no interface. Should the cell be replaced at this moment, the
 * address leads into text that is filled with traps, and which stays as long as our stack points into it. */
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "nucleus/task.h"
#include "incident.h"

struct search {
    const char *name;
    uint64_t check;
};

static bool look(const struct cell *cell, void *argument)
{
    struct search *search = argument;

    if (!cell->live || strcmp(cell->manifest.name, search->name) != 0)
        return true;
    search->check = cell->manifest.check;
    return false;
}

/* guarded_call() passes it an argument, at which it does not look. */
enum status cell_check(const char *cell)
{
    struct search search = {.name = cell};

    cells_visit(look, &search);
    if (!search.check)
        return ERR_UNSUPPORTED;
    return guarded_call((enum status(*)(void *))search.check, NULL);
}
