/* What a text must have in it, for tests of explanations. */
#ifndef TESTS_TEXTS_H
#define TESTS_TEXTS_H

#include <stdbool.h>

#include "nucleus/string.h"
#include "text.h"

/** Texts up to a NULL. */
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/** Whether @p text has all @p parts (up to a NULL), one behind the other. */
static inline bool has_in_order(const char *text, const char *const *parts)
{
    for (; *parts; parts++) {
        const char *found = strstr(text, *parts);

        if (!found)
            return false;
        text = found + strlen(*parts);
    }
    return true;
}

#endif
