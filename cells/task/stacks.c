/* The cache of stacks. A stack in the cache holds its own handle and link, at its low end: so
 * giving one away allocates nothing, and a task ends without touching the page tables. */
#include "stacks.h"

#include "task.h"

struct cached_stack {
    mapping stack;
    struct cached_stack *next;
};

static inline struct stack_list *list_of(struct stack_cache *cache) REQUIRES(cache->lock);
static inline struct stack_list *list_of(struct stack_cache *cache)
{
    return &cache->list;
}

/* Unchecked, both: a move within memory, which clang's analysis of local handles cannot follow. */
void stack_move(mapping *to, mapping *from) UNCHECKED
{
    *to = *from;
    *from = (mapping){0};
}

void stack_move_out(mapping *to, mapping *from) UNCHECKED
{
    *to = *from;
    *from = (mapping){0};
}

/* A stack out of the cache if it holds more than @p most, else NULL. */
static struct cached_stack *pop(struct stack_cache *cache, unsigned most)
{
    OWN(spin_guard) guard = {0};
    struct cached_stack *first = NULL;

    spin_lock(&guard, &cache->lock);
    if (list_of(cache)->length > most) {
        first = list_of(cache)->first;
        list_of(cache)->first = first->next;
        list_of(cache)->length--;
    }
    spin_unlock(&guard, &cache->lock);
    return first;
}

/* Unchecked: clang sees no handle made by the move, and try-functions' bodies confuse it. */
bool stack_get(struct stack_cache *cache, mapping *stack) UNCHECKED
{
    struct cached_stack *cached = pop(cache, 0);

    if (!cached)
        return mapping_map(stack, TASK_STACK_BYTES, MAP_WRITE);
    stack_move_out(stack, &cached->stack);
    return true;
}

void stack_put(struct stack_cache *cache, mapping *stack)
{
    OWN(spin_guard) guard = {0};
    struct cached_stack *cached = mapping_address(stack);

    stack_move(&cached->stack, stack);
    spin_lock(&guard, &cache->lock);
    cached->next = list_of(cache)->first;
    list_of(cache)->first = cached;
    list_of(cache)->length++;
    spin_unlock(&guard, &cache->lock);
}

void stacks_trim(struct stack_cache *cache, unsigned most)
{
    struct cached_stack *cached;

    while ((cached = pop(cache, most))) {
        OWN(mapping) stack = {0};

        stack_move_out(&stack, &cached->stack);
        mapping_drop(&stack);
    }
}
