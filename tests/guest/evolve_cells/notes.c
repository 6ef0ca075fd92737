/*
 * The first version of notes, and versions of it that cannot take its place, or only at times (CMakeLists.txt).
 */
#include "notes.h"

#include "cell.h"
#include "nucleus/heap.h"

#ifndef VERSION
#define VERSION 1
#endif
#define TEXT_OF(word) #word
#define VERSION_TEXT(version) TEXT_OF(version) ".0"

struct note {
    uint32_t value;
    uint32_t mark;
};
KIND(note, "note", struct note, .room = 16);

#ifdef SCRAPS_OF_ONE_SIZE
struct scrap {
    uint8_t bytes[64];
};
KIND(scrap, "scrap", struct scrap);
#else
KIND_OF_BUFFERS(scrap, "scrap");
#endif

#ifndef WITHOUT_ODD
struct odd {
    uint64_t word;
};
KIND(odd, "odd", struct odd);
#endif

struct notes_state {
    uint32_t hits;
    uint32_t gone;
    uint64_t first, second;
    struct kind *notes, *scraps, *odds;
    void *odd;
#ifdef LARGE_STATE
    uint8_t large[5000];
#endif
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
    *note = (struct note){.value = (uint32_t)value, .mark = note_mark(value)};
}

static uint64_t note_read(const struct note *note)
{
    return note->mark == note_mark(note->value) ? note->value : NOTES_DAMAGED;
}

EXPORT bool notes_odd(bool make)
{
#ifdef WITHOUT_ODD
    (void)make;
    return false;
#else
    if (make && !state.odd)
        return state.odds && (state.odd = heap_alloc(state.odds));
    heap_free(state.odds, state.odd);
    state.odd = NULL;
    return true;
#endif
}

EXPORT void notes_figures(struct notes_figures *figures)
{
    *figures = (struct notes_figures){.hits = state.hits, .first = state.first, .second = state.second};
}

/* A kind that one version has and the other has not, while the state stays as it is. */
static enum status find_odds(enum cell_reason reason)
{
#ifdef WITHOUT_ODD
    state.odds = NULL;
#else
    state.odds = kind_find(&kind_odd);
#endif
    return start(reason);
}

static enum status init(enum cell_reason reason)
{
    enum status status = OK;

    if (reason == REASON_SWAP)
        return OK;
    state.gone = 4711;
    status = kind_create(&state.notes, &kind_note);
    if (status == OK)
        status = kind_create(&state.scraps, &kind_scrap);
#ifndef WITHOUT_ODD
    if (status == OK)
        status = kind_create(&state.odds, &kind_odd);
#endif
    return status;
}

CELL(.name = "notes", .version = VERSION_TEXT(VERSION), .summary = "Keeps notes, for tests of migrations", .init = init,
     .start = find_odds);
