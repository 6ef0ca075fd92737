/**
 * @file nearest.h
 * Which known name a mistyped one was probably meant to be.
 */
#ifndef MITOS_SHELL_NEAREST_H
#define MITOS_SHELL_NEAREST_H

#define NEAREST_BYTES 32u

struct nearest {
    const char *typed;
    unsigned distance;        /* of the best so far; 0: none is near */
    char name[NEAREST_BYTES]; /* the best so far */
};

/** Takes @p name into account. */
void nearest_offer(struct nearest *nearest, const char *name);
/** Letters to add, drop, change or swap with their neighbour to get from @p a to @p b, both
 * shorter than NEAREST_BYTES (Damerau, CACM 7(3), 1964, in its restricted form). */
unsigned nearest_distance(const char *a, const char *b);

#endif
