/**
 * @file evolve.h
 * How a cell's state and objects go over to another version of it, or to another provider of its interface.
 *
 * Layouts are compared by signature: a hash of a type with all that it reaches, members' names and offsets included,
 * tags of structs not (pack writes it; docs/evolution.md). Where signatures are equal a new version finds state and
 * objects as they are, at no cost. Where they differ it says how to get from the one to the other, or the
 * swap is refused, before anything has changed:
 *
 *     struct counter_v1 { uint32_t hits; };                        // as version 1 had it
 *     struct counter { uint64_t hits; uint64_t misses; };
 *     KIND(counter, "counter", struct counter, .room = 16);        // room: of version 1 already
 *     static enum status grow(const void *from, void *to, void *body) {
 *         const struct counter_v1 *old = from;
 *         *(struct counter *)to = (struct counter){.hits = old->hits};
 *         return OK;
 *     }
 *     MIGRATE(counter, struct counter_v1, grow, shrink);
 *
 * Objects never move: `to` is the place where the object lives and the clients' handles lead, `from` is a copy of
 * what stood there. A kind declares room for later versions. What needs more than that hangs a body on a head that stays
 * (SPLIT): a kind with `.body = &kind_X` is given, for each object, a new object of kind X.
 *
 * The state comes first, then the kinds in the order of their creation. So a function of objects that leads forth finds its
 * cell's state in the new layout; one that leads back would find it in the earlier one already, and does not look at
 * it. A state that leads to objects by pointers to their struct (a list of them, say) has that struct in its signature, and
 * needs a MIGRATE_STATE when it changes.
 *
 * The earlier version's types need other names than today's. Which, does not matter for structs; of typedefs, enums and
 * enumerators a `_v1` or `_V1` (any number) at the end does not count, so that their signatures are those of then.
 *
 * These functions run while all harts stand still, in the middle of a swap. They call nothing but functions of
 * nucleus/string.h, and such of their own cell; they take no lock and do not allocate; each call has 5 ms, all together
 * have no limit. A function that leads forth to a state (MIGRATE_STATE, thaw of IMAGE_STATE), and no other, may call
 * kind_find(): the kinds are the new cell's by then, so one that leads back would find none.
 *
 * They write to `to`, the body, and the cell's state when that is migrated, too: what else they wrote could not be undone.
 * What they return is OK, or why this object cannot be had in the new form; then, and when one faults or does not
 * come to an end, all is put back as it was, and the old version serves on.
 */
#ifndef MITOS_EVOLVE_H
#define MITOS_EVOLVE_H

#include "nucleus/heap.h"
#include "status.h"

/** Makes of the copy @p from what is to stand at @p to. @p body: see SPLIT above, else NULL. */
typedef enum status evolve_step(const void *from, void *to, void *body);

/** An entry of the section .cell.migrations. */
struct migration {
    const struct kind_type *kind; /* one of the cell's own; NULL: of its state */
    uint64_t from;                /* signature of the layout that it knows; pack fills it in */
    uint64_t from_bytes;
    bool image;                   /* that is the neutral one of the interface */
    evolve_step *forth;           /* from that layout to the cell's own */
    evolve_step *back;            /* from the cell's own to that; NULL: there is no way back */
};

/* --- between the nucleus and the cell evolve, which does it --- */

/** What cell evolve is asked for, of one pair of cells of a swap. */
enum evolve_call {
    EVOLVE_STUBS,   /* where each stub of a function of the old cell is to lead (nucleus/records.h) */
    EVOLVE_PREPARE, /* whether it can be done, and memory for it: the system runs. Again after AGAIN, and, with what had been
                     * taken for the way there, for the way back */
    EVOLVE_RUN,     /* all other harts stand still: do it. AGAIN: more objects than memory */
    EVOLVE_END      /* the system runs: it is over, done or not; frees what was prepared */
};

