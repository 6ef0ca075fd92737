/* The interface, and the memory that a comparison needs. */
#define TYPES_COMPARE_HERE
#include "explain.h"

#include "cell.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "private.h"

struct explain_state {
    struct kind *buffers;
};
CELL_STATE(struct explain_state);
KIND_OF_BUFFERS(buffers, "explanation");

/* UNCHECKED: this makes the handle. */
bool scratch_make(scratch *room, size_t bytes) UNCHECKED
{
    room->bytes = heap_alloc_bytes(state.buffers, bytes);
    return room->bytes != NULL;
}

/* UNCHECKED: this is the drop. */
void scratch_drop(scratch *room) UNCHECKED
{
    heap_free(state.buffers, room->bytes);
    room->bytes = NULL;
}

void scratch_unwind(scratch *room)
{
    if (room->bytes)
        scratch_drop(room);
}

EXPORT enum status explain_difference(struct explain_text old, struct explain_text new, const char *what,
                                      const char *name, char *to, size_t room)
{
    OWN(scratch) work = {0};
    const struct types_span a = {old.at, old.bytes}, b = {new.at, new.bytes};
    bool differ;

    if (!scratch_make(&work, sizeof(struct types_compare)))
        return ERR_NOMEM;
    memset(work.bytes, 0, sizeof(struct types_compare));
    differ = types_differ(work.bytes, a, b, what, name, to, room);
    scratch_drop(&work);
    return differ ? OK : ERR_NOT_FOUND;
}

static enum status init(enum cell_reason reason)
{
    if (reason != REASON_SWAP && kind_create(&state.buffers, &kind_buffers) != OK)
        return ERR_NOMEM;
    return OK;
}

CELL(.name = "explain", .version = "1.0", .summary = "Says what differs between the types of two cells.",
     .provides = "explain", .init = init);
