/* What the log says, for tests of reports: where it ends now, and what came later. */
#ifndef TESTS_LOGS_H
#define TESTS_LOGS_H

#include <stddef.h>
#include <stdint.h>

#include "nucleus/log.h"

static inline uint64_t log_end(void)
{
    return __atomic_load_n(&log_ring()->written, __ATOMIC_ACQUIRE);
}

/* From byte @p from on, as much as @p room holds with a NUL behind it. */
static inline void log_copy(uint64_t from, char *text, size_t room)
{
    size_t length = 0, got;

    while ((got = log_read(&from, text + length, room - 1 - length)))
        length += got;
    text[length] = '\0';
}

#endif
