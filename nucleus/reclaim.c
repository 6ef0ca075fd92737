/* The end of a cell that was replaced. Its text is filled with trapping words at once, so late use faults by
 * name. Its memory is freed when two looks of cell reclaim, one after the other, find nothing that points into it.
 * Until then it is a zombie, and cell->holder is where a word was found that does. */
#include "arena.h"
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/log.h"
#include "walk.h"

static unsigned count; /* of zombies */

/* One look. @return whether nothing was found; a task at @p here asks. */
static bool is_unused(struct cell *cell, const struct registers *here)
{
    OWN(irq_guard) guard = {0};
    enum status status = ERR_BUSY;

    if (hooks.zombie_look(cell, NULL) != OK)
        return false;
    irq_disable(&guard);
    held_fault = 0;
    if (harts_hold()) {
        status = hooks.zombie_look(cell, here);
        harts_release();
    }
    irq_restore(&guard);
    if (held_fault)
        log_print("reclaim: a fault at 0x%lx, while all harts stood still", held_fault);
    return status == OK;
}

void reclaim_add(struct unit *unit, bool state_is_taken)
{
    struct cell *cell = &unit->cell;

    unit_retract(unit);
    unit->replaces = NULL;
    if (state_is_taken)
        cell->state = (struct cell_block){0};
    text_write(cell->text.base, NULL, cell->text.bytes);
    harts_fence_i();
    cell->zombie = true;
    count++;
    cell->import_count = cell->site_count = 0; /* what it used may go */
}

void reclaim_try(void)
{
    struct registers here = {0};

    registers_capture(&here);
    for (struct unit *unit = unit_next(NULL), *next; unit && count; unit = next) {
        struct cell *cell = &unit->cell;

        next = unit_next(unit);
        if (!cell->zombie || !is_unused(cell, &here) || !is_unused(cell, &here))
            continue;
        count--;
        kind_destroy_all(cell, true, NULL);
        unit_drop(unit);
    }
}
