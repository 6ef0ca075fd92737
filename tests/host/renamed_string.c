/* nucleus/string.c beside the C library: what both define is called nucleus_* here, so that the library and
 * the sanitizers keep theirs. */
#define memcpy nucleus_memcpy
#define memmove nucleus_memmove
#define memset nucleus_memset
#define memcmp nucleus_memcmp
#define strlen nucleus_strlen
#define strcmp nucleus_strcmp
#include "string.c"
