/**
 * @file nucleus/list.h
 * Circular doubly linked list with the links inside the members (as in Linux and xv6's buffer cache).
 *
 * A list is a node that points at itself when empty. Nothing here locks: the owner of the list says
 * which lock guards it. A node that is in no list points at itself, so removing it twice is harmless.
 */
#ifndef MITOS_NUCLEUS_LIST_H
#define MITOS_NUCLEUS_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

/** Makes @p list empty; or makes a node one that is in no list. */
static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

/** Whether the list has no member; or whether a node is in no list. */
static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

/** Enters @p node between two neighbours. */
static inline void list_insert_between(struct list *node, struct list *previous, struct list *next)
{
    node->previous = previous;
    node->next = next;
    previous->next = node;
    next->previous = node;
}

/** Enters @p node, which is in no list, as the first member. */
static inline void list_push_front(struct list *list, struct list *node)
{
    list_insert_between(node, list, list->next);
}

/** Enters @p node, which is in no list, as the last member. */
static inline void list_push_back(struct list *list, struct list *node)
{
    list_insert_between(node, list->previous, list);
}

/** list_push_back(), for a list that some look through without a lock: they see the member once it is complete. */
static inline void list_publish(struct list *list, struct list *node)
{
    node->next = list;
    node->previous = list->previous;
    __atomic_store_n(&list->previous->next, node, __ATOMIC_RELEASE);
    list->previous = node;
}

/** Takes @p node out of its list, if it is in one. */
static inline void list_remove(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

/** Removes a member whose own links stay as they are: who is just looking at it without a lock finds on. */
static inline void list_unlink(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
}

/** The first member, removed; NULL when empty. */
static inline struct list *list_pop_front(struct list *list)
{
    struct list *node = list->next;

    if (node == list)
        return NULL;
    list_remove(node);
    return node;
}

/** The struct of type @p type whose member @p member is at @p node. */
#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#define list_each(node, head) for (struct list *node = (head)->next; node != (head); node = node->next)

#endif
