/* A service that spills on demand (spill_cells.h). All habits but the first are what no cell should have. */
#include "cell.h"
#include "nucleus/frame.h"
#include "nucleus/heap.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "spill_cells.h"

#define BODY_BYTES 48u

/* Of a handle: a buffer, as some habits make them longer. */
struct HOLDS ledger_body {
    enum ledger_habit habit;
    uint32_t place;
    void *record;
    frames frame; /* ledger_close() gives it up */
    struct ledger_body *forgotten;
};
_Static_assert(sizeof(struct ledger_body) <= BODY_BYTES, "a body has room");

struct ledger_state {
    struct kind *bodies, *tables, *records;
    struct spinlock lock;
    /* lock guards: */
    struct books {
        uint32_t open;
        struct ledger_body *forgotten;
        struct ledger_body **table;
        uint32_t table_places;
        struct ledger_body *clients[LEDGER_MOST];
        uint64_t numbers[LEDGER_MOST];
    } books;
};
CELL_STATE(struct ledger_state);

static inline struct books *books_of(struct ledger_state *ledger) REQUIRES(ledger->lock);
static inline struct books *books_of(struct ledger_state *ledger)
{
    return &ledger->books;
}

/* A table on the heap with one more place than @p used. */
static bool table_grow(struct books *books, uint32_t used)
{
    struct ledger_body **longer;

    if (used < books->table_places)
        return true;
    longer = heap_alloc_bytes(state.tables, 2 * (used + 8) * sizeof *longer);
    if (!longer)
        return false;
    memcpy(longer, books->table, books->table_places * sizeof *longer);
    heap_free(state.tables, books->table);
    books->table = longer;
    books->table_places = 2 * (used + 8);
    return true;
}

/* Keeps of @p body what its habit is. @return false: no memory, no place.
 * Unchecked: the body owns the frame. */
static UNCHECKED bool body_enter(struct books *books, struct ledger_body *body)
{
    uint32_t place = body->place = books->open;

    if (place >= (body->habit == LEDGER_FULL ? LEDGER_PLACES : LEDGER_MOST))
        return false;
    if (body->habit == LEDGER_TABLE && !table_grow(books, place))
        return false;
    if (body->habit == LEDGER_RECORDS && !(body->record = heap_alloc(state.records)))
        return false;
    if (body->habit == LEDGER_FRAMES && !frames_alloc(&body->frame, 0, FRAME_OTHER))
        return false;
    if (body->habit == LEDGER_STATE)
        books->clients[place] = body;
    if (body->habit == LEDGER_NUMBERS)
        books->numbers[place] = place + 1;
    if (body->habit == LEDGER_TABLE)
        books->table[place] = body;
    books->open++;
    return true;
}

/* Unchecked: makes the handle. */
EXPORT bool ledger_open(ledger_entry *entry, enum ledger_habit habit) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    size_t longer = habit == LEDGER_LONGER ? state.books.open * sizeof(void *) : 0;
    struct ledger_body *body = heap_alloc_bytes(state.bodies, BODY_BYTES + longer);
    bool good;

    if (!body)
        return false;
    *body = (struct ledger_body){.habit = habit};
    spin_lock(&guard, &state.lock);
    good = body_enter(books_of(&state), body);
    spin_unlock(&guard, &state.lock);
    if (good)
        entry->body = body;
    else
        heap_free(state.bodies, body);
    return good;
}

/* Takes @p body out of what is kept. */
static void body_leave(struct books *books, struct ledger_body *body)
{
    books->open--;
    if (body->habit == LEDGER_STATE)
        books->clients[body->place] = NULL;
    if (body->habit == LEDGER_NUMBERS)
        books->numbers[body->place] = 0;
    if (books->open == 0) {
        heap_free(state.tables, books->table);
        books->table = NULL;
        books->table_places = 0;
    }
    if (body->habit == LEDGER_FORGETFUL) {
        body->forgotten = books->forgotten;
        books->forgotten = body;
    }
}

/* Unchecked: the drop. */
EXPORT void ledger_close(ledger_entry *entry) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct ledger_body *body = entry->body;

    entry->body = NULL;
    spin_lock(&guard, &state.lock);
    body_leave(books_of(&state), body);
    spin_unlock(&guard, &state.lock);
    heap_free(state.records, body->record);
    frames_unwind(&body->frame);
    if (body->habit != LEDGER_FORGETFUL)
        heap_free(state.bodies, body);
}

EXPORT void ledger_entry_unwind(ledger_entry *entry)
{
    if (entry->body)
        ledger_close(entry);
}

EXPORT void ledger_clean(void)
{
    OWN(spin_guard) guard = {0};
    struct books *books;

    spin_lock(&guard, &state.lock);
    books = books_of(&state);
    while (books->forgotten) {
        struct ledger_body *body = books->forgotten;

        books->forgotten = body->forgotten;
        heap_free(state.bodies, body);
    }
    spin_unlock(&guard, &state.lock);
}

struct record {
    uint64_t words[4];
};
KIND_OF_BUFFERS(body, "ledger entry");
KIND_OF_BUFFERS(table, "ledger table");
KIND(record, "ledger record", struct record);

static enum status init(enum cell_reason reason)
{
    enum status status;

    if (reason == REASON_SWAP)
        return OK;
    if ((status = kind_create(&state.bodies, &kind_body)) != OK ||
        (status = kind_create(&state.tables, &kind_table)) != OK)
        return status;
    status = kind_create(&state.records, &kind_record);
    return status;
}

CELL(.name = "ledger", .version = "1.0", .init = init,
     .summary = "A service that keeps tables of its clients when it is told to");
