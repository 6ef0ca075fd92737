/**
 * @file nucleus/heap.h
 * The heap: a slab allocator (Bonwick, USENIX Summer 1994) in which every object belongs to a kind.
 *
 * A kind has a name, a size, an alignment and an owning cell; it is created in the cell's init() and
 * kept in its state. So the system can say what any address is, list all live objects of a kind and
 * count them per cell. Only the owning cell allocates and frees. Objects are not cleared. Freed memory
 * is poisoned (0x5a, the first 64 bytes; all of it in `debug`); freeing twice or freeing a foreign
 * address is a fault of the cell that does it. Never sleeps; callable with interrupts off.
 */
#ifndef MITOS_NUCLEUS_HEAP_H
#define MITOS_NUCLEUS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../own.h"
#include "../status.h"

struct cell;
struct kind;

/** Largest object of a fixed kind or buffer of a variable one. */
#define HEAP_MAX_BYTES (4ul << 20)
#define KIND_NAME_ROOM 24

/**
 * Creates a kind owned by the calling cell.
 * @p object_bytes 1 .. HEAP_MAX_BYTES, or 0 for buffers of any size (heap_alloc_bytes());
 * @p alignment a power of two, 8 .. 4096 (ignored for buffers, which have 16).
 * @return ERR_NOMEM; ERR_INVALID size or alignment; ERR_EXISTS the cell has a kind of that name.
 */
MUST_CHECK enum status kind_create(struct kind **kind, const char *name, size_t object_bytes,
                                   size_t alignment);
/** @return ERR_BUSY while objects live (and the kind stays). The nucleus does this when a cell goes. */
enum status kind_destroy(struct kind *kind);

/** Frees what heap_alloc*() of @p kind returned. NULL is allowed. A wrong address is a fault. */
void heap_free(struct kind *kind, void *object);
/** One object of a fixed kind, or NULL. */
void *heap_alloc(struct kind *kind) FREED_BY(heap_free, 2);
/** @p bytes of a variable kind, or NULL. */
void *heap_alloc_bytes(struct kind *kind, size_t bytes) FREED_BY(heap_free, 2);
/** Gives empty slabs back to the frame allocator, so that figures can be compared. */
void heap_drain(void);

#endif
