/*
 * About 64 KiB of text with about 4,800 relocations (those of all sections that are loaded), to
 * measure what a load costs: 200 functions that call one another and the nucleus, compute, and read
 * and write tables. Their constants differ, so that the compiler folds none of them together.
 */
#include "cell.h"
#include "command.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

struct big_state {
    uint64_t words[64];
    char text[64];
};
CELL_STATE(struct big_state);

static const uint64_t table[64] = {1, 2, 3, 5, 8, 13, 21, 34};

/* Function step_0abc has the octal number 0abc; EACH(DO) says DO(0000) to DO(0307). */
#define EACH_8(DO, p) DO(p##0) DO(p##1) DO(p##2) DO(p##3) DO(p##4) DO(p##5) DO(p##6) DO(p##7)
#define EACH_64(DO, p)                                                                             \
    EACH_8(DO, p##0)                                                                               \
    EACH_8(DO, p##1)                                                                               \
    EACH_8(DO, p##2)                                                                               \
    EACH_8(DO, p##3)                                                                               \
    EACH_8(DO, p##4)                                                                               \
    EACH_8(DO, p##5)                                                                               \
    EACH_8(DO, p##6)                                                                               \
    EACH_8(DO, p##7)
#define EACH(DO)                                                                                   \
    EACH_64(DO, 00)                                                                                \
    EACH_64(DO, 01)                                                                                \
    EACH_64(DO, 02)                                                                                \
    EACH_8(DO, 030)

/* What all of them reach, so that all stay. */
static uint64_t step_any(uint64_t number, uint64_t x);

/* One round of a multiply-xorshift generator: text without relocations. */
#define STIR(x, k) (x ^= x >> 23, x *= 0x9e37u + 2 * (k), x ^= x << 17, x += (k) << 9)

#define STEP(n)                                                                                    \
    static __attribute__((noinline)) uint64_t step_##n(uint64_t x)                                 \
    {                                                                                              \
        STIR(x, n + 1), STIR(x, n + 1000), STIR(x, n + 3000), x ^= x >> 9;                      \
        STIR(x, n + 5), STIR(x, n + 1500);                                                         \
        state.words[(x ^ n) % 64] += table[(x >> 6) % 64] * (n + 3);                               \
        if ((x & 7) == n % 7)                                                                      \
            x += machine_timebase() >> (n % 31);                                                   \
        if (x % 1024 == n)                                                                         \
            x = step_any(x + 2 * n + 1, x);                                                        \
        if (x > n)                                                                                 \
            x ^= strlen(state.text + n % 61);                                                      \
        return x + n;                                                                              \
    }
EACH(STEP)

#define CASE(n)                                                                                    \
    case n:                                                                                        \
        return step_##n(x);

static __attribute__((noinline)) uint64_t step_any(uint64_t number, uint64_t x)
{
    switch (number) {
        EACH(CASE)
    default:
        return x;
    }
}

static int big(int argc, char **argv)
{
    return (int)step_any(strlen(argv[0]), (uint64_t)argc) & 1;
}
COMMAND(big, .usage = "big", .help = "computes nothing of use: the cell is there to be loaded",
        .run = big);

CELL(.name = "big", .version = "1.0", .summary = "64 KiB of text, to measure the cost of a load");
