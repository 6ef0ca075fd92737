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
    switch (status) {
    case OK:
        return "ok";
    case AGAIN:
        return "must wait";
    case ERR_NOMEM:
        return "out of memory";
    case ERR_INVALID:
        return "invalid argument";
    case ERR_NOT_FOUND:
        return "not found";
    case ERR_EXISTS:
        return "exists already";
    case ERR_BUSY:
        return "in use";
    case ERR_FORMAT:
        return "malformed";
    case ERR_UNSUPPORTED:
        return "not supported";
    case ERR_LINK:
        return "cannot be linked";
    case ERR_INIT:
        return "refused to start";
    case ERR_FAULT:
        return "faulted";
    case ERR_CANCELLED:
        return "cancelled";
    case ERR_TIMEOUT:
        return "timed out";
    case ERR_DENIED:
        return "not permitted";
    case ERR_IO:
        return "device error";
    }
    return "unknown status";
}
