/**
 * @file plans.h
 * How tests tell a version of a cell what shall go wrong in it (tests/guest/evolve_cells): its read-only data has three words,
 * PLAN_MAGIC, what shall go wrong, and when. As built the latter two are 0, nothing; the test writes them into
 * a copy of the object.
 */
#ifndef MITOS_PLANS_H
#define MITOS_PLANS_H

#include <stdint.h>

#define PLAN_MAGIC 0x207365746f6e2030ull

#endif
