/* Functions whose instructions are replaced one by one (unwind_cells.h). */
#include "cell.h"
#include "unwind_cells.h"

EXPORT uint64_t cut_leaf(const uint64_t *numbers, uint64_t count)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++)
        sum = sum * 31 + numbers[i];
    return sum;
}

EXPORT uint64_t cut_branchy(uint64_t *numbers, uint64_t count)
{
    OWN(token) outer = {0};
    uint64_t a = cut_leaf(numbers, 1), b = cut_leaf(numbers, 2), c = cut_leaf(numbers, 3), d = a ^ b;

    if (!token_take(&outer, 'v'))
        return 0;
    for (uint64_t i = 0; i < count; i++) {
        a += numbers[i] * b;
        c ^= a + d;
        d = cut_leaf(numbers, i) + c;
    }
    {
        OWN(token) inner = {0};

        if (token_take(&inner, 'w')) {
            numbers[0] = cut_leaf(numbers, count) + (uint64_t)token_letter(&inner);
            token_drop(&inner);
        }
    }
    c += (uint64_t)token_letter(&outer);
    token_drop(&outer);
    return a + b + c + d;
}

CELL(.name = "cut", .version = "1.0", .summary = "Functions with an instruction that faults, for tests.");
