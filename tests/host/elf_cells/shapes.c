/* Code and data in the shapes that the compiler relocates differently: jump tables, computed gotos,
 * tables of strings and of functions, static functions whose address is taken, cold parts. */
#include "shapes.h"
#include "cell.h"

static int twice(int x)
{
    return 2 * x;
}

static int square(int x)
{
    return x * x;
}

static int (*const operations[])(int) = {twice, square, shape_import};
static const char *const words[] = {"zero", "one", "two", "three", "four"};
static const struct {
    const char *name;
    int (*run)(int);
    long weight;
} table[] = {{"twice", twice, 1}, {"square", square, -2}, {"import", shape_import, 3}};

__attribute__((cold, noinline)) static int unlikely(int x)
{
    shape_note("unlikely");
    return shape_import(x) - 1;
}

EXPORT int shape_switch(int x, int y)
{
    switch (x) {
    case 0:
        return operations[y & 1](y);
    case 1:
        return words[y % 5][0];
    case 2:
        return shape_import(y) + 4;
    case 3:
        shape_note(words[y % 3]);
        return 9;
    case 4:
        return (int)table[y % 3].weight;
    case 5:
        return table[y % 3].run(y);
    case 6:
        return y * 13;
    default:
        return __builtin_expect(y == 99, 0) ? unlikely(y) : y;
    }
}

EXPORT int shape_goto(int x, const unsigned char *program)
{
    static const void *const labels[] = {&&add, &&half, &&call, &&end};

    goto *labels[*program++ & 3];
add:
    x += 7;
    goto *labels[*program++ & 3];
half:
    x /= 2;
    goto *labels[*program++ & 3];
call:
    x = shape_import(x);
    goto *labels[*program++ & 3];
end:
    return x;
}

EXPORT void *shape_address(int which)
{
    switch (which) {
    case 0:
        return (void *)(long)twice;
    case 1:
        return (void *)(long)shape_import;
    case 2:
        return (void *)(long)shape_address;
    default:
        return (void *)(long)&words[which & 3];
    }
}

/* Long enough that its branches need every format: c.j, jal, beq with and without detours. */
#define STEP(n)                                                                                    \
    if (x & (1 << (n & 7)))                                                                        \
        x = shape_import(x + n);                                                                   \
    if (x == n * 77)                                                                               \
        goto out;                                                                                  \
    x ^= (x << 3) + n * 11;
#define STEPS(n) STEP(n) STEP(n + 1) STEP(n + 2) STEP(n + 3) STEP(n + 4) STEP(n + 5) STEP(n + 6)

// clang-format off
EXPORT int shape_long(int x)
{
    STEPS(1) STEPS(11) STEPS(21) STEPS(31) STEPS(41) STEPS(51) STEPS(61) STEPS(71)
    STEPS(81) STEPS(91) STEPS(101) STEPS(111) STEPS(121) STEPS(131) STEPS(141) STEPS(151)
out:
    return x;
}
// clang-format on

EXPORT int shape_tail(int x)
{
    if (x > 5)
        return shape_switch(x, 3);
    return shape_import(x);
}

EXPORT int shape_callback(void)
{
    shape_each(twice);
    shape_each(shape_import);
    return 0;
}
