/*
 * The feedback queue as a data structure: lists of tasks by level, the first one served first.
 * Nothing here locks or measures time; sched_mlfq.c does.
 */
#ifndef MLFQ_LEVELS_H
#define MLFQ_LEVELS_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/list.h"

#define LEVELS 4u

struct levels {
    uint32_t length;   /* INV-RQ-1: length == number of members of all lists */
    uint32_t occupied; /* INV-RQ-2: bit n is set when, and only when, lists[n] has a member */
    struct list lists[LEVELS];
};

static inline void levels_init(struct levels *levels)
{
    levels->length = 0;
    levels->occupied = 0;
    for (unsigned level = 0; level < LEVELS; level++)
        list_init(&levels->lists[level]);
}

/** Adds @p node to @p level < LEVELS, in front of those that wait there or behind them. */
static inline void levels_insert(struct levels *levels, struct list *node, unsigned level,
                                 bool first)
{
    if (first)
        list_push_front(&levels->lists[level], node);
    else
        list_push_back(&levels->lists[level], node);
    levels->occupied |= 1u << level;
    levels->length++;
}

/** Takes the first node of the first level that has one, and says in @p level which; NULL: none. */
static inline struct list *levels_take(struct levels *levels, unsigned *level)
{
    struct list *node;
    unsigned first = 0;

    if (levels->occupied == 0)
        return NULL;
    while (!(levels->occupied & 1u << first))
        first++;
    node = list_pop_front(&levels->lists[first]);
    if (list_empty(&levels->lists[first]))
        levels->occupied &= ~(1u << first);
    levels->length--;
    *level = first;
    return node;
}

/** Moves all to level 0, behind its members, those of the upper levels first. */
static inline void levels_raise(struct levels *levels)
{
    for (unsigned level = 1; level < LEVELS; level++) {
        struct list *from = &levels->lists[level];
        struct list *last = levels->lists[0].previous;

        if (list_empty(from))
            continue;
        from->next->previous = last;
        last->next = from->next;
        from->previous->next = &levels->lists[0];
        levels->lists[0].previous = from->previous;
        list_init(from);
    }
    levels->occupied = levels->length ? 1 : 0;
}

/** Whether the two invariants hold. */
static inline bool levels_are_sound(const struct levels *levels)
{
    uint32_t length = 0;
    uint32_t occupied = 0;

    for (unsigned level = 0; level < LEVELS; level++) {
        const struct list *head = &levels->lists[level];

        for (const struct list *node = head->next; node != head; node = node->next)
            length++;
        if (!list_empty(head))
            occupied |= 1u << level;
    }
    return length == levels->length && occupied == levels->occupied;
}

#endif
