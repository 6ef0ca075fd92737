/* What only the nucleus may know of the heap (abi/nucleus/heap.h), and what the heap needs from it. */
#ifndef NUCLEUS_HEAP_PRIVATE_H
#define NUCLEUS_HEAP_PRIVATE_H

#include "nucleus/heap.h"
#include "nucleus/memory_records.h"
#include "nucleus/why.h"

/** Prepares the kinds that the heap keeps itself in. Once, after frame_init(), before kind_create*(). */
void heap_init(void);

/**
 * Destroys every kind of @p owner (not NULL); with @p force with all objects, for a cell that never came to be.
 * @return OK; ERR_BUSY a kind has live objects: @p why names it and their number, nothing has changed.
 */
enum status kind_destroy_all(struct cell *owner, bool force, struct why *why);

/** Supplied by the cell table: the cell whose text holds @p pc, NULL: the nucleus. */
struct cell *cell_of_caller(uint64_t pc);
/** Supplied by harts.c: whether all other harts stand still, for this one. */
bool harts_are_held(void);
/** Supplied by the trap code: a fault of the running code, reported with this text. Takes no lock that
 *  the heap or the frame allocator could hold. */
_Noreturn void fault_caller(const char *text, ...) __attribute__((format(printf, 1, 2)));

#endif
