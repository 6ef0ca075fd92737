/**
 * @file tray.h
 * Interface `tray` of the test cell of that name (tests/guest/evolve_cells): it accepts values, and keeps each in an object.
 */
#ifndef MITOS_TRAY_H
#define MITOS_TRAY_H

#include <stdint.h>

/** What can go wrong in a version (plans.h). */
enum tray_plan {
    TRAY_WELL,
    TRAY_INIT_FAILS,
    TRAY_INIT_FAULTS,
    TRAY_INIT_HANGS,
    TRAY_START_FAILS,
    TRAY_START_FAULTS,
    TRAY_START_HANGS,
    TRAY_CHECK_FAILS,
    TRAY_CHECK_FAULTS,
    TRAY_CALL_FAULTS, /* the call of tray_put() with the planned number, from 1, since tray_clear() */
    TRAY_CALL_FAULTS_EARLY, /* the same, and start() lasts until some time after that call */
};

/** @return the version of the text that has accepted the value; 0: there is no memory. */
unsigned tray_put(uint64_t value);
/** Version of the text that serves. */
unsigned tray_version(void);
/** How many values were accepted. */
uint64_t tray_count(void);

struct tray_sums {
    uint64_t count, sum; /* of the values in all objects */
    uint64_t damaged;    /* objects that are not what they should be */
};
/** Looks at all objects, and frees them: nobody else may put then. */
void tray_clear(struct tray_sums *sums);

#endif
