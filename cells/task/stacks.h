/* Stacks of tasks, and the cache of those that ended tasks have left. */
#ifndef TASK_STACKS_H
#define TASK_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/spinlock.h"
#include "vm.h"

/** Stacks that the cache keeps: 512 KiB. */
#define STACKS_KEPT 32u

struct stack_cache {
    struct spinlock lock;
    /* lock guards: */
    struct stack_list {
        struct cached_stack *first;
        unsigned length;
    } list;
};

/** A stack of TASK_STACK_BYTES; not cleared. @return false: no memory. */
bool stack_get(struct stack_cache *cache, mapping *stack) TRY_MAKES(*stack);
/** Gives a stack to the cache. Any context: nothing is unmapped here. */
void stack_put(struct stack_cache *cache, mapping *stack) TAKES(*stack);
/** Unmaps stacks until @p most are left in the cache. */
void stacks_trim(struct stack_cache *cache, unsigned most);

/** Moves a handle from a variable into an object that owns it, or back. */
void stack_move(mapping *to, mapping *from) TAKES(*from);
void stack_move_out(mapping *to, mapping *from) MAKES(*to);

#endif
