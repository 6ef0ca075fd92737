/* Explanations of failures, and the words for status codes (abi/nucleus/why.h). */
#include "nucleus/why.h"

#include <stdarg.h>
#include <stddef.h>

#include "nucleus/format.h"
#include "nucleus/string.h"

/* @p text, whose full length is @p length, into @p why, cut with "..." when it is too long. */
static void why_keep(struct why *why, const char *text, size_t length)
{
    string_copy(why->text, sizeof why->text, text);
    if (length >= sizeof why->text)
        string_copy(why->text + sizeof why->text - 4, 4, "...");
}

/* By way of a copy, so that the arguments may be parts of the old text. */
enum status why_set(struct why *why, enum status status, const char *format, ...)
{
    char text[sizeof why->text];
    va_list arguments;
    size_t length;

    if (!why)
        return status;
    va_start(arguments, format);
    length = format_list(text, sizeof text, format, arguments);
    va_end(arguments);
    why_keep(why, text, length);
    return status;
}

void why_prefix(struct why *why, const char *prefix)
{
    char text[sizeof why->text];
    size_t length;

    if (!why)
        return;
    length = format(text, sizeof text, "%s: %s", prefix, why->text);
    why_keep(why, text, length);
}

const char *status_name(enum status status)
{
    static const char *const names[] = {
        [OK] = "ok",
        [AGAIN] = "must wait",
        [ERR_NOMEM] = "out of memory",
        [ERR_INVALID] = "invalid argument",
        [ERR_NOT_FOUND] = "not found",
        [ERR_EXISTS] = "exists already",
        [ERR_BUSY] = "in use",
        [ERR_FORMAT] = "malformed",
        [ERR_UNSUPPORTED] = "not supported",
        [ERR_LINK] = "cannot be linked",
        [ERR_INIT] = "refused to start",
        [ERR_FAULT] = "faulted",
        [ERR_CANCELLED] = "cancelled",
        [ERR_TIMEOUT] = "timed out",
        [ERR_DENIED] = "not permitted",
        [ERR_IO] = "device error",
    };

    return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "unknown status";
}
