/* Explanations of failures (abi/nucleus/why.h). */
#include "nucleus/why.h"

#include <stdarg.h>
#include <stddef.h>

#include "nucleus/format.h"
#include "nucleus/string.h"

/* By way of a copy, so that the arguments may be parts of the old text. */
enum status why_set(struct why *why, enum status status, const char *format, ...)
{
    va_list arguments;
    struct why made;

    if (!why)
        return status;
    va_start(arguments, format);
    if (format_list(made.text, sizeof made.text, format, arguments) >= sizeof made.text)
        memcpy(made.text + sizeof made.text - 4, "...", 4);
    va_end(arguments);
    string_copy(why->text, sizeof why->text, made.text);
    return status;
}

void why_prefix(struct why *why, const char *prefix)
{
    if (why)
        why_set(why, OK, "%s: %s", prefix, why->text);
}
