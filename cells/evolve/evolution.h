/* What is done to one pair of cells of a swap: a list of items, each the state or the objects of one kind. */
#ifndef EVOLVE_EVOLUTION_H
#define EVOLVE_EVOLUTION_H

#include "evolve.h"
#include "nucleus/memory_records.h"
#include "nucleus/records.h"
#include "nucleus/swap.h"

/* Memory of @p bytes for @p room things of saved.words words each, of which saved.count are in use. */
struct chunk {
    struct chunk *next;
    uint64_t bytes, room;
    struct saved saved;
};

struct store {
    struct chunk *first, *current; /* where the next one is, in a pass over all */
    uint64_t words, room;          /* of each thing; how many in all chunks */
};

/** The functions that lead from one layout to another: one, or two by way of a neutral image. */
struct way {
    evolve_step *first, *second; /* NULL, both: it stays as it is */
    uint64_t image_bytes;        /* between the two */
};

struct item {
    struct kind *kind;            /* NULL: the state */
    const struct kind_type *type; /* as the new cell declares it; NULL: it does not, being a stand-in; or a state */
    struct kind *made;            /* what the new cell had made by that name itself; or NULL */
    struct way way;
    struct store copies;          /* records of objects as they were (struct saved) */
    struct store bodies;          /* pointers to objects of body_kind, for those of a SPLIT kind */
    struct kind *body_kind;       /* NULL: no bodies */
    uint64_t done;                /* objects that are in the new form, or were in work */
    uint64_t bytes, saved_bytes;  /* of each object, as it was; and with the room behind it */
};

struct plan {
    struct evolution head; /* first: the nucleus knows it by that */
    struct cell *from, *to;
    struct store records; /* of words in records of kinds */
    uint64_t *image; /* room for a neutral image */
    uint64_t image_bytes;
    struct chunk *spare; /* from an earlier plan */
    unsigned count, most;
    struct item items[];
};
#define KIND_WORDS 4u /* that are changed in the records of an item's kinds */

/* plan.c */
/** Finds out what is to be done, into plan->items, which have room for one more than @p from has kinds. */
enum status plan_make(struct plan *plan, struct swap_report *report);
/** Whether @p cell is a stand-in (cell recovery): it takes all as it is, looks at nothing, and hands it on. */
bool is_stand_in(const struct cell *cell);
/** How many kinds @p cell owns. */
unsigned kinds_of(const struct cell *cell);
/** Whether @p kind, which only the cell that leaves has, may go with its objects: as a body, its head is changed. */
bool is_dead_body(const struct plan *plan, const struct kind *kind);

/* explain.c */
/** Adds to @p why what differs in the layout of one state or kind, or a function's prototype (explain.h tells how they are
 *  called), where both cells tell of it. */
void explain_add(const struct cell *from, const struct cell *to, const char *what, const char *name, struct why *why);

/* stubs.c */
/** EVOLVE_STUBS (evolve.h). */
enum status match_stubs(struct cell *from, const struct cell *to, struct why *why);

/* store.c */
/** Memory for @p count things, and, if there is any, for some more, so that a few may come. First that of @p spare is used.
 *  @return false: there is none. */
bool store_reserve(struct store *store, uint64_t count, struct chunk **spare);
/** Moves the memory of all things to @p spare. */
void store_spare(struct store *store, struct chunk **spare);
void store_free(struct store *store);
void chunks_free(struct chunk *chunk);
/** Sets each thing's size to that of a record of @p bytes. */
void store_of_records(struct store *store, uint64_t bytes);
/** Adds all chunks, which have records, to what @p evolution undoes. */
void store_publish(struct store *store, struct evolution *evolution);
/** Begins a pass: nothing is in use. */
void store_rewind(struct store *store);
/** The place of the next thing of the pass, which is in use from now on; NULL: there are no more. */
void *store_next(struct store *store);
/** Makes a record of @p bytes at @p address. From its return on they may be changed. @return the copy. */
const void *store_save(struct store *store, const void *address, uint64_t bytes);
/** Memory of the cell's kind of buffers. */
void *buffer_take(uint64_t bytes);
/** What was in it would keep a cell that was replaced in memory, so it is cleared. */
void buffer_give(void *buffer, uint64_t bytes);

/* run.c */
/** EVOLVE_RUN (evolve.h). */
enum status plan_run(struct plan *plan, struct swap_report *report);

#endif
