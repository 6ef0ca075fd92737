/*
 * The third version of notes: a note needs more than its room, so what does not fit is in a body of its own. It knows
 * both earlier layouts, and the way back to the first.
 */
#include "notes.h"

#include "cell.h"
#include "evolve.h"
#include "nucleus/heap.h"

#define VERSION 3
#define WORDS 24u

struct note_v1 {
    uint32_t value;
    uint32_t mark;
};

struct note_v2 {
    uint64_t value;
    uint64_t added;
    uint32_t mark;
    uint32_t number;
};

#ifdef WITHOUT_BODY
struct note {
    uint64_t words[WORDS];
    uint32_t mark;
};
KIND(note, "note", struct note);
#else
struct note_body {
    uint64_t words[WORDS]; /* all of them the value */
};
KIND(body, "note body", struct note_body);

struct note {
    uint32_t mark;
    struct note_body *body;
};
KIND(note, "note", struct note, .body = &kind_body);
#endif

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

struct notes_state_v2 {
    struct kind *notes, *scraps, *odds;
    void *odd;
    uint64_t second, first;
    uint64_t hits;
    uint64_t added;
    uint32_t converted;
};

struct notes_state {
    struct kind *notes, *scraps, *odds, *bodies;
    void *odd;
    uint64_t hits, first, second, added;
    uint64_t converted;
};
CELL_STATE(struct notes_state);

static void note_write(struct note *note, uint64_t value);
static uint64_t note_read(const struct note *note);

static void note_end(struct note *note)
{
#ifndef WITHOUT_BODY
    heap_free(state.bodies, note->body);
#endif
    heap_free(state.notes, note);
}

static struct note *note_new(void)
{
    struct note *note = heap_alloc(state.notes);

#ifndef WITHOUT_BODY
    if (!note)
        return NULL;
    note->body = heap_alloc(state.bodies);
    if (!note->body) {
        note_end(note);
        return NULL;
    }
#endif
    return note;
}

#include "serve.h"

#ifdef WITHOUT_BODY
#define WORDS_OF(note) ((note)->words)
#else
#define WORDS_OF(note) ((note)->body->words)
#endif

static void note_write(struct note *note, uint64_t value)
{
    for (unsigned i = 0; i < WORDS; i++)
        WORDS_OF(note)[i] = value;
    note->mark = note_mark(value);
}

static uint64_t note_read(const struct note *note)
{
    uint64_t value = WORDS_OF(note)[0];

    for (unsigned i = 1; i < WORDS; i++) {
        if (WORDS_OF(note)[i] != value)
            return NOTES_DAMAGED;
    }
    return note->mark == note_mark(value) ? value : NOTES_DAMAGED;
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

#ifndef WITHOUT_BODY
static enum status split(struct note *note, void *body, uint64_t value, uint32_t mark)
{
    note->body = body;
    note_write(note, value);
    note->mark = mark;
    return trip(++state.converted);
}

static enum status split_v1(const void *from, void *to, void *body)
{
    const struct note_v1 *old = from;

    return split(to, body, old->value, old->mark);
}

static enum status split_v2(const void *from, void *to, void *body)
{
    const struct note_v2 *old = from;

    return split(to, body, old->value, old->mark);
}

static enum status join_v1(const void *from, void *to, void *body)
{
    const struct note *note = from;

    (void)body;
    *(struct note_v1 *)to = (struct note_v1){.value = (uint32_t)note->body->words[0], .mark = note->mark};
    return OK;
}
MIGRATE(note, struct note_v1, split_v1, join_v1);
MIGRATE(note, struct note_v2, split_v2, NULL);
#endif

static enum status state_of_v1(const void *from, void *to, void *body)
{
    const struct notes_state_v1 *old = from;

    (void)body;
    *(struct notes_state *)to = (struct notes_state){.notes = old->notes,
                                                     .scraps = old->scraps,
                                                     .odds = old->odds,
#ifndef WITHOUT_BODY
                                                     .bodies = kind_find(&kind_body),
#endif
                                                     .odd = old->odd,
                                                     .first = old->first,
                                                     .second = old->second,
                                                     .hits = old->hits,
                                                     .added = old->gone};
    return trip(0);
}

static enum status state_to_v1(const void *from, void *to, void *body)
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
MIGRATE_STATE(struct notes_state_v1, state_of_v1, state_to_v1);

static enum status state_of_v2(const void *from, void *to, void *body)
{
    const struct notes_state_v2 *old = from;

    (void)body;
    *(struct notes_state *)to = (struct notes_state){.notes = old->notes,
                                                     .scraps = old->scraps,
                                                     .odds = old->odds,
#ifndef WITHOUT_BODY
                                                     .bodies = kind_find(&kind_body),
#endif
                                                     .odd = old->odd,
                                                     .first = old->first,
                                                     .second = old->second,
                                                     .hits = old->hits,
                                                     .added = old->added};
    return trip(0);
}
MIGRATE_STATE(struct notes_state_v2, state_of_v2, NULL);

CELL(.name = "notes", .version = "3.0", .summary = "Keeps notes in two parts, for tests of migrations", .start = start);
