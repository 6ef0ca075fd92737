/* A macro in front of an #include puts code where headers are trusted.
 *
 * rejected: a macro of the part changes what this header says: put #include first, and choose another name for the macro [lint:lab-header-changed]
 * rule off: none, the rest is looked for in the part's own files only
 */
#ifdef WRONG
#define align_up                                                                                   \
    same(uint64_t n) { return n; }                                                                 \
    static inline char *place(uint64_t number)                                                     \
    {                                                                                              \
        return (char *)number;                                                                     \
    }                                                                                              \
    static inline uint64_t align_up
#include "nucleus/address.h"
#undef align_up
#else
#include "nucleus/address.h"
#define ALIGNMENT 8
#endif

static const uint64_t unused __attribute__((unused)) = PAGE_BYTES;
