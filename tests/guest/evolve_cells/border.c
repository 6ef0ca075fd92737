/* Provides border.h, in each of its versions; one lacks a function. */
#include "border.h"

#include "cell.h"

#ifndef WITHOUT_SCALE
EXPORT uint64_t border_scale(uint32_t number, BORDER_FACTOR factor)
{
    return (uint64_t)number * factor;
}
#endif

EXPORT uint64_t border_total(const struct border_list *list)
{
    uint64_t total = 0;

    for (; list; list = list->next)
        total += (uint64_t)list->item->amount * list->item->price;
    return total;
}

EXPORT uint64_t border_fold(enum border_mode mode, uint64_t a, uint64_t b)
{
    return mode == BORDER_SUM ? a + b : a - b;
}

CELL(.name = "border", .version = "1.0", .summary = "Has an interface that changes");
