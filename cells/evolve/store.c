/* Memory that is taken before all harts stand still, for records of what is about to change, and for bodies. */
#include "evolution.h"
#include "nucleus/string.h"

#define CHUNK_BYTES 65408u /* a size that the heap has slots for */
#define SPARE(count) ((count) / 8 + 8) /* objects that may come before all harts stand still */
#define WORD sizeof(uint64_t)

/* The smallest that is spare and has @p bytes; NULL: there is none. */
static struct chunk *spare_take(struct chunk **spare, uint64_t bytes)
{
    struct chunk **best = NULL, *chunk;

    for (struct chunk **link = spare; *link; link = &(*link)->next) {
        if ((*link)->bytes >= bytes && (!best || (*link)->bytes < (*best)->bytes))
            best = link;
    }
    if (!best)
        return NULL;
    chunk = *best;
    *best = chunk->next;
    return chunk;
}

static bool chunk_add(struct store *store, struct chunk **spare)
{
    uint64_t thing = store->words * WORD, most = CHUNK_BYTES - sizeof(struct chunk);
    uint64_t bytes = sizeof(struct chunk) + (thing > most ? thing : most);
    struct chunk *chunk = spare_take(spare, sizeof *chunk + thing);

    if (!chunk) {
        chunk = buffer_take(bytes);
        if (!chunk)
            return false;
        chunk->bytes = bytes;
    }
    chunk->room = (chunk->bytes - sizeof *chunk) / thing;
    chunk->saved.next = NULL;
    chunk->saved.count = 0;
    chunk->saved.words = store->words;
    chunk->next = store->first;
    store->first = chunk;
    store->room += chunk->room;
    return true;
}

bool store_reserve(struct store *store, uint64_t count, struct chunk **spare)
{
    while (store->room < count + SPARE(count) && chunk_add(store, spare))
        continue;
    return store->room >= count;
}

void chunks_free(struct chunk *chunk)
{
    for (struct chunk *next; chunk; chunk = next) {
        next = chunk->next;
        buffer_give(chunk, chunk->bytes);
    }
}

void store_free(struct store *store)
{
    chunks_free(store->first);
    store->first = NULL;
    store->room = 0;
}

void store_spare(struct store *store, struct chunk **spare)
{
    while (store->first) {
        struct chunk *chunk = store->first;

        store->first = chunk->next;
        chunk->next = *spare;
        *spare = chunk;
    }
    store->room = 0;
}

void store_of_records(struct store *store, uint64_t bytes)
{
    store->words = 2 + (bytes + WORD - 1) / WORD;
}

void store_publish(struct store *store, struct evolution *evolution)
{
    for (struct chunk *chunk = store->first; chunk; chunk = chunk->next) {
        chunk->saved.next = evolution->saved;
        evolution->saved = &chunk->saved;
    }
}

void store_rewind(struct store *store)
{
    for (struct chunk *chunk = store->first; chunk; chunk = chunk->next)
        chunk->saved.count = 0;
    store->current = store->first;
}

/* The place of the next thing, which is not in use yet. */
static uint64_t *place_find(struct store *store)
{
    if (store->current && store->current->saved.count == store->current->room)
        store->current = store->current->next;
    if (!store->current)
        return NULL;
    return store->current->saved.records + store->current->saved.count * store->words;
}

void *store_next(struct store *store)
{
    uint64_t *place = place_find(store);

    if (place)
        store->current->saved.count++;
    return place;
}

const void *store_save(struct store *store, const void *address, uint64_t bytes)
{
    uint64_t *record = place_find(store);

    record[0] = (uint64_t)address;
    record[1] = bytes;
    memcpy(record + 2, address, bytes);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a fault may come at any place */
    store->current->saved.count++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return record + 2;
}
