/**
 * @file signatures.h
 * pack: what a cell says of the types at its border, and of those that outlive it (docs/evolution.md).
 */
#ifndef MITOS_PACK_SIGNATURES_H
#define MITOS_PACK_SIGNATURES_H

#include "btf.h"

#define SECTION_SIGNATURES ".mitos.signatures"
#define SECTION_TYPES ".mitos.types"

#define KNOWN_FILES_MOST 8u

/** What `pack signatures` has written. */
struct known_signatures {
    struct types_file files[KNOWN_FILES_MOST];
    size_t count;
};
/** Adds a file; says on standard error what is wrong. */
bool signatures_read(struct known_signatures *known, const char *path);
/**
 * Adds the functions that the cell exports and imports to @p types, and makes @p table, the content of
 * .mitos.signatures: the state's, then one for each global symbol.
 */
void signatures_add(const struct object *object, const struct known_signatures *known,
                    uint64_t state, struct types_writer *types, struct buffer *table);

/** Adds the state of the cell at @p path, for one that keeps it. @return its signature; 0: that cell has none. */
uint64_t state_kept(struct object *object, const char *path, struct types_writer *types);

/* ---- layouts.c: what a cell says of its state and its kinds (abi/evolve.h) ---- */

/**
 * Adds state, kinds and migrations to @p types, and fills in their signatures in the cell's sections.
 * @p state_of: a cell whose state it keeps, or NULL.
 * @return the state's; 0: it has none. Findings say what cannot be found.
 */
uint64_t layouts_add(struct object *object, const char *state_of, struct types_writer *types);

#endif
