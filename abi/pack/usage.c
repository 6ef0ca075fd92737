/* How every command answers wrong use: one line, with the right use, and status 2. */
#include "pack.h"

#include <stdarg.h>

int usage_error(const struct command *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "pack %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (usage: pack %s)\n", command->usage);
    return PACK_USAGE;
}
