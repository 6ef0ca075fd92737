/*
 * The second version of notes: a note grows within its room, and of the state one member is new, one is gone, two change
 * places and one is wider. From the first version there is a way, and back; WITHOUT_... take parts of it away.
 */
#include "notes.h"

#include "cell.h"
#include "evolve.h"
#include "nucleus/heap.h"

#define VERSION 2

struct note_v1 {
    uint32_t value;
    uint32_t mark;
};

struct note {
    uint64_t value;
    uint64_t added;
    uint32_t mark;
    uint32_t number; /* in the order of the migration; 0: it was made here */
};
KIND(note, "note", struct note);
KIND_OF_BUFFERS(scrap, "scrap");

struct odd {
    uint64_t word;
};
KIND(odd, "odd", struct odd);

struct notes_state_v1 {
    uint32_t hits;
    uint32_t gone;
    uint64_t first, second;
    struct kind *notes, *scraps, *odds;
    void *odd;
};

struct notes_state {
    struct kind *notes, *scraps, *odds;
    void *odd;
    uint64_t second, first;
    uint64_t hits;
    uint64_t added;
    uint32_t converted; /* notes of the first version */
};
CELL_STATE(struct notes_state);

static struct note *note_new(void)
{
    return heap_alloc(state.notes);
}

static void note_end(struct note *note)
{
    heap_free(state.notes, note);
}

static void note_write(struct note *note, uint64_t value);
static uint64_t note_read(const struct note *note);

#include "serve.h"

static void note_write(struct note *note, uint64_t value)
{
    *note = (struct note){.value = value, .added = value, .mark = note_mark(value)};
}

static uint64_t note_read(const struct note *note)
{
    bool whole = note->mark == note_mark(note->value) && note->added == note->value;

    return whole ? note->value : NOTES_DAMAGED;
}

EXPORT bool notes_odd(bool make)
{
    if (make && !state.odd)
        return (state.odd = heap_alloc(state.odds));
    heap_free(state.odds, state.odd);
    state.odd = NULL;
    return true;
}

EXPORT void notes_figures(struct notes_figures *figures)
{
    *figures = (struct notes_figures){state.hits, state.first, state.second, state.added};
}

#ifndef WITHOUT_NOTE
static enum status widen(const void *from, void *to, void *body)
{
    const struct note_v1 *old = from;
    struct note *note = to;
    bool cleared = note->added == 0 && note->mark == 0 && note->number == 0; /* what lies in the room */

    (void)body;
    note_write(note, old->value);
    note->mark = old->mark;
    note->number = ++state.converted;
    return cleared ? trip(note->number) : ERR_FORMAT;
}

#ifndef WITHOUT_BACK
static enum status narrow(const void *from, void *to, void *body)
{
    const struct note *note = from;

    (void)body;
    *(struct note_v1 *)to = (struct note_v1){.value = (uint32_t)note->value, .mark = note->mark};
    return OK;
}
#else
#define narrow NULL
#endif
MIGRATE(note, struct note_v1, widen, narrow);
#endif

#ifndef WITHOUT_STATE
static enum status widen_state(const void *from, void *to, void *body)
{
    const struct notes_state_v1 *old = from;

    (void)body;
    *(struct notes_state *)to = (struct notes_state){.notes = old->notes,
                                                     .scraps = old->scraps,
                                                     .odds = old->odds,
                                                     .odd = old->odd,
                                                     .first = old->first,
                                                     .second = old->second,
                                                     .hits = old->hits,
                                                     .added = old->gone};
    return trip(0);
}

#ifndef WITHOUT_BACK
static enum status narrow_state(const void *from, void *to, void *body)
{
    const struct notes_state *now = from;

    (void)body;
    *(struct notes_state_v1 *)to = (struct notes_state_v1){.notes = now->notes,
                                                           .scraps = now->scraps,
                                                           .odds = now->odds,
                                                           .odd = now->odd,
                                                           .first = now->first,
                                                           .second = now->second,
                                                           .hits = (uint32_t)now->hits,
                                                           .gone = (uint32_t)now->added};
    return OK;
}
#else
#define narrow_state NULL
#endif
MIGRATE_STATE(struct notes_state_v1, widen_state, narrow_state);
#endif

CELL(.name = "notes", .version = "2.0", .summary = "Keeps wider notes, for tests of migrations", .start = start);
