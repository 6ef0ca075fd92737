/*
 * What a demonstration shows: the figures of the swaps so far, and the table of the crew on a terminal.
 */
#ifndef DEMO_SCREEN_H
#define DEMO_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "crew.h"
#include "nucleus/cells.h"
#include "own.h"

struct show {
    bool live; /* drawn on a terminal */
    unsigned wanted, done;
    char scheduler[CELL_NAME_ROOM];          /* that serves now */
    unsigned long long pause, longest_pause; /* of all harts, in instructions */
    uint64_t delay_ns, longest_delay_ns; /* of a sleeper, from before a swap until all went on */
};

/** Clears the screen and hides the cursor; and the end of that. */
void screen_open(void) REQUIRES(may_park);
void screen_close(void) REQUIRES(may_park);
/** Draws the table anew; the crew was looked at @p ns ago. */
void screen_draw(const struct show *show, struct crew *crew, uint64_t ns) REQUIRES(may_park);

#endif
