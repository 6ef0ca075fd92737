/**
 * @file jar.h
 * Interface `jar` of the test cells jar_plain, jar_mean and jar_alone (tests/guest/evolve_cells): numbers are put into jars.
 */
#ifndef MITOS_JAR_H
#define MITOS_JAR_H

#include <stdint.h>

struct jar;

/** NULL: no memory. */
struct jar *jar_make(void);
void jar_drop(struct jar *jar);
void jar_put(struct jar *jar, uint32_t number);
/** Of the numbers in it. */
uint64_t jar_sum(const struct jar *jar);
uint64_t jar_count(const struct jar *jar);
/** How many jars there are. */
uint64_t jars_live(void);
/** The name of who serves: its first letter behind "jar_". */
char jars_provider(void);

/** Neutral forms (evolve.h). */
struct jar_image {
    uint64_t count, sum;
};
struct jars_image {
    uint64_t live;
};
#define JAR_TOO_MUCH 0xffffffu /* jar_mean cannot keep a jar of this sum */

#endif
