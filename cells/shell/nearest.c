/* Suggestions for mistyped commands. */
#include "nearest.h"

#include "nucleus/string.h"

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Dynamic programming over the prefixes of both words; row i needs the two rows before it. */
unsigned nearest_distance(const char *a, const char *b)
{
    unsigned rows[3][NEAREST_BYTES];
    unsigned *older = rows[0], *old = rows[1], *row = rows[2];
    unsigned length_a = (unsigned)strlen(a), length_b = (unsigned)strlen(b);

    for (unsigned j = 0; j <= length_b; j++)
        old[j] = j;
    for (unsigned i = 1; i <= length_a; i++) {
        unsigned *recycled = older;

        row[0] = i;
        for (unsigned j = 1; j <= length_b; j++) {
            row[j] = old[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smaller(row[j], smaller(old[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], older[j - 2] + 1);
        }
        older = old;
        old = row;
        row = recycled;
    }
    return old[length_b];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    unsigned typed_bytes = (unsigned)strlen(nearest->typed);
    unsigned most = typed_bytes > 4 ? 2 : 1; /* of a short word little would be left */
    unsigned distance;

    if (typed_bytes < 2 || typed_bytes >= NEAREST_BYTES || strlen(name) >= NEAREST_BYTES)
        return;
    distance = nearest_distance(nearest->typed, name);
    if (distance > most || (nearest->distance && distance >= nearest->distance))
        return;
    nearest->distance = distance;
    string_copy(nearest->name, NEAREST_BYTES, name);
}
