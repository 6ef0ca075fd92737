/* nucleus/runtime.c beside libgcc, which has functions of the same names. */
#define __popcountdi2 nucleus_popcount
#define __ctzdi2 nucleus_ctz
#define __clzdi2 nucleus_clz
#define __ffsdi2 nucleus_ffs
#define __bswapsi2 nucleus_bswap32
#define __bswapdi2 nucleus_bswap64
#include "runtime.c"
