/** Interface `sample_tally`, of a lab that the tests of labs use: counts. */
#ifndef SAMPLE_TALLY_H
#define SAMPLE_TALLY_H

#include <stdint.h>

/** Adds @p more to the count. @return the count. */
uint64_t tally_add(uint64_t more);

#endif
