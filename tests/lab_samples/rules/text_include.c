/* A file that is no header of the project: the compiler would show what stands in it.
 *
 * rejected: #include "/etc/passwd": only headers
 * rejected: #include "../other.h": only headers
 * rejected: #include "other.c": only headers
 * rejected: #include takes a name in quotes, "NAME.h", not a macro [lint:lab-include]
 * rejected: #include <stdio.h>: there is no such header here
 * rejected: #include "none.h": there is no such header
 * rule off: none, there are no such files
 */
#ifdef WRONG
#include "/etc/passwd"
#include "../other.h"
#include "other.c"
#define NAME "own.h"
#include NAME
#include <stdio.h>
#include "none.h"
#else
#include "own.h"
#include <stddef.h>
#endif