/** What stood in memory before EVOLVE_RUN changed it: @p count records of @p words 64-bit words each. A record is an
 *  address, a number of bytes, and these bytes. No address is in two. */
struct saved {
    struct saved *next;
    uint64_t count, words;
    uint64_t records[];
};

/**
 * What cell evolve has prepared for a pair of cells; more of its own is behind it. It saves what it is about to change,
 * and then changes it: so the nucleus undoes an EVOLVE_RUN that failed, or that of another pair, whatever became of cell
 * evolve meanwhile.
 */
struct evolution {
    struct saved *saved;
    bool done; /* all is in the new form */
};
struct cell;
struct swap_report;
struct why;
/**
 * Hook. State and objects of @p from become those of @p to. *@p evolution is NULL before EVOLVE_PREPARE; report->why says
 * why not, report->objects is counted up.
 * @return EVOLVE_STUBS: OK; ERR_LINK. EVOLVE_PREPARE: OK; ERR_UNSUPPORTED; ERR_NOMEM. EVOLVE_RUN: OK; AGAIN; what a
 * function returned, or ERR_FAULT, ERR_TIMEOUT of one; then the nucleus undoes it. Else OK.
 */
enum status evolve(enum evolve_call call, struct evolution **evolution, struct cell *from,
                   struct cell *to, struct swap_report *report);

/**
 * Hook. Adds to @p why, which says that @p function() has another prototype in @p provider than @p user was built for, what
 * differs. NULL is the nucleus, of which nothing is told.
 */
void evolve_explain(const struct cell *user, const struct cell *provider, const char *function, struct why *why);

/* For pack: the type is in the object's BTF, and the section is not loaded. */
#define EVOLVE_TYPE(tag, type)                                                                     \
    static type *const type_of_##tag __attribute__((section(".mitos.type_of"), used)) = 0
#define EVOLVE_ENTRY(tag, kind_, type, image_, forth_, back_)                                      \
    EVOLVE_TYPE(from_##tag, type);                                                                 \
    static const struct migration from_##tag                                                       \
        __attribute__((section(".cell.migrations"), used)) = {.kind = kind_,                       \
                                                              .from_bytes = sizeof(type),          \
                                                              .image = image_,                     \
                                                              .forth = forth_,                     \
                                                              .back = back_}

/**
 * Objects of the KIND @p tag that are laid out as @p type, an earlier version's, become objects of this version's by
 * @p forth; and @p back undoes that when this version has to give its place back (probation). NULL: it cannot. Several
 * earlier layouts may be known: each such declaration of one kind has a @p type of another name.
 */
#define MIGRATE(tag, type, forth, back) EVOLVE_ENTRY_(tag, &kind_##tag, type, false, forth, back)
/** The same for the cell's state. */
#define MIGRATE_STATE(type, forth, back) EVOLVE_ENTRY_(state, NULL, type, false, forth, back)
/**
 * Objects of the KIND @p tag can be had from the neutral form that the interface's header declares, by @p thaw, and
 * brought into it, by @p freeze: so they go over to any other provider that says the same of a kind of that name.
 */
#define IMAGE(tag, type, thaw, freeze) EVOLVE_ENTRY_(tag, &kind_##tag, type, true, thaw, freeze)
/** The same for the cell's state. */
#define IMAGE_STATE(type, thaw, freeze) EVOLVE_ENTRY_(state, NULL, type, true, thaw, freeze)

#define EVOLVE_ENTRY_(tag, kind, type, image, forth, back)                                         \
    EVOLVE_ENTRY__(tag, __COUNTER__, kind, type, image, forth, back)
#define EVOLVE_ENTRY__(tag, number, kind, type, image, forth, back)                                \
    EVOLVE_ENTRY___(tag, number, kind, type, image, forth, back)
#define EVOLVE_ENTRY___(tag, number, kind, type, image, forth, back)                               \
    EVOLVE_ENTRY(tag##_##number, kind, type, image, forth, back)

#endif
