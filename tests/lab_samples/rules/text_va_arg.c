/* An argument that was passed as a number is taken for a pointer.
 *
 * rejected: va_arg() makes a pointer of whatever was passed
 * rule off: lab-va-arg
 * part: {"imports": ["nucleus/format.h"]}
 */
#include "nucleus/format.h"

#include <stdarg.h>

#ifdef WRONG
static inline char *place(int count, ...)
{
    va_list list;
    char *found;

    va_start(list, count);
    found = va_arg(list, char *);
    va_end(list);
    return found;
}
#else
static inline size_t place(char *to, const char *text, ...) __attribute__((format(printf, 2, 3)));
static inline size_t place(char *to, const char *text, ...)
{
    va_list list;
    size_t bytes;

    va_start(list, text);
    bytes = format_list(to, 8, text, list);
    va_end(list);
    return bytes;
}
#endif
