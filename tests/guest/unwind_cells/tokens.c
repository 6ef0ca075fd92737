/* Tokens (unwind_cells.h). */
#include "cell.h"
#include "nucleus/heap.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "unwind_cells.h"

struct token_object {
    struct list link;
    char letter;
};

struct books {
    struct list live;
    struct tokens counts;
};

struct tokens_state {
    struct kind *tokens;
    struct spinlock lock;
    /* lock guards: */
    struct books books_;
    char faulty[16];
    volatile uint64_t *nowhere; /* NULL */
};
CELL_STATE(struct tokens_state);

static inline struct books *books(void) REQUIRES(state.lock);
static inline struct books *books(void)
{
    return &state.books_;
}

EXPORT bool token_take(token *t, char letter) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct token_object *object = heap_alloc(state.tokens);

    if (!object)
        return false;
    object->letter = letter;
    spin_lock(&guard, &state.lock);
    t->object = object;
    list_push_back(&books()->live, &object->link);
    books()->counts.taken++;
    spin_unlock(&guard, &state.lock);
    return true;
}

EXPORT void token_drop(token *t) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct token_object *object = t->object;

    spin_lock(&guard, &state.lock);
    t->object = NULL;
    list_remove(&object->link);
    books()->counts.dropped++;
    spin_unlock(&guard, &state.lock);
    heap_free(state.tokens, object);
}

EXPORT char token_letter(const token *t)
{
    return t->object->letter;
}

EXPORT void token_unwind(token *t)
{
    OWN(spin_guard) guard = {0};
    struct token_object *object = t->object;
    struct tokens *counts;
    char letter;

    if (!object)
        return;
    letter = object->letter;
    spin_lock(&guard, &state.lock);
    t->object = NULL;
    list_remove(&object->link);
    counts = &books()->counts;
    if (counts->unwound_count < sizeof counts->unwound - 1)
        counts->unwound[counts->unwound_count] = letter;
    counts->unwound_count++;
    spin_unlock(&guard, &state.lock);
    heap_free(state.tokens, object);
    for (const char *faulty = state.faulty; *faulty; faulty++) {
        if (*faulty == letter)
            (void)*state.nowhere;
    }
}

EXPORT void tokens_start(const char *faulty)
{
    OWN(spin_guard) guard = {0};
    struct list *node;

    spin_lock(&guard, &state.lock);
    while ((node = list_pop_front(&books()->live)))
        heap_free(state.tokens, list_entry(node, struct token_object, link));
    books()->counts = (struct tokens){0};
    spin_unlock(&guard, &state.lock);
    string_copy(state.faulty, sizeof state.faulty, faulty);
}

EXPORT void tokens_read(struct tokens *tokens)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &state.lock);
    *tokens = books()->counts;
    spin_unlock(&guard, &state.lock);
}

KIND(token, "token", struct token_object);

static enum status init(enum cell_reason reason)
{
    enum status status;

    if (reason == REASON_SWAP)
        return OK;
    status = kind_create(&state.tokens, &kind_token);
    list_init(&state.books_.live);
    return status;
}

CELL(.name = "tokens", .version = "1.0", .summary = "Things to hold when a fault comes, for tests.",
     .init = init);
