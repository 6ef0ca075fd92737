/**
 * @file border.h
 * The test cells `border` and `border_user` (tests/guest/evolve_cells), whose interface has other versions there. Here the enumerators have
 * other values.
 */
#ifndef MITOS_BORDER_H
#define MITOS_BORDER_H

#include <stdbool.h>
#include <stdint.h>

enum border_mode { BORDER_DIFFERENCE, BORDER_SUM };

struct border_item {
    uint32_t amount;
    uint32_t price;
};

struct border_list {
    const struct border_item *item;
    const struct border_list *next;
};

#define BORDER_FACTOR uint32_t /* of this version's border_scale() */
/** @p number times @p factor. */
uint64_t border_scale(uint32_t number, uint32_t factor);
/** What all items of @p list cost. */
uint64_t border_total(const struct border_list *list);
/** The sum, or the difference, of @p a and @p b. */
uint64_t border_fold(enum border_mode mode, uint64_t a, uint64_t b);

/** By border_user: whether it gets right answers from all of these. */
bool border_user_works(void);

#endif
