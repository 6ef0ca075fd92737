/* Data behind a lock, as cells have it: reached through an accessor that requires the lock. */
#ifndef SNIPPET_LIST_H
#define SNIPPET_LIST_H

#include "nucleus/spinlock.h"

struct locked_list {
    struct spinlock lock;
    /* lock guards: */
    unsigned length_;
};

static inline unsigned *locked_length(struct locked_list *list) REQUIRES(list->lock);
static inline unsigned *locked_length(struct locked_list *list)
{
    return &list->length_;
}

#endif
