/* What the files of this cell share. */
#ifndef INCIDENT_H
#define INCIDENT_H

#include "faults.h"
#include "inspect.h"

/** What recovery needs to know of a fault. */
struct incident {
    uint64_t number, ticks;
    char hook[FAULT_HOOK_ROOM]; /* that was cut short; "" */
    char action[FAULT_ACTION_ROOM]; /* what was done about it so far */
    struct cell_info cell;      /* it happened in, as it is now */
};

/** Adds a step to what was done. */
void incident_add(struct incident *incident, const char *text, ...)
    __attribute__((format(printf, 2, 3)));

/* check.c */
/** Runs check() of a cell. @return what it says; ERR_FAULT: it faulted; ERR_UNSUPPORTED: it has none. */
enum status cell_check(const char *cell);

/* replace.c: each waits for its swap. @return whether the other one serves; if not, says why in the incident. */
/** Replaces the cell by what the archive has of it, which gets its state. */
bool reload(struct incident *incident, uint64_t *swap) REQUIRES(may_park);
/** Replaces it by the default provider of its interface. */
bool bind_default(struct incident *incident) REQUIRES(may_park);
/** Replaces it by its stand-in, which keeps its state. */
bool quarantine(struct incident *incident) REQUIRES(may_park);
/** The number of the last swap after which @p cell served; 0: none that is remembered. */
uint64_t last_swap_to(const char *cell);

#endif
